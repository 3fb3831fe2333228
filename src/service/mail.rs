//! The mails of accounts: requested by an event, written here when a job sends them, from the rows as they are then.
//!
//! Plain text, one recipient, a link where one is due. The secret in the link is derived again, so nothing secret waits in
//! the log or in a job, and a mail whose token was used meanwhile is not sent.

use crate::{Error, Result, Service};
use model::{
    OneTimeTokenId, Timestamp, UserId,
    account::{OneTimeToken, TokenPurpose, User, UserStatus},
    event::{Event, MailKind, NewEvent},
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
            }),
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
        Ok(text.map(|letter| Mail {
            to: letter.to,
            subject: letter.subject.to_owned(),
            text: letter.text,
            id: order.id,
        }))
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
                | MailKind::PasswordChanged,
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
        MailKind::VerifyEmail | MailKind::PasswordReset => {
            return Err(Error::Internal("a mail with a link was ordered without its token".to_owned()));
        }
    };
    let name = &user.name;
    Ok(Letter { to: user.email.to_string(), subject, text: format!("Hello {name},\n\n{what}\n\n{site}\n") })
}
