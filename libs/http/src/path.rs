use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use ddb_core::{Error, NamespaceName, RecordKey, Result, TableName, Tx};
use ddb_darshjql::parse_record_key;

use crate::{ApiError, percent};

/// The `{table}` of a route.
pub struct TablePath(pub TableName);

/// The `{table}` and `{key}` of a route; the key may be written as the record's full id, too.
pub struct RecordPath {
    pub table: TableName,
    pub key: RecordKey,
}

/// The `{table}` and `{name}` of a route about an index; a name that no index can have is one that is not there.
pub struct IndexPath {
    pub table: TableName,
    pub name: String,
}

/// The `{namespace}` of a route.
pub struct NamespacePath(pub NamespaceName);

impl<S: Send + Sync> FromRequestParts<S> for NamespacePath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let params = params(parts, state).await?;
        Ok(Self(NamespaceName::parse(value(&params, "namespace")?)?))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for TablePath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let params = params(parts, state).await?;
        Ok(Self(TableName::parse(value(&params, "table")?)?))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RecordPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let params = params(parts, state).await?;
        let table = TableName::parse(value(&params, "table")?)?;
        let key = parse_record_key(&table, value(&params, "key")?)?;
        Ok(Self { table, key })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IndexPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let params = params(parts, state).await?;
        Ok(Self { table: TableName::parse(value(&params, "table")?)?, name: value(&params, "name")?.to_owned() })
    }
}

/// The `{tx}` of a route: the number of a transaction.
pub struct TxPath(pub Tx);

impl<S: Send + Sync> FromRequestParts<S> for TxPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let params = params(parts, state).await?;
        Ok(Self(Tx(number(value(&params, "tx")?, "a transaction")?)))
    }
}

/// The `{job}` of a route: the number of a job.
pub struct JobPath(pub i64);

impl<S: Send + Sync> FromRequestParts<S> for JobPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let params = params(parts, state).await?;
        Ok(Self(number(value(&params, "job")?, "a job")?))
    }
}

fn number(text: &str, of: &str) -> Result<i64> {
    // `parse` alone would take `+5`.
    let number = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    number.filter(|number| *number > 0).ok_or_else(|| Error::bad_request(format!("the path must end in the number of {of}")))
}

/// The router decodes each part once, but takes a broken escape literally; here it is refused.
async fn params<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<RawPathParams> {
    let undecodable = || Error::bad_request("the path is not percent-encoded UTF-8");
    if percent::decode(parts.uri.path()).is_none() {
        return Err(undecodable());
    }
    RawPathParams::from_request_parts(parts, state).await.map_err(|_| undecodable())
}

fn value<'a>(params: &'a RawPathParams, name: &str) -> Result<&'a str> {
    params
        .iter()
        .find_map(|(known, value)| (known == name).then_some(value))
        .ok_or_else(|| Error::internal(format!("the route has no part `{name}`")))
}
