use ddb_core::{RequestId, Result};
use sqlx::postgres::PgArguments;
use sqlx::{Arguments, AssertSqlSafe, Encode, Postgres, Type};

/// Generated SQL with its binds: names come from numbers, values are bound.
pub(crate) struct Statement {
    pub(crate) sql: String,
    arguments: PgArguments,
}

impl Statement {
    pub(crate) fn new(sql: &str) -> Self {
        Self { sql: sql.to_owned(), arguments: PgArguments::default() }
    }

    /// Binds a value and gives its place.
    pub(crate) fn bind<T>(&mut self, value: T) -> Result<String>
    where
        T: for<'q> Encode<'q, Postgres> + Type<Postgres>,
    {
        self.arguments.add(value).map_err(ddb_core::Error::internal)?;
        Ok(format!("${}", self.arguments.len()))
    }

    pub(crate) fn query(self) -> sqlx::query::Query<'static, Postgres, PgArguments> {
        sqlx::query_with(AssertSqlSafe(self.sql), self.arguments)
    }
}

/// A statement that lets PostgreSQL's views and its log tell for which request the transaction is; `more` stands behind the request's id. PostgreSQL cuts the
/// name at 63 bytes. Only within a transaction: by itself it would cost a round trip.
pub(crate) fn application_name(what: &str, request: Option<&RequestId>, more: &str) -> String {
    // The form of a request id has nothing that would have to be quoted.
    let request = request.map_or("-", RequestId::as_str);
    format!("set local application_name = 'ddb {what} {request}{more}'; ")
}
