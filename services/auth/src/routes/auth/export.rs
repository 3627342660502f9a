use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_DISPOSITION;
use axum::response::{IntoResponse, Response};
use ddb_api::auth::StoredSession;
use ddb_core::{Datetime, Error, Object, RecordId, Result, TableName, Value, json};
use ddb_database::{Export, Piece};
use ddb_http::{Answer, ApiResult, Query, refusal};
use ddb_store::{Action, ActivityEntry};
use futures::stream;

use super::json;
use crate::caller::SignedIn;
use crate::db::{account, session};
use crate::state::Auth;

/// Exports everything that is stored about the caller
///
/// The server sends the answer while it reads. If reading fails, the JSON is cut off.
#[utoipa::path(
    get,
    path = "/api/auth/me/export",
    operation_id = "exportMe",
    tag = "accounts",
    responses(
        (status = OK, description = "The account without secrets, its sessions, its records and its changes", body = ddb_api::auth::Export),
        refusal::Forbidden,
    ),
    security(("token" = [])),
)]
pub(crate) async fn export(State(auth): State<Auth>, caller: SignedIn, Query(()): Query<()>) -> ApiResult<Response> {
    let pool = auth.database.store().pool();
    let account = account::with_id(pool, caller.namespace, &caller.account).await?;
    let account = account.ok_or_else(|| Error::unauthenticated("the account does not exist any more"))?;
    let sessions = session::stored(pool, caller.namespace, &caller.account).await?;
    let sessions: Vec<StoredSession> = sessions.into_iter().map(shown).collect();
    let account = auth.user(caller.namespace, &account).await?;
    let mut begin = b"{\"account\":".to_vec();
    begin.extend(json(&account)?);
    begin.extend_from_slice(b",\"sessions\":");
    begin.extend(json(&sessions)?);
    begin.extend_from_slice(b",\"records\":{");
    let document = Document { export: caller.caller.session.export().await?, begin: Some(begin), place: Place::Records(None) };
    // Before the first byte an error still has a status.
    let (first, document) = document.next().await?;
    let rest = stream::try_unfold((Some(first), document), async |(ahead, document)| match ahead {
        Some(first) => Ok::<_, Error>(Some((first, (None, document)))),
        None if matches!(document.place, Place::End) => Ok(None),
        None => {
            let (bytes, document) = document.next().await.inspect_err(|error| tracing::warn!(%error, "an export was cut off"))?;
            Ok(Some((bytes, (None, document))))
        }
    });
    let mut response = Answer::ok("").into_response();
    response.headers_mut().insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"export.json\""));
    *response.body_mut() = Body::from_stream(rest);
    Ok(response)
}

fn shown(session: session::Stored) -> StoredSession {
    StoredSession {
        created: session.created.to_rfc3339(),
        refreshed: session.rotated.to_rfc3339(),
        ended: session.ended.map(|ended| ended.to_rfc3339()),
        user_agent: session.user_agent,
        address: session.address,
    }
}

/// The document in the making.
struct Document {
    export: Export,
    begin: Option<Vec<u8>>,
    place: Place,
}

/// Where the document has come to.
enum Place {
    /// In this table's array, or before the first.
    Records(Option<TableName>),
    /// In the array of what the caller did; whether it holds something.
    Activity(bool),
    End,
}

impl Document {
    /// The next bytes.
    async fn next(mut self) -> Result<(Vec<u8>, Self)> {
        let mut out = self.begin.take().unwrap_or_default();
        let piece = self.export.next().await?;
        self.place = match (self.place, piece) {
            (Place::Records(known), Some(Piece::Records(table, records))) => {
                if known.as_ref() != Some(&table) {
                    out.extend_from_slice(if known.is_some() { b"]," } else { b"" });
                    json::write_string(table.as_str(), &mut out);
                    out.extend_from_slice(b":[");
                } else {
                    out.push(b',');
                }
                write_objects(records, &mut out);
                Place::Records(Some(table))
            }
            (Place::Records(known), Some(Piece::Activity(entries))) => {
                out.extend_from_slice(if known.is_some() { b"]},\"activity\":[" } else { b"},\"activity\":[" });
                let has_some = !entries.is_empty();
                write_objects(entries.into_iter().map(entry).collect(), &mut out);
                Place::Activity(has_some)
            }
            (Place::Activity(has_some), Some(Piece::Activity(entries))) => {
                if has_some && !entries.is_empty() {
                    out.push(b',');
                }
                let has_more = !entries.is_empty();
                write_objects(entries.into_iter().map(entry).collect(), &mut out);
                Place::Activity(has_some || has_more)
            }
            (Place::Activity(_), None) => {
                out.extend_from_slice(b"]}");
                Place::End
            }
            (Place::Activity(_) | Place::End, Some(_)) | (Place::Records(_) | Place::End, None) => {
                return Err(Error::internal("an export is not in its order"));
            }
        };
        Ok((out, self))
    }
}

/// With commas between them.
fn write_objects(objects: Vec<Object>, out: &mut Vec<u8>) {
    for (index, object) in objects.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        json::write_plain(&Value::Object(object), out);
    }
}

/// `{"tx","time","id","action"}`
fn entry(entry: ActivityEntry) -> Object {
    let action = match entry.action {
        Action::Create => "create",
        Action::Update => "update",
        Action::Delete => "delete",
    };
    Object::from([
        ("tx".to_owned(), Value::Int(entry.place.tx.0)),
        ("time".to_owned(), Value::Datetime(Datetime::from_timestamp(entry.time))),
        ("id".to_owned(), RecordId::into(entry.record)),
        ("action".to_owned(), action.into()),
    ])
}
