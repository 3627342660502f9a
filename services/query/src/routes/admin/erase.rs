use axum::extract::State;
use ddb_api::bus::Revoked;
use ddb_core::json::Json;
use ddb_core::{Error, RecordId, RecordKey, Result, TableName};
use ddb_darshjql::parse_record_id;
use ddb_database::Authenticator;
use ddb_http::{Answer, ApiResult, Caller, Fields, Query, UnreadBody, refusal};

/// What is erased, and why.
struct Erasure {
    what: What,
    reason: String,
}

enum What {
    Records(Vec<RecordId>),
    User(RecordKey),
}

/// Erases records, or a user with everything that the user owned
///
/// For admins. All versions of the values, the keys and the kept answers leave the database; the hash chain still verifies. The server skips records that do
/// not exist.
#[utoipa::path(
    post,
    path = "/api/admin/erase",
    operation_id = "erase",
    tag = "administration",
    request_body = ddb_api::admin::Erase,
    responses(
        (status = OK, description = "How many records were erased", body = ddb_api::admin::Erased),
        refusal::Forbidden,
        refusal::NotFound,
        refusal::Conflict,
    ),
    security(("token" = [])),
)]
pub(crate) async fn erase(
    State(authenticator): State<Authenticator>,
    caller: Caller,
    Query(()): Query<()>,
    body: UnreadBody,
) -> ApiResult<Answer> {
    let session = &caller.session;
    session.require_admin()?;
    let Erasure { what, reason } = Erasure::read(body.json().await?)?;
    let erased = match what {
        What::Records(records) => session.erase_records(records, reason).await?,
        What::User(user) => {
            let erased = session.erase_user(user.clone(), reason).await?;
            if let RecordKey::String(account) = user {
                authenticator.revoked(&Revoked::account(session.namespace(), account)).await;
            }
            erased
        }
    };
    Ok(Answer::ok(format!("{{\"erased\":{},\"tx\":{}}}", erased.data, erased.tx)).tx(erased.tx))
}

impl Erasure {
    fn read(body: Json) -> Result<Self> {
        let mut fields = Fields::of(body)?;
        let reason = fields.string("reason")?;
        let what = match (fields.take("records"), fields.optional_string("user")?) {
            (Some(Json::Array(items)), None) => {
                What::Records(items.into_iter().enumerate().map(|(place, item)| record(place, item)).collect::<Result<_>>()?)
            }
            (None | Some(Json::Null), Some(user)) => What::User(user_key(&user)?),
            (None | Some(Json::Null), None) => {
                return Err(Error::invalid("records", "REQUIRED", "name `records`, or a `user`"));
            }
            (Some(_), Some(_)) => return Err(Error::invalid("user", "UNKNOWN", "name `records` or a `user`, not both")),
            (Some(_), None) => return Err(Error::invalid("records", "TYPE", "`records` is an array of ids")),
        };
        fields.end()?;
        Ok(Self { what, reason })
    }
}

fn record(place: usize, item: Json) -> Result<RecordId> {
    let name = || format!("records[{place}]");
    let Json::String(text) = item else {
        return Err(Error::invalid(name(), "TYPE", "a record is named by its id, `table:key`"));
    };
    parse_record_id(&text).map_err(|error| Error::invalid(name(), "RECORD", error.message()))
}

/// `user:…`
fn user_key(text: &str) -> Result<RecordKey> {
    let id = parse_record_id(text).map_err(|error| Error::invalid("user", "RECORD", error.message()))?;
    if id.table != TableName::user() {
        return Err(Error::invalid("user", "RECORD", "a user is named by the id of his record, `user:…`"));
    }
    Ok(id.key)
}
