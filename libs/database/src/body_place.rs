//! Where something stands in a body.

use std::fmt::{self, Write};

use ddb_core::Error;

/// Characters of a name, and bytes of a whole path, that stand in an error.
const SHOWN_NAME: usize = 128;
const SHOWN_PATH: usize = 1_024;

/// Where something stands in a body. It is written out for errors only: a body of 16 MB can hold a million fields under a name of
/// megabytes, and a copy of the name for each of them would take minutes.
#[derive(Clone, Copy)]
pub(crate) struct BodyPlace<'a> {
    outer: Option<&'a BodyPlace<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Name(&'a str),
    Index(usize),
}

impl<'a> BodyPlace<'a> {
    /// A member of the body itself.
    pub(crate) fn of(name: &'a str) -> Self {
        Self { outer: None, step: Step::Name(name) }
    }

    pub(crate) fn member(&'a self, name: &'a str) -> Self {
        Self { outer: Some(self), step: Step::Name(name) }
    }

    pub(crate) fn item(&'a self, index: usize) -> Self {
        Self { outer: Some(self), step: Step::Index(index) }
    }

    pub(crate) fn path(&self) -> String {
        let mut path = self.to_string();
        if path.len() > SHOWN_PATH {
            path.truncate(path.floor_char_boundary(SHOWN_PATH));
            path.push('…');
        }
        path
    }

    pub(crate) fn invalid(&self, code: &'static str, message: impl FnOnce(&str) -> String) -> Error {
        let path = self.path();
        let message = message(&path);
        Error::invalid(path, code, message)
    }
}

impl fmt::Display for BodyPlace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(outer) = self.outer {
            outer.fmt(f)?;
        }
        match self.step {
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Name(name) => {
                if self.outer.is_some() {
                    f.write_char('.')?;
                }
                name.chars().take(SHOWN_NAME).try_for_each(|c| f.write_char(if c.is_control() { '\u{fffd}' } else { c }))
            }
        }
    }
}
