//! The picture names everything, and a damaged row is an error that names its place.

use crate::{
    Batch, Counter, Store, StoreError, Table,
    engine::{Engine, Writes, conformance::event, memory::MemoryEngine},
    store::tests::{People, Visits, config, person},
    table::full_key,
    tables::blob::{BlobRow, BlobState},
};
use model::BlobHash;
use std::sync::Arc;

#[tokio::test]
async fn a_picture() {
    let store = Store::memory(config()).expect("opens");
    let row = BlobRow { size: 5, sha256: [1; 32], content_type: "a/b".into(), state: BlobState::Live };
    let mut batch = Batch::new();
    batch.store_blob(&BlobHash([2; 32]), None, &row).emit(event(None, &[]));
    store.commit(batch).await.expect("commits");
    let (seq, text) = store.dump().await.expect("dumps");
    assert_eq!(seq, 1);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(lines[0].ends_with("{Number: 1}"), "the schema: {text}");
    assert!(lines[1].starts_with("events 0000000000000001 v1 rev 1 stamp 2 at 1000 {id: x"), "{text}");
    assert!(lines[2].contains("{size: 5, sha256: [1 1"), "{text}");
    assert!(lines[2].ends_with("content_type: \"a/b\", state: \"Live\"}"), "{text}");
    assert!(lines[3].ends_with(" 1"), "{text}");
}

#[tokio::test]
async fn a_damaged_row_is_an_error_that_names_its_place() {
    let engine = Arc::new(MemoryEngine::default());
    let store = Store::on(engine.clone(), config()).expect("opens");
    let mut batch = Batch::new();
    batch.insert::<People>(&7, &person("ann", 1)).add::<Visits>(&7, 1, ..);
    store.commit(batch).await.expect("commits");
    let old = store.get::<People>(&7).await.expect("reads").expect("is there");
    let key = full_key(People::ID, &7u64);

    let value = engine.get(&key).expect("reads").expect("is there");
    for cut in [0, 5, value.len() - 1] {
        engine.apply(&Writes::from([(key.clone(), Some(value[..cut].to_vec()))])).expect("applies");
        let error = store.get::<People>(&7).await.expect_err("is damaged");
        assert!(
            matches!(&error, StoreError::Corrupt { table, key_hex, .. }
            if *table == People::ID && key_hex == "0000000000000007"),
            "{error:?}"
        );
        assert!(error.to_string().contains("table users, key 0000000000000007"), "{error}");
        assert!(matches!(store.dump().await, Err(StoreError::Corrupt { .. })));
    }
    // A write that would have to compare its stamp says so too.
    engine.apply(&Writes::from([(key.clone(), Some(vec![1]))])).expect("applies");
    let mut batch = Batch::new();
    batch.delete::<People>(&7, &old);
    assert!(matches!(store.commit(batch).await, Err(StoreError::Corrupt { .. })));

    // An index entry whose row is gone.
    engine.apply(&Writes::from([(key, None)])).expect("applies");
    let error = store.find::<crate::store::tests::ByName>(&"ann".to_owned()).await;
    assert!(matches!(error, Err(StoreError::Corrupt { why: "the entry leads to no row", .. })));
    engine.apply(&Writes::from([(full_key(Visits::ID, &7u64), Some(vec![1]))])).expect("applies");
    assert!(matches!(store.count::<Visits>(&7).await, Err(StoreError::Corrupt { why: "not a counter", .. })));
}
