//! `backline backup`: one file with everything, and back again. The server must be stopped.

use super::open;
use crate::{
    app::{Instance, World, control::Control},
    cli::backup::{BackupCommand, CreateArgs},
    config::Config,
};
use anyhow::{Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};
use store::{
    StoreConfig,
    backup::{self, Manifest, Progress},
};

/// Does what was asked.
pub async fn run(config: &Config, command: &BackupCommand) -> Result<()> {
    match command {
        BackupCommand::Create(args) => create(config, args).await,
        BackupCommand::Verify(args) => {
            let file = args.file.clone();
            let manifest = with_bar(move |progress| backup::verify(&file, progress)).await?;
            tell("whole", &args.file, &manifest);
            Ok(())
        }
        BackupCommand::Restore(args) => restore(config, args.file.clone()).await,
    }
}

async fn create(config: &Config, args: &CreateArgs) -> Result<()> {
    if Control::find(&config.data_dir).await.is_some() {
        bail!("a server is running on {}; stop it first", config.data_dir.display());
    }
    let instance = open(config).await?;
    let target = target(config, args, instance.operator().now.millis())?;
    let made = write(&instance, target.clone()).await;
    instance.close().await;
    tell("written", &target, &made?);
    Ok(())
}

/// The file to write: the one asked for, or one below the data directory named after the time.
fn target(config: &Config, args: &CreateArgs, now_ms: i64) -> Result<PathBuf> {
    if let Some(out) = &args.out {
        return Ok(out.clone());
    }
    let dir = config.data_dir.join("backups");
    std::fs::create_dir_all(&dir)?;
    Ok(dir.join(format!("backline-{now_ms}.tar")))
}

async fn write(instance: &Instance, target: PathBuf) -> Result<Manifest> {
    let (store, blobs, now) = (instance.store.clone(), instance.blobs.clone(), instance.operator().now);
    with_bar(move |progress| backup::create(&store, &blobs, now, &target, progress)).await
}

async fn restore(config: &Config, file: PathBuf) -> Result<()> {
    if Control::find(&config.data_dir).await.is_some() {
        bail!("a server is running on {}; restore into a new directory", config.data_dir.display());
    }
    let world = World::real(config)?;
    let mut store = StoreConfig::new(Arc::clone(&world.clock), Arc::clone(&world.ids));
    store.cache_bytes = config.cache_bytes.get();
    let target = config.data_dir.clone();
    let (from, into) = (file.clone(), target.clone());
    let manifest = with_bar(move |progress| backup::restore(&from, &into, &store, progress)).await?;
    // Opening it once proves that it opens.
    open(config).await?.close().await;
    tell("restored", &target, &manifest);
    Ok(())
}

/// Runs blocking work with a progress bar on standard error.
async fn with_bar<T: Send + 'static>(
    work: impl FnOnce(&dyn Fn(Progress)) -> Result<T, backup::BackupError> + Send + 'static,
) -> Result<T> {
    let bar = ProgressBar::new(0);
    bar.set_style(ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {eta}")?);
    let shown = bar.clone();
    let done = tokio::task::spawn_blocking(move || {
        work(&|progress: Progress| {
            shown.set_length(progress.total);
            shown.set_position(progress.done);
        })
    })
    .await?;
    bar.finish_and_clear();
    Ok(done?)
}

fn tell(what: &str, path: &Path, manifest: &Manifest) {
    println!(
        "{}: {what}; the state after event {}, {} rows, {} blobs, {} bytes of recordings",
        path.display(),
        manifest.seq,
        manifest.frames,
        manifest.blobs,
        manifest.blob_bytes
    );
}
