use std::borrow::Cow;

use ddb_core::{Result, Value};
use ddb_darshjql::{Expr, ExprKind};

use super::closure::Closure;
use crate::budget::Budget;
use crate::evaluate::eval;
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

    /// The items of an array or a set.
    pub(crate) fn items(&mut self) -> Taken<Vec<Value>> {
        let value = self.value()?;
        self.use_items(&value)?;
        match value {
            Cow::Owned(Value::Array(items) | Value::Set(items)) => Ok(items),
            Cow::Borrowed(Value::Array(items) | Value::Set(items)) => Ok(items.clone()),
            other => Err(self.mismatch("an array", other.kind_name())),
        }
    }

    /// Steps for looking at each item once.
    fn use_items(&self, value: &Value) -> Taken<()> {
        match value {
            Value::Array(items) | Value::Set(items) => Ok(self.budget().use_steps(items.len() as u64)?),
            _ => Ok(()),
        }
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

    pub(crate) fn closure(&mut self) -> Taken<Closure<'a>> {
        match self.next() {
            Some(Argument::Closure(closure)) => Ok(closure),
            Some(Argument::Value(value)) => Err(self.mismatch("a closure", value.kind_name())),
            Some(Argument::Regex(_)) => Err(self.mismatch("a closure", "a regex")),
            None => Err(self.mismatch("a closure", "nothing")),
        }
    }
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
