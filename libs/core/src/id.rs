use std::fmt;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $inner:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number!(
    /// A namespace; `main` is 1.
    NamespaceId, i32
);
number!(
    /// A table within its namespace. Never reused.
    TableId, i32
);
number!(
    /// A (table, key) pair within its namespace. Stands only in facts, edges and link indexes.
    EntityId, i64
);
number!(
    /// A (table, field name) pair within its namespace; 1 to 15 are the system's, see [`attribute`].
    AttributeId, i32
);
number!(
    /// The number of a transaction in its namespace: 1, 2, 3, … without gaps, in commit order. 0 is the state before the first.
    Tx, i64
);
number!(
    /// Microseconds since 1970-01-01T00:00:00Z.
    Timestamp, i64
);

impl NamespaceId {
    pub const MAIN: Self = Self(1);
}

/// The system's attributes, the same in every table.
pub mod attribute {
    use super::AttributeId;

    pub const EXISTS: AttributeId = AttributeId(1);
    pub const OWNER: AttributeId = AttributeId(2);
    pub const EXPIRES: AttributeId = AttributeId(3);
    pub const IN: AttributeId = AttributeId(4);
    pub const OUT: AttributeId = AttributeId(5);
    /// What was known of a record was erased; the value is why.
    pub const ERASED: AttributeId = AttributeId(6);
    /// What was superseded in a table up to a transaction was removed from the log; about the table itself.
    pub const PRUNED: AttributeId = AttributeId(7);
    /// The first id that a field of an app can have.
    pub const FIRST_FIELD: AttributeId = AttributeId(16);
}

/// Names one request in answers, log lines and the transaction it made: `[A-Za-z0-9._-]{1,64}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// None where `text` does not have the form.
    pub fn parse(text: &str) -> Option<Self> {
        let valid = (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
        valid.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
