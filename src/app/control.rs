//! The control socket: the same API on `<data>/control.sock`, for the operator of the machine.
//!
//! Whoever may open the socket (mode 0600 in a 0700 directory) could read the data directory anyway, so they are the operator
//! and need no token. Commands use it while a server holds the directory.

use anyhow::{Context as _, Result, bail};
use api::security::TrustedCaller;
use poem::{Endpoint, Request, Response};
use reqwest::Method;
use serde_json::Value;
use service::Caller;
use std::{
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::net::{UnixListener, UnixStream};

const SOCKET: &str = "control.sock";

/// The socket; its file goes away with it.
pub struct ControlSocket {
    path: PathBuf,
    listener: std::os::unix::net::UnixListener,
}

impl ControlSocket {
    /// Listens. A socket that a killed server left behind is replaced; the store's lock already proves that no other server
    /// runs.
    pub fn bind(data_dir: &Path) -> Result<Self> {
        let path = data_dir.join(SOCKET);
        if path.exists() {
            std::fs::remove_file(&path)?;
        }
        let listener = std::os::unix::net::UnixListener::bind(&path)
            .with_context(|| format!("{} cannot be listened on", path.display()))?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        listener.set_nonblocking(true)?;
        Ok(Self { path, listener })
    }

    /// What to accept connections from.
    pub fn listener(&self) -> Result<UnixListener> {
        Ok(UnixListener::from_std(self.listener.try_clone()?)?)
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        // Left behind it is replaced at the next start.
        drop(std::fs::remove_file(&self.path));
    }
}

/// Marks a request as the operator's.
pub async fn as_operator<E: Endpoint<Output = Response>>(
    endpoint: Arc<E>,
    mut request: Request,
) -> poem::Result<Response> {
    request.extensions_mut().insert(TrustedCaller(Caller::System));
    endpoint.call(request).await
}

/// The operator's side: speaks to the server that holds a data directory.
pub struct Control {
    client: reqwest::Client,
}

impl Control {
    /// The server of this directory, if one answers.
    pub async fn find(data_dir: &Path) -> Option<Self> {
        let path = data_dir.join(SOCKET);
        UnixStream::connect(&path).await.ok()?;
        let client = reqwest::Client::builder().unix_socket(path).build().ok()?;
        Some(Self { client })
    }

    /// Sends one request to a path of the API and reads its JSON answer. A problem becomes an error with its own words.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let mut request = self.client.request(method, format!("http://localhost/api/v1/{path}"));
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.context("the server does not answer on its control socket")?;
        let status = answer.status();
        let text = answer.text().await?;
        let json: Value = if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? };
        if !status.is_success() {
            let said = json["detail"].as_str().or(json["title"].as_str()).unwrap_or("no reason given");
            bail!("the server refuses ({status}): {said}");
        }
        Ok(json)
    }
}
