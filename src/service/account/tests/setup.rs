//! The first start.

use crate::{Ctx, Error, NewUser, Settings, setup::NewInstance, testing::*};
use model::{
    account::{InstanceRole, RegistrationPolicy},
    limits,
};

fn first(token: &str) -> NewInstance {
    NewInstance {
        token: token.to_owned(),
        admin: person("boss"),
        site_url: Some("https://band.example".to_owned()),
        registration: Some(RegistrationPolicy::Closed),
    }
}

#[tokio::test]
async fn the_link_makes_one_administrator_and_then_nothing() {
    let service = service(Settings::default());
    assert!(service.needs_setup().await.unwrap());
    assert!(matches!(service.require_setup().await, Err(Error::SetupRequired)));
    let link = service.setup_link(&Ctx::system(NOW)).await.unwrap().unwrap();
    assert_eq!(
        service.setup_link(&Ctx::system(NOW)).await.unwrap().unwrap(),
        link,
        "the same after a restart"
    );
    let wrong = service.complete_setup(&anonymous(NOW), &first("made-up")).await;
    assert!(matches!(wrong, Err(Error::Gone(_))), "{wrong:?}");
    let login = service.complete_setup(&anonymous(NOW), &first(&link.token)).await.unwrap();
    assert_eq!(login.user.row.role, InstanceRole::Admin);
    assert!(login.user.row.email_verified_at.is_some());
    assert!(service.authenticate(&login.access.token, NOW).await.is_ok());
    assert!(service.require_setup().await.is_ok() && !service.needs_setup().await.unwrap());
    assert_eq!(service.registration().await.unwrap(), RegistrationPolicy::Closed);
    assert_eq!(service.site_url().await.unwrap(), "https://band.example");
    let again = service.complete_setup(&anonymous(NOW), &first(&link.token)).await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
    assert!(service.setup_link(&Ctx::system(NOW)).await.unwrap().is_none());
    assert!(matches!(service.admin_create_setup_link(&Ctx::system(NOW)).await, Err(Error::Conflict(_))));
}

#[tokio::test]
async fn a_new_link_voids_the_old_one_and_each_lapses() {
    let service = service(Settings::default());
    let old = service.setup_link(&Ctx::system(NOW)).await.unwrap().unwrap();
    let new = service.admin_create_setup_link(&Ctx::system(NOW)).await.unwrap();
    let complete = async |token: &str, now| service.complete_setup(&anonymous(now), &first(token)).await;
    assert!(matches!(complete(&old.token, NOW).await, Err(Error::Gone(_))));
    let late = NOW.plus_millis(limits::SETUP_TOKEN_TTL_MS);
    assert!(matches!(complete(&new.token, late).await, Err(Error::Gone(_))));
    assert_ne!(service.setup_link(&Ctx::system(late)).await.unwrap().unwrap().token, new.token);
    assert!(matches!(service.admin_create_setup_link(&anonymous(NOW)).await, Err(Error::Unauthenticated)));
}

#[tokio::test]
async fn two_at_once_make_one_administrator() {
    let service = service(Settings::default());
    let link = service.setup_link(&Ctx::system(NOW)).await.unwrap().unwrap();
    let (one, mut two) = (first(&link.token), first(&link.token));
    two.admin = NewUser { email: email("rival"), ..two.admin };
    let cx = anonymous(NOW);
    let outcomes = tokio::join!(service.complete_setup(&cx, &one), service.complete_setup(&cx, &two));
    assert!(outcomes.0.is_ok() != outcomes.1.is_ok(), "{outcomes:?}");
}

#[tokio::test]
async fn an_administrator_from_the_command_line_completes_the_setup() {
    let service = service(Settings::default());
    let link = service.setup_link(&Ctx::system(NOW)).await.unwrap().unwrap();
    let member = person("ada");
    service.create_user_offline(&Ctx::system(NOW), &member).await.unwrap();
    assert!(service.needs_setup().await.unwrap(), "a member does not");
    admin(&service, "boss").await;
    assert!(!service.needs_setup().await.unwrap());
    let late = service.complete_setup(&anonymous(NOW), &first(&link.token)).await;
    assert!(matches!(late, Err(Error::Conflict(_))), "{late:?}");
}

#[tokio::test]
async fn where_anybody_may_register_nothing_waits_for_an_administrator() {
    let service = open_service();
    assert!(service.require_setup().await.is_ok());
    assert!(service.needs_setup().await.unwrap());
    let link = service.setup_link(&Ctx::system(NOW)).await.unwrap().unwrap();
    assert!(service.complete_setup(&anonymous(NOW), &first(&link.token)).await.is_ok());
    assert_eq!(
        service.registration().await.unwrap(),
        RegistrationPolicy::Open,
        "the configuration counts more"
    );
}
