use ddb_core::{Result, sort_key};
use sqlx::PgConnection;

use super::NewRow;
use super::rows::COLUMNS;
use crate::binary_copy::BinaryCopy;
use crate::connection::to_error;
use crate::index::{IndexColumn, column_name};

/// The number of [`COLUMNS`].
const COLUMN_COUNT: usize = 8;

/// Rows for a projection that was made in the same transaction: nobody sees it before it is complete, so PostgreSQL need not log them one by one.
pub(crate) struct CopiedRows<'a> {
    columns: &'a [IndexColumn],
    copy: BinaryCopy,
    is_empty: bool,
}

impl<'a> CopiedRows<'a> {
    /// `columns` are those that indexes have added to the table.
    pub(crate) fn new(columns: &'a [IndexColumn]) -> Self {
        Self { columns, copy: BinaryCopy::new(), is_empty: true }
    }

    pub(crate) fn push(&mut self, row: &NewRow<'_>) -> Result<()> {
        self.is_empty = false;
        let copy = &mut self.copy;
        copy.row(COLUMN_COUNT + self.columns.len());
        copy.bytea(Some(&row.key));
        copy.bigint(Some(row.entity.0));
        copy.jsonb(&row.doc);
        copy.bytea(row.owner.map(sort_key::encode_record_key).transpose()?.as_deref());
        copy.bigint(Some(row.created.0));
        copy.bigint(Some(row.updated.0));
        copy.bigint(Some(row.tx.0));
        copy.bigint(row.expires.map(|expires| expires.0));
        for column in self.columns {
            copy.bytea(column.key_of(row.indexed()).as_deref());
        }
        Ok(())
    }

    /// Gives the number of rows.
    pub(crate) async fn write(self, connection: &mut PgConnection, relation: &str) -> Result<u64> {
        if self.is_empty {
            return Ok(0);
        }
        let indexed: String = self.columns.iter().map(|column| format!(", {}", column_name(column.id))).collect();
        let statement = format!("copy {relation} ({COLUMNS}{indexed}) from stdin (format binary, freeze)");
        let mut copy = connection.copy_in_raw(&statement).await.map_err(to_error)?;
        copy.send(self.copy.finish()).await.map_err(to_error)?;
        copy.finish().await.map_err(to_error)
    }
}
