//! The audit log as those read it who run the instance. It is written with the acts themselves, by the committer, and nobody
//! can change it; reading it is an act as well.

use crate::{
    Ctx, Result, Service,
    account::audit,
    page::{PageRequest, Paged},
};
use model::{
    Timestamp, UserId,
    event::{Actor, ResourceRef},
    limits,
};
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use store::{
    Batch, Key, Scan,
    tables::{
        audit::{Audit, AuditRow},
        share::Guests,
        user::Users,
    },
};
use uuid::Uuid;

/// What was looked at by whom of late, so that looking again is not written down each time. Forgets everything when it is
/// full.
#[derive(Debug, Default)]
pub(crate) struct OfficeMemory(Mutex<HashMap<(Uuid, String), Timestamp>>);

impl OfficeMemory {
    fn is_due(&self, thing: &(Uuid, String), now: Timestamp) -> bool {
        let mut noted = self.0.lock();
        if noted.get(thing).is_some_and(|at| now.since(*at).abs() < limits::OFFICE_NOTED_EVERY_MS) {
            return false;
        }
        if noted.len() >= limits::OFFICE_MEMORY_MAX {
            noted.clear();
        }
        noted.insert(thing.clone(), now);
        true
    }
    fn forget(&self, thing: &(Uuid, String)) {
        self.0.lock().remove(thing);
    }
}

/// Which entries are asked for; what is absent does not matter.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// By this person or guest.
    pub actor: Option<Uuid>,
    /// This act, or `share_link.*`.
    pub action: Option<String>,
    /// Done to this.
    pub target: Option<Uuid>,
    /// Not before this instant.
    pub from: Option<Timestamp>,
    /// Before this instant.
    pub to: Option<Timestamp>,
}

impl AuditFilter {
    fn shows(&self, row: &AuditRow) -> bool {
        let actor = match row.entry.actor {
            Actor::User(id) => Some(id.uuid()),
            Actor::Guest(id) => Some(id.uuid()),
            Actor::System => None,
        };
        let action = |wanted: &String| match wanted.strip_suffix(".*") {
            Some(area) => row.entry.action.strip_prefix(area).is_some_and(|rest| rest.starts_with('.')),
            None => row.entry.action == *wanted,
        };
        (self.actor.is_none() || self.actor == actor)
            && self.action.as_ref().is_none_or(action)
            && self.target.is_none_or(|target| row.entry.target.id == target)
            && self.to.is_none_or(|to| row.at < to)
    }
}

/// An entry with the name of whoever did it.
#[derive(Clone, Debug)]
pub struct AuditView {
    /// Its number, from 1.
    pub number: u64,
    /// The entry.
    pub row: AuditRow,
    /// Who did it, by the name they have now.
    pub actor_name: Option<String>,
}

impl Service {
    /// The audit log, newest first. At most [`limits::AUDIT_SCANNED_MAX`] entries are looked at for one page, so a page of a
    /// rare filter may be short and still have a next one.
    ///
    /// # Errors
    /// `Forbidden`; `Invalid` for a foreign cursor.
    pub async fn admin_list_audit(
        &self,
        cx: &Ctx,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<Paged<AuditView>> {
        Self::operator(cx)?;
        let mut place: Option<u64> = page.place()?;
        if place.is_none() {
            self.note_office(cx, "audit.read", ResourceRef::new("audit", Uuid::nil(), 0)).await?;
        }
        let (mut found, mut scanned) = (Vec::new(), 0);
        let next = 'looked: loop {
            if scanned >= limits::AUDIT_SCANNED_MAX {
                break place;
            }
            let mut scan = Scan::all().reverse().limit(limits::PAGE_MAX);
            if let Some(place) = &place {
                scan = scan.before(place);
            }
            let rows = self.store().scan::<Audit>(scan).await?;
            scanned += rows.items.len();
            for (number, stored) in rows.items {
                if filter.from.is_some_and(|from| stored.row.at < from) {
                    break 'looked None;
                }
                place = Some(number);
                if filter.shows(&stored.row) {
                    found.push((number, stored.row));
                }
                if found.len() == page.limit {
                    break 'looked place.filter(|number| *number > 1);
                }
            }
            if !rows.more {
                break None;
            }
        };
        Ok(Paged { items: self.audit_views(found).await?, next: next.map(|number| number.to_bytes()) })
    }

    async fn audit_views(&self, rows: Vec<(u64, AuditRow)>) -> Result<Vec<AuditView>> {
        let users: BTreeSet<UserId> = rows
            .iter()
            .filter_map(|(_, row)| match row.entry.actor {
                Actor::User(id) => Some(id),
                Actor::Guest(_) | Actor::System => None,
            })
            .collect();
        let users: Vec<UserId> = users.into_iter().collect();
        let names = self.store().get_many::<Users>(&users).await?.into_iter().flatten();
        let names: BTreeMap<UserId, String> =
            names.map(|user| (user.row.id, user.row.name.to_string())).collect();
        let mut views = Vec::with_capacity(rows.len());
        for (number, row) in rows {
            let actor_name = match row.entry.actor {
                Actor::User(id) => names.get(&id).cloned(),
                Actor::Guest(id) => {
                    let guest = self.store().get::<Guests>(&id).await?;
                    guest.and_then(|guest| guest.row.name).map(|name| name.to_string())
                }
                Actor::System => None,
            };
            views.push(AuditView { number, row, actor_name });
        }
        Ok(views)
    }

    /// Writes down that somebody looked at what they see only because they run the instance: once in
    /// [`limits::OFFICE_NOTED_EVERY_MS`] for each thing. What cannot be written down is not shown.
    pub(crate) async fn note_office(&self, cx: &Ctx, action: &str, target: ResourceRef) -> Result<()> {
        let Ok(login) = cx.login() else { return Ok(()) };
        let thing = (login.user_id.uuid(), format!("{action} {}", target.id));
        if !self.accounts.office.is_due(&thing, cx.now) {
            return Ok(());
        }
        let mut batch = Batch::new();
        batch.priority().audit(audit(cx, action, target, None, None));
        match self.store().commit(batch).await {
            Ok(_) => Ok(()),
            Err(error) => {
                self.accounts.office.forget(&thing);
                Err(error.into())
            }
        }
    }
}
