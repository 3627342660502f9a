use ddb_http::{Answer, ApiResult, Caller, IfMatch, Query, RecordPath};

pub(crate) async fn delete(
    RecordPath { table, key }: RecordPath,
    caller: Caller,
    IfMatch(if_match): IfMatch,
    Query(()): Query<()>,
) -> ApiResult<Answer> {
    let deleted = caller.session.delete(&table, &key, if_match)?.run().await?;
    Ok(Answer::no_content().tx(deleted.tx))
}
