//! Random operations with conflicts and restarts, on each engine, against plain maps.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use model::ProjectId;
use proptest::{collection::vec, prelude::*};
use uuid::Uuid;

use super::tests::{ByName, ByTown, People, Person, Visits, config, on_disk, person};
use crate::{
    Batch, Committed, Scan, Store, StoreError, Stored,
    engine::{conformance::event, memory::MemoryEngine},
};

#[derive(Clone, Debug)]
enum Step {
    Commit(Vec<Act>),
    Restart,
}

#[derive(Clone, Debug)]
enum Act {
    Insert(u64, Person),
    /// The current row, or the one before it.
    Replace(u64, Person, Which),
    Delete(u64, Which),
    Unchanged(u64, Which),
    Absent(u64),
    Add(u64, i64),
    Emit(u128),
}

#[derive(Clone, Copy, Debug)]
enum Which {
    Current,
    Older,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = || 0u64..5;
    let who = || (0u8..6, 0u16..3).prop_map(|(name, town)| person(&format!("n{name}"), town));
    let which = || prop_oneof![5 => Just(Which::Current), 1 => Just(Which::Older)];
    let act = prop_oneof![
        3 => (key(), who()).prop_map(|(key, row)| Act::Insert(key, row)),
        3 => (key(), who(), which()).prop_map(|(key, row, which)| Act::Replace(key, row, which)),
        2 => (key(), which()).prop_map(|(key, which)| Act::Delete(key, which)),
        1 => (key(), which()).prop_map(|(key, which)| Act::Unchanged(key, which)),
        1 => key().prop_map(Act::Absent),
        2 => (key(), -2i64..4).prop_map(|(key, delta)| Act::Add(key, delta)),
        2 => (0u128..3).prop_map(Act::Emit),
    ];
    vec(prop_oneof![9 => vec(act, 1..4).prop_map(Step::Commit), 1 => Just(Step::Restart)], 1..25)
}

/// What the store should hold.
#[derive(Debug, Default)]
struct Oracle {
    rows: BTreeMap<u64, Stored<Person>>,
    older: BTreeMap<u64, Stored<Person>>,
    counts: BTreeMap<u64, i64>,
    /// Projects by `seq - 1`.
    events: Vec<u128>,
}

impl Oracle {
    fn row(&self, key: u64, which: Which) -> Option<&Stored<Person>> {
        match which {
            Which::Current => self.rows.get(&key),
            Which::Older => self.older.get(&key),
        }
    }

    /// One write per key and nothing about rows that never were.
    fn sensible(&self, acts: &[Act]) -> Vec<Act> {
        let mut written = BTreeSet::new();
        let known = |key: &u64, which: &Which| self.row(*key, *which).is_some();
        let sensible = acts.iter().filter(|act| match act {
            Act::Insert(key, _) => written.insert(*key),
            Act::Replace(key, _, which) | Act::Delete(key, which) => {
                known(key, which) && written.insert(*key)
            }
            Act::Unchanged(key, which) => known(key, which),
            Act::Absent(_) | Act::Add(..) | Act::Emit(_) => true,
        });
        sensible.cloned().collect()
    }

    fn batch(&self, acts: &[Act]) -> Batch {
        let mut batch = Batch::new();
        for act in acts {
            let old = |key: &u64, which: &Which| self.row(*key, *which).expect("only sensible acts");
            match act {
                Act::Insert(key, row) => batch.insert::<People>(key, row),
                Act::Replace(key, row, which) => batch.replace::<People>(key, old(key, which), row),
                Act::Delete(key, which) => batch.delete::<People>(key, old(key, which)),
                Act::Unchanged(key, which) => batch.assert_unchanged::<People>(key, old(key, which)),
                Act::Absent(key) => batch.assert_absent::<People>(key),
                Act::Add(key, delta) => batch.add::<Visits>(key, *delta, 0..=5),
                Act::Emit(project) => batch.emit(event(Some(ProjectId::new(Uuid::from_u128(*project))), &[])),
            };
        }
        batch
    }

    /// Does what the store should do; `None` when it should refuse.
    fn apply(&self, acts: &[Act]) -> Option<Oracle> {
        let mut rows: BTreeMap<u64, Option<(Person, u64)>> = BTreeMap::new();
        let mut names: BTreeSet<String> = self.rows.values().map(|row| row.row.name.clone()).collect();
        let (mut counts, mut events) = (self.counts.clone(), self.events.clone());
        let is_current = |key: &u64, which: &Which| {
            self.rows
                .get(key)
                .is_some_and(|now| Some(now.stamp) == self.row(*key, *which).map(|row| row.stamp))
        };
        let holds = acts.iter().all(|act| match act {
            Act::Insert(key, _) | Act::Absent(key) => !self.rows.contains_key(key),
            Act::Replace(key, _, which) | Act::Delete(key, which) | Act::Unchanged(key, which) => {
                is_current(key, which)
            }
            Act::Add(..) | Act::Emit(_) => true,
        });
        if !holds {
            return None;
        }
        for act in acts {
            if let Act::Replace(key, _, _) | Act::Delete(key, _) = act {
                names.remove(&self.rows[key].row.name);
            }
        }
        for act in acts {
            match act {
                Act::Insert(key, row) => {
                    rows.insert(*key, names.insert(row.name.clone()).then(|| (row.clone(), 1))?.into());
                }
                Act::Replace(key, row, _) => {
                    let rev = self.rows[key].rev + 1;
                    rows.insert(*key, names.insert(row.name.clone()).then(|| (row.clone(), rev))?.into());
                }
                Act::Delete(key, _) => drop(rows.insert(*key, None)),
                Act::Add(key, delta) => {
                    let count = counts.entry(*key).or_insert(0);
                    *count += delta;
                    (0..=5).contains(count).then_some(())?;
                }
                Act::Emit(project) => events.push(*project),
                Act::Unchanged(..) | Act::Absent(_) => {}
            }
        }
        let mut next = Oracle { rows: self.rows.clone(), older: self.older.clone(), counts, events };
        for (key, row) in rows {
            if let Some(old) = next.rows.remove(&key) {
                next.older.insert(key, old);
            }
            // The stamp is known once the store has answered.
            next.rows.extend(row.map(|(row, rev)| (key, Stored { row, rev, stamp: 0 })));
        }
        Some(next)
    }

    fn stamp(&mut self, committed: &Committed) {
        for row in self.rows.values_mut().filter(|row| row.stamp == 0) {
            row.stamp = committed.stamp;
        }
    }

    async fn check(&self, store: &Store) {
        let rows = store.scan::<People>(Scan::all()).await.expect("scans").items;
        assert_eq!(rows.into_iter().collect::<BTreeMap<_, _>>(), self.rows);
        let towns = store.scan_index::<ByTown>(Scan::all()).await.expect("scans").items;
        let towns: Vec<_> = towns.into_iter().map(|hit| (hit.index_key, hit.key)).collect();
        let mut expected: Vec<_> = self.rows.iter().map(|(key, row)| (row.row.town, *key)).collect();
        expected.sort_unstable();
        assert_eq!(towns, expected);
        let names = store.scan_unique::<ByName>(Scan::all()).await.expect("scans").items;
        let names: Vec<_> = names.into_iter().map(|(key, row)| (row.row.name, key)).collect();
        let mut expected: Vec<_> = self.rows.iter().map(|(key, row)| (row.row.name.clone(), *key)).collect();
        expected.sort_unstable();
        assert_eq!(names, expected);
        for key in 0..5 {
            let count = store.count::<Visits>(&key).await.expect("reads");
            assert_eq!(count, self.counts.get(&key).copied().unwrap_or(0));
        }
        let events = store.events().read(0, 100).await.expect("reads").items;
        let projects: Vec<_> =
            events.iter().map(|event| event.event.project.map(|id| id.uuid().as_u128())).collect();
        assert_eq!(projects, self.events.iter().copied().map(Some).collect::<Vec<_>>());
        assert!(events.iter().zip(1..).all(|(event, seq)| event.seq == seq), "no gap");
    }
}

/// Runs the steps on stores that `open` makes; each call opens the same data again.
async fn run(steps: Vec<Step>, open: impl Fn() -> Store) {
    let (mut store, mut oracle) = (open(), Oracle::default());
    for step in steps {
        match step {
            Step::Restart => {
                store.close().await;
                drop(store);
                store = open();
            }
            Step::Commit(acts) => {
                let acts = oracle.sensible(&acts);
                let outcome = store.commit(oracle.batch(&acts)).await;
                match (oracle.apply(&acts), outcome) {
                    (Some(mut next), Ok(committed)) => {
                        next.stamp(&committed);
                        assert_eq!(committed.seqs.len(), next.events.len() - oracle.events.len());
                        oracle = next;
                    }
                    (None, Err(StoreError::Conflict { .. })) => {}
                    (expected, got) => panic!("{acts:?}: expected {expected:?}, got {got:?}"),
                }
            }
        }
        oracle.check(&store).await;
    }
}

fn block_on(future: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(future);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn in_memory(steps in steps()) {
        let engine = Arc::new(MemoryEngine::default());
        block_on(run(steps, || {
            // A restart finds what was durable and nothing else.
            engine.power_cut();
            Store::on(engine.clone(), config()).expect("opens")
        }));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn on_sled(steps in steps()) {
        let dir = tempfile::tempdir().expect("a temporary directory");
        block_on(run(steps, || on_disk(dir.path())));
    }
}
