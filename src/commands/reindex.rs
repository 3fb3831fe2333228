//! `backline reindex`: makes the search index anew. Beside a running server, the server does it as one of its jobs.

use super::{Way, backup::follow, field};
use crate::config::Config;
use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::Method;

/// Makes it, and says how much it holds.
pub async fn run(config: &Config) -> Result<()> {
    match Way::to(config).await? {
        Way::Server(control) => {
            let job = control.call(Method::POST, "admin/search/reindex", None).await?;
            follow(&control, &field(&job, "id")?).await?;
            println!("the search index was made anew");
        }
        Way::Directory(instance) => {
            let bar = ProgressBar::no_length();
            bar.set_style(ProgressStyle::with_template("{spinner} {pos} {elapsed}")?);
            let made = instance.service.reindex(&|done| bar.set_position(done)).await;
            bar.finish_and_clear();
            instance.close().await;
            println!("the search index was made anew: {} documents", made?);
        }
    }
    Ok(())
}
