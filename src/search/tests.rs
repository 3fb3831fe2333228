//! The index beside the oracle, on disk, through restarts and rebuilds.

use super::{Language, TantivyIndex};
use model::{
    ProjectId, Timestamp, TrackId,
    comment::Visibility,
    search::{
        Change, Document, DocumentId, Found, Mode, Oracle, Place, Question, SearchIndex, SearchKind, Shelf,
    },
};
use std::{collections::BTreeSet, path::Path};
use tempfile::TempDir;
use uuid::Uuid;

const EPOCH: Uuid = Uuid::from_u128(7);

fn at(seq: u64) -> Place {
    Place { epoch: EPOCH, seq }
}

fn project(number: u128) -> ProjectId {
    ProjectId::new(Uuid::from_u128(number))
}

fn document(kind: SearchKind, id: u128, title: &str, text: &str) -> Document {
    Document {
        id: DocumentId::new(kind, Uuid::from_u128(id)),
        project: project(1),
        visibility: Visibility::Everyone,
        track: None,
        author: None,
        at: Timestamp(0),
        title: title.to_owned(),
        text: text.to_owned(),
    }
}

fn comment(id: u128, text: &str) -> Document {
    document(SearchKind::Comment, id, "", text)
}

fn question(words: &str, mode: Mode) -> Question {
    Question {
        words: words.to_owned(),
        mode,
        shelves: vec![Shelf::of(project(1), Visibility::Everyone)],
        kinds: vec![],
        author: None,
        from: None,
        to: None,
        skip: 0,
        limit: 1000,
    }
}

fn put(document: Document) -> Change {
    Change::Put(Box::new(document))
}

fn open(dir: &Path, language: Language) -> TantivyIndex {
    TantivyIndex::open(&dir.join("search"), language).unwrap()
}

/// An empty index at the beginning of the log.
fn empty(dir: &TempDir, language: Language) -> TantivyIndex {
    let index = open(dir.path(), language);
    index.rebuild().unwrap().finish(at(0)).unwrap();
    index
}

fn with(dir: &TempDir, language: Language, documents: Vec<Document>) -> TantivyIndex {
    let index = empty(dir, language);
    index.apply(documents.into_iter().map(put).collect()).unwrap();
    index.commit(at(1)).unwrap();
    index
}

fn ids(found: &Found) -> BTreeSet<u128> {
    found.hits.iter().map(|(id, _)| id.id.as_u128()).collect()
}

fn found(index: &TantivyIndex, words: &str, mode: Mode) -> BTreeSet<u128> {
    ids(&index.search(&question(words, mode)).unwrap())
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.roll(from.len() as u64)).unwrap()]
    }
}

const VOCABULARY: [&str; 16] = [
    "snare",
    "snares",
    "sanre",
    "kick",
    "kit",
    "Bässe",
    "bass",
    "too",
    "loud",
    "louder",
    "drum",
    "dram",
    "Ёлка",
    "сборка",
    "低",
    "distortion",
];

fn any_document(dice: &mut Dice) -> Document {
    let text: Vec<&str> = (0..dice.roll(6)).map(|_| dice.pick(&VOCABULARY)).collect();
    Document {
        project: project(dice.roll(4).into()),
        visibility: dice.pick(&[Visibility::Everyone, Visibility::Team]),
        track: dice.pick(&[None, Some(1), Some(2)]).map(|track| TrackId::new(Uuid::from_u128(track))),
        author: dice.pick(&[None, Some(8), Some(9)]).map(Uuid::from_u128),
        at: Timestamp(dice.roll(1000).cast_signed()),
        ..document(
            dice.pick(&SearchKind::ALL),
            dice.roll(60).into(),
            dice.pick(&VOCABULARY),
            &text.join(", "),
        )
    }
}

fn any_change(dice: &mut Dice) -> Change {
    match dice.roll(20) {
        0 => Change::RemoveTrack(TrackId::new(Uuid::from_u128(dice.roll(3).into()))),
        1 => Change::RemoveProject(project(dice.roll(4).into())),
        2..=4 => Change::Remove(any_document(dice).id),
        _ => put(any_document(dice)),
    }
}

fn any_question(dice: &mut Dice) -> Question {
    let words: Vec<&str> = (0..=dice.roll(2)).map(|_| dice.pick(&VOCABULARY)).collect();
    let mut words = words.join(" ");
    words.truncate(words.floor_char_boundary(words.len() - usize::try_from(dice.roll(3)).unwrap()));
    let shelf = |number: u64| {
        Shelf::of(
            project((number / 2).into()),
            [Visibility::Everyone, Visibility::Team][usize::from(number % 2 == 1)],
        )
    };
    let mut shelves: Vec<Shelf> = (0..8).filter(|_| dice.roll(2) == 0).map(shelf).collect();
    shelves.sort_unstable();
    Question {
        shelves,
        kinds: if dice.roll(3) == 0 { vec![dice.pick(&SearchKind::ALL)] } else { vec![] },
        author: (dice.roll(4) == 0).then(|| Uuid::from_u128(8)),
        from: (dice.roll(4) == 0).then_some(Timestamp(300)),
        to: (dice.roll(4) == 0).then_some(Timestamp(700)),
        ..question(&words, dice.pick(&[Mode::Exact, Mode::Prefix, Mode::Tolerant]))
    }
}

#[test]
fn it_finds_and_counts_what_the_oracle_does_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let (index, oracle) = (empty(&dir, Language::NONE), Oracle::default());
    let mut dice = Dice(42);
    let mut hits = 0;
    for round in 1..=40 {
        let changes: Vec<Change> = (0..dice.roll(20)).map(|_| any_change(&mut dice)).collect();
        index.apply(changes.clone()).unwrap();
        oracle.apply(changes).unwrap();
        index.commit(at(round)).unwrap();
        oracle.commit(at(round)).unwrap();
        for _ in 0..25 {
            let question = any_question(&mut dice);
            let (real, plain) = (index.search(&question).unwrap(), oracle.search(&question).unwrap());
            let set = |found: &Found| found.hits.iter().copied().collect::<BTreeSet<_>>();
            assert_eq!(set(&real), set(&plain), "{question:?}");
            assert_eq!((real.total, real.kinds, &real.shelves), (plain.total, plain.kinds, &plain.shelves));
            assert!(real.shelves.iter().all(|(shelf, _)| question.shelves.contains(shelf)), "{question:?}");
            hits += real.total;
        }
    }
    assert!(hits > 500, "hardly anything was found: {hits}");
}

#[test]
fn words_are_found_in_their_forms() {
    let dir = tempfile::tempdir().unwrap();
    let documents = ["The snares are too loud", "Mehr Höhen, bitte!", "Übersteuerung", "Ёлка"];
    let documents = documents.iter().zip(1..).map(|(text, id)| comment(id, text)).collect();
    let index = with(&dir, Language::ENGLISH, documents);
    let one = |id| BTreeSet::from([id]);
    for (words, mode, id) in [
        ("SNARE", Mode::Exact, 1),
        ("snares loud", Mode::Exact, 1),
        ("hohen", Mode::Exact, 2),
        ("ＨÖＨＥＮ", Mode::Exact, 2),
        ("елка", Mode::Exact, 4),
        ("uberst", Mode::Prefix, 3),
        ("sanres", Mode::Tolerant, 1),
        ("übresteurung", Mode::Tolerant, 3),
    ] {
        assert_eq!(found(&index, words, mode), one(id), "{words}");
    }
    for (words, mode) in [
        ("uberst", Mode::Exact),
        ("snare quiet", Mode::Exact),
        ("sanre", Mode::Prefix),
        ("?!", Mode::Tolerant),
    ] {
        assert_eq!(found(&index, words, mode), BTreeSet::new(), "{words}");
    }
}

#[test]
fn titles_come_first_and_activity_last() {
    let dir = tempfile::tempdir().unwrap();
    let entry = Document { id: DocumentId::activity(3), ..comment(3, "drums") };
    let documents = vec![comment(1, "drums"), entry, document(SearchKind::Track, 2, "Drums", "")];
    let index = with(&dir, Language::ENGLISH, documents);
    let found = index.search(&question("drums", Mode::Exact)).unwrap();
    let order: Vec<u128> = found.hits.iter().map(|(id, _)| id.id.as_u128()).collect();
    assert_eq!((order, found.total, found.hits[2].0.seq()), (vec![2, 1, 3], 3, 3));
    let second = Question { skip: 1, limit: 1, ..question("drums", Mode::Exact) };
    let second = index.search(&second).unwrap();
    assert_eq!((ids(&second), second.total), (BTreeSet::from([1]), 3));
}

#[test]
fn what_was_asked_is_marked() {
    let dir = tempfile::tempdir().unwrap();
    let index = empty(&dir, Language::ENGLISH);
    let marked = |text: &str, words: &str, mode| -> Vec<String> {
        index.marks(text, words, mode).into_iter().map(|range| text[range].to_owned()).collect()
    };
    assert_eq!(
        marked("Läuter als die Snares, SNARE!", "snare lauter", Mode::Exact),
        ["Läuter", "Snares", "SNARE"]
    );
    assert_eq!(marked("snare sn", "sn", Mode::Prefix), ["snare", "sn"]);
    assert_eq!(marked("snare kick", "sanre", Mode::Tolerant), ["snare"]);
    assert_eq!(marked("snare kick", "sanre", Mode::Exact), [""; 0]);
}

#[test]
fn what_is_committed_stays_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(dir.path(), Language::ENGLISH);
    assert_eq!(index.place(), None);
    assert!(index.apply(vec![put(comment(1, "snare"))]).is_err());
    assert_eq!(found(&index, "snare", Mode::Exact), BTreeSet::new());
    drop(index);

    let index = with(&dir, Language::ENGLISH, vec![comment(1, "snare")]);
    index.apply(vec![put(comment(2, "snare")), put(comment(1, "kick"))]).unwrap();
    assert_eq!(found(&index, "snare", Mode::Exact), BTreeSet::from([1]));
    drop(index);
    let index = open(dir.path(), Language::ENGLISH);
    assert_eq!(index.place(), Some(at(1)));
    assert_eq!(found(&index, "snare", Mode::Exact), BTreeSet::from([1]));
    index.commit(at(9)).unwrap();
    drop(index);
    assert_eq!(open(dir.path(), Language::ENGLISH).place(), Some(at(9)));
    assert_eq!(open(dir.path(), Language::NONE).place(), None, "another analyzer");
}

#[test]
fn a_rebuild_takes_the_place_of_the_old_index_at_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let index = with(&dir, Language::ENGLISH, vec![comment(1, "snare")]);
    let mut anew = index.rebuild().unwrap();
    anew.put(vec![comment(2, "snare")]).unwrap();
    assert_eq!(found(&index, "snare", Mode::Exact), BTreeSet::from([1]));
    drop(anew);
    assert_eq!(index.place(), Some(at(1)));

    let mut anew = index.rebuild().unwrap();
    anew.put(vec![comment(3, "snare")]).unwrap();
    anew.finish(at(5)).unwrap();
    assert_eq!((found(&index, "snare", Mode::Exact), index.place()), (BTreeSet::from([3]), Some(at(5))));
    index.apply(vec![put(comment(4, "snare"))]).unwrap();
    index.commit(at(6)).unwrap();
    drop(index);
    std::fs::create_dir(dir.path().join("search.new")).unwrap();
    let index = open(dir.path(), Language::ENGLISH);
    assert_eq!(found(&index, "snare", Mode::Exact), BTreeSet::from([3, 4]));
    assert!(!dir.path().join("search.new").exists() && !dir.path().join("search.old").exists());
    drop(index);
    std::fs::write(dir.path().join("search/meta.json"), "{").unwrap();
    assert_eq!(open(dir.path(), Language::ENGLISH).place(), None, "a damaged index");
}

#[test]
fn languages_have_names() {
    for name in ["none", "english", "german", "tamil"] {
        assert_eq!(name.parse::<Language>().map(|language| language.to_string()).as_deref(), Ok(name));
    }
    assert!("klingon".parse::<Language>().is_err());
}
