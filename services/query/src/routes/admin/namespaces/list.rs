use ddb_core::Value;
use ddb_http::{Answer, ApiResult, Caller, Query};

use crate::routes::schema::data;

/// `{"data":[{namespace},…],"tx":n}`, by name.
pub(crate) async fn list(caller: Caller, Query(()): Query<()>) -> ApiResult<Answer> {
    let namespaces = caller.session.namespaces().await?;
    let shown = namespaces.data.into_iter().map(super::shown).collect();
    Ok(Answer::ok(data(Value::Array(shown), namespaces.tx)).tx(namespaces.tx))
}
