use ddb_core::Result;
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
