//! New passwords and addresses.

use crate::{Ctx, Error, MailOrder, Password, Service, testing::*};
use model::{event::MailKind, limits, ports::Mail};

const NEW: &str = "a different groove";

fn new_password() -> Password {
    Password::parse(NEW).unwrap()
}

async fn mails(service: &Service) -> Vec<(MailKind, Mail)> {
    let mut mails = Vec::new();
    for order in log(service).await.iter().filter_map(|e| MailOrder::of(&e.event)) {
        mails.extend(service.mail_to_send(&order, NOW).await.unwrap().map(|mail| (order.kind, mail)));
    }
    mails
}

/// Somebody who registered and proved their address.
async fn proven(service: &Service, name: &str) -> crate::LoginResult {
    service.register(&anonymous(NOW), &person(name), None).await.unwrap();
    let mails = mails(service).await;
    let (_, mail) = mails.iter().find(|(_, mail)| mail.to == email(name).to_string()).unwrap();
    service.verify_email(&anonymous(NOW), secret_in(&mail.text)).await.unwrap();
    service.login(&anonymous(NOW), &attempt(name, PASSWORD)).await.unwrap()
}

#[tokio::test]
async fn a_reset_by_mail_ends_every_login() {
    let service = mailing_service();
    let ada = proven(&service, "ada").await;
    service.request_password_reset(&anonymous(NOW), &email("nobody")).await.unwrap();
    service.request_password_reset(&anonymous(NOW), &email("ada")).await.unwrap();
    let mails_now = mails(&service).await;
    let [(MailKind::PasswordReset, mail)] = mails_now.as_slice() else { panic!("{mails_now:?}") };
    assert!(
        mail.text.contains("http://127.0.0.1:7070/#/reset-password/") && mail.subject == "Set a new password"
    );
    let secret = secret_in(&mail.text);
    service.reset_password(&anonymous(NOW), secret, new_password()).await.unwrap();
    assert!(service.authenticate(&ada.access.token, NOW).await.is_err());
    assert!(service.login(&anonymous(NOW), &attempt("ada", PASSWORD)).await.is_err());
    assert!(service.login(&anonymous(NOW), &attempt("ada", NEW)).await.is_ok());
    let again = service.reset_password(&anonymous(NOW), secret, new_password()).await;
    assert!(matches!(again, Err(Error::Gone(_))), "{again:?}");
    assert!(mails(&service).await.iter().any(|(kind, _)| *kind == MailKind::PasswordChanged));
}

#[tokio::test]
async fn one_reset_token_used_twice_at_once_works_once() {
    let service = open_service();
    join(&service, "ada").await;
    let link = service.password_link(&Ctx::system(NOW), &email("ada")).await.unwrap();
    let cx = anonymous(NOW);
    let reset = |password: &str| service.reset_password(&cx, &link.token, Password::parse(password).unwrap());
    let outcomes = tokio::join!(reset("first new one"), reset("second new one"));
    assert!(outcomes.0.is_ok() != outcomes.1.is_ok(), "{outcomes:?}");
}

#[tokio::test]
async fn a_link_lapses_is_bound_to_its_purpose_and_is_voided_by_the_next() {
    let service = open_service();
    join(&service, "ada").await;
    let link = async || service.password_link(&Ctx::system(NOW), &email("ada")).await.unwrap();
    let (old, new) = (link().await, link().await);
    let reset = async |token: &str, now| service.reset_password(&anonymous(now), token, new_password()).await;
    assert!(matches!(reset(&old.token, NOW).await, Err(Error::Gone(_))), "voided");
    let late = NOW.plus_millis(limits::RESET_TOKEN_TTL_MS);
    assert!(matches!(reset(&new.token, late).await, Err(Error::Gone(_))), "lapsed");
    assert!(
        matches!(service.verify_email(&anonymous(NOW), &new.token).await, Err(Error::Gone(_))),
        "for another end"
    );
    let setup = service.setup_link(&Ctx::system(NOW)).await.unwrap().unwrap();
    assert!(matches!(reset(&setup.token, NOW).await, Err(Error::Gone(_))), "for another end");
    assert!(reset(&new.token, NOW).await.is_ok());
}

#[tokio::test]
async fn changing_the_password_ends_every_other_login() {
    let service = open_service();
    let here = join(&service, "ada").await;
    let there = service.login(&anonymous(NOW), &attempt("ada", PASSWORD)).await.unwrap();
    let cx = by(&service, &here).await;
    let wrong = service.change_my_password(&cx, "wrong password", new_password()).await;
    let Err(Error::Invalid(faults)) = wrong else { panic!("{wrong:?}") };
    assert_eq!((faults.0[0].pointer.as_str(), faults.0[0].code), ("/current_password", "wrong_password"));
    service.change_my_password(&cx, PASSWORD, new_password()).await.unwrap();
    assert!(service.authenticate(&here.access.token, NOW).await.is_ok());
    assert!(service.authenticate(&there.access.token, NOW).await.is_err());
    assert!(service.refresh_session(&anonymous(NOW), &there.refresh_token).await.is_err());
    assert!(service.refresh_session(&anonymous(NOW), &here.refresh_token).await.is_ok());
    assert!(service.login(&anonymous(NOW), &attempt("ada", NEW)).await.is_ok());
}

#[tokio::test]
async fn a_new_address_counts_once_it_is_proven() {
    let service = mailing_service();
    let ada = proven(&service, "ada").await;
    proven(&service, "bob").await;
    let cx = by(&service, &ada).await;
    assert!(matches!(
        service.change_my_email(&cx, &email("lovelace"), "wrong").await,
        Err(Error::Invalid(_))
    ));
    service.change_my_email(&cx, &email("bob"), PASSWORD).await.unwrap();
    service.change_my_email(&cx, &email("lovelace"), PASSWORD).await.unwrap();
    assert_eq!(service.get_me(&cx).await.unwrap().account.user.row.email, email("ada"), "not yet");
    let sent = mails(&service).await;
    let to =
        |kind| sent.iter().filter(|(k, _)| *k == kind).map(|(_, mail)| mail.to.clone()).collect::<Vec<_>>();
    assert_eq!(
        to(MailKind::AlreadyRegistered),
        ["bob@example.org"],
        "the owner of a known address hears of it"
    );
    assert_eq!(to(MailKind::EmailChanged), ["ada@example.org"], "the old address hears of it");
    assert_eq!(to(MailKind::VerifyEmail), ["lovelace@example.org"]);
    let (_, mail) = sent.iter().find(|(kind, _)| *kind == MailKind::VerifyEmail).unwrap();
    service.verify_email(&anonymous(NOW), secret_in(&mail.text)).await.unwrap();
    let me = service.get_me(&cx).await.unwrap().account.user.row;
    assert_eq!((me.email, me.email_verified_at), (email("lovelace"), Some(NOW)));
    assert!(service.login(&anonymous(NOW), &attempt("ada", PASSWORD)).await.is_err());
}

#[tokio::test]
async fn without_mail_a_new_address_counts_at_once() {
    let service = open_service();
    let (ada, _) = (join(&service, "ada").await, join(&service, "bob").await);
    let cx = by(&service, &ada).await;
    assert!(matches!(service.change_my_email(&cx, &email("bob"), PASSWORD).await, Err(Error::Conflict(_))));
    service.change_my_email(&cx, &email("lovelace"), PASSWORD).await.unwrap();
    assert!(service.login(&anonymous(NOW), &attempt("lovelace", PASSWORD)).await.is_ok());
    assert!(service.register(&anonymous(NOW), &person("ada"), None).await.is_ok(), "the old address is free");
}
