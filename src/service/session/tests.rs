//! Rotation, reuse, and the end of sessions.

use crate::{Error, Keys, LoginResult, Service, session::refresh::RefreshToken, testing::*};
use model::{SessionId, limits, ports::IdGen};

async fn alive(service: &Service, login: &LoginResult) -> bool {
    service.authenticate(&login.access.token, NOW).await.is_ok()
}

async fn refresh(service: &Service, token: &str) -> crate::Result<LoginResult> {
    service.refresh_session(&anonymous(NOW), token).await
}

#[tokio::test]
async fn a_used_refresh_token_ends_the_session() {
    let service = open_service();
    let first = join(&service, "ada").await;
    let elsewhere = service.login(&anonymous(NOW), &attempt("ada", PASSWORD)).await.unwrap();
    let second = refresh(&service, &first.refresh_token).await.unwrap();
    let third = refresh(&service, &second.refresh_token).await.unwrap();
    assert!(alive(&service, &first).await, "a refresh leaves the session's access tokens alone");
    let reused = refresh(&service, &first.refresh_token).await;
    assert!(matches!(reused, Err(Error::Unauthenticated)), "{reused:?}");
    assert!(!alive(&service, &third).await, "whoever holds the newest token is out as well");
    assert!(refresh(&service, &third.refresh_token).await.is_err());
    assert!(alive(&service, &elsewhere).await, "other logins go on");
}

#[tokio::test]
async fn made_up_refresh_tokens_end_nothing() {
    let service = open_service();
    let login = join(&service, "ada").await;
    let ours = RefreshToken::parse(service.keys(), &login.refresh_token).unwrap();
    let ids = CountedIds::default();
    // Otherwise the stranger's keys would count up to be ours.
    (0..100).for_each(|_| ids.secret(&mut [0]));
    let forged = RefreshToken::new(&Keys::in_memory(&ids, NOW).unwrap(), &ids, ours.session_id(), 1);
    for token in [forged.encode(), "blr_AAAA".to_owned(), login.refresh_token[4..].to_owned(), String::new()]
    {
        assert!(matches!(refresh(&service, &token).await, Err(Error::Unauthenticated)));
    }
    assert!(alive(&service, &login).await);
    assert!(refresh(&service, &login.refresh_token).await.is_ok());
}

#[tokio::test]
async fn of_two_refreshes_at_once_at_most_one_succeeds() {
    let service = open_service();
    let login = join(&service, "ada").await;
    let tries = (0..8).map(|_| refresh(&service, &login.refresh_token));
    let outcomes = futures::future::join_all(tries).await;
    assert!(outcomes.iter().filter(|outcome| outcome.is_ok()).count() <= 1);
    assert!(!alive(&service, &login).await, "the token was used more than once");
}

#[tokio::test]
async fn refreshing_ends_after_the_ttl_without_use() {
    let service = open_service();
    let login = join(&service, "ada").await;
    let late = NOW.plus_millis(limits::REFRESH_TOKEN_TTL_MS);
    assert!(service.refresh_session(&anonymous(late), &login.refresh_token).await.is_err());
}

#[tokio::test]
async fn logging_out_and_revoking_end_exactly_what_they_name() {
    let service = open_service();
    let first = join(&service, "ada").await;
    let others = [
        service.login(&anonymous(NOW), &attempt("ada", PASSWORD)).await.unwrap(),
        service.login(&anonymous(NOW), &attempt("ada", PASSWORD)).await.unwrap(),
    ];
    let cx = by(&service, &first).await;
    let listed = service.list_my_sessions(&cx).await.unwrap();
    let current: Vec<SessionId> = listed.iter().filter(|s| s.current).map(|s| s.session.id).collect();
    assert_eq!((listed.len(), current.len()), (3, 1));
    service.logout(&by(&service, &others[0]).await).await.unwrap();
    assert!(!alive(&service, &others[0]).await && alive(&service, &others[1]).await);
    service.revoke_other_sessions(&cx).await.unwrap();
    assert!(!alive(&service, &others[1]).await && alive(&service, &first).await);
    service.revoke_other_sessions(&cx).await.unwrap();
    service.revoke_my_session(&cx, current[0]).await.unwrap();
    assert!(!alive(&service, &first).await);
    let revoked = log(&service).await.iter().filter(|e| e.event.body.kind() == "session.revoked").count();
    assert_eq!(revoked, 3, "live streams hear of each");
}

#[tokio::test]
async fn one_login_too_many_ends_the_oldest() {
    let service = open_service();
    let first = join(&service, "ada").await;
    let mut last = None;
    for n in 1..=limits::SESSIONS_PER_USER_MAX as i64 {
        last = Some(service.login(&anonymous(NOW.plus_seconds(n)), &attempt("ada", PASSWORD)).await.unwrap());
    }
    assert!(!alive(&service, &first).await);
    let cx = by(&service, &last.unwrap()).await;
    assert_eq!(service.list_my_sessions(&cx).await.unwrap().len(), limits::SESSIONS_PER_USER_MAX);
}

#[tokio::test]
async fn wrong_logins_look_alike_and_wait() {
    let service = open_service();
    join(&service, "ada").await;
    let cx = anonymous(NOW);
    let text = async |name: &str| {
        service.login(&cx, &attempt(name, "wrong password")).await.unwrap_err().to_string()
    };
    assert_eq!(text("ada").await, text("nobody").await);
    for _ in 1..limits::LOGIN_FREE_TRIES {
        text("ada").await;
    }
    let waits = service.login(&cx, &attempt("ada", PASSWORD)).await;
    assert!(matches!(waits, Err(Error::RateLimited { retry_after_s: 1.. })), "{waits:?}");
    let later = anonymous(NOW.plus_seconds(limits::LOGIN_WAIT_S_MAX));
    assert!(
        service.login(&later, &attempt("ada", PASSWORD)).await.is_ok(),
        "the owner gets in after the wait"
    );
    let mut elsewhere = anonymous(NOW);
    elsewhere.client.ip = Some("198.51.100.1".to_owned());
    assert!(service.login(&elsewhere, &attempt("ada", PASSWORD)).await.is_ok(), "and at once from elsewhere");
}
