//! Tokens that speak for somebody, and when they stop.

use crate::{
    Error, Via,
    account::admin::{UserAccess, UserChange},
    testing::*,
    token::{NewApiToken, Scope},
};
use model::{Timestamp, limits, text::Label};

fn scopes(names: &[&str]) -> Vec<Scope> {
    names.iter().map(|name| Scope::parse(name).unwrap()).collect()
}

fn token(expires_at: Option<Timestamp>) -> NewApiToken {
    let name = Label::parse("script").unwrap();
    NewApiToken { name, scopes: scopes(&["projects:read", "tracks:write"]), expires_at, project_ids: None }
}

#[tokio::test]
async fn an_access_token_lapses_and_can_be_refreshed() {
    let service = open_service();
    let login = join(&service, "ada").await;
    let end = NOW.plus_millis(limits::ACCESS_TOKEN_TTL_MS);
    assert_eq!(login.access.expires_at, end);
    let caller = service.authenticate(&login.access.token, end.plus_millis(-1)).await.unwrap();
    assert_eq!(caller.user_id, login.user.row.id);
    let lapsed = service.authenticate(&login.access.token, end).await;
    assert!(matches!(lapsed, Err(Error::TokenExpired)), "{lapsed:?}");
    let fresh = service.refresh_session(&anonymous(end), &login.refresh_token).await.unwrap();
    assert!(service.authenticate(&fresh.access.token, end).await.is_ok());
}

#[tokio::test]
async fn nonsense_speaks_for_nobody() {
    let service = open_service();
    let refresh = join(&service, "ada").await.refresh_token;
    for bearer in ["", "blp_", "blp_AAAA", "v4.local.AAAA", "Bearer x", &refresh, &"v4.local.".repeat(1000)] {
        let outcome = service.authenticate(bearer, NOW).await;
        assert!(matches!(outcome, Err(Error::Unauthenticated)), "{bearer}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_disabled_account_stops_at_once_and_its_tokens_stay_void() {
    let service = open_service();
    let (boss, ada) = (admin(&service, "boss").await, join(&service, "ada").await);
    let made = service.create_my_token(&by(&service, &ada).await, token(None)).await.unwrap().into_inner();
    let (cx, id) = (by(&service, &boss).await, ada.user.row.id);
    let access = |access| UserChange { access: Some(access), ..UserChange::default() };
    service.admin_update_user(&cx, id, None, &access(UserAccess::Disabled)).await.unwrap();
    for bearer in [&ada.access.token, made.secret.as_ref().unwrap()] {
        assert!(matches!(service.authenticate(bearer, NOW).await, Err(Error::Unauthenticated)));
    }
    assert!(matches!(
        service.login(&anonymous(NOW), &attempt("ada", PASSWORD)).await,
        Err(Error::WrongLogin)
    ));
    service.admin_update_user(&cx, id, None, &access(UserAccess::Active)).await.unwrap();
    assert!(service.authenticate(&ada.access.token, NOW).await.is_err(), "the old login is not revived");
    assert!(service.refresh_session(&anonymous(NOW), &ada.refresh_token).await.is_err());
    assert!(service.login(&anonymous(NOW), &attempt("ada", PASSWORD)).await.is_ok());
}

#[tokio::test]
async fn a_personal_token_carries_its_scopes_until_it_lapses_or_is_revoked() {
    let service = open_service();
    let ada = join(&service, "ada").await;
    let cx = by(&service, &ada).await;
    let made = service.create_my_token(&cx, token(Some(NOW.plus_seconds(60)))).await.unwrap().into_inner();
    let secret = made.secret.unwrap();
    assert!(secret.starts_with(&made.token.row.prefix) && made.token.row.prefix.len() == 8);
    let caller = service.authenticate(&secret, NOW).await.unwrap();
    let Via::Token { id, scopes, project_ids: None } = caller.via else { panic!("{caller:?}") };
    assert_eq!(
        (id, scopes),
        (made.token.row.id, vec!["projects:read".to_owned(), "tracks:write".to_owned()])
    );
    assert!(service.authenticate(&secret, NOW.plus_seconds(60)).await.is_err(), "lapsed");
    let listed = service.list_my_tokens(&cx).await.unwrap();
    assert_eq!(listed[0].1, Some(NOW), "when it was last used");
    service.revoke_my_token(&cx, id).await.unwrap();
    assert!(service.authenticate(&secret, NOW).await.is_err(), "revoked");
}

#[tokio::test]
async fn a_token_cannot_strengthen_itself() {
    let service = open_service();
    let ada = join(&service, "ada").await;
    let made = service.create_my_token(&by(&service, &ada).await, token(None)).await.unwrap().into_inner();
    let cx = bearing(&service, made.secret.as_deref().unwrap(), NOW).await;
    let refused =
        |outcome: crate::Result<()>| assert!(matches!(outcome, Err(Error::Forbidden(_))), "{outcome:?}");
    refused(service.create_my_token(&cx, token(None)).await.map(|_| ()));
    refused(service.change_my_password(&cx, PASSWORD, crate::Password::parse("another one").unwrap()).await);
    refused(service.change_my_email(&cx, &email("new"), PASSWORD).await);
    refused(service.revoke_other_sessions(&cx).await);
    refused(service.revoke_my_token(&cx, made.token.row.id).await);
    assert!(service.get_me(&cx).await.is_ok());
}

#[tokio::test]
async fn somebody_elses_tokens_and_sessions_are_not_there() {
    let service = open_service();
    let (ada, bob) = (join(&service, "ada").await, join(&service, "bob").await);
    let (ada_cx, bob_cx) = (by(&service, &ada).await, by(&service, &bob).await);
    let made = service.create_my_token(&ada_cx, token(None)).await.unwrap().into_inner();
    let session = service.list_my_sessions(&ada_cx).await.unwrap()[0].session.id;
    let id = made.token.row.id;
    assert!(matches!(service.revoke_my_token(&bob_cx, id).await, Err(Error::NotFound("token"))));
    assert!(matches!(service.revoke_my_session(&bob_cx, session).await, Err(Error::NotFound("session"))));
    assert!(service.authenticate(&ada.access.token, NOW).await.is_ok());
}

#[tokio::test]
async fn being_seen_is_written_once_a_minute() {
    let service = open_service();
    let ada = join(&service, "ada").await;
    let session = async |seconds| {
        let cx = bearing(&service, &ada.access.token, NOW.plus_seconds(seconds)).await;
        service.list_my_sessions(&cx).await.unwrap()[0].last_used_at
    };
    assert_eq!(session(1).await, NOW.plus_seconds(1));
    assert_eq!(session(59).await, NOW.plus_seconds(1), "not again within the minute");
    assert_eq!(session(61).await, NOW.plus_seconds(61));
}
