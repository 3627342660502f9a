use ddb_core::{RecordId, TableName, Value};

/// What a table's projection offers to a plan.
#[derive(Debug, Clone)]
pub struct Shape {
    pub table: TableName,
    /// Whether the names mean fields, because the table has had fields of these names.
    pub created_is_field: bool,
    pub updated_is_field: bool,
    /// The fields whose columns are filled for every row, and the columns.
    pub fields: Vec<(String, Column)>,
    pub indexes: Vec<IndexShape>,
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
    /// The sort key of a field.
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
    /// The column whose order is the order of what a name of the row means.
    pub(super) fn column(&self, name: &str) -> Option<Column> {
        match name {
            "id" => Some(Column::Key),
            "_owner" => Some(Column::Owner),
            "_tx" => Some(Column::Tx),
            "created" if !self.created_is_field => Some(Column::Created),
            "updated" if !self.updated_is_field => Some(Column::Updated),
            _ => self.fields.iter().find(|(field, _)| field == name).map(|(_, column)| column.clone()),
        }
    }

    /// Whether a name means a field of the record's document.
    pub(super) fn is_field(&self, name: &str) -> bool {
        match name {
            "id" | "_owner" | "_tx" | "_expires" => false,
            "created" => self.created_is_field,
            "updated" => self.updated_is_field,
            _ => true,
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
