//! A write and its answer, once or as often as it is sent.

use ddb_database::{OnceKey, Planned, Wrote};
use ddb_http::{Answer, ApiResult};

/// Carries the write out, or gives the answer of the first time.
pub(crate) async fn of<T: 'static>(
    planned: Planned<T>,
    once: Option<OnceKey>,
    render: impl Fn(&Wrote<T>) -> Answer + Send + Sync + 'static,
) -> ApiResult<Answer> {
    match once {
        None => Ok(render(&planned.run().await?)),
        Some(once) => Ok(Answer::repeated(planned.run_once(once, move |written| render(written).kept()).await?)?),
    }
}
