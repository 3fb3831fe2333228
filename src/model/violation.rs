//! What is wrong with one field of a request. Parsers collect these, so that a client hears of every fault at once.

use std::borrow::Cow;

/// One fault in the input: where, a stable machine name, and a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// A JSON pointer (RFC 6901) into the request body, or `?name` for a query parameter.
    pub pointer: String,
    /// Stable name, such as `too_long`.
    pub code: &'static str,
    /// A sentence that says what would be accepted.
    pub detail: Cow<'static, str>,
}

impl Violation {
    /// A fault at `pointer`.
    pub fn new(pointer: impl Into<String>, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { pointer: pointer.into(), code, detail: detail.into() }
    }
}

/// A fault before it is known which field it belongs to: what the parsers of single values return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Stable name, such as `too_long`.
    pub code: &'static str,
    /// A sentence that says what would be accepted.
    pub detail: Cow<'static, str>,
}

impl Fault {
    /// A fault of one value.
    pub fn new(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into() }
    }
    /// The same fault at a place in the request.
    pub fn at(self, pointer: impl Into<String>) -> Violation {
        Violation { pointer: pointer.into(), code: self.code, detail: self.detail }
    }
}

/// Collects faults while a request is parsed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Violations(pub Vec<Violation>);

impl Violations {
    /// Keeps the value, or notes the fault at `pointer`.
    pub fn check<T>(&mut self, pointer: &str, parsed: Result<T, Fault>) -> Option<T> {
        parsed.map_err(|fault| self.0.push(fault.at(pointer))).ok()
    }
    /// The value if nothing was wrong so far.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Self> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(self),
        }
    }
}
