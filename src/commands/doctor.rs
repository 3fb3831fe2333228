//! `backline doctor`: recomputes what must follow from the rows, and says what does not.

use super::open;
use crate::{
    app::{Instance, control::Control},
    cli::doctor::DoctorArgs,
    config::Config,
};
use anyhow::{Result, bail};
use model::BlobHash;
use store::{
    Blobs,
    doctor::{self, Content, Repair, Report},
};

/// Looks up content without reading it.
struct Files(Blobs);

impl Content for Files {
    fn length(&self, hash: BlobHash) -> Option<u64> {
        self.0.open_file(&hash).ok().map(|(_, size)| size)
    }
}

/// Examines the directory. A server may not run: it would hold the lock of the store.
pub async fn run(config: &Config, args: &DoctorArgs) -> Result<()> {
    if Control::find(&config.data_dir).await?.is_some() {
        bail!("a server is running on {}; stop it first", config.data_dir.display());
    }
    let repair = if args.repair { Repair::Yes } else { Repair::No };
    let instance = open(config).await?;
    let report = examine(&instance, config, repair).await?;
    instance.close().await;
    for finding in &report.findings {
        println!("wrong: {finding}");
    }
    println!(
        "{} rows, {} index entries, {} counters, {} blobs: {} wrong, {} repaired",
        report.rows, report.entries, report.counters, report.blobs, report.wrong, report.repaired
    );
    if report.is_clean() { Ok(()) } else { bail!("the directory is not in order") }
}

/// The report on an opened instance.
pub async fn examine(instance: &Instance, config: &Config, repair: Repair) -> Result<Report> {
    let (store, files, dir) =
        (instance.store.clone(), Files(instance.blobs.clone()), config.data_dir.clone());
    let work = move || {
        let mut report = doctor::examine(&store, Some(&files), repair)?;
        doctor::spills(&dir, &mut report);
        anyhow::Ok(report)
    };
    tokio::task::spawn_blocking(work).await?
}
