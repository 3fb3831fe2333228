//! The mails of accounts: requested by an event, written here when a job sends them, from the rows as they are then.
//!
//! Plain text, one recipient, a link where one is due. The secret in the link is derived again, so nothing secret waits in
//! the log or in a job, and a mail whose token was used meanwhile is not sent.

use crate::{Ctx, Error, Result, Service};
use model::{
    InvitationId, OneTimeTokenId, Timestamp, UserId,
    account::{OneTimeToken, TokenPurpose, User, UserStatus},
    event::{Actor, Event, MailKind, NewEvent},
    ports::Mail,
};
use serde::{Deserialize, Serialize};
use store::tables::{credential::Credentials, one_time_token::OneTimeTokens, user::Users};
use uuid::Uuid;

/// A mail that is due: what a job keeps. It holds ids and nothing secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailOrder {
    /// The id of the event, and of the message on every try.
    pub id: Uuid,
    /// For whom.
    pub user_id: UserId,
    /// The token whose secret it carries.
    pub token: Option<OneTimeTokenId>,
    /// Which text.
    pub kind: MailKind,
    /// The invitation into a project that it brings; `user_id` is then who invites.
    #[serde(default)]
    pub invitation: Option<InvitationId>,
}

impl MailOrder {
    /// The order that an event gives, if it gives one.
    pub fn of(event: &NewEvent) -> Option<Self> {
        match &event.body {
            Event::MailRequested { token, mail } => Some(Self {
                id: event.id.uuid(),
                user_id: UserId::new(event.resource.id),
                token: *token,
                kind: *mail,
                invitation: None,
            }),
            Event::InvitationCreated { by_mail: true } | Event::InvitationResent { by_mail: true } => {
                let Actor::User(user_id) = event.actor else { return None };
                Some(Self {
                    id: event.id.uuid(),
                    user_id,
                    token: None,
                    kind: MailKind::ProjectInvitation,
                    invitation: Some(InvitationId::new(event.resource.id)),
                })
            }
            _ => None,
        }
    }
}

impl Service {
    /// Writes the mail of an order; nothing if there is no reason for it any more.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn mail_to_send(&self, order: &MailOrder, now: Timestamp) -> Result<Option<Mail>> {
        if let Some(invitation) = order.invitation {
            let letter = self.invitation_letter(invitation, now).await?;
            return Ok(letter.map(|letter| letter.mail(order.id)));
        }
        let Some(user) = self.store().get::<Users>(&order.user_id).await? else { return Ok(None) };
        if user.row.status != UserStatus::Active {
            return Ok(None);
        }
        let text = match order.token {
            Some(token) => match self.store().get::<OneTimeTokens>(&token).await? {
                Some(token) if token.row.expires_at > now => {
                    Some(self.letter(&user.row, order.kind, &token.row).await?)
                }
                Some(_) | None => None,
            },
            None => Some(notice(&user.row, order.kind, &self.site_url().await?)?),
        };
        Ok(text.map(|letter| letter.mail(order.id)))
    }

    /// What somebody reads who is invited into a project. Names that people chose are quoted, since the reader knows neither.
    async fn invitation_letter(&self, id: InvitationId, now: Timestamp) -> Result<Option<Letter>> {
        let Some((view, project)) = self.invitation_to_mail(&Ctx::system(now), id).await? else {
            return Ok(None);
        };
        let row = view.invitation.row;
        let (Some(email), Some(link), Some(inviter)) = (row.email, view.link, view.invited_by) else {
            return Ok(None);
        };
        let days = row.expires_at.since(now) / 86_400_000;
        let message = row.message.map(|text| format!("They write:\n\n{text}\n\n")).unwrap_or_default();
        let text = format!(
            "Hello,\n\n“{}” invites you to make music together in the project “{project}”.\n\n{message}Open this link to \
             accept or decline:\n\n{}\n\nIt works for {days} day(s) and for this address alone. If you do not know who \
             this is, ignore this mail.\n",
            inviter.row.name, link.url
        );
        Ok(Some(Letter { to: email.to_string(), subject: "You are invited to a project", text }))
    }

    /// A mail with a link.
    async fn letter(&self, user: &User, kind: MailKind, token: &OneTimeToken) -> Result<Letter> {
        let link = self.link(token).await?;
        let hours = token.expires_at.since(token.created_at) / 3_600_000;
        let (name, url) = (&user.name, &link.url);
        match (kind, &token.purpose) {
            (MailKind::VerifyEmail, TokenPurpose::VerifyEmail { email, .. }) => Ok(Letter {
                to: email.to_string(),
                subject: "Confirm your e-mail address",
                text: format!(
                    "Hello {name},\n\nplease confirm that this is your address by opening this link:\n\n{url}\n\n\
                     It works once and for {hours} hours. If you did not ask for this, ignore this mail and nothing happens.\n"
                ),
            }),
            (MailKind::PasswordReset, TokenPurpose::PasswordReset { .. }) => {
                let first = self.store().get::<Credentials>(&user.id).await?.is_none();
                let (subject, why) = match first {
                    true => ("Your new account", "an account was made for you. Choose your password here:"),
                    false => ("Set a new password", "choose a new password for your account here:"),
                };
                Ok(Letter {
                    to: user.email.to_string(),
                    subject,
                    text: format!(
                        "Hello {name},\n\n{why}\n\n{url}\n\nThe link works once and for {hours} hour(s). If you did not ask \
                         for this, ignore this mail; your account stays as it is.\n"
                    ),
                })
            }
            (
                MailKind::VerifyEmail
                | MailKind::PasswordReset
                | MailKind::AlreadyRegistered
                | MailKind::EmailChanged
                | MailKind::PasswordChanged
                | MailKind::ProjectInvitation,
                _,
            ) => Err(Error::Internal("a mail was ordered with a token of another purpose".to_owned())),
        }
    }
}

struct Letter {
    to: String,
    subject: &'static str,
    text: String,
}

impl Letter {
    fn mail(self, id: Uuid) -> Mail {
        Mail { to: self.to, subject: self.subject.to_owned(), text: self.text, id }
    }
}

/// A mail without a link of its own.
fn notice(user: &User, kind: MailKind, site: &str) -> Result<Letter> {
    let (subject, what) = match kind {
        MailKind::AlreadyRegistered => (
            "You have an account already",
            "somebody, probably you, tried to use this address for a new account. There is one already: log in, or ask for a \
             new password if you forgot yours. If it was not you, there is nothing to do.",
        ),
        MailKind::EmailChanged => (
            "A new e-mail address for your account",
            "somebody, probably you, asked to change the e-mail address of your account. It changes once the new address is \
             confirmed. If it was not you, log in and change your password now.",
        ),
        MailKind::PasswordChanged => (
            "Your password was changed",
            "the password of your account was changed, and every other login was ended. If it was not you, ask for a new \
             password now.",
        ),
        MailKind::VerifyEmail | MailKind::PasswordReset | MailKind::ProjectInvitation => {
            return Err(Error::Internal("a mail with a link was ordered without its token".to_owned()));
        }
    };
    let name = &user.name;
    Ok(Letter { to: user.email.to_string(), subject, text: format!("Hello {name},\n\n{what}\n\n{site}\n") })
}
