use ddb_core::json::Json;
use ddb_core::{Error, FieldPath, Result, TableName};
use ddb_http::{Answer, ApiResult, Caller, Fields, Query, TablePath, UnreadBody, refusal};
use ddb_store::index::NewIndex;

use super::answer;

/// Defines an index
///
/// For admins. The index of a small table is ready at once. The index of a large table has the state `building` until a background job has built it. A
/// unique index refuses records whose values are taken.
#[utoipa::path(
    post,
    path = "/api/schema/{table}/indexes",
    operation_id = "defineIndex",
    tag = "schema",
    request_body = ddb_api::schema::NewIndex,
    responses(
        (status = CREATED, description = "The index", body = ddb_api::Answer<ddb_api::schema::Index>),
        refusal::QuotaExceeded,
        refusal::NotFound,
        refusal::Conflict,
    ),
    security(("token" = [])),
)]
pub(crate) async fn define_index(
    TablePath(table): TablePath,
    caller: Caller,
    Query(()): Query<()>,
    body: UnreadBody,
) -> ApiResult<Answer> {
    caller.session.require_admin()?;
    let index = caller.session.define_index(read(table, body.json().await?)?).await?;
    Ok(Answer::created(answer::data(answer::index(&index.data), index.tx)).tx(index.tx))
}

fn read(table: TableName, body: Json) -> Result<NewIndex> {
    let mut members = Fields::of(body)?;
    let fields = match members.take("fields") {
        Some(Json::Array(items)) => {
            items.into_iter().enumerate().map(|(place, item)| field(place, item)).collect::<Result<Vec<_>>>()?
        }
        Some(_) => return Err(Error::invalid("fields", "TYPE", "`fields` is an array of paths such as `profile.email`")),
        None => return Err(Error::invalid("fields", "REQUIRED", "`fields` is required")),
    };
    let is_unique = match members.take("unique") {
        None => false,
        Some(Json::Bool(is_unique)) => is_unique,
        Some(_) => return Err(Error::invalid("unique", "TYPE", "`unique` is true or false")),
    };
    let name = members.optional_string("name")?.unwrap_or_else(|| name(&fields));
    members.end()?;
    Ok(NewIndex { table, name, fields, is_unique, by: None })
}

/// A path, descending where a minus stands before it.
fn field(place: usize, item: Json) -> Result<(String, bool)> {
    let Json::String(text) = item else {
        return Err(Error::invalid(
            format!("fields[{place}]"),
            "TYPE",
            "a field is a path of names such as `profile.email`, descending with a minus before it",
        ));
    };
    Ok(match text.strip_prefix('-') {
        Some(name) => (name.to_owned(), true),
        None => (text, false),
    })
}

/// `status_profile_email` of `["status","-profile.email"]`, as far as a name can hold it.
fn name(fields: &[(String, bool)]) -> String {
    let names: Vec<String> = fields
        .iter()
        .map(|(path, _)| match FieldPath::parse(path) {
            Ok(path) => path.names().join("_"),
            Err(_) => path.clone(),
        })
        .collect();
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    names.join("_").chars().map(|c| if is_word(c) { c } else { '_' }).take(63).collect()
}
