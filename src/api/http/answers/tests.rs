//! What is a question, and what is an answer to it.

use super::{Answers, BODY_BYTES_MAX, OfRows, Question, question};
use model::{UserId, account::InstanceRole};
use poem::{
    Request, Response,
    http::{Method, StatusCode},
};
use service::{Caller, Login, Via};
use uuid::Uuid;

fn person(number: u128, role: InstanceRole) -> Caller {
    let user_id = UserId::new(Uuid::from_u128(number));
    Caller::User(Login { user_id, role, security_version: 0, via: Via::ControlSocket })
}

fn asked(caller: &Caller, method: Method, uri: &str) -> Option<Question> {
    question(caller, &Request::builder().method(method).uri_str(uri).finish())
}

fn by_ada(uri: &str) -> Question {
    asked(&person(1, InstanceRole::Member), Method::GET, uri).unwrap()
}

fn of_rows(status: StatusCode, body: String) -> Response {
    let mut response = Response::builder().status(status).header("etag", "\"r1\"").body(body.clone());
    response.set_data(OfRows(body.into()));
    response
}

#[tokio::test]
async fn the_same_question_is_answered_again_until_something_is_written() {
    let answers = Answers::default();
    answers.keep(1, by_ada("/a?x=1"), &of_rows(StatusCode::OK, "body".to_owned()));
    let again = answers.recall(1, &by_ada("/a?x=1")).unwrap();
    assert_eq!(again.header("etag"), Some("\"r1\""));
    assert_eq!(again.into_body().into_string().await.unwrap(), "body");
    assert!(answers.recall(2, &by_ada("/a?x=1")).is_none());
}

#[test]
fn another_person_right_or_address_is_another_question() {
    let answers = Answers::default();
    answers.keep(1, by_ada("/a"), &of_rows(StatusCode::OK, "body".to_owned()));
    assert!(answers.recall(1, &by_ada("/b")).is_none());
    assert!(answers.recall(1, &by_ada("/a?x=1")).is_none());
    for other in [person(2, InstanceRole::Member), person(1, InstanceRole::Admin)] {
        assert!(answers.recall(1, &asked(&other, Method::GET, "/a").unwrap()).is_none());
    }
}

#[test]
fn only_reads_of_people_are_remembered() {
    let ada = person(1, InstanceRole::Member);
    assert!(asked(&ada, Method::HEAD, "/a").is_some());
    assert!(asked(&ada, Method::POST, "/a").is_none());
    assert!(asked(&Caller::Anonymous, Method::GET, "/a").is_none());
}

#[test]
fn failures_long_bodies_and_what_depends_on_more_than_rows_are_made_anew() {
    let answers = Answers::default();
    let long = of_rows(StatusCode::OK, "x".repeat(BODY_BYTES_MAX + 1));
    let failed = of_rows(StatusCode::NOT_FOUND, "gone".to_owned());
    for response in [long, failed, Response::builder().body("now")] {
        answers.keep(1, by_ada("/a"), &response);
        assert!(answers.recall(1, &by_ada("/a")).is_none());
    }
}
