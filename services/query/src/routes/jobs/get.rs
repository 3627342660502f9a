use ddb_core::json::write_string;
use ddb_core::{Timestamp, Tx};
use ddb_http::{Answer, ApiResult, Caller, JobPath, Query, refusal};
use ddb_store::job::Job;

/// Shows the progress and the result of a job
///
/// For admins and for the caller that began the job. The server keeps a job for a week after its end.
#[utoipa::path(
    get,
    path = "/api/jobs/{job}",
    operation_id = "getJob",
    tag = "audit",
    responses(
        (status = OK, description = "The job", body = ddb_api::Answer<ddb_api::audit::Job>),
        refusal::NotFound,
    ),
    security((), ("token" = [])),
)]
pub(crate) async fn get(JobPath(id): JobPath, caller: Caller, Query(()): Query<()>) -> ApiResult<Answer> {
    let job = caller.session.job(id).await?;
    Ok(Answer::ok(answer(&job.data, job.tx)).tx(job.tx))
}

/// `{"id","kind","state","progress":{"done","total"},"result","problem","created","finished"}`
fn answer(job: &Job, Tx(tx): Tx) -> Vec<u8> {
    let Job { id, done, total, .. } = job;
    let mut out = format!("{{\"data\":{{\"id\":{id},\"progress\":{{\"done\":{done},\"total\":{total}}}").into_bytes();
    let time = |time: Option<Timestamp>| time.map(Timestamp::to_rfc3339);
    for (name, text) in [
        ("kind", Some(job.kind.clone())),
        ("state", Some(job.state.as_str().to_owned())),
        ("problem", job.problem.clone()),
        ("created", time(Some(job.created))),
        ("finished", time(job.finished)),
    ] {
        out.push(b',');
        write_string(name, &mut out);
        out.push(b':');
        match text {
            Some(text) => write_string(&text, &mut out),
            None => out.extend_from_slice(b"null"),
        }
    }
    // It is JSON already.
    let result = job.result.as_deref().unwrap_or("null");
    out.extend_from_slice(format!(",\"result\":{result}}},\"tx\":{tx}}}").as_bytes());
    out
}
