//! What a client missed: the entries between its place and the end of the log, if they are few enough to be told one by one.

use crate::{Ctx, Result, Service, events::Scope};
use model::{ProjectId, event::Envelope, limits};
use std::collections::{HashMap, VecDeque};
use store::tables::member::Members;

/// The entries of one read of the log.
const PAGE: usize = 500;

/// What a client missed.
#[derive(Debug)]
pub(crate) enum Missed {
    /// These, oldest first, up to this place.
    Few(VecDeque<Envelope>, u64),
    /// Too many: it reads everything again.
    Many,
}

impl Service {
    /// The entries in `scope` after `after`, up to the end of the log as it is now. Who may hear them is asked at delivery.
    pub(crate) async fn missed(&self, cx: &Ctx, scope: Scope, after: u64) -> Result<Missed> {
        let end = self.store().events().durable_seq();
        match scope {
            Scope::Project(project) => {
                let limit = limits::EVENT_REPLAY_MAX;
                let page = self.store().events().of_project(project, after, limit).await?;
                if page.more {
                    return Ok(Missed::Many);
                }
                let end = page.items.last().map_or(end, |last| last.seq.max(end));
                Ok(Missed::Few(page.items.into(), end))
            }
            Scope::Mine => self.missed_by(cx, after, end).await,
        }
    }

    async fn missed_by(&self, cx: &Ctx, after: u64, end: u64) -> Result<Missed> {
        if end.saturating_sub(after) > limits::EVENT_REPLAY_SCAN_MAX as u64 {
            return Ok(Missed::Many);
        }
        let user = cx.user_id()?;
        let (mut found, mut at) = (VecDeque::new(), after);
        let mut member_of: HashMap<ProjectId, bool> = HashMap::new();
        while at < end {
            let page = self.store().events().read(at, PAGE).await?;
            let Some(last) = page.items.last() else { break };
            at = last.seq;
            for envelope in page.items {
                let mut wanted = envelope.event.users.contains(&user);
                if let (false, Some(project)) = (wanted, envelope.event.project) {
                    wanted = match member_of.get(&project) {
                        Some(known) => *known,
                        None => {
                            let member = self.store().get::<Members>(&(project, user)).await?.is_some();
                            member_of.insert(project, member);
                            member
                        }
                    };
                }
                if wanted {
                    found.push_back(envelope);
                }
            }
            if found.len() > limits::EVENT_REPLAY_MAX {
                return Ok(Missed::Many);
            }
        }
        Ok(Missed::Few(found, at.max(end)))
    }
}
