//! The tokens of JSON over bytes: for bodies and for `doc`. Knows no nesting.
use std::borrow::Cow;

/// Where a text is not JSON, and why.
#[derive(Debug)]
pub(crate) struct Problem {
    /// In bytes.
    pub(crate) offset: usize,
    pub(crate) message: String,
}

/// Well-formed JSON that is not a value of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Nul,
    IntRange,
    FloatRange,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Number {
    Int(i64),
    Float(f64),
}

pub(crate) struct Lexer<'a> {
    text: &'a str,
    position: usize,
    /// The first refusal and its offset in bytes. Reading goes on, since a syntax error further on weighs more.
    pub(crate) refusal: Option<(usize, Refusal)>,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, position: 0, refusal: None }
    }

    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// The next byte that is not white space, without taking it.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.position) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(*byte);
            }
            self.position += 1;
        }
        None
    }

    /// Takes the byte that [`Lexer::peek`] showed.
    pub(crate) fn skip(&mut self) {
        self.position += 1;
    }

    /// Takes `byte` if it comes next.
    pub(crate) fn accept(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.position += usize::from(found);
        found
    }

    pub(crate) fn expect(&mut self, byte: u8, expected: &str) -> Result<(), Problem> {
        match self.accept(byte) {
            true => Ok(()),
            false => Err(self.unexpected(expected)),
        }
    }

    /// `true`, `false` or `null`.
    pub(crate) fn word(&mut self, word: &str) -> Result<(), Problem> {
        match self.text.as_bytes()[self.position..].starts_with(word.as_bytes()) {
            true => {
                self.position += word.len();
                Ok(())
            }
            false => Err(self.unexpected("a value")),
        }
    }

    pub(crate) fn unexpected(&mut self, expected: &str) -> Problem {
        let found = match self.peek() {
            None => "the end".to_owned(),
            Some(_) => match self.text[self.position..].chars().next() {
                Some(character) if !character.is_control() => format!("`{character}`"),
                Some(_) | None => "a control character".to_owned(),
            },
        };
        self.problem(self.position, format!("expected {expected}, found {found}"))
    }

    pub(crate) fn problem(&self, offset: usize, message: impl Into<String>) -> Problem {
        Problem { offset, message: message.into() }
    }

    /// A string, whose opening quote comes next.
    pub(crate) fn string(&mut self) -> Result<Cow<'a, str>, Problem> {
        let opening = self.position;
        let start = opening + 1;
        let bytes = self.text.as_bytes();
        let mut end = start;
        while let Some(byte) = bytes.get(end) {
            match byte {
                b'"' => {
                    self.position = end + 1;
                    return Ok(Cow::Borrowed(&self.text[start..end]));
                }
                b'\\' | 0..0x20 => break,
                _ => end += 1,
            }
        }
        self.position = end;
        self.escaped_string(opening, self.text[start..end].to_owned()).map(Cow::Owned)
    }

    /// The rest of a string from its first escape.
    fn escaped_string(&mut self, opening: usize, mut string: String) -> Result<String, Problem> {
        loop {
            let rest = &self.text[self.position..];
            let plain = rest.bytes().position(|byte| byte < 0x20 || byte == b'"' || byte == b'\\').unwrap_or(rest.len());
            string.push_str(&rest[..plain]);
            self.position += plain;
            match rest.as_bytes().get(plain) {
                None => return Err(self.problem(opening, "the string does not end")),
                Some(b'"') => {
                    self.position += 1;
                    return Ok(string);
                }
                Some(b'\\') => string.push(self.escape(opening)?),
                Some(_) => {
                    return Err(
                        self.problem(self.position, "a string cannot hold a control character; write it as `\\n` or `\\u000a`")
                    );
                }
            }
        }
    }

    fn escape(&mut self, opening: usize) -> Result<char, Problem> {
        let start = self.position;
        self.position += 2;
        Ok(match self.text.as_bytes().get(start + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(start, opening),
            Some(_) => return Err(self.problem(start, "unknown escape in a string")),
            None => return Err(self.problem(opening, "the string does not end")),
        })
    }

    /// After `\u`: a character, of two escapes where it takes two.
    fn unicode_escape(&mut self, start: usize, opening: usize) -> Result<char, Problem> {
        let lone = "a lone surrogate in a string: `\\ud800` to `\\udfff` stand in pairs only";
        let unit = self.four_hex_digits(start)?;
        let code = match unit {
            0 => {
                self.refusal.get_or_insert((opening, Refusal::Nul));
                0
            }
            0xD800..0xDC00 => {
                if !self.text.as_bytes()[self.position..].starts_with(b"\\u") {
                    return Err(self.problem(start, lone));
                }
                self.position += 2;
                match self.four_hex_digits(start)? {
                    low @ 0xDC00..0xE000 => 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00),
                    _ => return Err(self.problem(start, lone)),
                }
            }
            other => other,
        };
        char::from_u32(code).ok_or_else(|| self.problem(start, lone))
    }

    fn four_hex_digits(&mut self, start: usize) -> Result<u32, Problem> {
        let digits = self.text.as_bytes().get(self.position..self.position + 4);
        let code = digits.and_then(|digits| {
            digits.iter().try_fold(0, |code, byte| char::from(*byte).to_digit(16).map(|digit| code * 16 + digit))
        });
        self.position += 4;
        code.ok_or_else(|| self.problem(start, "`\\u` needs four hexadecimal digits"))
    }

    /// A number, whose minus or first digit comes next: an int without, a float with a point or an exponent.
    pub(crate) fn number(&mut self) -> Result<Number, Problem> {
        let bytes = self.text.as_bytes();
        let start = self.position;
        let mut end = start + usize::from(bytes.get(start) == Some(&b'-'));
        let digits = count_digits(bytes, end);
        if digits == 0 {
            self.position = end;
            return Err(self.unexpected("a digit"));
        }
        if digits > 1 && bytes[end] == b'0' {
            return Err(self.problem(start, "a number cannot begin with 0"));
        }
        end += digits;
        let mut float = false;
        if bytes.get(end) == Some(&b'.') {
            float = true;
            end = self.require_digits(end + 1)?;
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            float = true;
            let signed = matches!(bytes.get(end + 1), Some(b'+' | b'-'));
            end = self.require_digits(end + 1 + usize::from(signed))?;
        }
        self.position = end;
        let text = &self.text[start..end];
        Ok(if float { self.float(start, text) } else { self.int(start, text) })
    }

    fn float(&mut self, start: usize, text: &str) -> Number {
        let float = text.parse::<f64>().unwrap_or(f64::INFINITY);
        if float.is_infinite() {
            self.refusal.get_or_insert((start, Refusal::FloatRange));
        }
        Number::Float(float)
    }

    fn int(&mut self, start: usize, text: &str) -> Number {
        let int = text.parse::<i64>().unwrap_or_else(|_| {
            self.refusal.get_or_insert((start, Refusal::IntRange));
            0
        });
        Number::Int(int)
    }

    fn require_digits(&mut self, start: usize) -> Result<usize, Problem> {
        match count_digits(self.text.as_bytes(), start) {
            0 => {
                self.position = start;
                Err(self.unexpected("a digit"))
            }
            digits => Ok(start + digits),
        }
    }

    /// Whether nothing but `closing` follows after the value that comes next. Only for well-formed JSON.
    pub(crate) fn value_is_last(&self, closing: u8) -> bool {
        let mut ahead = Lexer { text: self.text, position: self.position, refusal: None };
        let mut open = 0usize;
        loop {
            match ahead.peek() {
                None => return false,
                Some(b'"') => {
                    if ahead.string().is_err() {
                        return false;
                    }
                }
                Some(b'{' | b'[') => {
                    open += 1;
                    ahead.skip();
                }
                Some(b'}' | b']') => {
                    if open == 0 {
                        return false;
                    }
                    open -= 1;
                    ahead.skip();
                }
                Some(_) => ahead.skip(),
            }
            // Scalars of several bytes only stand here inside containers, or are followed by neither bracket nor comma.
            if open == 0 && matches!(ahead.peek(), None | Some(b',' | b'}' | b']')) {
                return ahead.peek() == Some(closing);
            }
        }
    }
}

fn count_digits(bytes: &[u8], start: usize) -> usize {
    bytes.get(start..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count()
}
