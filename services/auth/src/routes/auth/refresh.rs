use std::time::Duration;

use axum::extract::State;
use ddb_api::bus::Revoked;
use ddb_core::{Error, Timestamp};
use ddb_http::{Answer, ApiResult, Context, Fields, JsonBody, Query, SmallJsonBody, refusal};
use ddb_store::to_error;

use super::tokens;
use crate::db::session::{IDLE, Locked, WHOLE};
use crate::db::{account, session};
use crate::state::Auth;

/// How long the predecessor of the newest token still gets that one: the answer that carried it may have been lost.
const GRACE: Duration = Duration::from_secs(10);

/// Exchanges a refresh token for a new pair of tokens
///
/// Each refresh token is for one use. The same token again within 10 s gets the same answer, because the first answer may have been lost. An older token ends
/// the session.
#[utoipa::path(
    post,
    path = "/api/auth/refresh",
    operation_id = "refresh",
    tag = "accounts",
    request_body = ddb_api::auth::Refresh,
    responses(
        (status = OK, description = "The tokens and their user", body = ddb_api::auth::Tokens),
        refusal::WrongCredentials,
    ),
    security(()),
)]
pub(crate) async fn refresh(
    State(auth): State<Auth>,
    context: Context,
    Query(()): Query<()>,
    JsonBody(body): SmallJsonBody,
) -> ApiResult<Answer> {
    let mut fields = Fields::of(body)?;
    let text = fields.string("refresh_token")?;
    fields.end()?;
    let token = auth.refresh_tokens.read(&text).ok_or_else(refused)?;

    let mut transaction = auth.database.store().pool().begin().await.map_err(to_error)?;
    let session = session::lock(&mut transaction, token.session).await?.ok_or_else(refused)?;
    if session.ended || session.namespace != context.namespace {
        return Err(refused().into());
    }
    let counter = match decide(&session, token.counter) {
        Decision::Next => {
            session::rotate(&mut transaction, token.session, session.counter + 1, session.now).await?;
            session.counter + 1
        }
        Decision::Again => session.counter,
        Decision::Stale => return Err(refused().into()),
        Decision::End => {
            session::end(&mut *transaction, session.namespace, &session.account, token.session).await?;
            transaction.commit().await.map_err(to_error)?;
            auth.authenticator.revoked(&Revoked::session(session.namespace, session.account, token.session)).await;
            tracing::warn!(session = %token.session, "a refresh token was used again; its session has ended");
            return Err(refused().into());
        }
    };
    let account = account::with_id(&mut *transaction, session.namespace, &session.account).await?;
    let account = account.filter(|account| !account.banned).ok_or_else(refused)?;
    transaction.commit().await.map_err(to_error)?;

    let user = auth.user(session.namespace, &account).await?;
    Ok(tokens(&auth.tokens(&context.namespace_name, user, &account, token.session, counter).await?)?)
}

#[derive(Debug, PartialEq, Eq)]
enum Decision {
    /// The newest: it gets a successor.
    Next,
    /// Its predecessor, just replaced: it gets the successor it has already got.
    Again,
    /// Too long unused, or too old in all.
    Stale,
    /// Somebody else has used it too.
    End,
}

fn decide(session: &Locked, counter: i64) -> Decision {
    let since = |time: Timestamp| Duration::from_micros(u64::try_from(session.now.0 - time.0).unwrap_or(0));
    if since(session.rotated) > IDLE || since(session.created) > WHOLE {
        return Decision::Stale;
    }
    if counter == session.counter {
        return Decision::Next;
    }
    if counter == session.counter - 1 && since(session.rotated) <= GRACE {
        return Decision::Again;
    }
    Decision::End
}

fn refused() -> Error {
    Error::unauthenticated("the refresh token is not valid or its session has ended; sign in again")
}

#[cfg(test)]
mod tests {
    use ddb_core::NamespaceId;

    use super::*;

    const DAY: i64 = 24 * 3600;

    /// `created` and `rotated` are seconds ago; the session's counter is 5.
    fn check(cases: &[(i64, i64, i64, Decision)]) {
        for (created, rotated, counter, expected) in cases {
            let now = 2_000_000_000;
            let session = Locked {
                namespace: NamespaceId::MAIN,
                account: "a".to_owned(),
                counter: 5,
                created: Timestamp((now - created) * 1_000_000),
                rotated: Timestamp((now - rotated) * 1_000_000),
                ended: false,
                now: Timestamp(now * 1_000_000),
            };
            assert_eq!(decide(&session, *counter), *expected, "{created} {rotated} {counter}");
        }
    }

    #[test]
    fn the_newest_gets_a_successor_its_predecessor_the_same_and_all_others_end_the_session() {
        check(&[
            (100, 50, 5, Decision::Next),
            (100, 0, 5, Decision::Next),
            (100, 0, 4, Decision::Again),
            (100, 10, 4, Decision::Again),
            (100, 11, 4, Decision::End),
            (100, 0, 3, Decision::End),
            (100, 0, 6, Decision::End),
            (100, 0, i64::MIN, Decision::End),
            (100, 0, i64::MAX, Decision::End),
            // A clock that went back.
            (-5, -5, 5, Decision::Next),
        ]);
    }

    #[test]
    fn a_session_lives_seven_days_unused_and_ninety_in_all() {
        check(&[
            (8 * DAY, 7 * DAY, 5, Decision::Next),
            (8 * DAY, 7 * DAY + 1, 5, Decision::Stale),
            (90 * DAY, 1, 5, Decision::Next),
            (90 * DAY + 1, 1, 5, Decision::Stale),
        ]);
    }
}
