//! What a comment says, with the people it mentions.
//!
//! `@handle` is typed and shown, `@[user-id]` is stored: a handle may change, a mention stays. Only people who can see the
//! comment become mentions; every other `@` is plain text. `@[user-id]` may be typed too.

use crate::{UserId, limits, text::CommentText, violation::Fault};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What a comment says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// The text, with `@[user-id]` for each mention.
    text: String,
    /// The people it mentions, each once. An `@[user-id]` of anybody else is plain text.
    people: Vec<UserId>,
    /// The groups it mentions, each once.
    groups: Vec<Group>,
}

/// A group that can be mentioned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// `@all`: everybody who sees the comment.
    All,
    /// `@editors`: editors and owners.
    Editors,
}

impl Group {
    /// Every group.
    pub const ALL: [Self; 2] = [Self::All, Self::Editors];
    /// What is typed after the `@`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Editors => "editors",
        }
    }
}

/// Whom a comment may mention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mentionee {
    /// A person.
    Person(UserId),
    /// A group.
    Group(Group),
}

/// The people who can be mentioned, as far as a text names them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// By handle.
    pub handles: BTreeMap<String, UserId>,
    /// By id.
    pub ids: BTreeSet<UserId>,
}

impl Body {
    /// The handles and ids that a text names, in the order of first appearance; whether they are anybody's is the caller's to find out.
    /// At most [`limits::MENTION_LOOKUPS_MAX`] of each.
    pub fn names(text: &CommentText) -> (Vec<String>, Vec<UserId>) {
        let (mut handles, mut ids) = (Vec::new(), Vec::new());
        for piece in pieces(text.as_str()) {
            match piece {
                Piece::Plain(_) => {}
                Piece::Name { name, .. } => name.readings().for_each(|name| add(&mut handles, name)),
                Piece::Id { id, .. } => add(&mut ids, id),
            }
        }
        (handles, ids)
    }

    /// Reads what somebody typed.
    ///
    /// # Errors
    /// A [`Fault`] for more than [`limits::MENTIONS_PER_COMMENT_MAX`] people, or when it is too long once they are in it.
    pub fn new(typed: &CommentText, known: &Known) -> Result<Self, Fault> {
        let mut body = Self::default();
        for piece in pieces(typed.as_str()) {
            match piece {
                Piece::Plain(text) => body.text.push_str(text),
                Piece::Id { id, raw } => {
                    body.text.push_str(raw);
                    if known.ids.contains(&id) {
                        body.mention(id);
                    }
                }
                Piece::Name { name, raw } => body.name(&name, raw, known),
            }
        }
        if body.people.len() > limits::MENTIONS_PER_COMMENT_MAX {
            let max = limits::MENTIONS_PER_COMMENT_MAX;
            return Err(Fault::new(
                "too_many",
                format!("may mention {max} people by name; use @all for more"),
            ));
        }
        if body.text.len() > limits::USER_TEXT_BYTES_MAX {
            return Err(Fault::new(
                "too_long",
                "must have at most 15 KiB, of which each mention takes 39 bytes",
            ));
        }
        Ok(body)
    }

    /// One `@name`: the longest reading that is somebody, and what is left of it as text.
    fn name(&mut self, name: &Name, raw: &str, known: &Known) {
        for reading in name.readings() {
            let rest = &raw[1 + reading.len()..];
            if let Some(group) = Group::ALL.into_iter().find(|group| group.as_str() == reading) {
                self.text.push_str(raw);
                if !self.groups.contains(&group) {
                    self.groups.push(group);
                }
                return;
            }
            if let Some(id) = known.handles.get(&reading) {
                self.text.push_str(&format!("@[{id}]"));
                self.text.push_str(rest);
                self.mention(*id);
                return;
            }
        }
        self.text.push_str(raw);
    }

    fn mention(&mut self, id: UserId) {
        if !self.people.contains(&id) {
            self.people.push(id);
        }
    }

    /// The text as people read it; who has no handle any more keeps the stored form.
    pub fn shown(&self, handle_of: impl Fn(UserId) -> Option<String>) -> String {
        let mut shown = String::with_capacity(self.text.len());
        for piece in pieces(&self.text) {
            match piece {
                Piece::Plain(text) | Piece::Name { raw: text, .. } => shown.push_str(text),
                Piece::Id { id, raw } => match handle_of(id).filter(|_| self.people.contains(&id)) {
                    Some(handle) => {
                        shown.push('@');
                        shown.push_str(&handle);
                    }
                    None => shown.push_str(raw),
                },
            }
        }
        shown
    }

    /// The people it mentions by name.
    pub fn people(&self) -> &[UserId] {
        &self.people
    }
    /// The groups it mentions.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }
    /// Everybody it mentions.
    pub fn mentionees(&self) -> impl Iterator<Item = Mentionee> {
        let people = self.people.iter().copied().map(Mentionee::Person);
        people.chain(self.groups.iter().copied().map(Mentionee::Group))
    }
    /// The text without mentions of people: what a search for words looks at.
    pub fn words(&self) -> String {
        self.shown(|_| Some(String::new()))
    }
    /// Whether it says nothing: what is left of a deleted comment.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

fn add<T: PartialEq>(names: &mut Vec<T>, name: T) {
    if names.len() < limits::MENTION_LOOKUPS_MAX && !names.contains(&name) {
        names.push(name);
    }
}

/// A part of a text; all of them together are the text.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Plain(&'a str),
    /// `@` and a name, at the start of a word.
    Name {
        name: Name,
        raw: &'a str,
    },
    /// `@[user-id]`.
    Id {
        id: UserId,
        raw: &'a str,
    },
}

/// What stands after an `@`, in lower case.
#[derive(Debug, PartialEq, Eq)]
struct Name(String);

impl Name {
    /// As it stands, then without hyphens and underscores at its end, which may be punctuation.
    fn readings(&self) -> impl Iterator<Item = String> + use<> {
        let bare = self.0.trim_end_matches(['-', '_']).to_owned();
        let bare = (bare != self.0 && !bare.is_empty()).then_some(bare);
        [Some(self.0.clone()), bare].into_iter().flatten()
    }
}

/// The longest handle, in bytes.
const NAME_BYTES_MAX: usize = 30;
/// `@[`, a UUID with hyphens, `]`.
const ID_BYTES: usize = 39;

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut plain, mut at) = (Vec::new(), 0, 0);
    while let Some(found) = text[at..].find('@').map(|found| at + found) {
        let piece = id_at(text, found).or_else(|| name_at(text, found));
        let Some((piece, end)) = piece else {
            at = found + 1;
            continue;
        };
        if plain < found {
            pieces.push(Piece::Plain(&text[plain..found]));
        }
        pieces.push(piece);
        (plain, at) = (end, end);
    }
    if plain < text.len() {
        pieces.push(Piece::Plain(&text[plain..]));
    }
    pieces
}

fn id_at(text: &str, at: usize) -> Option<(Piece<'_>, usize)> {
    let end = at + ID_BYTES;
    let raw = text.get(at..end)?;
    let id = raw.strip_prefix("@[")?.strip_suffix(']')?;
    // One spelling only, so that what is shown and typed again stays the same.
    let id = id.parse::<UserId>().ok().filter(|parsed| parsed.to_string() == id)?;
    Some((Piece::Id { id, raw }, end))
}

fn name_at(text: &str, at: usize) -> Option<(Piece<'_>, usize)> {
    let before = text[..at].chars().next_back();
    // Inside of addresses and paths an @ starts no mention.
    if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '@' | '/' | '+' | '-')) {
        return None;
    }
    let name = &text[at + 1..];
    let length = name.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')).count();
    let after = name[length..].chars().next();
    if !(2..=NAME_BYTES_MAX).contains(&length) || after.is_some_and(|c| c.is_alphanumeric() || c == '@') {
        return None;
    }
    let end = at + 1 + length;
    Some((Piece::Name { name: Name(name[..length].to_ascii_lowercase()), raw: &text[at..end] }, end))
}

#[cfg(test)]
mod tests;
