//! Who may do what in a project: one pure table, which is a value, so that a test can flip any entry.
//!
//! What a caller may not know exists answers 404; what they may see but not do answers 403. Services ask
//! through their `authorize`; nobody else reads this table.

use crate::{
    project::{MoodVisibility, ProjectSettings},
    share::LinkRights,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The part a member plays in a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees and hears; comments and downloads if the project says so.
    Viewer,
    /// Changes tracks, versions and the mix.
    Editor,
    /// Also decides on members, settings, archive and deletion.
    Owner,
}

impl Role {
    /// Every role, weakest first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Editor, Self::Owner];
    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Owner => "owner",
        }
    }
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $viewer:ident $editor:ident $owner:ident, $guest:ident, $writes:ident, $when:ident;)+) => {
        /// Something a member may want to do in a project.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Action { $($(#[$doc])* $name),+ }

        impl Action {
            /// Every action, in the order of the printed table.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];
            /// The name in the printed table and in a project's `capabilities`.
            pub const fn as_str(self) -> &'static str { match self { $(Self::$name => $text),+ } }
            /// Whether the action changes something; an archived project refuses those.
            pub const fn effect(self) -> Effect { match self { $(Self::$name => Effect::$writes),+ } }
            /// In which state of the project the action makes sense.
            pub const fn when(self) -> When { match self { $(Self::$name => When::$when),+ } }
        }

        impl Default for Access {
            fn default() -> Self {
                let mut table = BTreeMap::new();
                $(
                    table.insert((Role::Viewer.into(), Action::$name), Grant::$viewer);
                    table.insert((Role::Editor.into(), Action::$name), Grant::$editor);
                    table.insert((Role::Owner.into(), Action::$name), Grant::$owner);
                    table.insert((Party::Guest, Action::$name), Grant::$guest);
                )+
                Self { table }
            }
        }
    };
}

// action, viewer editor owner, guest within what the link shows, what it does, when the project is alive or in the trash
actions! {
    /// See the project, its tracks, versions, jobs and events.
    View = "view", Always Always Always, Never, Reads, Alive;
    /// See tracks, versions and the cover, also through a share link.
    Visit = "visit", Always Always Always, Always, Reads, Alive;
    /// Stream audio and read waveforms.
    Listen = "listen", Always Always Always, Always, Reads, Alive;
    /// Download originals.
    Download = "download", IfViewersMayDownload Always Always, IfLinkMayDownload, Reads, Alive;
    /// Star the project, set own watch level.
    Star = "star", Always Always Always, Never, Reads, Alive;
    /// Rename, describe, tag, colour and cover the project.
    EditProject = "edit_project", Never Always Always, Never, Writes, Alive;
    /// Create, change, order, delete and restore tracks, and set the shared mix.
    EditTracks = "edit_tracks", Never Always Always, Never, Writes, Alive;
    /// Upload takes.
    Upload = "upload", Never Always Always, IfLinkMayUpload, Writes, Alive;
    /// Change, delete, restore versions and choose the current one.
    EditVersions = "edit_versions", Never Always Always, Never, Writes, Alive;
    /// Make, change, lock and delete checkpoints, and bring one back.
    EditCheckpoints = "edit_checkpoints", Never Always Always, Never, Writes, Alive;
    /// Unlock checkpoints, and delete locked ones.
    BreakLocks = "break_locks", Never Never Always, Never, Writes, Alive;
    /// Write comments, change and delete own ones, react.
    Comment = "comment", IfViewersMayComment Always Always, IfLinkMayComment, Writes, Alive;
    /// Approve versions, or ask for changes.
    Approve = "approve", IfViewersMayComment Always Always, IfLinkMayApprove, Writes, Alive;
    /// See what others commented.
    SeeComments = "see_comments", Always Always Always, IfLinkShowsComments, Reads, Alive;
    /// See and write comments that are for those who work on the project.
    SeeTeamComments = "see_team_comments", Never Always Always, Never, Reads, Alive;
    /// Resolve, reopen and pin any comment.
    ModerateComments = "moderate_comments", Never Always Always, Never, Writes, Alive;
    /// Delete comments of others.
    DeleteComments = "delete_comments", Never Never Always, Never, Writes, Alive;
    /// Say how one feels about the project.
    RecordMood = "record_mood", Always Always Always, Never, Writes, Alive;
    /// See the mood of the team.
    SeeTeamMood = "see_team_mood", IfMoodForMembers IfMoodShown IfMoodShown, Never, Reads, Alive;
    /// See what lies in the project's trash.
    ViewTrash = "view_trash", Never Always Always, Never, Reads, Alive;
    /// Make share links and change them.
    Share = "share", Never Always Always, Never, Writes, Alive;
    /// See share links and who came by them, and close them, also in an archived project.
    CloseShares = "close_shares", Never Always Always, Never, Reads, Alive;
    /// See who is invited and who asks to be let in.
    SeeInvitations = "see_invitations", Never Never Always, Never, Reads, Alive;
    /// Change and remove members, invite, let in, hand over.
    ManageMembers = "manage_members", Never Never Always, Never, Writes, Alive;
    /// Leave the project.
    Leave = "leave", Always Always Always, Never, Reads, Alive;
    /// Change the project's settings.
    ManageSettings = "manage_settings", Never Never Always, Never, Writes, Alive;
    /// Archive the project and take it out of the archive.
    Archive = "archive", Never Never Always, Never, Reads, Alive;
    /// Move the project to the trash.
    DeleteProject = "delete_project", Never Never Always, Never, Reads, Alive;
    /// Take the project out of the trash.
    RestoreProject = "restore_project", Never Never Always, Never, Reads, Trashed;
}

/// Whether an action is refused while the project is archived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Allowed in an archived project.
    Reads,
    /// Refused with `project_archived`.
    Writes,
}

/// The state of the project in which an action makes sense; in the other state it answers 404.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The project is not in the trash.
    Alive,
    /// The project is in the trash.
    Trashed,
}

/// An entry of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// Allowed.
    Always,
    /// Allowed if the project's `viewer_can_download` says so.
    IfViewersMayDownload,
    /// Allowed if the project's `viewer_can_comment` says so.
    IfViewersMayComment,
    /// Allowed if the project's `mood_visibility` is `members`.
    IfMoodForMembers,
    /// Allowed unless the project's `mood_visibility` is `off`.
    IfMoodShown,
    /// Allowed if the share link says `can_comment`.
    IfLinkMayComment,
    /// Allowed if the share link says `can_download`.
    IfLinkMayDownload,
    /// Allowed if the share link says `can_see_comments`.
    IfLinkShowsComments,
    /// Allowed if the share link says `can_approve`.
    IfLinkMayApprove,
    /// Allowed if the share link says `can_upload`.
    IfLinkMayUpload,
    /// Refused.
    Never,
}

/// A column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// Members with this role.
    Member(Role),
    /// Guests of a share link, within what it shows.
    Guest,
}

impl From<Role> for Party {
    fn from(role: Role) -> Self {
        Self::Member(role)
    }
}

/// The access table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    table: BTreeMap<(Party, Action), Grant>,
}

/// What the table answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Go ahead.
    Allow,
    /// The caller may know of it, and may not do it: 403.
    Forbid,
    /// The caller may not know that it exists: 404.
    Hide,
}

/// Who asks, as far as the table cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Not a member.
    Outsider,
    /// A member.
    Member(Role),
    /// A guest of a share link that allows this.
    Guest(LinkRights),
    /// An administrator of the instance passes every check (and is written to the audit log).
    InstanceAdmin,
}

impl Standing {
    /// The action without which there is nothing to see for them.
    pub const fn look(self) -> Action {
        match self {
            Self::Guest(_) => Action::Visit,
            Self::Outsider | Self::Member(_) | Self::InstanceAdmin => Action::View,
        }
    }
}

impl Access {
    /// May somebody of this standing do this in a project with these settings?
    pub fn decide(&self, standing: Standing, action: Action, settings: &ProjectSettings) -> Decision {
        let (party, link) = match standing {
            Standing::Outsider => return Decision::Hide,
            Standing::InstanceAdmin => return Decision::Allow,
            Standing::Member(role) => (Party::Member(role), LinkRights::default()),
            Standing::Guest(rights) => (Party::Guest, rights),
        };
        let allowed = match self.grant(party, action) {
            Grant::Always => true,
            Grant::IfViewersMayDownload => settings.viewer_can_download,
            Grant::IfViewersMayComment => settings.viewer_can_comment,
            Grant::IfMoodForMembers => settings.mood_visibility == MoodVisibility::Members,
            Grant::IfMoodShown => settings.mood_visibility != MoodVisibility::Off,
            Grant::IfLinkMayComment => link.comment,
            Grant::IfLinkMayDownload => link.download,
            Grant::IfLinkShowsComments => link.see_comments,
            Grant::IfLinkMayApprove => link.approve,
            Grant::IfLinkMayUpload => link.upload,
            Grant::Never => false,
        };
        match (allowed, action == standing.look()) {
            (true, _) => Decision::Allow,
            (false, true) => Decision::Hide,
            (false, false) => Decision::Forbid,
        }
    }

    /// The entry of one column and action.
    pub fn grant(&self, party: impl Into<Party>, action: Action) -> Grant {
        self.table.get(&(party.into(), action)).copied().unwrap_or(Grant::Never)
    }

    /// This table with one entry changed; for tests that prove that each entry matters.
    #[must_use]
    pub fn with(mut self, party: impl Into<Party>, action: Action, grant: Grant) -> Self {
        self.table.insert((party.into(), action), grant);
        self
    }

    /// What somebody of this standing may do, by name: a project's `capabilities`.
    pub fn capabilities(&self, standing: Standing, settings: &ProjectSettings) -> Vec<&'static str> {
        Action::ALL
            .iter()
            .filter(|action| {
                action.when() == When::Alive && self.decide(standing, **action, settings) == Decision::Allow
            })
            .map(|action| action.as_str())
            .collect()
    }

    /// The table as text, a line an action, for the committed snapshot.
    pub fn picture(&self) -> String {
        let line = |action: &str, cells: [&str; 4]| {
            let [viewer, editor, owner, guest] = cells;
            let row = format!("{action:<18}{viewer:<24}{editor:<10}{owner:<10}{guest}");
            format!("{}\n", row.trim_end())
        };
        let mut text = line("action", ["viewer", "editor", "owner", "guest"]);
        for action in Action::ALL {
            let cell = |party: Party| match self.grant(party, *action) {
                Grant::Always => "yes",
                Grant::IfViewersMayDownload => "if viewer_can_download",
                Grant::IfViewersMayComment => "if viewer_can_comment",
                Grant::IfMoodForMembers => "if mood for members",
                Grant::IfMoodShown => "if shown",
                Grant::IfLinkMayComment => "if can_comment",
                Grant::IfLinkMayDownload => "if can_download",
                Grant::IfLinkShowsComments => "if can_see_comments",
                Grant::IfLinkMayApprove => "if can_approve",
                Grant::IfLinkMayUpload => "if can_upload",
                Grant::Never => "-",
            };
            let members = Role::ALL.map(|role| cell(role.into()));
            let [viewer, editor, owner] = members;
            text.push_str(&line(action.as_str(), [viewer, editor, owner, cell(Party::Guest)]));
        }
        text
    }
}

#[cfg(test)]
mod tests;
