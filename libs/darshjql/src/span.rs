/// Where something stands in the text it was read from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    /// Bytes from the beginning of the text.
    pub start: u32,
    /// Behind the last byte.
    pub end: u32,
    /// Of the first character, from 1.
    pub line: u32,
    /// Of the first character, in characters, from 1.
    pub column: u32,
}

impl Span {
    /// From the beginning of this to the end of `last`.
    pub(crate) fn to(self, last: Self) -> Self {
        Self { end: last.end, ..self }
    }
}
