//! Who may register, and what a known address learns.

use crate::{Error, MailOrder, Settings, account::register::Registered, testing::*};
use model::{account::RegistrationPolicy, event::MailKind, limits};

#[tokio::test]
async fn without_mail_registering_logs_in_and_a_known_address_is_a_conflict() {
    let service = open_service();
    let login = join(&service, "ada").await;
    assert_eq!(login.user.row.email_verified_at, None);
    assert_eq!(login.user.row.handle.as_str(), "ada");
    assert!(service.authenticate(&login.access.token, NOW).await.is_ok());
    let again = service.register(&anonymous(NOW), &person("ada"), None).await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
}

#[tokio::test]
async fn people_of_one_name_get_different_handles() {
    let service = open_service();
    let mut handles = std::collections::BTreeSet::new();
    for n in 0..14 {
        let new = crate::NewUser { email: email(&format!("ada{n}")), ..person("Ada") };
        let Registered::LoggedIn(login) = service.register(&anonymous(NOW), &new, None).await.unwrap() else {
            panic!("there is mail")
        };
        handles.insert(login.user.row.handle.to_string());
    }
    assert_eq!(handles.len(), 14, "{handles:?}");
}

#[tokio::test]
async fn two_at_once_with_one_address_make_one_account() {
    let service = open_service();
    let new = person("ada");
    let (one, two) = (anonymous(NOW), anonymous(NOW));
    let outcomes = tokio::join!(service.register(&one, &new, None), service.register(&two, &new, None));
    assert!(outcomes.0.is_ok() != outcomes.1.is_ok(), "{outcomes:?}");
}

#[tokio::test]
async fn with_mail_a_known_and_an_unknown_address_get_the_same_answer() {
    let service = mailing_service();
    for _ in 0..2 {
        let outcome = service.register(&anonymous(NOW), &person("ada"), None).await;
        assert!(matches!(outcome, Ok(Registered::VerificationRequired)), "{outcome:?}");
    }
    let orders: Vec<_> = log(&service).await.iter().filter_map(|e| MailOrder::of(&e.event)).collect();
    let kinds: Vec<_> = orders.iter().map(|order| order.kind).collect();
    assert_eq!(kinds, [MailKind::VerifyEmail, MailKind::AlreadyRegistered]);
    let unproven = service.login(&anonymous(NOW), &attempt("ada", PASSWORD)).await;
    assert!(matches!(unproven, Err(Error::WrongLogin)), "as if the password were wrong: {unproven:?}");
    let mail = service.mail_to_send(&orders[0], NOW).await.unwrap().unwrap();
    service.verify_email(&anonymous(NOW), secret_in(&mail.text)).await.unwrap();
    assert!(service.login(&anonymous(NOW), &attempt("ada", PASSWORD)).await.is_ok());
    let used = service.verify_email(&anonymous(NOW), secret_in(&mail.text)).await;
    assert!(matches!(used, Err(Error::Gone(_))), "{used:?}");
    assert!(
        service.mail_to_send(&orders[0], NOW).await.unwrap().is_none(),
        "its token was used: nothing to send"
    );
}

#[tokio::test]
async fn a_new_verification_mail_voids_the_old_one_and_mails_have_a_ceiling() {
    let service = mailing_service();
    service.register(&anonymous(NOW), &person("ada"), None).await.unwrap();
    for _ in 0..limits::MAILS_PER_ADDRESS_MAX + 5 {
        service.resend_verification(&anonymous(NOW), &email("ada")).await.unwrap();
    }
    service.resend_verification(&anonymous(NOW), &email("nobody")).await.unwrap();
    let orders: Vec<_> = log(&service).await.iter().filter_map(|e| MailOrder::of(&e.event)).collect();
    assert_eq!(orders.len(), 1 + limits::MAILS_PER_ADDRESS_MAX as usize);
    let mut alive = Vec::new();
    for order in &orders {
        alive.extend(service.mail_to_send(order, NOW).await.unwrap());
    }
    assert_eq!(alive.len(), 1);
    let late = NOW.plus_millis(limits::VERIFY_TOKEN_TTL_MS);
    let lapsed = service.verify_email(&anonymous(late), secret_in(&alive[0].text)).await;
    assert!(matches!(lapsed, Err(Error::Gone(_))), "{lapsed:?}");
}

#[tokio::test]
async fn an_invitation_opens_registration_once_and_for_its_address() {
    let service = service(Settings { registration: Some(RegistrationPolicy::Invite), ..Settings::default() });
    let cx = by(&service, &admin(&service, "boss").await).await;
    let register = async |name: &str, invite: Option<&str>| {
        service.register(&anonymous(NOW), &person(name), invite).await
    };
    assert!(matches!(register("ada", None).await, Err(Error::Forbidden(_))));
    assert!(matches!(register("ada", Some("made-up")).await, Err(Error::Gone(_))));
    let open = service.admin_create_registration_invite(&cx, None).await.unwrap();
    let bound = service.admin_create_registration_invite(&cx, Some(email("bob"))).await.unwrap();
    assert!(open.url.ends_with(&format!("/#/register/{}", open.token)));
    assert!(register("ada", Some(&open.token)).await.is_ok());
    assert!(matches!(register("eve", Some(&open.token)).await, Err(Error::Gone(_))), "used");
    assert!(matches!(register("eve", Some(&bound.token)).await, Err(Error::Forbidden(_))));
    assert!(register("bob", Some(&bound.token)).await.is_ok());
    let member =
        by(&service, &service.login(&anonymous(NOW), &attempt("bob", PASSWORD)).await.unwrap()).await;
    assert!(matches!(
        service.admin_create_registration_invite(&member, None).await,
        Err(Error::Forbidden(_))
    ));
}

#[tokio::test]
async fn closed_means_closed() {
    let service = service(Settings { registration: Some(RegistrationPolicy::Closed), ..Settings::default() });
    let cx = by(&service, &admin(&service, "boss").await).await;
    let invite = service.admin_create_registration_invite(&cx, None).await.unwrap();
    let outcome = service.register(&anonymous(NOW), &person("ada"), Some(&invite.token)).await;
    assert!(matches!(outcome, Err(Error::Forbidden(_))), "{outcome:?}");
}
