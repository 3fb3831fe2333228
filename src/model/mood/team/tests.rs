//! The promises of the rule, over random lives of a team, for somebody who asks everything after every step:
//! (a) swapping two masked moods of two people in a bucket changes no answer; (b) no answer depends on a mood that was never
//! in a published bucket; (c) answers differ by nobody or by enough people, also when several are added and subtracted.
//! Rules that are a little wrong must be caught by the same properties: see [`broken`].

mod broken;
mod promises;
mod world;

use super::*;
use crate::{Timestamp, mood::Span};
use promises::{differ_by_enough, swapping_changes_nothing, unpublished_moods_are_unseen};
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use std::cell::Cell as Counter;
use world::{Op, Rule, World};

/// A life of a team.
fn life() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        12 => (0..7u8, 0..3u8, 1..=2u8, 0..6u8, 0..4u8).prop_map(|(user, feeling, intensity, mask, version)| {
            Op::Record { user, feeling, intensity, mask, version }
        }),
        6 => (any::<u16>(), 0..3u8, 1..=2u8).prop_map(|(which, feeling, intensity)| Op::Change { which, feeling, intensity }),
        3 => any::<u16>().prop_map(|which| Op::Delete { which }),
        1 => (any::<u16>(), 0..3u8).prop_map(|(which, mask)| Op::Open { which, mask }),
        1 => (0..7u8).prop_map(|user| Op::Leave { user }),
        2 => Just(Op::NextDay),
        1 => (3..=5u8, any::<bool>()).prop_map(|(least, rare)| if rare { Op::Least { least } } else { Op::NextDay }),
    ];
    vec(op, 60..220)
}

fn check(rule: &Rule, ops: &[Op]) -> Result<(), String> {
    let seen = World::live(rule, ops)?;
    differ_by_enough(&seen)?;
    swapping_changes_nothing(rule, ops, &seen)?;
    unpublished_moods_are_unseen(rule, ops, &seen)
}

/// The same cases every time.
fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, max_shrink_iters: 0, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

proptest! {
    #![proptest_config(Config { cases: 48, ..Config::default() })]

    #[test]
    fn nobody_can_be_told_apart(ops in life()) {
        check(&Rule::default(), &ops).map_err(TestCaseError::fail)?;
    }
}

#[test]
fn the_lives_are_lively() {
    let count = [const { Counter::new(0_usize) }; 4];
    let add = |at: usize, number: usize| count[at].set(count[at].get() + number);
    runner(60)
        .run(&life(), |ops| {
            let seen = World::live(&Rule::default(), &ops).map_err(TestCaseError::fail)?;
            let shown = |span: Span| {
                let periods = seen.cells.iter().filter_map(|cell| cell.period());
                periods.filter(|period| period.span() == span).count()
            };
            add(0, shown(Span::Day));
            add(1, shown(Span::Week));
            add(2, seen.cells.iter().filter(|cell| cell.period().is_none()).count());
            add(3, seen.reviews);
            Ok(())
        })
        .unwrap();
    let [days, weeks, versions, changed] = count.map(|number| number.get());
    assert!(days > 100 && weeks > 30 && versions > 30 && changed > 10, "{days} {weeks} {versions} {changed}");
}

/// Five feel the same on a day; then three of them change, and later two of those change back while a fourth one changes.
fn changed_back() -> Vec<Op> {
    rounds(5, &[&[(0, 1), (1, 1), (2, 1)], &[(0, 0), (1, 0), (3, 1)]])
}

/// So many people, and rounds of changes: whose, and into what.
fn rounds(people: u8, rounds: &[&[(u16, u8)]]) -> Vec<Op> {
    let record = |user| Op::Record { user, feeling: 0, intensity: 1, mask: 2, version: 0 };
    let mut ops: Vec<Op> = (0..people).map(record).collect();
    for round in rounds {
        ops.push(Op::NextDay);
        let change =
            |(which, feeling): &(u16, u8)| Op::Change { which: *which, feeling: *feeling, intensity: 1 };
        ops.extend(round.iter().map(change));
    }
    ops.push(Op::NextDay);
    ops
}

#[test]
fn pairs_of_answers_are_not_enough_to_look_at() {
    // Any two of the four states of this day differ by three people or more.
    let ops = rounds(7, &[&[(0, 1), (1, 1), (2, 1)], &[(3, 1), (4, 1), (5, 1)], &[(0, 0), (1, 0), (6, 1)]]);
    let together = |rule: &Rule| {
        let seen = World::live(rule, &ops).unwrap();
        let mut states: Vec<_> = seen.cells.iter().filter(|seen| seen.period() == Some(DAY)).collect();
        states.truncate(4);
        let mut sum = promises::Sum::default();
        states.iter().zip([1, -1, 1, -1]).for_each(|(state, times)| sum.add(state, times));
        (states.len(), sum.check("all four").is_ok())
    };
    let again =
        broken::all().into_iter().find(|(name, _)| *name == "people change again and again").unwrap().1;
    assert_eq!(together(&again), (4, false), "two people stand out");
    assert_eq!(together(&Rule::default()), (3, true), "the last change is not taken over");
    check(&Rule::default(), &changed_back()).unwrap();
}

#[test]
fn every_broken_rule_is_caught() {
    let mut missed = Vec::new();
    for (name, rule) in broken::all() {
        // What two rounds of changes give away comes up too seldom by chance.
        let outcome = check(&rule, &changed_back()).map_err(drop).and_then(|()| {
            runner(120).run(&life(), |ops| check(&rule, &ops).map_err(TestCaseError::fail)).map_err(drop)
        });
        if outcome.is_ok() {
            missed.push(name);
        }
    }
    assert!(missed.is_empty(), "nobody noticed: {missed:?}");
}

fn user(number: u128) -> UserId {
    UserId::new(uuid::Uuid::from_u128(number))
}

fn mood(id: u128, of: u128, mask: Mask, version: Option<u128>) -> Contribution {
    let id = MoodId::new(uuid::Uuid::from_u128(id));
    let given = Given { feeling: Feeling::Happy, intensity: Intensity::parse(3).unwrap() };
    let version = version.map(|version| VersionId::new(uuid::Uuid::from_u128(version)));
    Contribution { id, user: user(of), mask, version, given }
}

const DAY: Period = Period::of(Span::Day, Timestamp(0));

#[test]
fn two_of_three_are_not_shown() {
    let two = [mood(1, 1, Mask::On, None), mood(2, 2, Mask::On, None), mood(3, 2, Mask::On, None)];
    assert_eq!(close(DAY, &two, 3), Closing::default());
    let three = [two[0], two[1], two[2], mood(4, 3, Mask::On, None)];
    let closing = close(DAY, &three, 3);
    assert_eq!((closing.people, closing.parts[&None].tally.moods()), (3, 4));
}

#[test]
fn named_moods_hide_nobody() {
    let open = |id| mood(id, id, Mask::Off, None);
    let mixed = [open(1), open(2), mood(3, 3, Mask::On, None)];
    assert_eq!(close(DAY, &mixed, 3), Closing::default(), "the third would be what is left");
    let more = [open(1), open(2), open(4), mood(3, 3, Mask::On, None)];
    let closing = close(DAY, &more, 3);
    assert_eq!((closing.people, closing.shares.len()), (3, 3), "without the masked one");
}

#[test]
fn a_version_stands_alone_only_if_the_rest_does() {
    let on = |id, version| mood(id, id, Mask::On, version);
    let lone = [on(1, Some(7)), on(2, Some(7)), on(3, Some(7)), on(4, None)];
    let parts: Vec<_> = close(DAY, &lone, 3).parts.into_keys().collect();
    assert_eq!(parts, [None]);
    let all: Vec<_> = (1..=3).map(|id| on(id, Some(7))).collect();
    assert_eq!(close(DAY, &all, 3).parts.into_keys().collect::<Vec<_>>(), [lone[0].version]);
    let both: Vec<_> = (1..=6).map(|id| on(id, Some(7 + id % 2))).collect();
    assert_eq!(close(DAY, &both, 3).parts.len(), 2);
}

#[test]
fn a_block_changes_with_enough_people_and_once() {
    let moods: Vec<_> = (1..=4).map(|id| mood(id, id, Mask::On, None)).collect();
    let closing = close(DAY, &moods, 3);
    let least_of = BTreeMap::from([(None, 3)]);
    let sad = Given { feeling: Feeling::Sad, intensity: Intensity::parse(5).unwrap() };
    let after = |changed: &'static [u128], shares: &BTreeMap<MoodId, Share>| {
        let now =
            |id: MoodId| Some(if changed.contains(&id.uuid().as_u128()) { sad } else { moods[0].given });
        review(shares.clone(), &least_of, now, 3)
    };
    assert_eq!(after(&[1, 2], &closing.shares), None);
    let changed = after(&[1, 2, 3], &closing.shares).unwrap();
    assert_eq!(changed.parts[&None].tally.feelings[Feeling::Sad.index()], 3);
    assert_eq!(
        after(&[4], &changed.shares),
        None,
        "three changed back, one more changed: that would be one or four"
    );
    let gone = |id: MoodId| (id.uuid().as_u128() == 1).then_some(moods[0].given);
    let left = review(closing.shares.clone(), &least_of, gone, 3).unwrap();
    assert_eq!(
        (left.people, left.parts[&None].crowd),
        (0, Crowd::default()),
        "one is left, who would be alone"
    );
}
