//! Links: signed, bound to one version, over with the login they were made under.

use super::*;
use crate::{
    stage::{Stage, later},
    testing::{anonymous, bearing, by, join, open_service},
    token::{NewApiToken, Scope},
    version::tests::Band,
};
use model::text::Label;

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

#[test]
fn a_grant_survives_its_link() {
    let (user, session, token) = (id(2).into(), id(3).into(), id(3).into());
    let guest = Holder::Guest(id(2).into(), id(3).into());
    for holder in [Holder::Session(user, session), Holder::Token(user, token), guest] {
        let all = [Quality::Original, Quality::Lossless, Quality::High, Quality::Low];
        for quality in all.map(Some).into_iter().chain([None]) {
            let grant =
                Grant { version_id: id(1).into(), holder, quality, expires_at: Timestamp(1_800_000_000_123) };
            assert_eq!(Grant::decode(&grant.encode()), Some(grant));
        }
    }
}

#[test]
fn unknown_kinds_are_no_grant() {
    let mut bytes = [0; GRANT_BYTES];
    bytes[49] = 5;
    assert_eq!(Grant::decode(&bytes), None);
    bytes[49] = 0;
    bytes[32] = 3;
    assert_eq!(Grant::decode(&bytes), None);
}

/// A band whose Ada is logged in, with a version that plays.
async fn recorded() -> (Band, VersionId) {
    let stage = Stage { service: open_service() };
    let login = join(&stage.service, "ada").await;
    let ada = by(&stage.service, &login).await;
    let band = Band::of(stage, ada).await;
    let made = band.make(&band.ada).await;
    let version = band.finish(&band.ada, &made).await.version.row.id;
    (band, version)
}

async fn plays(band: &Band, version: VersionId, token: &str) -> Result<Recording> {
    band.service().play(&anonymous(band.ada.now), version, None, Some(token)).await
}

#[tokio::test]
async fn a_link_plays_its_version_for_its_time() {
    let (band, version) = recorded().await;
    let link = band.service().create_stream_url(&band.ada, version, None, 60).await.unwrap();
    assert_eq!(link.expires_at, band.ada.now.plus_seconds(60));
    assert_eq!(plays(&band, version, &link.token).await.unwrap().size_bytes, 10);
    let other = band.make(&band.ada).await;
    let other = band.finish(&band.ada, &other).await.version.row.id;
    assert!(matches!(plays(&band, other, &link.token).await, Err(Error::Unauthenticated)));
    for at in 0..link.token.len() {
        let mut forged = link.token.clone().into_bytes();
        forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        // The last character of base64 holds bits that stand for nothing.
        if URL_SAFE_NO_PAD.decode(&forged).is_ok() {
            assert!(matches!(plays(&band, version, &forged).await, Err(Error::Unauthenticated)), "{at}");
        }
    }
    let late = anonymous(later(&band.ada, 60_000).now);
    let lapsed = band.service().play(&late, version, None, Some(&link.token)).await;
    assert!(matches!(lapsed, Err(Error::TokenExpired)), "{lapsed:?}");
    let nobody = band.service().play(&anonymous(band.ada.now), version, None, None).await;
    assert!(matches!(nobody, Err(Error::Unauthenticated)), "{nobody:?}");
}

#[tokio::test]
async fn a_link_ends_with_its_login() {
    let (band, version) = recorded().await;
    let link = band.service().create_stream_url(&band.ada, version, None, 3600).await.unwrap();
    plays(&band, version, &link.token).await.unwrap();
    band.service().logout(&band.ada).await.unwrap();
    assert!(matches!(plays(&band, version, &link.token).await, Err(Error::Unauthenticated)));
}

#[tokio::test]
async fn a_link_ends_with_its_personal_access_token() {
    let (band, version) = recorded().await;
    let new = NewApiToken {
        name: Label::parse("player").unwrap(),
        scopes: vec![Scope::parse("audio:write").unwrap()],
        expires_at: None,
        project_ids: None,
    };
    let made = band.service().create_my_token(&band.ada, new).await.unwrap().into_inner();
    let cx = bearing(band.service(), made.secret.as_deref().unwrap(), band.ada.now).await;
    let link = band.service().create_stream_url(&cx, version, Some(Quality::Original), 3600).await.unwrap();
    plays(&band, version, &link.token).await.unwrap();
    band.service().revoke_my_token(&band.ada, made.token.row.id).await.unwrap();
    assert!(matches!(plays(&band, version, &link.token).await, Err(Error::Unauthenticated)));
}

#[tokio::test]
async fn a_link_is_made_only_of_what_plays() {
    let (band, version) = recorded().await;
    let link = || band.service().create_stream_url(&band.ada, version, Some(Quality::High), 60);
    let (first, second) = (link().await, link().await);
    let Err(Error::Processing { job }) = first else { panic!("{first:?}") };
    assert!(matches!(second, Err(Error::Processing { job: same }) if same == job), "{second:?}");
    let waiting = band.make(&band.ada).await.version.row.id;
    let waiting = band.service().create_stream_url(&band.ada, waiting, None, 60).await;
    assert!(matches!(waiting, Err(Error::Processing { .. })), "{waiting:?}");
    let nobody = band.service().create_stream_url(&anonymous(band.ada.now), version, None, 60).await;
    assert!(matches!(nobody, Err(Error::Unauthenticated)), "{nobody:?}");
}
