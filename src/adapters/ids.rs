//! Ids and secrets from the random numbers of the operating system.

use model::{Timestamp, ports::IdGen};
use std::sync::Mutex;
use uuid::{ContextV7, Uuid};

/// UUIDv7 that grow within a process, also within a millisecond and when the clock is set back, and secrets nobody can guess.
#[derive(Debug)]
pub struct RandomIds {
    context: Mutex<ContextV7>,
}

impl Default for RandomIds {
    fn default() -> Self {
        Self { context: Mutex::new(ContextV7::new()) }
    }
}

impl IdGen for RandomIds {
    fn uuid(&self, now: Timestamp) -> Uuid {
        let millis = now.millis().max(0).unsigned_abs();
        let nanos = u32::try_from(millis % 1000 * 1_000_000).unwrap_or(0);
        Uuid::new_v7(uuid::Timestamp::from_unix(&self.context, millis / 1000, nanos))
    }

    fn secret(&self, out: &mut [u8]) {
        // A cryptographic generator, seeded by the operating system and again from time to time.
        rand::fill(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_and_carry_their_time() {
        let (ids, now) = (RandomIds::default(), Timestamp(1_800_000_000_123));
        let made: Vec<Uuid> = (0..1000).map(|_| ids.uuid(now)).collect();
        assert!(made.is_sorted_by(|a, b| a < b));
        let (seconds, nanos) = made[0].get_timestamp().unwrap().to_unix();
        assert_eq!((seconds, nanos / 1_000_000), (1_800_000_000, 123));
        assert_eq!(made[0].get_version_num(), 7);
        let earlier = ids.uuid(now.plus_millis(-50));
        assert!(earlier > made[999], "a clock set back does not set ids back");
    }

    #[test]
    fn secrets_differ() {
        let (ids, mut one, mut two) = (RandomIds::default(), [0; 32], [0; 32]);
        ids.secret(&mut one);
        ids.secret(&mut two);
        assert!(one != two && one != [0; 32]);
    }
}
