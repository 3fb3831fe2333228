//! `backline backup`: one file with everything, and back again.
//!
//! While a server holds the directory, it writes the backup as one of its jobs and this program waits; where none does, this
//! program opens the directory and writes it itself.

use super::{Way, field, open};
use crate::{
    app::{Instance, World, control::Control},
    cli::backup::{BackupCommand, CreateArgs},
    config::Config,
};
use anyhow::{Context as _, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use model::{backup::BackupContents, limits::PAGE_MAX};
use reqwest::Method;
use serde_json::{Value, json};
use service::{backup::BackupName, page::PageRequest};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use store::{
    StoreConfig,
    backup::{self, Manifest, Order, Progress, Restoring},
};

/// How often the job of a server is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// The bar of a job, which says how far it is as a fraction.
const BAR_STEPS: f64 = 1000.0;

/// Does what was asked.
pub async fn run(config: &Config, command: &BackupCommand) -> Result<()> {
    match command {
        BackupCommand::Create(args) => create(config, args).await,
        BackupCommand::List => list(config).await,
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
    if let Some(out) = args.out.as_ref().filter(|out| out.exists()) {
        bail!("{} exists", out.display());
    }
    match Way::to(config).await? {
        Way::Server(control) => ask(&control, config, args).await,
        Way::Directory(instance) => {
            let written = write(&instance, args).await;
            instance.close().await;
            let (target, manifest) = written?;
            tell("written", &target, &manifest);
            Ok(())
        }
    }
}

/// Writes a backup of an opened directory.
async fn write(instance: &Instance, args: &CreateArgs) -> Result<(PathBuf, Manifest)> {
    let now = instance.operator().now;
    let target = match &args.out {
        Some(out) => out.clone(),
        None => {
            let name = BackupName::of(now, instance.world().ids.uuid(now));
            let target = instance.service.settings().backup_dir.join(name.as_str());
            service::backup::make_dir(&target)?;
            target
        }
    };
    let (store, blobs, file) = (instance.store.clone(), instance.blobs.clone(), target.clone());
    let contents = contents(args);
    let manifest = with_bar(move |progress| {
        let order = Order { target: &file, contents, now };
        backup::create(&store, &blobs, order, &mut |done| {
            progress(done);
            Ok(())
        })
    });
    Ok((target, manifest.await?))
}

fn contents(args: &CreateArgs) -> BackupContents {
    if args.without_audio { BackupContents::Rows } else { BackupContents::Everything }
}

/// Has the server that holds the directory write a backup, and waits for it.
async fn ask(control: &Control, config: &Config, args: &CreateArgs) -> Result<()> {
    let wanted = json!({"include_audio": contents(args) == BackupContents::Everything});
    let job = control.call(Method::POST, "admin/backups", Some(&wanted)).await?;
    let result = follow(control, &field(&job, "id")?).await?;
    let url = field(&result, "file_url")?;
    let name = url.rsplit('/').next().unwrap_or_default();
    let path = format!("admin/backups/{name}");
    let place = match &args.out {
        Some(out) => {
            let kept = || format!("the server keeps the backup as {name}");
            control.download(&path, out).await.with_context(kept)?;
            control.call(Method::DELETE, &path, None).await.with_context(kept)?;
            out.clone()
        }
        // A server that was started with another configuration keeps it elsewhere.
        None => Some(config.backup_dir().join(name)).filter(|file| file.exists()).unwrap_or(name.into()),
    };
    println!("{}: written; the state after event {}", place.display(), result["seq"]);
    Ok(())
}

/// Waits for the end of a job, with a bar; what it made.
pub(super) async fn follow(control: &Control, job: &str) -> Result<Value> {
    let bar = ProgressBar::new(BAR_STEPS as u64);
    bar.set_style(ProgressStyle::with_template("{bar:40} {percent}% {msg} {elapsed}")?);
    loop {
        let job = control.call(Method::GET, &format!("jobs/{job}"), None).await?;
        match job["state"].as_str().unwrap_or_default() {
            "queued" | "running" => {
                bar.set_position((job["progress"].as_f64().unwrap_or_default() * BAR_STEPS) as u64);
                bar.set_message(job["stage"].as_str().unwrap_or("waiting").to_owned());
            }
            "succeeded" => {
                bar.finish_and_clear();
                return Ok(job["result"].clone());
            }
            state => {
                bar.finish_and_clear();
                bail!(
                    "the job has {state}: {}",
                    job["error"]["detail"].as_str().unwrap_or("no reason given")
                );
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn list(config: &Config) -> Result<()> {
    match Way::to(config).await? {
        Way::Server(control) => {
            for backup in control.list("admin/backups").await? {
                let name = backup["name"].as_str().unwrap_or_default();
                println!("{name}  {} bytes  the state after event {}", backup["bytes"], backup["seq"]);
            }
        }
        Way::Directory(instance) => {
            let mut page = PageRequest::first(PAGE_MAX);
            loop {
                let found = instance.service.admin_list_backups(&instance.operator(), &page).await?;
                for backup in found.items {
                    let (name, seq) = (backup.name.as_str(), backup.manifest.seq);
                    println!("{name}  {} bytes  the state after event {seq}", backup.bytes);
                }
                let Some(next) = found.next else { break };
                page.after = Some(next);
            }
            instance.close().await;
        }
    }
    Ok(())
}

async fn restore(config: &Config, archive: PathBuf) -> Result<()> {
    if Control::find(&config.data_dir).await?.is_some() {
        bail!("a server is running on {}; restore into a new directory", config.data_dir.display());
    }
    let world = World::real(config)?;
    let mut store = StoreConfig::new(Arc::clone(&world.clock), Arc::clone(&world.ids));
    store.cache_bytes = config.cache_bytes.get();
    let target = config.data_dir.clone();
    let manifest = with_bar(move |progress| {
        let call_off = jobs::registry::called_off_by_restore();
        let restoring = Restoring { archive: &archive, target: &target, config: &store, call_off: &call_off };
        backup::restore(&restoring, progress)
    })
    .await?;
    // Opening it once proves that it opens.
    open(config).await?.close().await;
    tell("restored", &config.data_dir, &manifest);
    if manifest.contents == BackupContents::Rows {
        println!("It holds no recordings: put a copy of the folder `blobs` there before the server starts.");
    }
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
