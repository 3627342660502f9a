use ddb_core::{Datetime, Error, Result, Tx};
use ddb_database::Form;
use ddb_http::{Answer, ApiResult, Caller, Parameters, Query, QueryParameters, RecordPath, refusal};
use ddb_store::At;

use crate::accept::Accept;
use crate::{paths, record_answer};

/// How a record is shown: as it is now, in some form, or as it was.
pub(crate) enum Shown {
    Whole,
    In(Form),
    At(At),
}

impl QueryParameters for Shown {
    fn read(parameters: &mut Parameters) -> Result<Self> {
        let at = parameters.take("at").map(|text| at(&text)).transpose()?;
        let fields = parameters.take("fields").map(|text| paths::fields("fields", &text)).transpose()?;
        let expand = parameters.take("expand").map(|text| paths::fields("expand", &text)).transpose()?;
        match (at, fields, expand) {
            (None, None, None) => Ok(Self::Whole),
            (Some(at), None, None) => Ok(Self::At(at)),
            (None, fields, expand) => Ok(Self::In(Form { fields, expand: expand.unwrap_or_default() })),
            (Some(_), ..) => {
                Err(Error::bad_request("`fields` and `expand` show the present: they are not known beside `at` to this version"))
            }
        }
    }
}

/// Shows a record
///
/// `at` shows it as it was. `fields` and `expand` are those of lists.
#[utoipa::path(
    get,
    path = "/api/data/{table}/{key}",
    operation_id = "getRecord",
    tag = "records",
    params(ddb_api::data::PointParameters),
    responses(
        record_answer::OneRecord,
        refusal::NotFound,
        refusal::NotAcceptable,
        refusal::HistoryPruned,
    ),
    security((), ("token" = [])),
)]
pub(crate) async fn get(
    RecordPath { table, key }: RecordPath,
    caller: Caller,
    accept: Accept,
    Query(shown): Query<Shown>,
) -> ApiResult<Answer> {
    let found = match shown {
        Shown::Whole => caller.session.get(&table, &key).await?,
        Shown::At(at) => caller.session.get_at(&table, &key, at).await?,
        Shown::In(form) => return Ok(record_answer::shown(&caller.session.get_shown(&table, &key, form).await?, accept)),
    };
    Ok(record_answer::ok(&found, accept))
}

/// The number of a transaction, or a time.
fn at(text: &str) -> Result<At> {
    let refused = || Error::bad_request("`at` must be the number of a transaction or a time like `2026-11-22T10:00:00Z`");
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().map(|tx| At::Tx(Tx(tx))).map_err(|_| refused());
    }
    let time = Datetime::parse(text).ok().and_then(Datetime::to_timestamp).ok_or_else(refused)?;
    Ok(At::Time(time))
}

#[cfg(test)]
mod tests {
    use ddb_core::Timestamp;

    use super::*;

    #[test]
    fn a_point_is_a_number_or_a_time() {
        for (text, expected) in [
            ("0", Some(At::Tx(Tx(0)))),
            ("17", Some(At::Tx(Tx(17)))),
            ("9223372036854775807", Some(At::Tx(Tx(i64::MAX)))),
            ("1970-01-01T00:00:01Z", Some(At::Time(Timestamp(1_000_000)))),
            ("1970-01-01T01:00:01+01:00", Some(At::Time(Timestamp(1_000_000)))),
            ("", None),
            ("-1", None),
            ("+1", None),
            ("1.0", None),
            ("9223372036854775808", None),
            ("1970-01-01", None),
            ("now", None),
            ("+999999-01-01T00:00:00Z", None),
        ] {
            assert_eq!(at(text).ok(), expected, "{text}");
        }
    }
}
