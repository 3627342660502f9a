use ddb_core::NamespaceName;
use ddb_http::{Answer, ApiResult, Caller, Fields, Query, UnreadBody};

use crate::routes::schema::data;

/// `{"name"}` → 201 `{"data":{namespace},"tx":n}`; 409 where the name is taken.
pub(crate) async fn create(caller: Caller, Query(()): Query<()>, body: UnreadBody) -> ApiResult<Answer> {
    caller.session.require_root()?;
    let mut fields = Fields::of(body.json().await?)?;
    let name = fields.string("name")?;
    fields.end()?;
    let made = caller.session.create_namespace(&NamespaceName::parse(&name)?).await?;
    Ok(Answer::created(data(super::shown(made.data), made.tx)).tx(made.tx))
}
