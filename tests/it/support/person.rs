//! Somebody in front of the API.

use super::{heard::Heard, live::Live};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

/// A person with a browser: logged in or not.
#[derive(Clone)]
pub struct Person {
    http: Client,
    url: String,
    /// The access token.
    pub token: Option<String>,
    /// The refresh token.
    pub refresh_token: Option<String>,
    /// Their id, if they are logged in.
    pub id: String,
}

impl Person {
    pub(super) fn anonymous(url: String) -> Self {
        let http = Client::builder().timeout(std::time::Duration::from_secs(60)).build().expect("a client");
        Self { http, url, token: None, refresh_token: None, id: String::new() }
    }

    /// The same browser with this `LoginResult`.
    pub fn logged_in(&self, login: &Value) -> Self {
        let text = |name: &str| login[name].as_str().map(str::to_owned);
        let id = login["user"]["id"].as_str().unwrap_or_default().to_owned();
        let token = text("access_token");
        assert!(token.is_some() && !id.is_empty(), "this is no login: {login}");
        Self { token, refresh_token: text("refresh_token"), id, ..self.clone() }
    }

    /// The same browser with another token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// A request, to be completed and awaited. The path starts with a slash.
    pub fn ask(&self, method: Method, path: &str) -> Ask {
        let request = self.http.request(method, format!("{}{path}", self.url));
        Ask(match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
    }

    /// Listens to a stream of events that has begun.
    pub async fn listen(&self, path: &str) -> Live {
        Live::open(self.get(path)).await
    }

    /// GET.
    pub fn get(&self, path: &str) -> Ask {
        self.ask(Method::GET, path)
    }
    /// POST with a JSON body.
    pub fn post(&self, path: &str, body: Value) -> Ask {
        self.ask(Method::POST, path).json(&body)
    }
    /// POST without a body.
    pub fn post_empty(&self, path: &str) -> Ask {
        self.ask(Method::POST, path)
    }
    /// PUT with a JSON body.
    pub fn put(&self, path: &str, body: Value) -> Ask {
        self.ask(Method::PUT, path).json(&body)
    }
    /// PATCH with a JSON body.
    pub fn patch(&self, path: &str, body: Value) -> Ask {
        self.ask(Method::PATCH, path).json(&body)
    }
    /// DELETE.
    pub fn delete(&self, path: &str) -> Ask {
        self.ask(Method::DELETE, path)
    }
}

/// A request that is sent when it is awaited.
pub struct Ask(RequestBuilder);

impl Ask {
    /// With a header.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value))
    }
    /// With a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        Self(self.0.json(body))
    }
    /// With any body.
    #[must_use]
    pub fn body(self, content_type: &str, body: impl Into<reqwest::Body>) -> Self {
        Self(self.0.header("content-type", content_type).body(body))
    }
}

impl Ask {
    /// Sends it; the body is still to be read.
    pub async fn send(self) -> reqwest::Response {
        self.0.send().await.expect("the server answers")
    }
}

impl IntoFuture for Ask {
    type Output = Heard;
    type IntoFuture = Pin<Box<dyn Future<Output = Heard> + Send>>;
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { Heard::read(self.send().await).await })
    }
}
