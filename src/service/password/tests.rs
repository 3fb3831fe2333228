//! What is refused, what a hash looks like, and how much may wait.

use super::*;
use crate::testing::CountedIds;

#[test]
fn weak_passwords_are_refused_with_a_reason() {
    let code = |text: &str| Password::parse(text).map_err(|fault| fault.code).err();
    assert_eq!(code("1234567"), Some("too_short"));
    assert_eq!(code("Password1"), Some("too_common"));
    assert_eq!(code("aaaaaaaaaaaa"), Some("too_common"));
    assert_eq!(code(&"x".repeat(limits::PASSWORD_BYTES_MAX + 1)), Some("too_long"));
    assert_eq!(code("ébène et ivoire"), None);
    assert_eq!(code(&"ab".repeat(100)), None, "long ones are fine");
    let email = Email::parse("drummer-boy@example.org").unwrap();
    for same in ["drummer-boy@example.org", "Drummer-Boy"] {
        assert!(Password::parse(same).unwrap().differs_from(&email).is_err(), "{same}");
    }
}

#[test]
fn the_list_of_common_ones_is_clean() {
    for word in COMMON.iter() {
        assert!(
            word.chars().count() >= limits::PASSWORD_CHARS_MIN,
            "{word} is refused for its length already"
        );
        assert_eq!(*word, word.to_lowercase().trim(), "{word}");
    }
    assert!(COMMON.len() >= 200, "{}", COMMON.len());
}

#[tokio::test]
async fn a_hash_says_its_cost_and_tells_passwords_apart() {
    let (pool, ids) = (PasswordPool::default(), CountedIds::default());
    let password = Password::parse(" exact bytes ").unwrap();
    let hash = pool.hash(&ids, &password).await.unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    let again = pool.hash(&ids, &password).await.unwrap();
    assert_ne!(hash, again, "the salt differs");
    let verify = async |text: &str, hash: Option<&str>| pool.verify(text, hash).await.unwrap();
    assert_eq!(verify(" exact bytes ", Some(&hash)).await, Verified::Yes);
    assert_eq!(verify("exact bytes", Some(&hash)).await, Verified::No);
    assert_eq!(verify(" exact bytes ", None).await, Verified::No);
}

#[test]
fn nobodys_hash_costs_what_everybodys_costs() {
    let nobody = PasswordHash::new(NOBODY).unwrap();
    let params = Params::try_from(&nobody).unwrap();
    assert_eq!((params.m_cost(), params.t_cost(), params.p_cost()), COST);
    assert_eq!(nobody.algorithm.as_str(), "argon2id");
    assert_eq!(nobody.hash.unwrap().as_bytes().len(), 32);
}

#[tokio::test]
async fn more_than_the_queue_holds_is_turned_away() {
    let pool = PasswordPool::default();
    let _all_workers =
        Arc::clone(&pool.workers).acquire_many_owned(limits::PASSWORD_WORKERS as u32).await.unwrap();
    let waiting: Vec<_> = (0..limits::PASSWORD_QUEUE_MAX).map(|_| pool.verify("x", None)).collect();
    let waiting = futures::future::join_all(waiting);
    let one_more = async {
        tokio::task::yield_now().await;
        pool.verify("x", None).await
    };
    tokio::select! {
        _ = waiting => panic!("nobody works"),
        refused = one_more => assert!(matches!(refused, Err(Error::Overloaded))),
    }
}
