use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use regex::{Regex, RegexBuilder};

use crate::problem::Problem;

/// Regexes that one request compiles.
const MAX_REGEXES: usize = 32;
/// Bytes of a pattern.
const MAX_PATTERN: usize = 4_096;
/// Steps that compiling a regex counts for.
const REGEX_STEPS: u64 = 1_000;

/// What the evaluations of one request may use in all: steps (about one for each part of an expression and each item that is looked at)
/// and bytes of new values. The regexes that they compile are kept here too.
#[derive(Debug)]
pub struct Budget {
    steps: Cell<u64>,
    bytes: Cell<u64>,
    regexes: RefCell<HashMap<String, Regex>>,
    fleeting: Cell<bool>,
}

impl Budget {
    pub fn new(steps: u64, bytes: u64) -> Self {
        Self { steps: Cell::new(steps), bytes: Cell::new(bytes), regexes: RefCell::default(), fleeting: Cell::new(false) }
    }

    pub(crate) fn use_steps(&self, steps: u64) -> Result<(), Problem> {
        take(&self.steps, steps).ok_or_else(|| Problem::limit("the query takes too many steps"))
    }

    /// Called before the bytes are made, so that nothing large is made in vain.
    pub(crate) fn use_bytes(&self, bytes: u64) -> Result<(), Problem> {
        take(&self.bytes, bytes).ok_or_else(|| Problem::limit("the query makes too much data"))
    }

    /// A value depends on the time or on chance.
    pub(crate) fn note_fleeting(&self) {
        self.fleeting.set(true);
    }

    /// Whether an evaluation asked for the time or for chance: at another time it might give something else.
    pub fn is_fleeting(&self) -> bool {
        self.fleeting.get()
    }

    /// The regex, compiled. It runs in time linear in the text.
    pub(crate) fn regex(&self, pattern: &str) -> Result<Regex, Problem> {
        if let Some(regex) = self.regexes.borrow().get(pattern) {
            return Ok(regex.clone());
        }
        self.use_steps(REGEX_STEPS)?;
        if pattern.len() > MAX_PATTERN {
            return Err(Problem::limit("the regex is too long"));
        }
        let mut regexes = self.regexes.borrow_mut();
        if regexes.len() >= MAX_REGEXES {
            return Err(Problem::limit("the query has too many different regexes"));
        }
        let regex = compile(pattern)?;
        regexes.insert(pattern.to_owned(), regex.clone());
        Ok(regex)
    }
}

/// Bytes of a compiled regex, and of what it remembers while it runs.
const MAX_REGEX_BYTES: usize = 1 << 20;

fn compile(pattern: &str) -> Result<Regex, Problem> {
    let mut builder = RegexBuilder::new(pattern);
    builder.size_limit(MAX_REGEX_BYTES).dfa_size_limit(MAX_REGEX_BYTES).build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => Problem::limit("the regex is too large"),
        _ => Problem::invalid("the regex is not well formed"),
    })
}

fn take(left: &Cell<u64>, amount: u64) -> Option<()> {
    left.set(left.get().checked_sub(amount)?);
    Some(())
}

/// Twenty million steps (about a second) and 64 MB.
impl Default for Budget {
    fn default() -> Self {
        Self::new(20_000_000, 64 << 20)
    }
}
