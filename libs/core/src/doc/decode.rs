//! From jsonb's text straight to values: what every read of a record goes through.
use crate::json::{self, Lexer, Number, Problem};
use crate::{Object, Value};

/// A value of 64 levels has at most four JSON containers to a level (a record id with an object key that must be wrapped), in the record itself.
const MAX_JSON_DEPTH: usize = 300;

pub(super) fn read(text: &str) -> Result<Object, Problem> {
    let mut reader = Reader { lexer: Lexer::new(text) };
    let object = reader.object(0)?;
    if reader.lexer.peek().is_some() {
        return Err(reader.lexer.unexpected("the end"));
    }
    match reader.lexer.refusal {
        Some((offset, json::Refusal::IntRange | json::Refusal::FloatRange)) => {
            Err(reader.lexer.problem(offset, "a number is out of range"))
        }
        Some((_, json::Refusal::Nul)) | None => Ok(object),
    }
}

struct Reader<'a> {
    lexer: Lexer<'a>,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Value, Problem> {
        match self.lexer.peek() {
            Some(b'"') => Ok(Value::String(self.lexer.string()?.into_owned())),
            Some(b'-' | b'0'..=b'9') => Ok(match self.lexer.number()? {
                Number::Int(int) => Value::Int(int),
                Number::Float(float) => Value::Float(float),
            }),
            Some(b'{') => self.tag_or_object(depth),
            Some(b'[') => self.array(depth),
            Some(b't') => self.lexer.word("true").map(|()| Value::Bool(true)),
            Some(b'f') => self.lexer.word("false").map(|()| Value::Bool(false)),
            Some(b'n') => self.lexer.word("null").map(|()| Value::Null),
            Some(_) | None => Err(self.lexer.unexpected("a value")),
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, Problem> {
        let depth = self.open(depth)?;
        let mut items = Vec::new();
        if self.lexer.accept(b']') {
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value(depth)?);
            if !self.lexer.accept(b',') {
                self.lexer.expect(b']', "`,` or `]`")?;
                return Ok(Value::Array(items));
            }
        }
    }

    /// An object taken literally, whatever its keys.
    fn object(&mut self, depth: usize) -> Result<Object, Problem> {
        if self.lexer.peek() != Some(b'{') {
            return Err(self.lexer.unexpected("an object"));
        }
        let depth = self.open(depth)?;
        let mut object = Object::new();
        if self.lexer.accept(b'}') {
            return Ok(object);
        }
        let key = self.key()?;
        let value = self.value(depth)?;
        object.insert(key, value);
        self.rest(object, depth)
    }

    /// The entries after the first.
    fn rest(&mut self, mut object: Object, depth: usize) -> Result<Object, Problem> {
        while self.lexer.accept(b',') {
            let key = self.key()?;
            let value = self.value(depth)?;
            object.insert(key, value);
        }
        self.lexer.expect(b'}', "`,` or `}`")?;
        Ok(object)
    }

    /// An object whose only key begins with `$` is a tag.
    fn tag_or_object(&mut self, depth: usize) -> Result<Value, Problem> {
        let opening = self.lexer.position();
        let depth = self.open(depth)?;
        if self.lexer.accept(b'}') {
            return Ok(Value::Object(Object::new()));
        }
        let key = self.key()?;
        if key == "$object" && self.lexer.value_is_last(b'}') {
            let object = self.object(depth)?;
            self.lexer.expect(b'}', "`}`")?;
            return Ok(Value::Object(object));
        }
        let value = self.value(depth)?;
        if key.starts_with('$') && self.lexer.accept(b'}') {
            return json::resolve(&key, value).map_err(|message| self.lexer.problem(opening, message));
        }
        Ok(Value::Object(self.rest(Object::from([(key, value)]), depth)?))
    }

    fn key(&mut self) -> Result<String, Problem> {
        if self.lexer.peek() != Some(b'"') {
            return Err(self.lexer.unexpected("a key"));
        }
        let key = self.lexer.string()?.into_owned();
        self.lexer.expect(b':', "`:`")?;
        Ok(key)
    }

    fn open(&mut self, depth: usize) -> Result<usize, Problem> {
        if depth == MAX_JSON_DEPTH {
            return Err(self.lexer.problem(self.lexer.position(), "too many levels"));
        }
        self.lexer.skip();
        Ok(depth + 1)
    }
}
