use axum::http::Method;

use crate::harness::{Server, run};

/// THREATS 9. Mutant: the handler does not call `revoked`.
#[test]
fn the_session_ends_at_once_and_only_that_one() {
    run(async {
        let server = Server::shared().await;
        let (user, stranger) = (server.user().await, server.user().await);
        let other = server.again(&user).await;
        assert!(user.is_in().await && other.is_in().await);
        let answer = user.client.send(Method::POST, "/api/auth/signout", None).await.expect(204);
        assert!(answer.body.is_empty());
        assert!(!user.is_in().await);
        assert!(other.is_in().await && stranger.is_in().await);
        user.client.send(Method::POST, "/api/auth/signout", None).await.expect_error(401, "UNAUTHENTICATED");
    });
}

#[test]
fn whoever_is_not_signed_in_cannot_sign_out() {
    run(async {
        let server = Server::shared().await;
        server.anon().send(Method::POST, "/api/auth/signout", None).await.expect_error(401, "UNAUTHENTICATED");
        server
            .anon()
            .with_token("x.y.z")
            .send(Method::POST, "/api/auth/signout", None)
            .await
            .expect_error(401, "UNAUTHENTICATED");
    });
}
