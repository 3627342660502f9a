use ddb_core::{Record, TableName, Warning, WarningCode};
use ddb_engine::filter::Filter;
use ddb_engine::plan::{OrderTerm, Position};

/// What is asked of a table. Its filter is `F`: as the caller wrote it, or as an expression of the language.
#[derive(Debug, Clone)]
pub(crate) struct Select<F = Filter> {
    pub(crate) table: TableName,
    pub(crate) filter: Option<F>,
    /// The record's key follows, in the direction of the last term.
    pub(crate) order: Vec<OrderTerm>,
    /// Only what comes after this place.
    pub(crate) after: Option<Position>,
    pub(crate) limit: usize,
}

/// The records that were found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selected {
    pub(crate) records: Vec<Record>,
    /// Whether more would match.
    pub(crate) has_more: bool,
    pub(crate) failures: Failures,
}

/// Records that were looked at and on which the filter failed. They do not match.
#[derive(Debug, Clone, Default)]
pub(crate) struct Failures {
    pub(super) count: u64,
    /// What was wrong with the first: operators, functions and kinds, never values.
    pub(super) why: Option<String>,
    /// Whether no record was left out that might fail too.
    pub(crate) is_all: bool,
}

impl Failures {
    pub(super) fn add(&mut self, error: &ddb_core::Error) {
        self.count += 1;
        self.why.get_or_insert_with(|| match error.place() {
            Some(place) if place.line > 0 => format!("{} (line {}, column {})", error.message(), place.line, place.column),
            _ => error.message().to_owned(),
        });
    }

    /// These, unless others say more.
    pub(crate) fn or(self, other: Self) -> Self {
        if self.count > 0 { self } else { other }
    }

    pub(crate) fn warning(&self, table: &str) -> Option<Warning> {
        let (count, at_least) = if self.is_all { (Some(self.count), None) } else { (None, Some(self.count)) };
        let why = self.why.as_deref()?;
        let records = match (self.count, self.is_all) {
            (1, true) => "1 record".to_owned(),
            (1, false) => "at least 1 record".to_owned(),
            (count, true) => format!("{count} records"),
            (count, false) => format!("at least {count} records"),
        };
        let verb = if self.count == 1 { "does" } else { "do" };
        let message = format!("the filter failed on {records} of `{table}`, which {verb} not match: {why}");
        Some(Warning { count, at_least, ..Warning::new(WarningCode::FilterFailed, message) })
    }
}
