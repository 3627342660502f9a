use std::borrow::Cow;

use ddb_core::{Datetime, Duration, Geometry, Object, Result, Value};
use ddb_darshjql::{Expr, ExprKind};

use super::closure::Closure;
use crate::arithmetic::float;
use crate::budget::Budget;
use crate::cast;
use crate::evaluate::eval;
use crate::kind::{is_number, whole};
use crate::problem::{Failure, Problem};
use crate::scope::Scope;
use crate::truthy::is_truthy;

/// The arguments of a call, taken one after the other. An error says which one does not fit.
pub(crate) struct Arguments<'a> {
    function: &'static str,
    rest: std::vec::IntoIter<Argument<'a>>,
    taken: usize,
    pub(crate) scope: &'a Scope<'a>,
}

pub(crate) enum Argument<'a> {
    Value(Cow<'a, Value>),
    Closure(Closure<'a>),
    Regex(&'a str),
}

type Taken<T> = std::result::Result<T, Failure>;

impl<'a> Arguments<'a> {
    /// `receiver` is the value whose method is called: the first argument.
    pub(super) fn new(
        function: &'static str,
        receiver: Option<Cow<'a, Value>>,
        arguments: &'a [Expr],
        scope: &'a Scope<'a>,
    ) -> Result<Self> {
        let mut evaluated = Vec::with_capacity(arguments.len() + 1);
        evaluated.extend(receiver.map(Argument::Value));
        for argument in arguments {
            evaluated.push(match &argument.kind {
                ExprKind::Closure(parameters, body) => Argument::Closure(Closure { parameters, body, scope }),
                ExprKind::Regex(pattern) => Argument::Regex(pattern),
                _ => Argument::Value(eval(argument, scope)?),
            });
        }
        Ok(Self { function, rest: evaluated.into_iter(), taken: 0, scope })
    }

    /// The time of the request.
    pub(crate) fn now(&self) -> Datetime {
        self.budget().note_fleeting();
        self.scope.context.now
    }

    pub(crate) fn budget(&self) -> &'a Budget {
        self.scope.context.budget
    }

    /// How many are left.
    pub(crate) fn len(&self) -> usize {
        self.rest.len()
    }

    pub(crate) fn next(&mut self) -> Option<Argument<'a>> {
        self.taken += 1;
        self.rest.next()
    }

    /// The error that the argument taken last is not what it has to be.
    pub(crate) fn mismatch(&self, expected: &str, found: &str) -> Failure {
        Problem::invalid(format!("argument {} of `{}` has to be {expected}, found {found}", self.taken, self.function)).into()
    }

    /// A value of any kind; NONE where none is left.
    pub(crate) fn value(&mut self) -> Taken<Cow<'a, Value>> {
        match self.next() {
            None => Ok(Cow::Owned(Value::None)),
            Some(Argument::Value(value)) => Ok(value),
            Some(Argument::Closure(_)) => Err(self.mismatch("a value", "a closure")),
            Some(Argument::Regex(_)) => Err(self.mismatch("a value", "a regex")),
        }
    }

    /// Runs `read` unless no argument is left, or the next one is NONE.
    pub(crate) fn optional<T>(&mut self, read: impl FnOnce(&mut Self) -> Taken<T>) -> Taken<Option<T>> {
        match self.rest.as_slice().first() {
            None => Ok(None),
            Some(Argument::Value(value)) if value.is_none() => {
                self.next();
                Ok(None)
            }
            Some(_) => read(self).map(Some),
        }
    }

    /// The items of an array or a set.
    pub(crate) fn items(&mut self) -> Taken<Vec<Value>> {
        let value = self.value()?;
        let count = match value.as_ref() {
            Value::Array(items) | Value::Set(items) => items.len(),
            other => return Err(self.mismatch("an array", other.kind_name())),
        };
        self.budget().use_steps(count as u64)?;
        match value.into_owned() {
            Value::Array(items) | Value::Set(items) => Ok(items),
            _ => Ok(Vec::new()),
        }
    }

    /// What `read` makes of the next argument; `expected` names what that is.
    pub(crate) fn read<T>(&mut self, expected: &str, read: impl FnOnce(&Value) -> Option<T>) -> Taken<T> {
        let value = self.value()?;
        read(&value).ok_or_else(|| self.mismatch(expected, value.kind_name()))
    }

    pub(crate) fn text(&mut self) -> Taken<String> {
        let value = self.value()?;
        match value {
            Cow::Owned(Value::String(text)) => Ok(text),
            Cow::Borrowed(Value::String(text)) => Ok(text.clone()),
            other => Err(self.mismatch("a string", other.kind_name())),
        }
    }

    pub(crate) fn int(&mut self) -> Taken<i64> {
        self.read("an int", whole)
    }

    /// A number of things: an int from 0.
    pub(crate) fn count(&mut self) -> Taken<usize> {
        self.read("an int that is not negative", |value| whole(value).and_then(|int| usize::try_from(int).ok()))
    }

    pub(crate) fn float(&mut self) -> Taken<f64> {
        self.read("a number", float)
    }

    pub(crate) fn number(&mut self) -> Taken<Value> {
        self.read("a number", |value| is_number(value).then(|| value.clone()))
    }

    /// Items that are all numbers.
    pub(crate) fn numbers(&mut self) -> Taken<Vec<Value>> {
        let items = self.items()?;
        match items.iter().find(|item| !is_number(item)) {
            Some(other) => Err(self.mismatch("an array of numbers", &format!("one with {}", other.kind_name()))),
            None => Ok(items),
        }
    }

    pub(crate) fn floats(&mut self) -> Taken<Vec<f64>> {
        Ok(self.numbers()?.iter().filter_map(float).collect())
    }

    pub(crate) fn datetime(&mut self) -> Taken<Datetime> {
        self.read("a datetime", |value| match value {
            Value::Datetime(time) => Some(*time),
            _ => None,
        })
    }

    pub(crate) fn duration(&mut self) -> Taken<Duration> {
        self.read("a duration", |value| match value {
            Value::Duration(duration) => Some(*duration),
            _ => None,
        })
    }

    pub(crate) fn object(&mut self) -> Taken<Object> {
        self.read("an object", |value| match value {
            Value::Object(object) => Some(object.clone()),
            _ => None,
        })
    }

    /// A geometry, or what is written as one: GeoJSON, or an array of longitude and latitude.
    pub(crate) fn geometry(&mut self) -> Taken<Geometry> {
        self.read("a geometry", cast::geometry)
    }

    /// A value, or a closure that decides about each item.
    pub(crate) fn matcher(&mut self) -> Taken<Matcher<'a>> {
        match self.next() {
            None => Ok(Matcher::Truthy),
            Some(Argument::Value(value)) => Ok(Matcher::Equal(value.into_owned())),
            Some(Argument::Closure(closure)) => Ok(Matcher::Closure(closure)),
            Some(Argument::Regex(pattern)) => Ok(Matcher::Regex(self.budget().regex(pattern)?)),
        }
    }

    /// A regex, or a string that is one.
    pub(crate) fn regex(&mut self) -> Taken<regex::Regex> {
        match self.pattern()? {
            Pattern::Regex(regex) => Ok(regex),
            Pattern::Text(text) => Ok(self.budget().regex(&text)?),
        }
    }

    /// A regex, or a string that is meant as it stands.
    pub(crate) fn pattern(&mut self) -> Taken<Pattern> {
        match self.next() {
            Some(Argument::Regex(pattern)) => Ok(Pattern::Regex(self.budget().regex(pattern)?)),
            Some(Argument::Value(value)) => match value.into_owned() {
                Value::String(text) => Ok(Pattern::Text(text)),
                other => Err(self.mismatch("a string or a regex", other.kind_name())),
            },
            Some(Argument::Closure(_)) => Err(self.mismatch("a string or a regex", "a closure")),
            None => Err(self.mismatch("a string or a regex", "nothing")),
        }
    }

    pub(crate) fn closure(&mut self) -> Taken<Closure<'a>> {
        match self.next() {
            Some(Argument::Closure(closure)) => Ok(closure),
            Some(Argument::Value(value)) => Err(self.mismatch("a closure", value.kind_name())),
            Some(Argument::Regex(_)) => Err(self.mismatch("a closure", "a regex")),
            None => Err(self.mismatch("a closure", "nothing")),
        }
    }
}

/// What is searched for in a text.
pub(crate) enum Pattern {
    Text(String),
    Regex(regex::Regex),
}

/// Which items a function of arrays is about.
pub(crate) enum Matcher<'a> {
    Truthy,
    Equal(Value),
    Closure(Closure<'a>),
    Regex(regex::Regex),
}

impl Matcher<'_> {
    pub(crate) fn is_met(&self, item: &Value, index: usize) -> Result<bool> {
        Ok(match self {
            Self::Truthy => is_truthy(item),
            Self::Equal(value) => item == value,
            Self::Closure(closure) => is_truthy(&closure.call([item.clone(), Value::Int(index as i64)])?),
            Self::Regex(regex) => matches!(item, Value::String(text) if regex.is_match(text)),
        })
    }
}
