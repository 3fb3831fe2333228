//! The laws of the access table and its committed picture.

use super::*;

#[test]
fn the_committed_picture_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/access/table.txt");
    let picture = Access::default().picture();
    if std::env::var_os("BACKLINE_BLESS").is_some() {
        std::fs::write(path, &picture).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(
        committed, picture,
        "the access table changed: read the difference, then run the test with BACKLINE_BLESS=1"
    );
}

#[test]
fn a_stronger_role_may_do_no_less() {
    let access = Access::default();
    for settings in
        [ProjectSettings::default(), ProjectSettings { viewer_can_download: true, ..Default::default() }]
    {
        for action in Action::ALL {
            let allowed = |role| access.decide(Standing::Member(role), *action, &settings) == Decision::Allow;
            assert!(!allowed(Role::Viewer) || allowed(Role::Editor), "{action:?}");
            assert!(!allowed(Role::Editor) || allowed(Role::Owner), "{action:?}");
        }
    }
}

#[test]
fn outsiders_learn_nothing_and_members_are_told_no() {
    let access = Access::default();
    let settings = ProjectSettings::default();
    for action in Action::ALL {
        assert_eq!(access.decide(Standing::Outsider, *action, &settings), Decision::Hide);
        assert_eq!(access.decide(Standing::InstanceAdmin, *action, &settings), Decision::Allow);
    }
    assert_eq!(
        access.decide(Standing::Member(Role::Viewer), Action::EditTracks, &settings),
        Decision::Forbid
    );
    assert_eq!(access.decide(Standing::Member(Role::Viewer), Action::Download, &settings), Decision::Forbid);
}
