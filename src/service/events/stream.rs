//! One open stream: pulled by whoever writes it to the wire, so a slow client slows nobody but itself.

use crate::{
    Caller, Ctx, Result, Service,
    events::{Scope, Told, TypeFilter, position::Position, replay::Missed},
    live::{Ephemeral, Seat},
    ticket::Connection,
};
use model::{
    Timestamp,
    event::{Envelope, NewEvent},
    limits,
};
use std::{collections::VecDeque, sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, broadcast, watch},
    time::{Interval, MissedTickBehavior},
};

/// What a client asks for.
#[derive(Debug)]
pub struct StreamRequest {
    /// Whose events.
    pub scope: Scope,
    /// The last place it saw; absent = from now on.
    pub after: Option<String>,
    /// Which kinds.
    pub types: TypeFilter,
    /// The ticket's connection, if one opened the stream.
    pub connection: Option<Connection>,
}

/// What a stream says.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// It begins, here.
    Ready(Position),
    /// What the client missed cannot be told: it reads everything again and goes on from here.
    Reset(Position),
    /// Something happened.
    Event(Box<Told>),
    /// Something that is never replayed.
    Ephemeral(Arc<Ephemeral>),
}

/// An open stream.
pub struct EventStream {
    service: Service,
    cx: Ctx,
    scope: Scope,
    types: TypeFilter,
    connection: Option<Connection>,
    /// What is said before the log is looked at.
    first: VecDeque<Delivery>,
    /// Entries that were read and not told yet.
    waiting: VecDeque<Envelope>,
    /// The last entry that was read.
    read: u64,
    log: watch::Receiver<u64>,
    live: broadcast::Receiver<Arc<Ephemeral>>,
    check: Interval,
    /// Wakes when the reader's access may have changed.
    changed: Arc<Notify>,
    /// It may have, and was not looked at since.
    in_doubt: bool,
    over: bool,
    _seat: Seat,
}

enum Turn {
    Look,
    Hear(Arc<Ephemeral>),
    Check,
    Nothing,
    Over,
}

impl EventStream {
    pub(crate) async fn open(service: Service, cx: Ctx, request: StreamRequest, seat: Seat) -> Result<Self> {
        let events = service.store().events();
        // Subscribed before the place is decided, so that nothing falls between.
        let (log, live) = (events.watch(), service.live.listen());
        let end = events.durable_seq();
        let (mut first, mut waiting, mut read) = (VecDeque::new(), VecDeque::new(), end);
        let known = match &request.after {
            None => Some(end),
            Some(text) => service.known(text).await?,
        };
        let missed = match known {
            Some(after) => service.missed(&cx, request.scope, after).await?,
            None => Missed::Many,
        };
        first.push_back(Delivery::Ready(service.position(known.unwrap_or(end))));
        match missed {
            Missed::Few(entries, upto) => (waiting, read) = (entries, upto),
            Missed::Many => first.push_back(Delivery::Reset(service.position(end))),
        }
        let mut check = tokio::time::interval(Duration::from_millis(limits::STREAM_CHECK_MS));
        check.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self {
            service,
            cx,
            scope: request.scope,
            types: request.types,
            connection: request.connection,
            first,
            waiting,
            read,
            log,
            live,
            check,
            changed: Arc::default(),
            in_doubt: false,
            over: false,
            _seat: seat,
        })
    }

    /// The present, for what is said outside of the log.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.service.now()
    }

    /// Wakes when what the reader may see changes, for whoever shows them elsewhere as well.
    #[must_use]
    pub fn access_changed(&self) -> Arc<Notify> {
        Arc::clone(&self.changed)
    }

    /// The next thing to say; none when the stream is over.
    pub async fn next(&mut self) -> Option<Delivery> {
        if let Some(first) = self.first.pop_front() {
            return Some(first);
        }
        while !self.over {
            match self.turn().await {
                Ok(Some(delivery)) => return Some(delivery),
                Ok(None) => {}
                Err(error) => {
                    tracing::debug!(%error, "a live stream ends");
                    self.over = true;
                }
            }
        }
        None
    }

    /// One step: an entry that waits, or whatever happens next.
    async fn turn(&mut self) -> Result<Option<Delivery>> {
        if let Some(envelope) = self.waiting.pop_front() {
            return self.tell(envelope).await;
        }
        // After what waits: its reader hears that the project was deleted, and then nothing more.
        if std::mem::take(&mut self.in_doubt) {
            self.check().await?;
        }
        match self.wait().await {
            Turn::Look => self.look().await.map(|()| None),
            Turn::Hear(message) => self.hear(message).await,
            Turn::Check => self.check().await.map(|()| None),
            Turn::Nothing => Ok(None),
            Turn::Over => {
                self.over = true;
                Ok(None)
            }
        }
    }

    async fn wait(&mut self) -> Turn {
        let replaced = async {
            match &mut self.connection {
                Some(connection) => connection.replaced().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = replaced => Turn::Over,
            _ = self.check.tick() => Turn::Check,
            changed = self.log.changed() => if changed.is_ok() { Turn::Look } else { Turn::Over },
            heard = self.live.recv() => match heard {
                Ok(message) => Turn::Hear(message),
                Err(broadcast::error::RecvError::Lagged(_)) => Turn::Nothing,
                Err(broadcast::error::RecvError::Closed) => Turn::Over,
            },
        }
    }

    /// Reads on in the log.
    async fn look(&mut self) -> Result<()> {
        let entries = self.service.log_after(self.read).await?;
        if let Some(last) = entries.items.last() {
            self.read = last.seq;
        }
        if entries.more {
            self.log.mark_changed();
        }
        let wanted: Vec<_> =
            entries.items.iter().filter(|entry| self.is_in_scope(&entry.event)).cloned().collect();
        self.waiting.extend(wanted);
        if entries.items.iter().any(|entry| self.touches_access(&entry.event)) {
            self.changed.notify_one();
            self.in_doubt = true;
        }
        Ok(())
    }

    /// Whether the stream is about this at all; whether its reader may hear of it is another question.
    fn is_in_scope(&self, event: &NewEvent) -> bool {
        match self.scope {
            Scope::Mine => event.project.is_some() || self.is_mine(event),
            Scope::Project(project) => event.project == Some(project),
        }
    }

    fn is_mine(&self, event: &NewEvent) -> bool {
        self.cx.user_id().is_ok_and(|me| event.users.contains(&me))
    }

    /// Whether this may end what the reader sees: their login, their membership, the project, the link of a guest or the rights
    /// of whoever vouches for it.
    fn touches_access(&self, event: &NewEvent) -> bool {
        let guest = matches!(self.cx.caller, Caller::Guest(_));
        let here = matches!(self.scope, Scope::Project(project) if event.project == Some(project));
        event.body.changes_access() && (here || guest || self.is_mine(event))
    }

    async fn tell(&mut self, envelope: Envelope) -> Result<Option<Delivery>> {
        if !self.types.wants(envelope.event.body.kind()) {
            return Ok(None);
        }
        // The answer must hold now, not when the last check was.
        self.refresh().await?;
        if !self.service.may_hear(&self.cx, self.scope, &envelope).await? {
            return Ok(None);
        }
        let told = self.service.told(&self.cx, envelope).await?;
        Ok(Some(Delivery::Event(Box::new(told))))
    }

    async fn hear(&mut self, message: Arc<Ephemeral>) -> Result<Option<Delivery>> {
        // Guests hear what happens to what they see, and nothing of the work on it.
        let guest = matches!(self.cx.caller, Caller::Guest(_));
        let for_me = !guest
            && self.types.wants(message.body.kind())
            && match (self.scope, message.project) {
                (Scope::Project(project), about) => about == Some(project),
                (Scope::Mine, Some(project)) => self.service.is_member(&self.cx, project).await?,
                (Scope::Mine, None) => message.users.contains(&self.cx.user_id()?),
            };
        if !for_me {
            return Ok(None);
        }
        self.check().await?;
        Ok(Some(Delivery::Ephemeral(message)))
    }

    /// Whether the reader still may be here.
    async fn check(&mut self) -> Result<()> {
        self.refresh().await?;
        self.service.enter(&self.cx, self.scope).await
    }

    async fn refresh(&mut self) -> Result<()> {
        self.cx = self.service.renewed(&self.cx).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
