//! Administration.

use crate::{
    Ctx, Error, NewUser,
    account::admin::{Invite, UserAccess, UserChange, UserFilter},
    page::PageRequest,
    testing::*,
};
use model::{
    account::{InstanceRole, UserStatus},
    text::{Handle, PersonName},
};

fn role(role: InstanceRole) -> UserChange {
    UserChange { role: Some(role), ..UserChange::default() }
}

fn access(access: UserAccess) -> UserChange {
    UserChange { access: Some(access), ..UserChange::default() }
}

#[tokio::test]
async fn the_last_active_administrator_stays_one() {
    let service = open_service();
    let boss = admin(&service, "boss").await;
    let (cx, id) = (by(&service, &boss).await, boss.user.row.id);
    for change in [role(InstanceRole::Member), access(UserAccess::Disabled)] {
        let outcome = service.admin_update_user(&cx, id, None, &change).await;
        assert!(matches!(outcome, Err(Error::Conflict(_))), "{outcome:?}");
    }
    let ada = join(&service, "ada").await.user.row.id;
    service.admin_update_user(&cx, ada, None, &role(InstanceRole::Admin)).await.unwrap();
    let demote =
        async |name: &str| service.set_role(&Ctx::system(NOW), &email(name), InstanceRole::Member).await;
    let both = tokio::join!(demote("ada"), demote("boss"));
    assert!(both.0.is_ok() != both.1.is_ok(), "one of two at once: {both:?}");
}

#[tokio::test]
async fn members_administer_nothing() {
    let service = open_service();
    let ada = join(&service, "ada").await;
    let (cx, id) = (by(&service, &ada).await, ada.user.row.id);
    let refused = |error: Error| assert!(matches!(error, Error::Forbidden(_)), "{error:?}");
    refused(
        service.admin_list_users(&cx, &UserFilter::default(), &PageRequest::first(10)).await.unwrap_err(),
    );
    refused(service.admin_update_user(&cx, id, None, &role(InstanceRole::Admin)).await.unwrap_err());
    refused(service.admin_create_user(&cx, &person("bob"), Invite::Skip).await.unwrap_err());
    refused(service.admin_create_password_link(&cx, id).await.unwrap_err());
    refused(service.create_user_offline(&cx, &person("bob")).await.unwrap_err());
    let nobody =
        service.admin_list_users(&anonymous(NOW), &UserFilter::default(), &PageRequest::first(10)).await;
    assert!(matches!(nobody, Err(Error::Unauthenticated)));
}

#[tokio::test]
async fn a_made_account_waits_for_its_password_link() {
    let service = open_service();
    let cx = by(&service, &admin(&service, "boss").await).await;
    let new = NewUser { password: None, ..person("ada") };
    let ada = service.admin_create_user(&cx, &new, Invite::Send).await.unwrap().into_inner();
    assert!(matches!(
        service.login(&anonymous(NOW), &attempt("ada", PASSWORD)).await,
        Err(Error::WrongLogin)
    ));
    let link = service.admin_create_password_link(&cx, ada.row.id).await.unwrap();
    let password = crate::Password::parse(PASSWORD).unwrap();
    service.reset_password(&anonymous(NOW), &link.token, password).await.unwrap();
    assert!(service.login(&anonymous(NOW), &attempt("ada", PASSWORD)).await.is_ok());
    let again = service.admin_create_user(&cx, &new, Invite::Skip).await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
}

#[tokio::test]
async fn the_list_pages_and_filters() {
    let service = open_service();
    let cx = by(&service, &admin(&service, "boss").await).await;
    for n in 0..7 {
        service.create_user_offline(&Ctx::system(NOW), &person(&format!("player{n}"))).await.unwrap();
    }
    let (mut request, mut pages) = (PageRequest::first(4), Vec::new());
    loop {
        let page = service.admin_list_users(&cx, &UserFilter::default(), &request).await.unwrap();
        pages.push(page.items.iter().map(|view| view.user.row.handle.to_string()).collect::<Vec<_>>());
        request.after = page.next;
        if request.after.is_none() {
            break;
        }
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4], "no empty page at the end");
    assert_eq!(pages[0][..2], ["boss", "player0"]);
    let found = async |filter: UserFilter| {
        service.admin_list_users(&cx, &filter, &PageRequest::first(10)).await.unwrap().items.len()
    };
    assert_eq!(found(UserFilter { text: Some("PLAYER3".to_owned()), ..UserFilter::default() }).await, 1);
    assert_eq!(found(UserFilter { role: Some(InstanceRole::Admin), ..UserFilter::default() }).await, 1);
    assert_eq!(found(UserFilter { status: Some(UserStatus::Disabled), ..UserFilter::default() }).await, 0);
}

#[tokio::test]
async fn profiles_change_by_revision_and_handles_are_unique() {
    let service = open_service();
    let (ada, _) = (join(&service, "ada").await, join(&service, "bob").await);
    let cx = by(&service, &ada).await;
    let handle = |text: &str| crate::profile::ProfilePatch {
        handle: Some(Handle::parse(text).unwrap()),
        ..crate::profile::ProfilePatch::default()
    };
    assert!(matches!(service.update_me(&cx, None, &handle("bob")).await, Err(Error::Conflict(_))));
    let me = service.update_me(&cx, Some(1), &handle("countess")).await.unwrap();
    let me = me.account.user;
    assert_eq!((me.rev, me.row.handle.as_str()), (2, "countess"));
    let stale = service.update_me(&cx, Some(1), &handle("ada")).await;
    assert!(matches!(stale, Err(Error::RevisionConflict { current: 2 })), "{stale:?}");
    let name = |text: &str| crate::profile::ProfilePatch {
        name: Some(PersonName::parse(text).unwrap()),
        ..crate::profile::ProfilePatch::default()
    };
    let (one, two) = (name("One"), name("Two"));
    let both = tokio::join!(service.update_me(&cx, None, &one), service.update_me(&cx, None, &two));
    assert!(both.0.is_ok() && both.1.is_ok(), "the last one wins, nobody fails: {both:?}");
}

#[tokio::test]
async fn strangers_have_no_profile() {
    let service = open_service();
    let (boss, ada, bob) =
        (admin(&service, "boss").await, join(&service, "ada").await, join(&service, "bob").await);
    let sees = async |who: &crate::LoginResult, whom: &crate::LoginResult| {
        service.get_user(&by(&service, who).await, whom.user.row.id).await.is_ok()
    };
    assert!(!sees(&ada, &bob).await, "they share nothing");
    assert!(sees(&ada, &ada).await && sees(&boss, &ada).await);
}
