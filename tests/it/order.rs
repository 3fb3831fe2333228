//! Two editors who move tracks at the same moment: the order is one that either of them could have made after the other, everybody
//! sees the same one, and no track is lost.

use crate::support::{Person, band::Band};
use serde_json::{Value, json};

/// Songs that are worked on side by side, and the moments of each at which both move something.
const SONGS: u32 = 8;
const MOMENTS: u32 = 125;
const TRACKS: usize = 7;

/// Numbers that anybody gets again from the same seed.
struct Dice(u32);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 16) as usize % sides
    }
}

/// A track that goes right before or after another one.
#[derive(Clone, Debug)]
struct Move {
    track: String,
    beside: String,
    before: bool,
}

impl Move {
    fn any(ids: &[String], dice: &mut Dice) -> Self {
        let track = dice.roll(ids.len());
        let beside = (track + 1 + dice.roll(ids.len() - 1)) % ids.len();
        Self { track: ids[track].clone(), beside: ids[beside].clone(), before: dice.roll(2) == 0 }
    }

    async fn send(&self, person: &Person) -> bool {
        let body = match self.before {
            true => json!({"before_id": self.beside}),
            false => json!({"after_id": self.beside}),
        };
        let answer = person.post(&format!("/api/v1/tracks/{}/move", self.track), body).await;
        assert!(matches!(answer.status, 200 | 409), "{}", answer.text());
        answer.status == 200
    }

    fn applied(&self, mut order: Vec<String>) -> Vec<String> {
        order.retain(|id| *id != self.track);
        let beside = order.iter().position(|id| *id == self.beside).expect("another track");
        order.insert(if self.before { beside } else { beside + 1 }, self.track.clone());
        order
    }
}

async fn order(person: &Person, project: &str) -> Vec<String> {
    let list = person.get(&format!("{project}/tracks")).await.ok(200);
    let ids = list["items"].as_array().expect("tracks").iter();
    ids.map(|track: &Value| track["id"].as_str().expect("an id").to_owned()).collect()
}

/// One song; how often both moves at a moment happened.
async fn work(ada: Person, ben: Person, project: String, ids: Vec<String>, seed: u32) -> u32 {
    let mut dice = Dice(seed);
    let (mut both, mut now) = (0, ids.clone());
    for moment in 0..MOMENTS {
        let (a, b) = (Move::any(&ids, &mut dice), Move::any(&ids, &mut dice));
        let (by_ada, by_ben) = tokio::join!(a.send(&ada), b.send(&ben));
        let (seen, seen_by_ben) = tokio::join!(order(&ada, &project), order(&ben, &project));
        assert_eq!(seen, seen_by_ben, "song {seed}, moment {moment}");
        let possible = match (by_ada, by_ben) {
            (true, true) => vec![b.applied(a.applied(now.clone())), a.applied(b.applied(now.clone()))],
            (true, false) => vec![a.applied(now.clone())],
            (false, true) => vec![b.applied(now.clone())],
            (false, false) => panic!("somebody always gets on"),
        };
        assert!(possible.contains(&seen), "song {seed}, moment {moment}: {a:?} {b:?}\n{now:?}\n{seen:?}");
        both += u32::from(by_ada && by_ben);
        now = seen;
    }
    both
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_moves_at_once_converge_and_lose_nothing() {
    let band = Band::meet().await;
    let mut songs = Vec::new();
    for seed in 0..SONGS {
        let (project, ids) = crate::track::song(band.ada(), &["A", "B", "C", "D", "E", "F", "G"]).await;
        assert_eq!(ids.len(), TRACKS);
        crate::members::join(band.ada(), &project, &band.ben, "editor").await;
        songs.push(tokio::spawn(work(band.ada().clone(), band.ben.clone(), project, ids, seed)));
    }
    let mut both = 0;
    for song in songs {
        both += song.await.expect("every order is possible");
    }
    assert!(both > SONGS * MOMENTS * 9 / 10, "hardly anybody got on: {both}");
}
