use ddb_core::{FieldPath, RecordId, TableName, Value};

/// What a table's projection offers to a plan.
#[derive(Debug, Clone)]
pub struct Shape {
    pub table: TableName,
    pub own: OwnTimes,
    /// The paths of names whose columns are filled for every row, and the columns.
    pub fields: Vec<(FieldPath, Column)>,
    pub indexes: Vec<IndexShape>,
}

/// Whether a record of the table has had a field `created` or `updated` of its own: the name means the field in such a record and the system's time in
/// every other one, so the system's column does not have the order of the name any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OwnTimes {
    pub created: bool,
    pub updated: bool,
}

/// A column of the projection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// The sort key of the record's key.
    Key,
    Owner,
    Created,
    Updated,
    Tx,
    /// The sort key of what stands at a path of names.
    Field(String),
}

/// An index that is ready: its columns in order, each with whether it is descending. The record's key follows, in the direction of the
/// last; and there is the same with the owner before everything.
#[derive(Debug, Clone)]
pub struct IndexShape {
    pub columns: Vec<(Column, bool)>,
}

impl Column {
    pub(super) fn sql(&self) -> &str {
        match self {
            Self::Key => "p.key",
            Self::Owner => "p.owner",
            Self::Created => "p.created",
            Self::Updated => "p.updated",
            Self::Tx => "p.tx",
            Self::Field(name) => name,
        }
    }
}

impl Shape {
    /// The column whose order is the order of what a path of names means in a row.
    pub(super) fn column<S: AsRef<str>>(&self, path: &[S]) -> Option<Column> {
        if let [name] = path
            && let Some(column) = self.system_column(name.as_ref())
        {
            return Some(column);
        }
        let is_path = |field: &FieldPath| field.names().iter().map(String::as_str).eq(path.iter().map(AsRef::as_ref));
        self.fields.iter().find(|(field, _)| is_path(field)).map(|(_, column)| column.clone())
    }

    fn system_column(&self, name: &str) -> Option<Column> {
        match name {
            "id" => Some(Column::Key),
            "_owner" => Some(Column::Owner),
            "_tx" => Some(Column::Tx),
            "created" if !self.own.created => Some(Column::Created),
            "updated" if !self.own.updated => Some(Column::Updated),
            _ => None,
        }
    }

    /// Whether a name means a field of the record's document and nothing else.
    pub(super) fn is_field(&self, name: &str) -> bool {
        !matches!(name, "id" | "_owner" | "_tx" | "_expires" | "created" | "updated")
    }

    /// The column of the system's time that a name means in the records which have no field of that name.
    pub(super) fn time_of_others(&self, name: &str) -> Option<Column> {
        match name {
            "created" if self.own.created => Some(Column::Created),
            "updated" if self.own.updated => Some(Column::Updated),
            _ => None,
        }
    }

    /// The record of this table that a value names.
    pub(super) fn record<'v>(&self, value: &'v Value) -> Option<&'v RecordId> {
        match value {
            Value::Record(id) if id.table == self.table => Some(id),
            _ => None,
        }
    }

    /// Whether one index serves everything: the columns that have one value, then the order, of whose first column a range may be taken.
    pub(super) fn is_served(&self, equal: &[Column], ranges: &[Column], order: &[(Column, bool)]) -> bool {
        let begins_order = |column: &Column| order.first().is_some_and(|(first, _)| first == column);
        if !ranges.iter().all(begins_order) {
            return false;
        }
        let (key, order) = order.split_last().expect("an order ends with the key");
        if equal.is_empty() && order.is_empty() {
            // (key), or (owner, key)
            return true;
        }
        self.indexes.iter().any(|index| {
            let Some((prefix, rest)) = index.columns.split_at_checked(equal.len()) else { return false };
            if !prefix.iter().all(|(column, _)| equal.contains(column)) || rest.len() != order.len() {
                return false;
            }
            let key_descending = index.columns.last().is_some_and(|(_, descending)| *descending);
            let is_reversed = key.1 != key_descending;
            let in_order = |((column, descending), (wanted, down)): (&(Column, bool), &(Column, bool))| {
                column == wanted && (descending == down) != is_reversed
            };
            rest.iter().zip(order).all(in_order)
        })
    }
}
