//! The people on one project, as plain data: what their tabs say, and what the others hear of it.

use model::{Timestamp, TrackId, UserId, VersionId, limits};
use std::collections::BTreeMap;
use uuid::Uuid;

/// One connection of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tab(pub Uuid);

/// Where somebody is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spot {
    /// On which track.
    pub track_id: Option<TrackId>,
    /// On which version.
    pub version_id: Option<VersionId>,
    /// Where in it, in milliseconds; while playing, where they were when they said so.
    pub position_ms: Option<i64>,
    /// They listen.
    pub playing: bool,
    /// They have not touched anything for a while.
    pub idle: bool,
}

/// Who somebody is for the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Face {
    /// Their id.
    pub user_id: UserId,
    /// What they are called.
    pub name: String,
    /// Whether they have a picture.
    pub pictured: bool,
}

/// Somebody, whatever tabs they have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub face: Face,
    /// Where.
    pub spot: Spot,
    /// Since when they are there.
    pub since: Timestamp,
    /// When they said where they are.
    pub spoke_at: Timestamp,
    /// When they were last heard of.
    pub seen_at: Timestamp,
    /// How many tabs they have.
    pub tabs: usize,
}

/// What the others hear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nothing.
    None,
    /// Somebody came.
    Joined(Person),
    /// They are somewhere else.
    Updated(Person),
    /// They went.
    Left,
}

#[derive(Debug)]
struct TabState {
    spot: Spot,
    spoke_at: Timestamp,
    seen_at: Timestamp,
    /// Which of several at the same instant spoke last.
    turn: u64,
}

#[derive(Debug)]
struct Tabs {
    face: Face,
    since: Timestamp,
    tabs: BTreeMap<Tab, TabState>,
}

impl Tabs {
    fn person(&self) -> Option<Person> {
        let first = self.tabs.values().max_by_key(|tab| (tab.spot.playing, tab.spoke_at, tab.turn))?;
        Some(Person {
            face: self.face.clone(),
            // Somebody who is busy in one tab is not idle.
            spot: Spot { idle: self.tabs.values().all(|tab| tab.spot.idle), ..first.spot.clone() },
            since: self.since,
            spoke_at: first.spoke_at,
            seen_at: self.tabs.values().map(|tab| tab.seen_at).max()?,
            tabs: self.tabs.len(),
        })
    }
}

/// The people on one project.
#[derive(Debug, Default)]
pub(crate) struct Room {
    people: BTreeMap<UserId, Tabs>,
    turn: u64,
}

impl Room {
    pub(crate) fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// Everybody who gave a sign of life in time.
    pub(crate) fn present(&mut self, now: Timestamp) -> Vec<Person> {
        let people = self.people.values().filter_map(Tabs::person);
        people.filter(|person| now.since(person.seen_at) < limits::PRESENCE_TTL_MS).collect()
    }

    /// A tab says where its person is; none if there is no room for them.
    pub(crate) fn appear(&mut self, face: Face, tab: Tab, spot: Spot, now: Timestamp) -> Option<Change> {
        let before = self.people.get(&face.user_id).and_then(Tabs::person);
        if before.is_none() && self.people.len() >= limits::PRESENCE_PEOPLE_MAX {
            return None;
        }
        let tabs = self.people.entry(face.user_id).or_insert_with(|| Tabs {
            face: face.clone(),
            since: now,
            tabs: BTreeMap::new(),
        });
        if !tabs.tabs.contains_key(&tab) && tabs.tabs.len() >= limits::PRESENCE_TABS_MAX {
            return None;
        }
        self.turn += 1;
        tabs.face = face;
        tabs.tabs.insert(tab, TabState { spot, spoke_at: now, seen_at: now, turn: self.turn });
        let after = tabs.person()?;
        Some(match before {
            None => Change::Joined(after),
            Some(before) if before.spot == after.spot => Change::None,
            Some(_) => Change::Updated(after),
        })
    }

    /// A tab lives.
    pub(crate) fn still_here(&mut self, user: UserId, tab: Tab, now: Timestamp) {
        let state = self.people.get_mut(&user).and_then(|tabs| tabs.tabs.get_mut(&tab));
        if let Some(state) = state {
            state.seen_at = now;
        }
    }

    /// Somebody is gone with all their tabs; whether they were there.
    pub(crate) fn hide(&mut self, user: UserId) -> bool {
        self.people.remove(&user).is_some()
    }

    /// A tab is gone.
    pub(crate) fn vanish(&mut self, user: UserId, tab: Tab) -> Change {
        let Some(tabs) = self.people.get_mut(&user) else { return Change::None };
        let before = tabs.person();
        tabs.tabs.remove(&tab);
        match tabs.person() {
            None => {
                self.people.remove(&user);
                Change::Left
            }
            Some(after) if before.is_some_and(|before| before.spot == after.spot) => Change::None,
            Some(after) => Change::Updated(after),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn user(number: u128) -> UserId {
        UserId::new(Uuid::from_u128(number))
    }
    fn face(number: u128) -> Face {
        Face { user_id: user(number), name: number.to_string(), pictured: false }
    }
    fn tab(number: u128) -> Tab {
        Tab(Uuid::from_u128(number))
    }
    fn at(position_ms: i64) -> Spot {
        Spot { position_ms: Some(position_ms), ..Spot::default() }
    }

    #[test]
    fn tabs_of_one_person_are_one_entry() {
        let mut room = Room::default();
        let joined = room.appear(face(1), tab(1), at(1), NOW);
        assert!(matches!(joined, Some(Change::Joined(person)) if person.tabs == 1));
        let idle = Spot { idle: true, ..at(2) };
        let moved = room.appear(face(1), tab(2), idle, NOW.plus_millis(1));
        // The last one to speak says where; that one tab is busy says that they are not idle.
        assert!(matches!(moved, Some(Change::Updated(person)) if person.spot == at(2) && person.tabs == 2));
        let playing = Spot { playing: true, ..at(9) };
        room.appear(face(1), tab(1), playing.clone(), NOW.plus_millis(2));
        assert_eq!(room.appear(face(1), tab(2), at(3), NOW.plus_millis(3)), Some(Change::None));
        assert_eq!(room.present(NOW)[0].spot, playing);
        assert!(matches!(room.vanish(user(1), tab(1)), Change::Updated(person) if person.spot == at(3)));
        assert_eq!((room.vanish(user(1), tab(2)), room.is_empty()), (Change::Left, true));
        assert_eq!(room.vanish(user(1), tab(2)), Change::None);
    }

    #[test]
    fn who_gives_no_sign_of_life_is_not_there() {
        let mut room = Room::default();
        room.appear(face(1), tab(1), at(1), NOW);
        room.appear(face(2), tab(2), at(1), NOW);
        room.still_here(user(2), tab(2), NOW.plus_millis(30_000));
        let later = NOW.plus_millis(limits::PRESENCE_TTL_MS);
        let there: Vec<_> = room.present(later).into_iter().map(|person| person.face.user_id).collect();
        assert_eq!((there, room.present(later.plus_millis(-1)).len()), (vec![user(2)], 2));
    }

    #[test]
    fn rooms_are_bounded() {
        let mut room = Room::default();
        for number in 0..limits::PRESENCE_TABS_MAX as u128 {
            assert!(room.appear(face(1), tab(number), at(1), NOW).is_some());
        }
        assert_eq!(room.appear(face(1), tab(999), at(1), NOW), None);
        for number in 2..=limits::PRESENCE_PEOPLE_MAX as u128 {
            assert!(room.appear(face(number), tab(1), at(1), NOW).is_some());
        }
        assert_eq!(room.appear(face(u128::MAX), tab(1), at(1), NOW), None);
        assert!(room.appear(face(1), tab(0), at(2), NOW).is_some());
    }
}
