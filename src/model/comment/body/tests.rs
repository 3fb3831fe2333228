//! The laws of mentions.

use super::*;
use proptest::prelude::*;
use uuid::Uuid;

fn user(number: u128) -> UserId {
    UserId::new(Uuid::from_u128(number))
}

fn band() -> Known {
    let people = [("ada", 1), ("ben", 2), ("ben-2", 3), ("c_", 4)];
    Known {
        handles: people.iter().map(|(handle, number)| ((*handle).to_owned(), user(*number))).collect(),
        ids: people.iter().map(|(_, number)| user(*number)).collect(),
    }
}

fn handle_of(id: UserId) -> Option<String> {
    band().handles.into_iter().find(|(_, known)| *known == id).map(|(handle, _)| handle)
}

fn typed(text: &str) -> Body {
    Body::new(&CommentText::parse(text).unwrap(), &band()).unwrap()
}

fn people(text: &str) -> Vec<u128> {
    typed(text).people().iter().map(|id| id.uuid().as_u128()).collect()
}

#[test]
fn an_at_and_a_handle_is_a_mention_where_a_word_begins() {
    for (text, expected) in [
        ("@ada", vec![1]),
        ("snare too loud, @ben!", vec![2]),
        ("(@ben-2) and @ADA", vec![3, 1]),
        ("@ben- and @c_", vec![2, 4]),
        ("@ada @ada", vec![1]),
        ("@ada's take, @ben.", vec![1, 2]),
        ("mail ada@ben.example or @ben@example.org", vec![]),
        ("https://host/@ada/x-@ben", vec![]),
        ("@eve @adax @ada2 @benö @@ada @", vec![]),
        ("日本@ada 日本 @ada", vec![1]),
    ] {
        assert_eq!(people(text), expected, "{text}");
    }
}

#[test]
fn groups_are_mentioned_and_stay_text() {
    let body = typed("@all: listen. @editors, fix it. @ALL @owners @allright");
    assert_eq!(body.groups(), [Group::All, Group::Editors]);
    assert_eq!(body.people(), []);
    assert_eq!(body.shown(handle_of), "@all: listen. @editors, fix it. @ALL @owners @allright");
}

#[test]
fn what_is_stored_follows_the_person_and_nobody_else() {
    let body = typed("@ben: ask @eve");
    assert_eq!(body.shown(|_| Some("benjamin".to_owned())), "@benjamin: ask @eve");
    assert_eq!(body.shown(|_| None), format!("@[{}]: ask @eve", user(2)));
    assert_eq!(body.words(), "@: ask @eve");
    let stranger = format!("@[{}] @[{}] @[no id]", user(9), user(1));
    assert_eq!(people(&stranger), [1]);
    assert_eq!(typed(&stranger).shown(handle_of), format!("@[{}] @ada @[no id]", user(9)));
}

#[test]
fn too_many_people_and_too_long_with_them() {
    let handles: BTreeMap<String, UserId> = (0..40).map(|n| (format!("p{n:02}"), user(n))).collect();
    let known = Known { handles, ids: BTreeSet::new() };
    let text = |count: usize| (0..count).map(|n| format!("@p{n:02} ")).collect::<String>();
    let parse = |text: &str| Body::new(&CommentText::parse(text).unwrap(), &known);
    assert_eq!(parse(&text(20)).unwrap().people().len(), 20);
    assert_eq!(parse(&text(21)).unwrap_err().code, "too_many");
    let long = "é".repeat(7_600);
    assert!(parse(&long).is_ok());
    assert_eq!(parse(&format!("{long}{}", " @p00".repeat(20))).unwrap_err().code, "too_long");
    assert_eq!(Body::names(&CommentText::parse(&text(40).repeat(9)).unwrap()).0.len(), 40);
}

/// Pieces that are likely to meet badly.
fn fragment() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("@ada".to_owned()),
        Just("@ben-2".to_owned()),
        Just("@all".to_owned()),
        Just("@eve".to_owned()),
        Just(format!("@[{}]", user(1))),
        Just(format!("@[{}]", user(9))),
        Just("@[".to_owned()),
        "[-@_ .,a-z\\[\\]/é日🥁]{1,6}",
        ".{0,8}",
    ]
}

proptest! {
    #[test]
    fn what_was_typed_is_what_is_shown(fragments in prop::collection::vec(fragment(), 0..12)) {
        let text = fragments.concat();
        let Ok(typed) = CommentText::parse(&text) else { return Ok(()) };
        let body = Body::new(&typed, &band()).unwrap();
        // Typed ids of people who can be mentioned are shown as handles; all else stays as it was.
        let mut expected = typed.as_str().to_owned();
        for id in band().ids {
            expected = expected.replace(&format!("@[{id}]"), &format!("@{}", handle_of(id).unwrap()));
        }
        prop_assert_eq!(body.shown(handle_of).to_ascii_lowercase(), expected.to_ascii_lowercase());
        // Only people who may be mentioned are, and each once.
        let mut people = body.people().to_vec();
        prop_assert!(people.iter().all(|id| band().ids.contains(id)));
        people.sort();
        people.dedup();
        prop_assert_eq!(people.len(), body.people().len());
        // Whoever is stored as mentioned is named in the text, and nobody is a mention whom the parser does not name.
        let (handles, ids) = Body::names(&typed);
        for id in body.people() {
            let by_handle = handles.iter().any(|handle| band().handles.get(handle) == Some(id));
            prop_assert!(by_handle || ids.contains(id));
        }
    }

    #[test]
    fn nobody_known_means_nobody_mentioned(text in "[@a-z\\[\\] -]{1,60}") {
        let Ok(typed) = CommentText::parse(&text) else { return Ok(()) };
        let body = Body::new(&typed, &Known::default()).unwrap();
        prop_assert_eq!(body.people(), []);
        prop_assert_eq!(body.shown(handle_of), typed.as_str());
    }
}
