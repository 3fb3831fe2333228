//! Moods in a band, seen from outside: the promises of the rule hold for what the service answers, and others hear nothing of
//! what is not named.

use super::*;
use crate::{
    page::PageRequest,
    stage::{Stage, a_project, later},
};
use model::{access::Role, project::MoodVisibility};
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use tokio::runtime::Runtime;

const DAY_MS: i64 = 24 * 3600 * 1000;

/// Ada, Ben, Cy, Dan, Eve and a project of theirs.
struct Band {
    stage: Stage,
    people: Vec<Ctx>,
    project: ProjectId,
}

impl Band {
    async fn meet() -> Self {
        let stage = Stage::new();
        let mut people = Vec::new();
        for name in ["ada", "ben", "cy", "dan", "eve"] {
            people.push(stage.person(name).await);
        }
        let made = stage.service.create_project(&people[0], &a_project("Song")).await.unwrap();
        let project = made.into_inner().project.row.id;
        for person in &people[1..] {
            stage.join(project, person, Role::Viewer).await;
        }
        Self { stage, people, project }
    }

    fn service(&self) -> &Service {
        &self.stage.service
    }

    /// Somebody on a day, counted from when tests happen.
    fn on(&self, person: usize, day: i64) -> Ctx {
        later(&self.people[person], day * DAY_MS)
    }

    async fn feel(&self, person: usize, day: i64, feeling: Feeling, openness: Openness) -> MoodId {
        let new = NewMood {
            feeling,
            intensity: Intensity::parse(3).unwrap(),
            note: None,
            openness,
            version_id: None,
            checkpoint_id: None,
        };
        let done = self.service().record_mood(&self.on(person, day), self.project, &new).await.unwrap();
        done.into_inner().mood.row.id
    }

    /// The next day, an hour after midnight or later.
    async fn close(&self, day: i64) -> u64 {
        let cx = later(&Ctx::system(self.people[0].now), day * DAY_MS + DAY_MS);
        self.service().close_moods(&cx).await.unwrap()
    }

    async fn ask(&self, person: usize, day: i64, span: Span) -> Vec<Bucket> {
        let query = TeamMoodQuery::Periods { span, from: None, to: None };
        let mood = self.service().get_team_mood(&self.on(person, day), self.project, &query).await.unwrap();
        mood.buckets
    }

    /// Everything that a member can ask, as text.
    async fn everything(&self, person: usize, day: i64) -> String {
        let buckets = [self.ask(person, day, Span::Day).await, self.ask(person, day, Span::Week).await];
        let listed = self
            .service()
            .list_moods(&self.on(person, day), self.project, &PageRequest::first(50))
            .await
            .unwrap();
        let listed: Vec<_> =
            listed.items.iter().map(|view| (view.mood.row.id, view.mood.row.feeling)).collect();
        format!("{buckets:?} {listed:?}")
    }
}

#[tokio::test]
async fn a_day_is_shown_from_three_people_on_and_when_it_is_over() {
    let band = Band::meet().await;
    for person in 0..2 {
        band.feel(person, 0, Feeling::Happy, Openness::Anonymous).await;
    }
    band.feel(2, 1, Feeling::Sad, Openness::Anonymous).await;
    band.close(0).await;
    let shown = |buckets: Vec<Bucket>| buckets.iter().filter(|bucket| bucket.cell.is_some()).count();
    assert_eq!(shown(band.ask(3, 1, Span::Day).await), 0, "two of three");
    for person in 0..3 {
        band.feel(person, 1, Feeling::Happy, Openness::Anonymous).await;
    }
    assert_eq!(shown(band.ask(3, 1, Span::Day).await), 0, "the present day");
    band.close(1).await;
    let days = band.ask(3, 2, Span::Day).await;
    let last = days.last().unwrap().cell.unwrap();
    assert_eq!((last.contributors, last.tally.moods(), shown(days)), (3, 4, 1));
    assert!(band.stage.events().await.contains(&"team_mood.updated"));
    assert_eq!(band.close(1).await, 0, "closed is closed");
}

#[tokio::test]
async fn the_week_holds_what_its_days_could_not_show() {
    let band = Band::meet().await;
    // Tests happen on a Friday: the week ends with its Sunday.
    for (person, day) in [(0, 0), (1, 1), (2, 2)] {
        band.feel(person, day, Feeling::Calm, Openness::Anonymous).await;
    }
    for day in 0..4 {
        band.close(day).await;
    }
    assert!(band.ask(3, 4, Span::Day).await.iter().all(|bucket| bucket.cell.is_none()));
    let weeks = band.ask(3, 4, Span::Week).await;
    assert_eq!(weeks.last().unwrap().cell.unwrap().tally.moods(), 3);
}

#[tokio::test]
async fn others_see_only_what_is_named() {
    let band = Band::meet().await;
    let first = PageRequest::first(1);
    let named = band.feel(0, 0, Feeling::Proud, Openness::Named).await;
    let masked = band.feel(0, 0, Feeling::Tired, Openness::Anonymous).await;
    band.feel(0, 0, Feeling::Sad, Openness::Private).await;
    let (ada, ben) = (band.on(0, 0), band.on(1, 0));
    let list = band.service().list_moods(&ben, band.project, &first).await.unwrap();
    assert_eq!((list.items[0].mood.row.id, list.next), (named, None), "there is no gap where others are");
    let mut own = Vec::new();
    let mut page = first.clone();
    loop {
        let list = band.service().list_moods(&ada, band.project, &page).await.unwrap();
        own.extend(list.items.into_iter().map(|view| view.mood.row.feeling));
        let Some(next) = list.next else { break };
        page.after = Some(next);
    }
    assert_eq!(own, [Feeling::Sad, Feeling::Tired, Feeling::Proud]);
    let patch = MoodPatch { intensity: Some(Intensity::parse(5).unwrap()), ..MoodPatch::default() };
    let refused = band.service().update_mood(&ben, masked, None, &patch).await;
    assert!(matches!(refused, Err(Error::NotFound("mood"))), "that there is one is not said");
    let refused = band.service().delete_mood(&ben, named, None).await;
    assert!(matches!(refused, Err(Error::Forbidden(_))));
    let log = crate::testing::log(band.service()).await;
    let told = log.iter().filter(|entry| entry.event.body == Event::MoodRecorded);
    let told: Vec<_> = told.map(|entry| (entry.event.project.is_some(), entry.event.users.len())).collect();
    assert_eq!(told, [(true, 0), (false, 1), (false, 1)]);
}

#[tokio::test]
async fn after_its_day_a_mood_can_only_be_hidden() {
    let band = Band::meet().await;
    let mood = band.feel(0, 0, Feeling::Proud, Openness::Anonymous).await;
    let open = |openness| MoodPatch { openness: Some(openness), ..MoodPatch::default() };
    let today = band.on(0, 0);
    for openness in [Openness::Named, Openness::Private, Openness::Anonymous] {
        band.service().update_mood(&today, mood, None, &open(openness)).await.unwrap();
    }
    let tomorrow = band.on(0, 1);
    let refused = band.service().update_mood(&tomorrow, mood, None, &open(Openness::Named)).await;
    assert!(matches!(refused, Err(Error::Conflict(_))));
    band.service().update_mood(&tomorrow, mood, None, &open(Openness::Private)).await.unwrap();
    let refused = band.service().update_mood(&tomorrow, mood, None, &open(Openness::Anonymous)).await;
    assert!(matches!(refused, Err(Error::Conflict(_))));
}

#[tokio::test]
async fn what_is_shown_changes_with_three_people_and_once() {
    let band = Band::meet().await;
    let mut moods = Vec::new();
    for person in 0..4 {
        moods.push(band.feel(person, 0, Feeling::Happy, Openness::Anonymous).await);
    }
    band.close(0).await;
    let sad = MoodPatch { feeling: Some(Feeling::Sad), ..MoodPatch::default() };
    let happy = |buckets: &[Bucket]| {
        let cell = buckets.iter().find_map(|bucket| bucket.cell).unwrap();
        cell.tally.feelings[Feeling::Happy.index()]
    };
    for (day, (person, left)) in (1..).zip([(0, 4), (1, 4), (2, 1), (3, 1)]) {
        band.service().update_mood(&band.on(person, day), moods[person], None, &sad).await.unwrap();
        band.close(day).await;
        assert_eq!(happy(&band.ask(4, day + 1, Span::Day).await), left, "{person} changed");
    }
    for (person, mood) in moods.iter().enumerate() {
        band.service().delete_mood(&band.on(person, 6), *mood, None).await.unwrap();
    }
    band.close(6).await;
    assert_eq!(happy(&band.ask(4, 7, Span::Day).await), 1, "each of them once");
}

#[tokio::test]
async fn a_project_may_show_nothing_and_is_removed_with_everything() {
    let band = Band::meet().await;
    for person in 0..3 {
        band.feel(person, 0, Feeling::Happy, Openness::Anonymous).await;
    }
    band.close(0).await;
    let patch = crate::project::SettingsPatch {
        mood_visibility: Some(MoodVisibility::Off),
        ..crate::project::SettingsPatch::default()
    };
    band.service().update_project_settings(&band.people[0], band.project, None, &patch).await.unwrap();
    let root = band.stage.administrator("root").await;
    let query = TeamMoodQuery::Periods { span: Span::Day, from: None, to: None };
    for cx in [&band.on(0, 1), &root] {
        let refused = band.service().get_team_mood(cx, band.project, &query).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))));
    }
    let patch = crate::project::SettingsPatch { mood_visibility: Some(MoodVisibility::Members), ..patch };
    band.service().update_project_settings(&band.people[0], band.project, None, &patch).await.unwrap();
    assert!(band.ask(0, 1, Span::Day).await.iter().any(|bucket| bucket.cell.is_some()));
    band.service().purge_moods(band.project).await.unwrap();
    assert!(band.ask(0, 1, Span::Day).await.iter().all(|bucket| bucket.cell.is_none()));
    let mine = band.service().list_my_moods(&band.people[0], &PageRequest::first(9)).await.unwrap();
    assert_eq!(mine.items.len(), 0);
}

/// What happens on the days of a test.
#[derive(Clone, Debug)]
enum Op {
    Feel { person: usize, feeling: usize, open: u8 },
    Change { which: usize, feeling: usize },
    Delete { which: usize },
    Next,
}

fn days() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        8 => (1..5usize, 0..3usize, 0..5u8).prop_map(|(person, feeling, open)| Op::Feel { person, feeling, open }),
        2 => (any::<usize>(), 0..3usize).prop_map(|(which, feeling)| Op::Change { which, feeling }),
        1 => any::<usize>().prop_map(|which| Op::Delete { which }),
        1 => Just(Op::Next),
    ];
    vec(op, 40..80)
}

/// Lives through it and asks as Ada, who says nothing, after every step. Says also which recordings stood in the end, untouched:
/// the step, whose, and on which day.
async fn live(ops: &[Op]) -> (Vec<String>, Vec<(usize, usize, i64)>) {
    let band = Band::meet().await;
    let (mut day, mut seen) = (0, Vec::new());
    let mut moods: Vec<Option<(usize, MoodId, usize, i64)>> = Vec::new();
    let mut touched = std::collections::BTreeSet::new();
    for (step, op) in ops.iter().enumerate() {
        match op {
            Op::Feel { person, feeling, open } => {
                let openness = match open {
                    0 => Openness::Named,
                    1 => Openness::Private,
                    _ => Openness::Anonymous,
                };
                let today = moods.iter().flatten().filter(|mood| (mood.2, mood.3) == (*person, day)).count();
                // Not more than a person records a day.
                moods.push(match today {
                    0..6 => {
                        let id = band.feel(*person, day, Feeling::ALL[*feeling], openness).await;
                        Some((step, id, *person, day))
                    }
                    _ => None,
                });
            }
            Op::Change { which, feeling } => {
                if let Some(Some((at, id, person, _))) = moods.get(which % moods.len().max(1)) {
                    let feeling = Some(Feeling::ALL[*feeling]);
                    let patch = MoodPatch { feeling, ..MoodPatch::default() };
                    touched.insert(*at);
                    band.service().update_mood(&band.on(*person, day), *id, None, &patch).await.unwrap();
                }
            }
            Op::Delete { which } => {
                let which = which % moods.len().max(1);
                if let Some((at, id, person, _)) = moods.get_mut(which).and_then(Option::take) {
                    touched.insert(at);
                    band.service().delete_mood(&band.on(person, day), id, None).await.unwrap();
                }
            }
            Op::Next => {
                band.close(day).await;
                day += 1;
                seen.push(band.everything(0, day).await);
            }
        }
    }
    let left = moods.into_iter().flatten().map(|(step, _, person, day)| (step, person, day));
    (seen, left.filter(|(step, _, _)| !touched.contains(step)).collect())
}

/// The rule is tested by itself (`model/mood/team/tests.rs`); this is that the service keeps to it.
#[test]
fn swapping_two_masked_moods_changes_no_answer() {
    let runtime = Runtime::new().unwrap();
    let config = Config { cases: 24, max_shrink_iters: 0, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let swaps = std::cell::Cell::new(0);
    let outcome = runner.run(&days(), |ops| {
        let (seen, left) = runtime.block_on(live(&ops));
        let masked = |step: usize| match ops[step] {
            Op::Feel { feeling, open: 2.., .. } => Some(feeling),
            Op::Feel { .. } | Op::Change { .. } | Op::Delete { .. } | Op::Next => None,
        };
        let pairs = left.iter().flat_map(|one| left.iter().map(move |other| (one, other)));
        let fit = pairs.filter(|(one, other)| one.0 < other.0 && one.1 != other.1 && one.2 == other.2);
        let fit = fit.filter_map(|(one, other)| Some((one.0, masked(one.0)?, other.0, masked(other.0)?)));
        for (one, a, other, b) in fit.filter(|(_, a, _, b)| a != b).take(2) {
            let mut swapped = ops.clone();
            for (step, word) in [(one, b), (other, a)] {
                if let Op::Feel { feeling, .. } = &mut swapped[step] {
                    *feeling = word;
                }
            }
            swaps.set(swaps.get() + 1);
            prop_assert_eq!(&runtime.block_on(live(&swapped)).0, &seen);
        }
        Ok(())
    });
    outcome.unwrap();
    assert!(swaps.get() > 20, "{} pairs were swapped", swaps.get());
}
