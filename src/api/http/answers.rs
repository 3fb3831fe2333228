//! Answers that are given again: to the same login, for the same address, while nothing was written.
//!
//! A response says of itself that it is made of rows alone ([`OfRows`]). What depends on the time, or on anything else that
//! changes without a write, must not say so.

use bytes::Bytes;
use poem::{
    Request, Response,
    http::{HeaderMap, StatusCode, uri::PathAndQuery},
};
use service::{Caller, Login, Memo};

/// Longer bodies are made anew each time, in bytes.
const BODY_BYTES_MAX: usize = 8 * 1024;

/// The body of a response that is made of rows alone.
#[derive(Clone, Debug)]
pub struct OfRows(pub Bytes);

/// The answers of the present state of the rows.
#[derive(Debug, Default)]
pub struct Answers(Memo<Question, Known>);

/// Who asks, and for what.
pub type Question = (Login, PathAndQuery);

#[derive(Clone, Debug)]
struct Known {
    headers: HeaderMap,
    body: Bytes,
}

/// What may have been asked before: a read by somebody who is logged in.
pub fn question(caller: &Caller, request: &Request) -> Option<Question> {
    let address = request.uri().path_and_query().filter(|_| request.method().is_safe())?;
    match caller {
        Caller::User(login) => Some((login.clone(), address.clone())),
        Caller::Guest(_) | Caller::Anonymous | Caller::System => None,
    }
}

impl Answers {
    /// The answer that was given in this generation of the store.
    pub fn recall(&self, generation: u64, question: &Question) -> Option<Response> {
        let known = self.0.recall(generation, question)?;
        let mut response = Response::builder().body(known.body);
        *response.headers_mut() = known.headers;
        Some(response)
    }

    /// Remembers a response that is made of rows alone. The generation is the one from before they were read.
    pub fn keep(&self, generation: u64, question: Question, response: &Response) {
        if let Some(OfRows(body)) = response.data()
            && response.status() == StatusCode::OK
            && body.len() <= BODY_BYTES_MAX
        {
            let known = Known { headers: response.headers().clone(), body: body.clone() };
            self.0.keep(generation, question, known);
        }
    }
}

#[cfg(test)]
mod tests;
