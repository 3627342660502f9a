//! Indexes of tables: definition and construction apart.
//!
//! A definition adds a `bytea` column per path of names to the projection, which the transactor fills with sort keys from then on
//! (`definition`). A job fills the rows that were there before and builds the B-trees (`build`); only then the index is ready and
//! read from. A unique one is enforced from its definition on (`unique`).

mod build;
mod catalogue;
mod definition;
mod unique;

use std::borrow::Cow;

use ddb_core::{Datetime, Detour, FieldPath, Object, TableId, Timestamp, Value, sort_key};

use crate::Record;

pub use build::builder;
pub use definition::NewIndex;

pub(crate) use build::{create_ready, exceeds_width, is_duplicate_key, too_wide};
pub(crate) use catalogue::Indexes;
pub(crate) use definition::{add_column_to_projection, raise};
pub(crate) use unique::{Claiming, Claims, Expired, Holder, Probed, Taken};

/// Columns that one index has at most.
pub const MAX_INDEX_FIELDS: usize = 8;
/// Indexes that one table has at most.
pub const MAX_INDEXES: usize = 32;

pub(crate) const CREATED: &str = "created";
pub(crate) const UPDATED: &str = "updated";

/// An index as it is defined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    pub id: i32,
    pub table: TableId,
    pub name: String,
    pub parts: Vec<IndexPart>,
    pub is_unique: bool,
    /// Whether writes have to keep it unique: from the moment on in which its B-trees are there.
    pub is_enforced: bool,
    pub state: IndexState,
    /// Records whose columns are filled, of `total`.
    pub done: i64,
    pub total: i64,
    /// Why the index failed.
    pub problem: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexPart {
    pub source: IndexSource,
    pub descending: bool,
}

/// What an index is ordered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexSource {
    /// What stands at a path in a record; `column` is the number of its column.
    Path {
        path: FieldPath,
        column: i32,
    },
    Owner,
    /// The system's times, in a table of which no record has had a field of that name.
    Created,
    Updated,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexState {
    Building,
    Ready,
    Failed,
}

/// A path that has a column in its table's projection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexColumn {
    pub id: i32,
    pub path: FieldPath,
}

/// The columns and indexes of one table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableIndexes {
    pub columns: Vec<IndexColumn>,
    pub indexes: Vec<Index>,
    pub own: OwnTimes,
}

/// Whether a record of a table has had a field `created` or `updated` of its own. The first one raises the version of the definitions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OwnTimes {
    pub created: bool,
    pub updated: bool,
}

/// What a path may lead into: a record's fields, and the times that it has from the system.
#[derive(Clone, Copy)]
pub(crate) struct Indexed<'a> {
    pub(crate) fields: &'a Object,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
}

impl IndexState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Building => "building",
            Self::Ready => "ready",
            Self::Failed => "failed",
        }
    }
}

impl IndexSource {
    /// The name in a definition.
    pub fn name(&self) -> String {
        match self {
            Self::Path { path, .. } => path.to_string(),
            Self::Owner => "_owner".to_owned(),
            Self::Created => CREATED.to_owned(),
            Self::Updated => UPDATED.to_owned(),
        }
    }

    /// As it stands in `ddb.index_definition`.
    fn stored(&self) -> String {
        match self {
            Self::Path { path, .. } => path.to_string(),
            Self::Owner => "$owner".to_owned(),
            Self::Created => "$created".to_owned(),
            Self::Updated => "$updated".to_owned(),
        }
    }

    /// The column of the projection.
    pub fn column(&self) -> String {
        match self {
            Self::Path { column, .. } => column_name(*column),
            Self::Owner => "owner".to_owned(),
            Self::Created => "created".to_owned(),
            Self::Updated => "updated".to_owned(),
        }
    }

    /// The time of the system that it is about, although records of the table have a field of that name.
    fn outdated(&self, own: OwnTimes) -> Option<&'static str> {
        match self {
            Self::Created if own.created => Some(CREATED),
            Self::Updated if own.updated => Some(UPDATED),
            _ => None,
        }
    }
}

impl Index {
    /// Whether the index is about the path of a column.
    pub(crate) fn has(&self, column: &IndexColumn) -> bool {
        self.parts.iter().any(|part| matches!(&part.source, IndexSource::Path { column: number, .. } if *number == column.id))
    }
}

impl TableIndexes {
    /// The paths into objects that writes have to keep free of links and arrays, each with an index that is about it.
    pub(crate) fn nested(&self) -> impl Iterator<Item = (&FieldPath, &Index)> {
        let columns = self.columns.iter().filter(|column| column.path.as_name().is_none());
        columns.filter_map(|column| {
            let mut indexes = self.indexes.iter();
            Some((&column.path, indexes.find(|index| index.state != IndexState::Failed && index.has(column))?))
        })
    }
}

impl<'a> Indexed<'a> {
    pub(crate) fn of(record: &'a Record) -> Self {
        Self { fields: &record.fields, created: record.created, updated: record.updated }
    }

    /// What the path means in the record, for every use of an index alike.
    pub(crate) fn get(&self, path: &FieldPath) -> Result<Cow<'a, Value>, Detour> {
        let time = match path.names()[0].as_str() {
            CREATED => self.created,
            UPDATED => self.updated,
            _ => return path.of(self.fields),
        };
        if self.fields.contains_key(&path.names()[0]) {
            return path.of(self.fields);
        }
        let is_whole = path.as_name().is_some();
        Ok(Cow::Owned(if is_whole { Value::Datetime(Datetime::from_timestamp(time)) } else { Value::None }))
    }
}

impl IndexColumn {
    /// What the column holds for a record: the key of NONE where nothing stands at the path; nothing where a link or an array stands in the way, as it may as long
    /// as the index is not ready.
    pub(crate) fn key_of(&self, record: Indexed<'_>) -> Option<Vec<u8>> {
        record.get(&self.path).ok().map(|value| sort_key::encode(&value))
    }
}

/// The column of a path in its table's projection.
pub(crate) fn column_name(column: i32) -> String {
    format!("x{column}")
}
