//! Who asks: the bearer token of a request becomes a [`Ctx`], and the scopes of a token are held against the operation.
//!
//! [`identify`] is the only place that decides; handlers take [`Auth`] (somebody is logged in) or [`MaybeAuth`].

use crate::{
    codes::Code,
    http::operation::{Access, Operation},
    problem::{Answer, Failure},
};
use async_trait::async_trait;
use model::Timestamp;
use poem::{
    Request, RequestBody, Result,
    http::{Method, header},
};
use poem_openapi::{
    ApiExtractor, ApiExtractorType, ExtractParamOptions,
    registry::{MetaSecurityScheme, Registry},
};
use service::{Caller, Ctx, Service, Via, setup::NewInstance};
use std::ops::Deref;

/// The name of the security scheme in the document.
pub const BEARER: &str = "bearer";
/// The same for guests of a share link.
pub const GUEST: &str = "guest";
/// Longer tokens than any of ours are refused unread, in bytes.
const TOKEN_BYTES_MAX: usize = 4096;

/// What the frame asks the service about a request.
#[async_trait]
pub trait Gate: Send + Sync {
    /// Who carries this access token, personal access token or guest token.
    ///
    /// # Errors
    /// `Unauthenticated` or `TokenExpired`.
    async fn authenticate(&self, bearer: &str, now: Timestamp) -> service::Result<Caller>;
    /// Refuses while the instance waits for its first administrator.
    ///
    /// # Errors
    /// `SetupRequired`.
    async fn require_setup(&self) -> service::Result<()>;
    /// Which state of the rows answers show.
    fn generation(&self) -> u64;
}

#[async_trait]
impl Gate for Service {
    async fn authenticate(&self, bearer: &str, now: Timestamp) -> service::Result<Caller> {
        Service::caller_of(self, bearer, now).await
    }
    async fn require_setup(&self) -> service::Result<()> {
        Service::require_setup(self).await
    }
    fn generation(&self) -> u64 {
        Service::generation(self)
    }
}

/// A caller that the transport has already proved, such as whoever may open the control socket of the data directory.
#[derive(Clone, Debug)]
pub struct TrustedCaller(pub Caller);

/// Somebody is logged in; the rest of the circumstances.
pub struct Auth(pub Ctx);

/// Somebody may be logged in: for operations that also answer to signed URLs or tickets.
pub struct MaybeAuth(pub Ctx);

/// Somebody is logged in, or is a guest of a share link.
pub struct GuestAuth(pub Ctx);

/// Somebody may be logged in or a guest: for operations that also answer to signed URLs or tickets.
pub struct MaybeGuestAuth(pub Ctx);

macro_rules! ctx_extractor {
    ($name:ident, $schemes:expr, $fallback:literal) => {
        impl Deref for $name {
            type Target = Ctx;
            fn deref(&self) -> &Ctx {
                &self.0
            }
        }

        impl<'a> ApiExtractor<'a> for $name {
            const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
            type ParamType = ();
            type ParamRawType = ();

            fn register(registry: &mut Registry) {
                register_schemes(registry);
            }
            fn security_schemes() -> Vec<&'static str> {
                $schemes.to_vec()
            }
            fn has_security_fallback() -> bool {
                $fallback
            }
            async fn from_request(
                request: &'a Request,
                _body: &mut RequestBody,
                _options: ExtractParamOptions<()>,
            ) -> Result<Self> {
                Ok(Self(ctx(request)?))
            }
        }
    };
}

ctx_extractor!(Auth, [BEARER], false);
ctx_extractor!(MaybeAuth, [BEARER], true);
ctx_extractor!(GuestAuth, [BEARER, GUEST], false);
ctx_extractor!(MaybeGuestAuth, [BEARER, GUEST], true);

/// The circumstances of a request to an operation that never asks who calls.
pub struct Anonymous(pub Ctx);

impl Deref for Anonymous {
    type Target = Ctx;
    fn deref(&self) -> &Ctx {
        &self.0
    }
}

impl<'a> poem::FromRequest<'a> for Anonymous {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> Result<Self> {
        Ok(Self(ctx(request)?))
    }
}

/// The secret of the setup link where a client sends it as bearer token, as the document says it may.
pub struct SetupToken(Option<String>);

impl SetupToken {
    /// The same setup with this secret, unless its body names one.
    pub(crate) fn or_in(self, instance: NewInstance) -> NewInstance {
        let token = Some(instance.token).filter(|token| !token.is_empty()).or(self.0);
        NewInstance { token: token.unwrap_or_default(), ..instance }
    }
}

impl<'a> poem::FromRequest<'a> for SetupToken {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> Result<Self> {
        Ok(Self(bearer(request)?.map(str::to_owned)))
    }
}

/// The circumstances that the frame has put together.
pub(crate) fn ctx(request: &Request) -> Answer<Ctx> {
    let cx = request.extensions().get::<Ctx>().cloned();
    cx.ok_or_else(|| Failure::internal("an operation runs outside of its frame"))
}

fn register_schemes(registry: &mut Registry) {
    let scheme = |description, bearer_format| MetaSecurityScheme {
        ty: "http",
        description: Some(description),
        name: None,
        key_in: None,
        scheme: Some("bearer"),
        bearer_format,
        flows: None,
        openid_connect_url: None,
    };
    let people = "An access token from `login`, or a personal access token (`blp_…`) whose scopes name the tag of the operation.";
    registry.create_security_scheme(BEARER, scheme(people, Some("PASETO v4.local")));
    let guests = "A guest token (`blg_…`) from `createGuestSession`, for what its share link shows.";
    registry.create_security_scheme(GUEST, scheme(guests, None));
}

/// Who calls this operation.
///
/// # Errors
/// 401 without a valid token where one is needed, 403 where a personal access token lacks the scope, and for guests where
/// the operation is not for them.
pub async fn identify(
    gate: &dyn Gate,
    operation: &Operation,
    request: &Request,
    now: Timestamp,
) -> Answer<Caller> {
    if operation.access == Access::Open && request.extensions().get::<TrustedCaller>().is_none() {
        return Ok(Caller::Anonymous);
    }
    let caller = bearer_caller(gate, request, now).await?;
    match (&caller, operation.access) {
        (Caller::User(login), _) => check_scope(&login.via, operation.tag, &operation.method)?,
        (Caller::Anonymous, Access::Required) => {
            return Err(Failure::new(Code::Unauthenticated)
                .detail("send `Authorization: Bearer …` with a token from login"));
        }
        (Caller::Guest(_), _) if !operation.for_guests => {
            return Err(Failure::new(Code::Forbidden).detail("this is not for guests of a share link"));
        }
        (Caller::Guest(_) | Caller::Anonymous | Caller::System, _) => {}
    }
    Ok(caller)
}

/// Who carries the bearer token of this request, or whom the transport has proved.
///
/// # Errors
/// 401 for a token that is not good.
pub async fn bearer_caller(gate: &dyn Gate, request: &Request, now: Timestamp) -> Answer<Caller> {
    if let Some(TrustedCaller(caller)) = request.extensions().get() {
        return Ok(caller.clone());
    }
    match bearer(request)? {
        Some(token) => Ok(gate.authenticate(token, now).await?),
        None => Ok(Caller::Anonymous),
    }
}

/// The bearer token of a request (RFC 6750 §2.1).
fn bearer(request: &Request) -> Answer<Option<&str>> {
    let Some(value) = request.headers().get(header::AUTHORIZATION) else { return Ok(None) };
    let refused =
        || Failure::new(Code::Unauthenticated).detail("`Authorization` must be `Bearer` and a token");
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(refused)?;
    let token = token.trim();
    let good = scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.len() <= TOKEN_BYTES_MAX;
    if good { Ok(Some(token)) } else { Err(refused()) }
}

/// The scope that a personal access token needs for a method on things of this tag.
pub fn scope(tag: &str, method: &Method) -> String {
    let verb = if method.is_safe() { "read" } else { "write" };
    format!("{tag}:{verb}")
}

/// Holds the scopes of a personal access token against a tag and a method; whoever may write may read.
///
/// # Errors
/// 403 that names the scope.
pub fn check_scope(via: &Via, tag: &str, method: &Method) -> Answer<()> {
    let Via::Token { scopes, .. } = via else { return Ok(()) };
    let (needed, write) = (scope(tag, method), scope(tag, &Method::POST));
    if scopes.iter().any(|scope| *scope == needed || *scope == write) {
        return Ok(());
    }
    Err(Failure::new(Code::Forbidden).detail(format!("the token lacks the scope {needed}")))
}

#[cfg(test)]
mod tests;
