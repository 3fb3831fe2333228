//! Who may call what: every operation against every kind of caller, on a real server.
//!
//! The expected statuses stand in `matrix/expected.txt`; `BACKLINE_BLESS=1` writes them anew, to be read before they are kept.

mod request;
mod stage;

use crate::support::App;
use model::access::{Access, Action, Grant, Party, Role};
use request::{Operation, Things, operations};
use serde_json::Value;
use stage::{CALLERS, Stage};
use std::{collections::BTreeMap, fmt::Write as _, path::Path};

/// A server that is replaced by an untouched one as soon as somebody changed something on it.
struct Scene<'a> {
    stage: &'a Stage,
    access: Access,
    app: Option<App>,
    worn: bool,
}

impl<'a> Scene<'a> {
    fn new(stage: &'a Stage, access: Access) -> Self {
        Self { stage, access, app: None, worn: false }
    }

    /// Another operation: it must not find what the one before did to each caller alone.
    fn next(&mut self) {
        if std::mem::take(&mut self.worn) {
            self.app = None;
        }
    }

    /// How a caller's request is answered.
    async fn status(&mut self, operation: &Operation, caller: &str) -> u16 {
        let app = match self.app.take() {
            Some(app) => app,
            None => self.stage.open(self.access.clone()).await,
        };
        let things = Things { ids: &self.stage.ids, caller };
        let response = operation.ask(&self.stage.caller(&app, caller), &things).send().await;
        let status = response.status().as_u16();
        drop(response);
        let changed = !operation.method.is_safe() && status < 400;
        self.worn |= changed;
        self.app = (!changed || operation.spares_others(status)).then_some(app);
        status
    }
}

fn expected_path() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/matrix/expected.txt")
}

/// The committed statuses by operation and caller.
fn expected() -> BTreeMap<(String, String), u16> {
    let text = std::fs::read_to_string(expected_path()).expect("the committed matrix");
    let mut lines = text.lines();
    let callers: Vec<&str> = lines.next().expect("a head").split_whitespace().skip(1).collect();
    let cells = lines.flat_map(|line| {
        let mut words = line.split_whitespace();
        let operation = words.next().expect("an operation").to_owned();
        let statuses = words.map(|status| status.parse().expect("a status"));
        callers
            .iter()
            .zip(statuses)
            .map(move |(caller, status)| ((operation.clone(), (*caller).to_owned()), status))
            .collect::<Vec<_>>()
    });
    cells.collect()
}

#[tokio::test]
async fn every_operation_answers_every_caller_as_expected() {
    let stage = Stage::set().await;
    let mut scene = Scene::new(&stage, Access::default());
    let mut table = format!("{:<32}", "operation");
    CALLERS.iter().for_each(|caller| table.push_str(&format!("{caller:<10}")));
    for operation in operations() {
        let mut line = format!("{:<32}", operation.id);
        for caller in CALLERS {
            let status = scene.status(&operation, caller).await;
            assert!(status < 500, "{} of {caller}: {status}", operation.id);
            write!(line, "{status:<10}").expect("a text takes any text");
        }
        table.push('\n');
        table.push_str(line.trim_end());
        scene.next();
    }
    let table: String = table.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    if std::env::var_os("BACKLINE_BLESS").is_some() {
        std::fs::write(expected_path(), &table).expect("the matrix can be written");
    }
    let committed = std::fs::read_to_string(expected_path()).unwrap_or_default();
    let wrong: Vec<_> = table.lines().filter(|line| !committed.lines().any(|known| known == *line)).collect();
    assert!(table == committed, "not as committed:\n{}", wrong.join("\n"));
}

/// The opposite of an entry, for a project with the settings it starts with and a link that allows everything.
fn flipped(grant: Grant) -> Grant {
    match grant {
        Grant::Never | Grant::IfViewersMayDownload => Grant::Always,
        Grant::Always
        | Grant::IfViewersMayComment
        | Grant::IfMoodForMembers
        | Grant::IfMoodShown
        | Grant::IfLinkMayComment
        | Grant::IfLinkMayDownload
        | Grant::IfLinkShowsComments
        | Grant::IfLinkMayApprove
        | Grant::IfLinkMayUpload => Grant::Never,
    }
}

#[tokio::test]
async fn every_entry_of_the_access_table_matters() {
    let (stage, expected, table) = (Stage::set().await, expected(), Access::default());
    let mut all = operations();
    // Reads cost nothing: they come first.
    all.sort_by_key(|operation| !operation.method.is_safe());
    let (mut caught, mut missed) = (0, Vec::new());
    for action in Action::ALL {
        let members = Role::ALL.map(|role| (Party::Member(role), role.as_str()));
        for (party, caller) in members.into_iter().chain([(Party::Guest, "guest")]) {
            let grant = table.grant(party, *action);
            if (party, grant) == (Party::Guest, Grant::Never) {
                // Refused before the table is asked, by operations that are not for guests.
                continue;
            }
            let access = table.clone().with(party, *action, flipped(grant));
            let mut scene = Scene::new(&stage, access);
            match tells(&mut scene, &all, caller, &expected).await {
                Some(at) => {
                    caught += 1;
                    // What tells one role apart most often tells the next one apart too.
                    all[..=at].rotate_right(1);
                }
                None => missed.push(format!("{caller} {}", action.as_str())),
            }
        }
    }
    println!("{caught} of {} flipped entries were caught", caught + missed.len());
    assert!(missed.is_empty(), "nobody noticed: {missed:?}");
}

/// The first operation that answers this caller otherwise than expected.
async fn tells(
    scene: &mut Scene<'_>,
    all: &[Operation],
    caller: &str,
    expected: &BTreeMap<(String, String), u16>,
) -> Option<usize> {
    for (at, operation) in all.iter().enumerate() {
        scene.next();
        let known = expected.get(&(operation.id.clone(), caller.to_owned()));
        if known != Some(&scene.status(operation, caller).await) {
            return Some(at);
        }
    }
    None
}

#[tokio::test]
async fn things_of_another_project_are_not_there() {
    let stage = Stage::set().await;
    let app = stage.open(Access::default()).await;
    let owner = stage.caller(&app, "owner");
    let things = Things { ids: &stage.ids, caller: "owner" };
    let mut wrong = Vec::new();
    for operation in operations() {
        for swapped in operation.params().into_iter().filter(|param| stage.foreign.contains_key(*param)) {
            let value = |param: &str| match param == swapped {
                true => stage.foreign[param].clone(),
                false => things.get(operation.thing(param)),
            };
            let address = operation.address(value) + &operation.query(&things);
            let ask = owner.ask(operation.method.clone(), &address);
            let status = operation.with_body(ask, operation.json(&things)).send().await.status().as_u16();
            if !matches!(status, 403 | 404) {
                wrong.push(format!("{} with another {swapped}: {status}", operation.id));
            }
        }
        let address =
            operation.address(|param| things.get(operation.thing(param))) + &operation.query(&things);
        for (place, body) in swaps(&operation.json(&things), &stage.ids, &stage.foreign) {
            let status = operation
                .with_body(owner.ask(operation.method.clone(), &address), body)
                .send()
                .await
                .status()
                .as_u16();
            if !matches!(status, 403 | 404 | 409 | 422) {
                wrong.push(format!("{} with another project's {place} in its body: {status}", operation.id));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// The same body with one id after another replaced by that of another project's thing.
fn swaps(body: &Value, ids: &stage::Ids, foreign: &stage::Ids) -> Vec<(String, Value)> {
    let text = body.to_string();
    let kind = |name: &str| match name.split('@').next().unwrap_or(name) {
        "other_track" => "track_id".to_owned(),
        "other_version" => "version_id".to_owned(),
        "complete_upload" => "upload_id".to_owned(),
        name => name.to_owned(),
    };
    let named = ids.iter().filter(|(_, id)| id.len() == 36 && text.contains(id.as_str()));
    let swaps = named.filter_map(|(name, id)| {
        let other = foreign.get(&kind(name))?;
        Some((name.clone(), serde_json::from_str(&text.replace(id.as_str(), other)).expect("JSON")))
    });
    swaps.collect()
}
