//! Tickets for live streams: `EventSource` and WebSocket cannot send headers, so the URL carries a ticket instead.
//!
//! A ticket opens one stream within a minute. `EventSource` connects to the same URL again and again, so it may open that
//! same stream again while the login lives; a new connection takes the place of the old one. Tickets are kept in memory, as
//! hashes: after a restart a client asks for a new one.

use crate::{Caller, Ctx, Error, Result, Service};
use model::{Timestamp, limits, principal::Principal};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use tokio::sync::watch;

/// How tickets start.
const PREFIX: &str = "blt_";

/// A new ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The secret, for `?ticket=`.
    pub ticket: String,
    /// How long it may wait for its first use, in milliseconds.
    pub expires_in_ms: i64,
}

/// The tickets of this process, by the hash of their secret.
#[derive(Debug, Default)]
pub(crate) struct Tickets {
    rows: Mutex<HashMap<[u8; 32], Row>>,
}

#[derive(Debug)]
struct Row {
    owner: Principal,
    caller: Caller,
    made_at: Timestamp,
    used: Option<Used>,
}

#[derive(Debug)]
struct Used {
    /// The stream it opened: path and query.
    stream: String,
    /// Counts the connections; a stream ends when it is not the last one any more.
    connection: watch::Sender<u64>,
}

/// A connection that a ticket opened.
#[derive(Debug)]
pub struct Connection {
    changes: watch::Receiver<u64>,
}

impl Connection {
    /// Resolves when another connection took its place, or the ticket is void.
    pub(crate) async fn replaced(&mut self) {
        // The sender is gone when the ticket is: that ends the stream as well.
        drop(self.changes.changed().await);
    }
}

impl Tickets {
    fn insert(&self, hash: [u8; 32], owner: Principal, caller: Caller, now: Timestamp) {
        let mut rows = self.rows.lock();
        rows.retain(|_, row| row.used.is_some() || now.since(row.made_at) <= limits::TICKET_TTL_MS);
        while rows.values().filter(|row| row.owner == owner).count() >= limits::TICKETS_PER_USER_MAX {
            let oldest = rows
                .iter()
                .filter(|(_, row)| row.owner == owner)
                .min_by_key(|(_, row)| row.made_at)
                .map(|(hash, _)| *hash);
            match oldest {
                Some(oldest) => drop(rows.remove(&oldest)),
                None => break,
            }
        }
        rows.insert(hash, Row { owner, caller, made_at: now, used: None });
    }

    fn redeem(&self, hash: &[u8; 32], stream: &str, now: Timestamp) -> Option<(Caller, Connection)> {
        let mut rows = self.rows.lock();
        let row = rows.get_mut(hash)?;
        let changes = match &mut row.used {
            None if now.since(row.made_at) > limits::TICKET_TTL_MS => {
                rows.remove(hash);
                return None;
            }
            None => {
                let (connection, changes) = watch::channel(1);
                row.used = Some(Used { stream: stream.to_owned(), connection });
                changes
            }
            Some(used) if used.stream == stream => {
                used.connection.send_modify(|count| *count += 1);
                used.connection.subscribe()
            }
            Some(_) => return None,
        };
        Some((row.caller.clone(), Connection { changes }))
    }

    fn void(&self, hash: &[u8; 32]) {
        self.rows.lock().remove(hash);
    }
}

impl Service {
    /// Makes a ticket for the caller.
    ///
    /// # Errors
    /// `Unauthenticated` if nobody is logged in.
    pub async fn create_realtime_ticket(&self, cx: &Ctx) -> Result<Ticket> {
        let owner = cx.principal()?;
        let mut secret = [0; 32];
        self.parts.ids.secret(&mut secret);
        let ticket = format!("{PREFIX}{}", hex::encode(secret));
        self.live.tickets.insert(hash(&ticket), owner, cx.caller.clone(), cx.now);
        Ok(Ticket { ticket, expires_in_ms: limits::TICKET_TTL_MS })
    }

    /// Who a ticket speaks for on this stream (its path and query), and its connection.
    ///
    /// # Errors
    /// `Unauthenticated` if it is unknown, lapsed, bound to another stream, or the login behind it is over.
    pub async fn redeem_ticket(
        &self,
        ticket: &str,
        stream: &str,
        now: Timestamp,
    ) -> Result<(Caller, Connection)> {
        let hash = hash(ticket);
        let (caller, connection) =
            self.live.tickets.redeem(&hash, stream, now).ok_or(Error::Unauthenticated)?;
        match self.caller_now(&caller, now).await {
            Ok(caller) => Ok((caller, connection)),
            Err(Error::Unauthenticated) => {
                self.live.tickets.void(&hash);
                Err(Error::Unauthenticated)
            }
            Err(error) => Err(error),
        }
    }
}

fn hash(ticket: &str) -> [u8; 32] {
    Sha256::digest(ticket).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Visitor;
    use model::GuestId;
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn insert(tickets: &Tickets, name: &str, now: Timestamp) {
        let (guest_id, project_id) = (GuestId::new(Uuid::from_u128(1)), Uuid::from_u128(2).into());
        let caller = Caller::Guest(Visitor { guest_id, project_id });
        tickets.insert(hash(name), Principal::Guest(guest_id), caller, now);
    }

    fn one() -> (Tickets, [u8; 32]) {
        let tickets = Tickets::default();
        insert(&tickets, "a", NOW);
        (tickets, hash("a"))
    }

    #[test]
    fn a_ticket_waits_a_minute_for_its_first_use() {
        let (tickets, a) = one();
        assert!(tickets.redeem(&a, "/events", NOW.plus_millis(limits::TICKET_TTL_MS)).is_some());
        let (tickets, a) = one();
        assert!(tickets.redeem(&a, "/events", NOW.plus_millis(limits::TICKET_TTL_MS + 1)).is_none());
        assert!(tickets.redeem(&a, "/events", NOW).is_none());
    }

    #[tokio::test]
    async fn it_opens_its_own_stream_again_and_no_other_and_the_last_connection_stays() {
        let (tickets, a) = one();
        let (_, mut first) = tickets.redeem(&a, "/events", NOW).unwrap();
        assert!(tickets.redeem(&a, "/projects/1/events", NOW).is_none());
        let later = NOW.plus_seconds(3600);
        let (_, mut second) = tickets.redeem(&a, "/events", later).unwrap();
        first.replaced().await;
        tickets.void(&a);
        second.replaced().await;
        assert!(tickets.redeem(&a, "/events", later).is_none());
    }

    #[test]
    fn a_person_has_so_many_tickets_and_no_more() {
        let (tickets, a) = one();
        for number in 0..limits::TICKETS_PER_USER_MAX {
            insert(&tickets, &number.to_string(), NOW.plus_millis(1));
        }
        assert!(tickets.redeem(&a, "/events", NOW).is_none());
        assert_eq!(tickets.rows.lock().len(), limits::TICKETS_PER_USER_MAX);
    }
}
