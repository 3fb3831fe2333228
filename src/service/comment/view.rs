//! Comments as somebody sees them: with names, the text as people read it, replies counted and reactions summed up.

use crate::{Ctx, Error, Result, Service, Stored};
use model::{
    CommentId, GuestId, UserId,
    account::User,
    comment::{Comment, CommentPlacement, Reaction},
    emoji::Emoji,
    limits,
    principal::Principal,
    share::Guest,
};
use std::collections::{BTreeMap, BTreeSet};
use store::{
    Scan,
    tables::{
        comment::Reactions,
        counters::{ReactionCount, ReplyCount},
        user::Users,
    },
};

/// People looked up at once.
const PEOPLE: usize = 500;

/// A comment as one person sees it.
#[derive(Clone, Debug)]
pub struct CommentView {
    /// Its own row.
    pub comment: Stored<Comment>,
    /// Who wrote it.
    pub author: Person,
    /// What it says, with the handles that people have now.
    pub text: String,
    /// Where it stands on the version that was asked for, if it was carried there.
    pub placement: Option<CommentPlacement>,
    /// How many replies it has.
    pub reply_count: i64,
    /// Its reactions, in the order in which each emoji first came.
    pub reactions: Vec<ReactionSummary>,
    /// Its replies, where they were asked for.
    pub replies: Option<Vec<CommentView>>,
}

/// Somebody who wrote or reacted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub principal: Principal,
    /// Their name as it is now; none if it is not known any more.
    pub name: Option<String>,
    /// Whether they have a picture.
    pub pictured: bool,
}

/// The reactions with one emoji.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReactionSummary {
    /// With what.
    pub emoji: Emoji,
    /// How many.
    pub count: i64,
    /// Whether the reader is among them.
    pub me: bool,
    /// The first [`limits::REACTION_NAMES_MAX`] of them.
    pub first: Vec<Person>,
}

/// People and guests by id.
pub(crate) struct People {
    users: BTreeMap<UserId, User>,
    guests: BTreeMap<GuestId, Guest>,
}

impl People {
    pub(crate) fn person(&self, principal: Principal) -> Person {
        let (name, pictured) = match principal {
            Principal::User(id) => {
                self.users.get(&id).map(|user| (Some(&user.name), user.avatar.is_some())).unwrap_or_default()
            }
            Principal::Guest(id) => (self.guests.get(&id).and_then(|guest| guest.name.as_ref()), false),
        };
        Person { principal, name: name.map(ToString::to_string), pictured }
    }
    pub(super) fn handle(&self, id: UserId) -> Option<String> {
        self.users.get(&id).map(|user| user.handle.to_string())
    }
}

impl Service {
    /// One comment as the caller sees it.
    pub(super) async fn comment_view(&self, cx: &Ctx, comment: Stored<Comment>) -> Result<CommentView> {
        let mut views = self.comment_views(cx, vec![comment]).await?;
        views.pop().ok_or(Error::NotFound("comment"))
    }

    /// Several comments, in their order.
    pub(super) async fn comment_views(
        &self,
        cx: &Ctx,
        comments: Vec<Stored<Comment>>,
    ) -> Result<Vec<CommentView>> {
        let ids: Vec<CommentId> = comments.iter().map(|comment| comment.row.id).collect();
        let replies = self.store().count_many::<ReplyCount>(&ids).await?;
        let reacted = self.store().count_many::<ReactionCount>(&ids).await?;
        let mut reactions = BTreeMap::new();
        for (id, _) in ids.iter().zip(reacted).filter(|(_, count)| *count > 0) {
            reactions.insert(*id, grouped(self.reactions_of(*id).await?));
        }
        let people = self.people(named(&comments, &reactions)).await?;
        let me = cx.principal().ok();
        let views = comments.into_iter().zip(replies).map(|(comment, reply_count)| CommentView {
            author: people.person(comment.row.author),
            text: comment.row.body.shown(|id| people.handle(id)),
            placement: None,
            reply_count,
            reactions: summaries(reactions.get(&comment.row.id), me, &people),
            replies: None,
            comment,
        });
        Ok(views.collect())
    }

    /// The reactions of one comment, summed up for the caller.
    pub(super) async fn reaction_summaries(&self, cx: &Ctx, id: CommentId) -> Result<Vec<ReactionSummary>> {
        let groups = grouped(self.reactions_of(id).await?);
        let names = groups.iter().flat_map(Group::first).collect();
        let people = self.people(names).await?;
        Ok(summaries(Some(&groups), cx.principal().ok(), &people))
    }

    /// Every reaction of a comment.
    pub(super) async fn reactions_of(&self, id: CommentId) -> Result<Vec<Stored<Reaction>>> {
        const MAX: usize = limits::REACTIONS_PER_COMMENT_MAX as usize;
        let found = self.store().scan::<Reactions>(Scan::prefix(&id).limit(MAX)).await?;
        Ok(found.items.into_iter().map(|(_, reaction)| reaction).collect())
    }

    /// The accounts of these people, and the guests among them.
    pub(crate) async fn people(&self, who: BTreeSet<Principal>) -> Result<People> {
        let ids: Vec<UserId> = who.iter().filter_map(|who| who.user()).collect();
        let mut users = BTreeMap::new();
        for ids in ids.chunks(PEOPLE) {
            let found = self.store().get_many::<Users>(ids).await?;
            users.extend(found.into_iter().flatten().map(|user| (user.row.id, user.row)));
        }
        let ids: Vec<GuestId> = who.iter().filter_map(|who| who.guest()).collect();
        let mut guests = BTreeMap::new();
        for ids in ids.chunks(PEOPLE) {
            guests.extend(self.guests(ids).await?.into_iter().map(|guest| (guest.id, guest)));
        }
        Ok(People { users, guests })
    }
}

/// The reactions with one emoji, oldest first.
struct Group(Vec<Reaction>);

impl Group {
    fn first(&self) -> impl Iterator<Item = Principal> {
        self.0.iter().take(limits::REACTION_NAMES_MAX).map(|reaction| reaction.principal)
    }
}

fn grouped(reactions: Vec<Stored<Reaction>>) -> Vec<Group> {
    let mut reactions: Vec<Reaction> = reactions.into_iter().map(|reaction| reaction.row).collect();
    reactions.sort_by(|a, b| (a.at, a.principal, &a.emoji).cmp(&(b.at, b.principal, &b.emoji)));
    let mut groups: Vec<Group> = Vec::new();
    for reaction in reactions {
        match groups.iter_mut().find(|group| group.0[0].emoji == reaction.emoji) {
            Some(group) => group.0.push(reaction),
            None => groups.push(Group(vec![reaction])),
        }
    }
    groups
}

fn summaries(groups: Option<&Vec<Group>>, me: Option<Principal>, people: &People) -> Vec<ReactionSummary> {
    let groups = groups.into_iter().flatten();
    let summary = |group: &Group| ReactionSummary {
        emoji: group.0[0].emoji.clone(),
        count: i64::try_from(group.0.len()).unwrap_or(i64::MAX),
        me: group.0.iter().any(|reaction| Some(reaction.principal) == me),
        first: group.first().map(|principal| people.person(principal)).collect(),
    };
    groups.map(summary).collect()
}

/// Everybody whose name or handle is shown.
fn named(comments: &[Stored<Comment>], reactions: &BTreeMap<CommentId, Vec<Group>>) -> BTreeSet<Principal> {
    let authors = comments.iter().map(|comment| comment.row.author);
    let mentioned = comments.iter().flat_map(|comment| comment.row.body.people().iter().copied());
    let mentioned = mentioned.map(Principal::User);
    let reacted = reactions.values().flatten().flat_map(Group::first);
    authors.chain(mentioned).chain(reacted).collect()
}
