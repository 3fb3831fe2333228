//! The engine of tests: what is applied and what is durable are two maps, so that a power cut is a copy.

use std::{collections::BTreeMap, sync::Arc};

use parking_lot::Mutex;

use super::{Engine, EngineError, Pairs, Writes};
use crate::{
    fault::{FaultPlan, FaultPoint, NoFaults},
    scan::KeyRange,
};

/// Two maps behind a lock.
pub struct MemoryEngine {
    state: Mutex<State>,
    faults: Arc<dyn FaultPlan>,
}

#[derive(Default)]
struct State {
    applied: BTreeMap<Vec<u8>, Vec<u8>>,
    durable: BTreeMap<Vec<u8>, Vec<u8>>,
    unsynced: Vec<Writes>,
}

impl std::fmt::Debug for MemoryEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryEngine").finish_non_exhaustive()
    }
}

impl Default for MemoryEngine {
    fn default() -> Self {
        MemoryEngine::new(Arc::new(NoFaults))
    }
}

impl MemoryEngine {
    /// An empty engine that fails as planned.
    #[must_use]
    pub fn new(faults: Arc<dyn FaultPlan>) -> Self {
        MemoryEngine { state: Mutex::default(), faults }
    }

    /// The power goes: only what was synced is left.
    pub fn power_cut(&self) {
        let mut state = self.state.lock();
        state.applied = state.durable.clone();
        state.unsynced.clear();
    }

    fn fail(&self, point: FaultPoint, doing: &'static str) -> Result<(), EngineError> {
        self.faults.at(point).map_or(Ok(()), |source| Err(EngineError::Failed { doing, source }))
    }
}

fn write(map: &mut BTreeMap<Vec<u8>, Vec<u8>>, writes: &Writes) {
    for (key, value) in writes {
        match value {
            Some(value) => map.insert(key.clone(), value.clone()),
            None => map.remove(key),
        };
    }
}

impl Engine for MemoryEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        self.fail(FaultPoint::Read, "read")?;
        Ok(self.state.lock().applied.get(key).cloned())
    }

    fn scan(&self, range: &KeyRange, limit: usize) -> Result<Pairs, EngineError> {
        self.fail(FaultPoint::Read, "read")?;
        if range.is_empty() {
            return Ok(Pairs::new());
        }
        let state = self.state.lock();
        let pairs = state.applied.range(range.start.clone()..range.end.clone());
        let copy = |(key, value): (&Vec<u8>, &Vec<u8>)| (key.clone(), value.clone());
        Ok(if range.reverse {
            pairs.rev().take(limit).map(copy).collect()
        } else {
            pairs.take(limit).map(copy).collect()
        })
    }

    fn apply(&self, writes: &Writes) -> Result<(), EngineError> {
        self.fail(FaultPoint::Apply, "wrote")?;
        let mut state = self.state.lock();
        write(&mut state.applied, writes);
        state.unsynced.push(writes.clone());
        Ok(())
    }

    fn flush(&self) -> Result<(), EngineError> {
        self.fail(FaultPoint::Flush, "flushed")
    }

    fn sync(&self) -> Result<(), EngineError> {
        if let Some(error) = self.faults.at(FaultPoint::Sync) {
            return Err(EngineError::SyncFailed(error));
        }
        let mut state = self.state.lock();
        for writes in std::mem::take(&mut state.unsynced) {
            write(&mut state.durable, &writes);
        }
        Ok(())
    }

    fn reopen(&self) -> Result<(), EngineError> {
        self.fail(FaultPoint::Reopen, "reopened")?;
        self.power_cut();
        Ok(())
    }
}
