//! Tests.

use super::*;
use model::{ProjectId, UserId};
use uuid::Uuid;

const NOW: Timestamp = Timestamp(1_000_000);

fn running(attempts: u32) -> Job {
    let mut job = crate::testing::row("a");
    job.state = JobState::Running;
    job.attempts = attempts;
    job.max_attempts = 3;
    job.queued_at = NOW;
    job.lease = Some(Lease { node: "here".to_owned(), boot: Uuid::from_u128(1) });
    job
}

fn ends(attempts: u32, outcome: &Outcome) -> Ending {
    decide(&running(attempts), Retry::USUAL, outcome, NOW)
}

fn code(ending: &Ending) -> Option<&str> {
    ending.failure().map(|failure| failure.code.as_str())
}

#[test]
fn what_fails_for_now_is_tried_again_after_a_growing_pause_until_its_tries_are_used_up() {
    let error = Outcome::Erred(JobError::Transient("no answer".to_owned()));
    let pause = |attempts| match ends(attempts, &error) {
        Ending::Again(Some(at)) => at.since(NOW),
        other => panic!("{other:?}"),
    };
    assert!(pause(1) >= 2_000 && pause(2) >= 2 * 2_000 && pause(2) <= 2 * 2_500);
    assert_eq!(code(&ends(3, &error)), Some("attempts_exhausted"));
    assert_eq!(code(&ends(3, &Outcome::Panicked)), Some("internal"));
    assert_eq!(code(&ends(3, &Outcome::TimedOut)), Some("timed_out"));
}

#[test]
fn a_job_that_kills_the_process_comes_back_at_once_and_then_is_given_up() {
    assert_eq!(ends(2, &Outcome::Crashed), Ending::Again(None));
    assert_eq!(code(&ends(3, &Outcome::Crashed)), Some("crashed"));
}

#[test]
fn waiting_for_somebody_else_does_not_count_but_not_for_ever() {
    let wait = Outcome::Erred(JobError::RetryAfter { wait_ms: 7_000, why: "busy".to_owned() });
    let ending = ends(3, &wait);
    assert_eq!(ending, Ending::Returned(Some(NOW.plus_millis(7_000))));
    assert_eq!(ended(&running(3), &ending, NOW).attempts, 2);
    let late = NOW.plus_millis(PATIENCE_MS + 1);
    assert_eq!(code(&decide(&running(1), Retry::USUAL, &wait, late)), Some("unavailable"));
}

#[test]
fn calling_off_wins_over_failing_and_not_over_success() {
    let job = Job { cancel_requested: true, ..running(1) };
    let failed = Outcome::Erred(JobError::permanent("bad", "bad"));
    assert!(matches!(decide(&job, Retry::USUAL, &failed, NOW), Ending::Cancelled(_)));
    assert_eq!(decide(&job, Retry::USUAL, &Outcome::Done, NOW), Ending::Succeeded);
    assert_eq!(code(&ends(1, &Outcome::Erred(JobError::InputGone))), Some("input_gone"));
}

#[test]
fn a_shutdown_gives_the_try_back() {
    let ending = ends(1, &Outcome::Stopped(Stop::ShuttingDown));
    let row = ended(&running(1), &ending, NOW);
    assert_eq!((row.state, row.attempts, row.run_at, row.lease), (JobState::Queued, 0, None, None));
}

#[test]
fn pauses_double_up_to_the_longest_and_are_spread() {
    let retry = Retry { attempts: 9, first_ms: 1_000, longest_ms: 60_000 };
    assert_eq!((retry.pause_ms(1, 0), retry.pause_ms(4, 0), retry.pause_ms(60, 0)), (1_000, 8_000, 60_000));
    assert_eq!(retry.pause_ms(1, 255), 1_250);
}

#[test]
fn an_event_goes_to_those_who_may_see_the_job() {
    let id = || EventId::new(Uuid::from_u128(9));
    let user = UserId::new(Uuid::from_u128(2));
    let own = Job { created_by: Some(user), ..running(1) };
    assert_eq!(event(id(), &own, 1, Event::JobStarted).unwrap().users, [user]);
    let project = Some(ProjectId::new(Uuid::from_u128(3)));
    let shared = event(id(), &Job { project_id: project, ..own }, 1, Event::JobStarted).unwrap();
    assert_eq!((shared.project, shared.users), (project, vec![]));
    assert_eq!(event(id(), &running(1), 1, Event::JobStarted), None);
}
