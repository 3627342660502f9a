//! What a request names and nobody knows is answered with what there is.

use std::fmt;

/// Of an unknown name, as much as fits into a message.
const SHOWN: usize = 64;

/// A list of names as a sentence has it: `a`, `b` and `c`.
pub(crate) struct Known<'a, T>(pub(crate) &'a [T]);

impl<T: fmt::Display> fmt::Display for Known<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, name) in self.0.iter().enumerate() {
            let before = match position {
                0 => "",
                _ if position + 1 == self.0.len() => " and ",
                _ => ", ",
            };
            write!(f, "{before}`{name}`")?;
        }
        Ok(())
    }
}

/// An unknown name as a message may show it.
pub(crate) fn shown(name: &str) -> String {
    let name: String = name.chars().filter(|c| !c.is_control() && *c != '`').take(SHOWN).collect();
    format!("`{name}`")
}
