//! Who may call what, as far as tokens and scopes say.

use super::*;
use model::{UserId, account::InstanceRole};
use poem_openapi::registry::{MetaOperation, MetaResponses};
use service::{Login, Visitor};
use std::collections::HashMap;
use uuid::Uuid;

struct OneToken(Via);

#[async_trait]
impl Gate for OneToken {
    async fn authenticate(&self, bearer: &str, _now: Timestamp) -> service::Result<Caller> {
        if bearer == "guest" {
            let (guest_id, project_id) = (Uuid::nil().into(), Uuid::nil().into());
            return Ok(Caller::Guest(Visitor { guest_id, project_id }));
        }
        if bearer != "good" {
            return Err(service::Error::Unauthenticated);
        }
        let user_id = UserId::new(Uuid::nil());
        let login = Login { user_id, role: InstanceRole::Member, security_version: 0, via: self.0.clone() };
        Ok(Caller::User(login))
    }
    async fn require_setup(&self) -> service::Result<()> {
        Ok(())
    }
    fn generation(&self) -> u64 {
        0
    }
}

fn operation(method: Method, security: Vec<HashMap<&'static str, Vec<&'static str>>>) -> Operation {
    Operation::describe(MetaOperation {
        method,
        tags: vec!["projects"],
        summary: None,
        description: None,
        external_docs: None,
        params: vec![],
        request: None,
        responses: MetaResponses { responses: vec![] },
        deprecated: false,
        security,
        operation_id: Some("test"),
        code_samples: vec![],
    })
}

fn required() -> Vec<HashMap<&'static str, Vec<&'static str>>> {
    vec![HashMap::from([(BEARER, vec![])])]
}

fn guests() -> Vec<HashMap<&'static str, Vec<&'static str>>> {
    vec![HashMap::from([(BEARER, vec![])]), HashMap::from([(GUEST, vec![])])]
}

fn optional() -> Vec<HashMap<&'static str, Vec<&'static str>>> {
    vec![HashMap::from([(BEARER, vec![])]), HashMap::new()]
}

async fn ask(via: Via, operation: &Operation, authorization: Option<&str>) -> Result<&'static str, Code> {
    let request = Request::builder();
    let request = match authorization {
        Some(value) => request.header(header::AUTHORIZATION, value),
        None => request,
    };
    match identify(&OneToken(via), operation, &request.finish(), Timestamp(0)).await {
        Ok(Caller::User(_)) => Ok("user"),
        Ok(Caller::Guest(_)) => Ok("guest"),
        Ok(Caller::Anonymous) => Ok("anonymous"),
        Ok(Caller::System) => Ok("system"),
        Err(failure) => Err(failure.code()),
    }
}

fn session() -> Via {
    Via::ControlSocket
}

fn token(scopes: &[&str]) -> Via {
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    Via::Token { id: Uuid::nil().into(), scopes, project_ids: None }
}

#[tokio::test]
async fn a_token_is_needed_wanted_or_ignored_as_the_operation_says() {
    let good = Some("Bearer good");
    for (security, token, expected) in [
        (required(), None, Err(Code::Unauthenticated)),
        (required(), good, Ok("user")),
        (required(), Some("bearer good"), Ok("user")),
        (required(), Some("Bearer bad"), Err(Code::Unauthenticated)),
        (required(), Some("Basic good"), Err(Code::Unauthenticated)),
        (required(), Some("Bearer "), Err(Code::Unauthenticated)),
        (optional(), None, Ok("anonymous")),
        (optional(), good, Ok("user")),
        (optional(), Some("Bearer bad"), Err(Code::Unauthenticated)),
        (vec![], Some("Bearer bad"), Ok("anonymous")),
        (required(), Some("Bearer guest"), Err(Code::Forbidden)),
        (optional(), Some("Bearer guest"), Err(Code::Forbidden)),
        (guests(), Some("Bearer guest"), Ok("guest")),
        (guests(), good, Ok("user")),
        (guests(), None, Err(Code::Unauthenticated)),
    ] {
        let operation = operation(Method::GET, security);
        assert_eq!(ask(session(), &operation, token).await, expected, "{:?} {token:?}", operation.access);
    }
}

#[tokio::test]
async fn scopes_follow_tag_and_method() {
    let (read, write) = (operation(Method::GET, required()), operation(Method::PATCH, required()));
    for (scopes, reads, writes) in [
        (vec!["projects:read"], true, false),
        (vec!["projects:write"], true, true),
        (vec!["tracks:write", "projects"], false, false),
        (vec![], false, false),
    ] {
        let outcome = |good| if good { Ok("user") } else { Err(Code::Forbidden) };
        assert_eq!(ask(token(&scopes), &read, Some("Bearer good")).await, outcome(reads), "{scopes:?}");
        assert_eq!(ask(token(&scopes), &write, Some("Bearer good")).await, outcome(writes), "{scopes:?}");
    }
}
