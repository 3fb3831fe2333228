//! Personal access tokens as JSON.

use crate::{
    http::body::{Checks, Input},
    v1::{dto::Time, scope_areas},
};
use model::{ProjectId, Timestamp, Violations, account, text::Label, violation::Fault};
use poem_openapi::Object;
use serde_json::{Value, json};
use service::{
    Stored,
    token::{MadeApiToken, NewApiToken, Scope},
};
use uuid::Uuid;

/// A personal access token, without its secret.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct ApiToken {
    /// Its id.
    pub id: Uuid,
    /// What it is for.
    pub name: String,
    /// The first characters of the secret.
    pub prefix: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Only these projects; absent = all of the person's.
    pub project_ids: Option<Vec<Uuid>>,
    /// When it lapses; absent = when it is revoked.
    pub expires_at: Option<Time>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Time>,
    /// When it was made.
    pub created_at: Time,
}

impl From<(Stored<account::ApiToken>, Option<Timestamp>)> for ApiToken {
    fn from((token, last_used_at): (Stored<account::ApiToken>, Option<Timestamp>)) -> Self {
        let row = token.row;
        Self {
            id: row.id.uuid(),
            name: row.name.to_string(),
            prefix: row.prefix,
            scopes: row.scopes,
            project_ids: row.project_ids.map(|ids| ids.iter().map(|id| id.uuid()).collect()),
            expires_at: row.expires_at.map(Time),
            last_used_at: last_used_at.map(Time),
            created_at: row.created_at.into(),
        }
    }
}

/// A personal access token as it was made.
#[derive(Clone, Debug, Object)]
#[oai(skip_serializing_if_is_none)]
pub struct CreatedApiToken {
    #[oai(flatten)]
    token: ApiToken,
    /// What the client sends as bearer token. Shown now and never again; absent when a request is repeated.
    secret: Option<String>,
}

impl From<MadeApiToken> for CreatedApiToken {
    fn from(made: MadeApiToken) -> Self {
        Self { token: (made.token, None).into(), secret: made.secret }
    }
}

/// All tokens of a person.
#[derive(Clone, Debug, Object)]
pub struct ApiTokenList {
    /// Oldest first; there are never more than one page.
    pub items: Vec<ApiToken>,
    /// Always null.
    #[oai(nullable)]
    pub next_cursor: Option<String>,
}

/// What a new personal access token needs.
#[derive(Debug, Object)]
pub struct CreateApiToken {
    /// What it is for: 1 to 80 characters.
    name: String,
    /// What it may do: `<tag>:read` or `<tag>:write` with a tag of this document; write includes read.
    scopes: Vec<String>,
    /// When it lapses; absent = when it is revoked.
    expires_at: Option<Time>,
    /// Only these projects; absent = all of yours.
    project_ids: Option<Vec<Uuid>>,
}

impl Input for CreateApiToken {
    type Value = NewApiToken;

    fn example() -> Value {
        json!({"name": "Nightly export", "scopes": ["projects:read", "audio:read"], "expires_at": "2036-01-01T00:00:00Z"})
    }

    fn parse(self) -> Result<NewApiToken, Violations> {
        let mut faults = Violations::default();
        let name = faults.check("/name", Label::parse(&self.name));
        let scopes = faults.each("/scopes", self.scopes, |text| known_scope(&text));
        let project_ids = self.project_ids.map(|ids| ids.into_iter().map(ProjectId::new).collect());
        let expires_at = self.expires_at.map(|time| time.0);
        faults.finish(name.map(|name| NewApiToken { name, scopes, expires_at, project_ids }))
    }
}

/// A scope of an area that the document has: a typing error must not make a token that opens nothing.
fn known_scope(text: &str) -> Result<Scope, Fault> {
    let scope = Scope::parse(text)?;
    let areas = scope_areas();
    if areas.contains(scope.area()) {
        return Ok(scope);
    }
    let known = areas.iter().copied().collect::<Vec<_>>().join(", ");
    Err(Fault::new("unknown_scope", format!("the areas are {known}")))
}
