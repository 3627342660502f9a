//! Indexes of tables: definition and construction apart.
//!
//! A definition adds a `bytea` column per field to the projection, which the transactor fills with sort keys from then on
//! (`definition`). A job fills the rows that were there before and builds the B-trees (`build`); only then the index is ready and
//! read from. A unique one is enforced from its definition on (`unique`).

mod build;
mod catalogue;
mod definition;
mod unique;

use ddb_core::{Object, TableId, Value, sort_key};

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
    /// A field; `column` is the number of its column.
    Field {
        name: String,
        column: i32,
    },
    Owner,
    Created,
    Updated,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexState {
    Building,
    Ready,
    Failed,
}

/// A field that has a column in its table's projection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexColumn {
    pub id: i32,
    pub field: String,
}

/// The columns and indexes of one table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableIndexes {
    pub columns: Vec<IndexColumn>,
    pub indexes: Vec<Index>,
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
    pub fn name(&self) -> &str {
        match self {
            Self::Field { name, .. } => name,
            Self::Owner => "_owner",
            Self::Created => "created",
            Self::Updated => "updated",
        }
    }

    /// As it stands in `ddb.index_definition`.
    fn stored(&self) -> &str {
        match self {
            Self::Field { name, .. } => name,
            Self::Owner => "$owner",
            Self::Created => "$created",
            Self::Updated => "$updated",
        }
    }

    /// The column of the projection.
    pub fn column(&self) -> String {
        match self {
            Self::Field { column, .. } => column_name(*column),
            Self::Owner => "owner".to_owned(),
            Self::Created => "created".to_owned(),
            Self::Updated => "updated".to_owned(),
        }
    }
}

impl Index {
    /// Whether the index is about the field of a column.
    pub(crate) fn has(&self, column: &IndexColumn) -> bool {
        self.parts.iter().any(|part| matches!(&part.source, IndexSource::Field { column: number, .. } if *number == column.id))
    }
}

impl IndexColumn {
    /// What the column holds for a record: the key of NONE where it has no such field.
    pub(crate) fn key_of(&self, fields: &Object) -> Vec<u8> {
        sort_key::encode(fields.get(&self.field).unwrap_or(&Value::None))
    }
}

/// The column of a field in its table's projection.
pub(crate) fn column_name(column: i32) -> String {
    format!("x{column}")
}
