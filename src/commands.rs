//! What the commands do. Those that need the data directory speak to the server that holds it, over its control socket; where
//! no server runs they open the directory themselves.

pub mod admin;
pub mod backup;
pub mod demo;
pub mod doctor;
pub mod reindex;
pub mod serve;

use crate::{
    app::{Instance, World, control::Control},
    config::Config,
};
use anyhow::{Context as _, Result};
use serde_json::Value;

/// A way to the data directory.
pub enum Way {
    /// Through the server that holds it.
    Server(Control),
    /// By opening it.
    Directory(Box<Instance>),
}

impl Way {
    /// Finds the way.
    pub async fn to(config: &Config) -> Result<Self> {
        match Control::find(&config.data_dir).await? {
            Some(control) => Ok(Self::Server(control)),
            None => Ok(Self::Directory(Box::new(open(config).await?))),
        }
    }
}

/// A text in an answer of the server.
pub fn field(json: &Value, name: &str) -> Result<String> {
    json[name].as_str().map(str::to_owned).with_context(|| format!("the server's answer has no {name}"))
}

/// Opens the directory for a command. Links it prints lead to the configured address.
pub async fn open(config: &Config) -> Result<Instance> {
    Instance::open(config, World::real(config)?, format!("http://{}", config.listen.as_str())).await
}

/// Runs a command's future on a runtime of its own.
pub fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(future)
}
