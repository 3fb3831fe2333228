//! Rate limits: a token bucket for each class of operation and each person, or each address where nobody is logged in. Guests
//! draw from both.
//!
//! The answer carries `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers); beyond it is 429.

use crate::{codes::Code, problem::Failure};
use governor::{
    Quota, RateLimiter, clock::Clock as GovernorClock, middleware::StateInformationMiddleware, nanos::Nanos,
    state::keyed::DashMapStateStore,
};
use model::{GuestId, UserId, limits, ports::Clock};
use poem::http::{HeaderMap, HeaderName, HeaderValue};
use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// After so many decisions the buckets of those who stayed away are forgotten.
const SWEEP_EVERY: u64 = 4096;

/// How dear an operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RateClass {
    /// Logging in and everything else that checks a secret.
    Auth,
    /// Changes.
    Write,
    /// Reads.
    Read,
    /// Audio, waveforms and live streams.
    Stream,
}

impl RateClass {
    /// Every class.
    pub const ALL: [Self; 4] = [Self::Auth, Self::Write, Self::Read, Self::Stream];
    /// The name in headers, metrics and the document.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Write => "write",
            Self::Read => "read",
            Self::Stream => "stream",
        }
    }
    /// Requests a minute, and at once.
    pub const fn per_minute(self) -> u32 {
        match self {
            Self::Auth => limits::RATE_AUTH_PER_MINUTE,
            Self::Write => limits::RATE_WRITE_PER_MINUTE,
            Self::Read => limits::RATE_READ_PER_MINUTE,
            Self::Stream => limits::RATE_STREAM_PER_MINUTE,
        }
    }
}

/// Whether requests are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateLimits {
    /// They are.
    On,
    /// They are not: for tests and benches.
    Off,
}

/// Whose bucket a request draws from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Bucket {
    /// A person's.
    User(UserId),
    /// A guest's.
    Guest(GuestId),
    /// An address's; of IPv6 the /64, which one customer has to themselves.
    Address(IpAddr),
}

impl Bucket {
    /// The bucket of an address.
    pub fn address(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::Address(address),
            IpAddr::V6(v6) => Self::Address(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into()),
        }
    }
}

#[derive(Clone)]
struct WallClock(Arc<dyn Clock>);

impl GovernorClock for WallClock {
    type Instant = Nanos;
    fn now(&self) -> Nanos {
        Duration::from_millis(self.0.now().millis().max(0).cast_unsigned()).into()
    }
}

type Buckets = RateLimiter<Bucket, DashMapStateStore<Bucket>, WallClock, StateInformationMiddleware>;

/// The buckets of every class.
pub struct Limiter {
    classes: Vec<(RateClass, Buckets)>,
    clock: WallClock,
    decisions: AtomicU64,
}

/// What is left of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    class: RateClass,
    remaining: u32,
    full_in_s: u64,
}

impl Limiter {
    /// Full buckets.
    pub fn new(limits: RateLimits, clock: &Arc<dyn Clock>) -> Self {
        let buckets = |class: RateClass| {
            let quota = Quota::per_minute(NonZeroU32::new(class.per_minute()).unwrap_or(NonZeroU32::MIN));
            let state = DashMapStateStore::default();
            (class, Buckets::new(quota, state, WallClock(Arc::clone(clock))))
        };
        let classes = match limits {
            RateLimits::On => RateClass::ALL.map(buckets).into(),
            RateLimits::Off => vec![],
        };
        Self { classes, clock: WallClock(Arc::clone(clock)), decisions: AtomicU64::new(0) }
    }

    /// Draws one request; `None` where nothing is counted.
    ///
    /// # Errors
    /// 429 with `Retry-After`.
    pub fn draw(&self, class: RateClass, bucket: &Bucket) -> Result<Option<Allowance>, Failure> {
        let Some((_, buckets)) = self.classes.iter().find(|(known, _)| *known == class) else {
            return Ok(None);
        };
        if self.decisions.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.classes.iter().for_each(|(_, buckets)| buckets.retain_recent());
        }
        let quota = class.per_minute();
        match buckets.check_key(bucket) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                let full_in_s = u64::from((quota - remaining.min(quota)) * 60 / quota);
                Ok(Some(Allowance { class, remaining, full_in_s }))
            }
            Err(refusal) => {
                let wait_s = refusal.wait_time_from(self.clock.now()).as_secs() + 1;
                let spent = Allowance { class, remaining: 0, full_in_s: 60 };
                let detail = format!("more than {quota} requests of class {} in a minute", class.as_str());
                Err(spent.headers().into_iter().fold(
                    Failure::new(Code::RateLimited).detail(detail).retry_after(wait_s),
                    |failure, (name, value)| failure.header(name, value),
                ))
            }
        }
    }
}

impl Allowance {
    /// `RateLimit-Policy: "write";q=300;w=60` and `RateLimit: "write";r=299;t=1`.
    fn headers(self) -> Vec<(HeaderName, HeaderValue)> {
        let name = self.class.as_str();
        let policy = format!("\"{name}\";q={};w=60", self.class.per_minute());
        let state = format!("\"{name}\";r={};t={}", self.remaining, self.full_in_s);
        let header = |text: String| HeaderValue::from_str(&text).ok();
        let pairs = [(RATE_LIMIT_POLICY, header(policy)), (RATE_LIMIT, header(state))];
        pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// Writes both headers.
    pub fn write(self, headers: &mut HeaderMap) {
        for (name, value) in self.headers() {
            headers.insert(name, value);
        }
    }
}
