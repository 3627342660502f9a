use axum::extract::State;
use ddb_core::json::Json;
use ddb_core::{Error, Result};
use ddb_http::limit::{ClassChanges, Limiter, RateChanges, RateLimits};
use ddb_http::{Answer, ApiResult, Caller, Fields, Query, UnreadBody, refusal};

use super::shown;

/// A new rate; None leaves it as it is, Some(None) makes it what the process was started with.
type Change = Option<Option<u32>>;

struct Asked {
    network: Change,
    anonymous: [Change; 4],
    account: [Change; 4],
}

/// Changes the rate limits
///
/// For root. The change holds at once, in other processes within a second, and after a restart. Null takes a change back.
#[utoipa::path(
    patch,
    path = "/api/admin/limits",
    operation_id = "changeLimits",
    tag = "administration",
    request_body = ddb_api::admin::RateLimitsChange,
    responses(
        (status = OK, description = "The limits", body = ddb_api::Answer<ddb_api::admin::RateLimits>),
        refusal::Forbidden,
    ),
    security(("token" = [])),
)]
pub(crate) async fn change(
    caller: Caller,
    Query(()): Query<()>,
    State(limiter): State<Limiter>,
    body: UnreadBody,
) -> ApiResult<Answer> {
    caller.session.require_root()?;
    let mut fields = Fields::of(body.json().await?)?;
    let asked = Asked {
        network: rate(&mut fields, "network")?,
        anonymous: classes(&mut fields, "anonymous")?,
        account: classes(&mut fields, "account")?,
    };
    fields.end()?;
    let changes = caller.session.change_setting(RateChanges::SETTING, |changes| asked.apply(changes)).await?;
    limiter.change(changes.data);
    Ok(Answer::ok(shown(limiter.current(), changes.tx)).tx(changes.tx))
}

impl Asked {
    fn apply(self, mut changes: RateChanges) -> RateChanges {
        changes.network = self.network.unwrap_or(changes.network);
        for (asked, of) in [(self.anonymous, &mut changes.anonymous), (self.account, &mut changes.account)] {
            let ClassChanges { read, write, auth, other } = of;
            for (asked, rate) in asked.into_iter().zip([read, write, auth, other]) {
                *rate = asked.unwrap_or(*rate);
            }
        }
        changes
    }
}

fn classes(fields: &mut Fields, name: &str) -> Result<[Change; 4]> {
    let Some(body) = fields.take(name) else { return Ok([None; 4]) };
    let read = || {
        let mut fields = Fields::of(body)?;
        let mut changes = [None; 4];
        for (change, class) in changes.iter_mut().zip(["read", "write", "auth", "other"]) {
            *change = rate(&mut fields, class)?;
        }
        fields.end().map(|()| changes)
    };
    read().map_err(|error: Error| error.in_field(name))
}

fn rate(fields: &mut Fields, name: &str) -> Result<Change> {
    match fields.take(name) {
        None => Ok(None),
        Some(Json::Null) => Ok(Some(None)),
        Some(Json::Int(number)) if (0..=i64::from(RateLimits::MOST)).contains(&number) => Ok(Some(u32::try_from(number).ok())),
        Some(_) => {
            let message = format!("`{name}` must be a whole number from 0 to {}, or null", RateLimits::MOST);
            Err(Error::invalid(name, "TYPE", message))
        }
    }
}
