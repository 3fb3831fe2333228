//! Who asks, when, and from where: the first argument of every method.

use crate::{Error, Result};
use model::{
    ApiTokenId, GuestId, ProjectId, SessionId, Timestamp, UserId, account::InstanceRole, event::Actor,
    principal::Principal,
};

/// The circumstances of one request. Time comes from here, never from a clock inside a method.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// Who asks.
    pub caller: Caller,
    /// The id under which the request is logged and answered.
    pub request_id: String,
    /// The present, read once.
    pub now: Timestamp,
    /// From where.
    pub client: Client,
    /// How to recognise a repeat of this request.
    pub idempotency: Option<Idempotency>,
}

/// Who asks.
#[derive(Clone, Debug)]
pub enum Caller {
    /// Nobody we know.
    Anonymous,
    /// A person with an account.
    User(Login),
    /// A guest of a share link.
    Guest(Visitor),
    /// The server itself: jobs and the command line without a user.
    System,
}

/// A person, and how they proved it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Login {
    /// Who.
    pub user_id: UserId,
    /// Their part in the instance.
    pub role: InstanceRole,
    /// The security version of the account when it was let in: a commit refuses what a newer one has ended.
    pub security_version: u64,
    /// How they proved it.
    pub via: Via,
}

/// A guest of a share link. What they may do stands in the link, which is read anew each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// Who.
    pub guest_id: GuestId,
    /// Of which project.
    pub project_id: ProjectId,
}

/// How a person proved who they are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Via {
    /// An access token of this session.
    Session(SessionId),
    /// A personal access token.
    Token {
        /// Which.
        id: ApiTokenId,
        /// What it may do.
        scopes: Vec<String>,
        /// Where; absent = everywhere the person may.
        project_ids: Option<Vec<ProjectId>>,
    },
    /// The control socket of the data directory.
    ControlSocket,
}

/// From where a request comes; for sessions and the audit log, never for logs.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// The address.
    pub ip: Option<String>,
    /// What the client calls itself, cut to 200 characters.
    pub user_agent: Option<String>,
}

/// How to recognise a repeat of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// The operationId.
    pub operation: &'static str,
    /// BLAKE3 of the client's key.
    pub key: [u8; 32],
    /// BLAKE3 of the method, the address and the body: what a repeat has in common.
    pub fingerprint: [u8; 32],
}

impl Ctx {
    /// A request of the server itself.
    pub fn system(now: Timestamp) -> Self {
        Self {
            caller: Caller::System,
            request_id: "system".to_owned(),
            now,
            client: Client::default(),
            idempotency: None,
        }
    }

    /// The person who asks.
    ///
    /// # Errors
    /// `Unauthenticated` if nobody logged in, `Forbidden` for a guest.
    pub fn login(&self) -> Result<&Login> {
        match &self.caller {
            Caller::User(login) => Ok(login),
            Caller::Guest(_) => Err(Error::Forbidden("this is not for guests of a share link")),
            Caller::Anonymous | Caller::System => Err(Error::Unauthenticated),
        }
    }

    /// The id of the person who asks.
    ///
    /// # Errors
    /// As [`Self::login`].
    pub fn user_id(&self) -> Result<UserId> {
        self.login().map(|login| login.user_id)
    }

    /// Who speaks: a person or a guest.
    ///
    /// # Errors
    /// `Unauthenticated` if it is nobody.
    pub fn principal(&self) -> Result<Principal> {
        match &self.caller {
            Caller::User(login) => Ok(Principal::User(login.user_id)),
            Caller::Guest(visitor) => Ok(Principal::Guest(visitor.guest_id)),
            Caller::Anonymous | Caller::System => Err(Error::Unauthenticated),
        }
    }

    /// The person who asks, if they run the instance.
    ///
    /// # Errors
    /// `Unauthenticated` or `Forbidden`.
    pub fn admin(&self) -> Result<&Login> {
        let login = self.login()?;
        match login.role {
            InstanceRole::Admin => Ok(login),
            InstanceRole::Member => {
                Err(Error::Forbidden("only an administrator of this instance may do this"))
            }
        }
    }

    /// Who an event names as its author.
    pub fn actor(&self) -> Actor {
        match &self.caller {
            Caller::User(login) => Actor::User(login.user_id),
            Caller::Guest(visitor) => Actor::Guest(visitor.guest_id),
            Caller::Anonymous | Caller::System => Actor::System,
        }
    }
}
