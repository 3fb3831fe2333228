//! What this process is working on right now, in memory: how many a queue and a project have, and how to stop each.

use crate::{job::Queue, outcome::Stop};
use model::{JobId, ProjectId};
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};
use tokio_util::sync::CancellationToken;

/// A job that this process has, or is about to have.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    pub(crate) queue: Queue,
    pub(crate) project: Option<ProjectId>,
    pub(crate) brake: Brake,
}

/// Stops one running job, and remembers why.
#[derive(Clone, Debug, Default)]
pub(crate) struct Brake {
    token: CancellationToken,
    why: Arc<OnceLock<Stop>>,
}

impl Brake {
    /// Stops it; the first reason stays.
    pub(crate) fn pull(&self, why: Stop) {
        let _first = self.why.get_or_init(|| why);
        self.token.cancel();
    }
    /// Resolves once it was pulled.
    pub(crate) async fn pulled(&self) -> Stop {
        self.token.cancelled().await;
        self.why.get().copied().unwrap_or(Stop::ShuttingDown)
    }
    pub(crate) fn token(&self) -> &CancellationToken {
        &self.token
    }
}

/// The jobs of this process.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    running: Mutex<HashMap<JobId, Running>>,
}

impl Claims {
    /// Enters a job before it is claimed, so that nobody takes its lease for an orphan.
    pub(crate) fn enter(&self, id: JobId, queue: Queue, project: Option<ProjectId>) -> Brake {
        let brake = Brake::default();
        self.running.lock().insert(id, Running { queue, project, brake: brake.clone() });
        brake
    }

    pub(crate) fn leave(&self, id: JobId) {
        self.running.lock().remove(&id);
    }

    pub(crate) fn has(&self, id: JobId) -> bool {
        self.running.lock().contains_key(&id)
    }

    pub(crate) fn ids(&self) -> Vec<JobId> {
        self.running.lock().keys().copied().collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.running.lock().is_empty()
    }

    pub(crate) fn of_queue(&self, queue: Queue) -> usize {
        self.running.lock().values().filter(|running| running.queue == queue).count()
    }

    pub(crate) fn of_project(&self, project: Option<ProjectId>) -> usize {
        self.running.lock().values().filter(|running| running.project == project).count()
    }

    pub(crate) fn stop(&self, id: JobId, why: Stop) {
        if let Some(running) = self.running.lock().get(&id) {
            running.brake.pull(why);
        }
    }

    pub(crate) fn stop_all(&self, why: Stop) {
        for running in self.running.lock().values() {
            running.brake.pull(why);
        }
    }
}
