//! The control socket: the same API on `<data>/control.sock`, for the operator of the machine.
//!
//! Whoever may open the socket (mode 0600 in a 0700 directory) could read the data directory anyway, so they are the operator
//! and need no token. Commands use it while a server holds the directory.

use anyhow::{Context as _, Result, bail};
use api::security::TrustedCaller;
use model::limits::PAGE_MAX;
use poem::{Endpoint, Request, Response};
use reqwest::Method;
use serde_json::Value;
use service::Caller;
use std::{
    fs::File,
    io::{ErrorKind, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
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
    pub async fn find(data_dir: &Path) -> Result<Option<Self>> {
        let path = data_dir.join(SOCKET);
        match UnixStream::connect(&path).await {
            Ok(_) => {}
            // None, or one that was killed.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
                return Ok(None);
            }
            Err(error) => {
                let what = format!("the server cannot be spoken to through {}", path.display());
                return Err(error).context(what);
            }
        }
        let client = reqwest::Client::builder().unix_socket(path).build()?;
        Ok(Some(Self { client }))
    }

    /// Sends one request to a path of the API and reads its JSON answer. A problem becomes an error with its own words.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let answer = self.send(method, path, body).await?;
        let text = answer.text().await?;
        Ok(if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? })
    }

    /// Every item of a list.
    pub async fn list(&self, path: &str) -> Result<Vec<Value>> {
        let first = format!("{path}{}limit={PAGE_MAX}", if path.contains('?') { '&' } else { '?' });
        let (mut items, mut next) = (Vec::new(), first.clone());
        loop {
            let page = self.call(Method::GET, &next, None).await?;
            items.extend(page["items"].as_array().cloned().unwrap_or_default());
            let Some(cursor) = page["next_cursor"].as_str() else { return Ok(items) };
            next = format!("{first}&cursor={cursor}");
        }
    }

    /// Writes the bytes behind a path to a new file, which appears whole or not at all and only its owner may read.
    pub async fn download(&self, path: &str, target: &Path) -> Result<()> {
        if target.exists() {
            bail!("{} exists", target.display());
        }
        let mut answer = self.send(Method::GET, path, None).await?;
        let draft = store::backup::draft(target);
        let cannot = || format!("{} cannot be written", target.display());
        let mut file = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&draft)
            .with_context(cannot)?;
        let written = async {
            while let Some(bytes) = answer.chunk().await? {
                file.write_all(&bytes)?;
            }
            file.sync_all()?;
            anyhow::Ok(std::fs::rename(&draft, target)?)
        };
        let written = written.await;
        if written.is_err() {
            drop(std::fs::remove_file(&draft));
        }
        written.with_context(cannot)
    }

    /// Sends one request; an answer that is no success is an error with its own words.
    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<reqwest::Response> {
        let mut request = self.client.request(method, format!("http://localhost/api/v1/{path}"));
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.context("the server does not answer on its control socket")?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        let json: Value = serde_json::from_str(&answer.text().await?).unwrap_or_default();
        let said = json["detail"].as_str().or(json["title"].as_str()).unwrap_or("no reason given");
        let faults = json["errors"].as_array().into_iter().flatten();
        let faults: String = faults
            .map(|fault| {
                let word = |name| fault[name].as_str().unwrap_or_default();
                format!("; {} {}", word("pointer"), word("detail"))
            })
            .collect();
        bail!("the server refuses ({status}): {said}{faults}")
    }
}
