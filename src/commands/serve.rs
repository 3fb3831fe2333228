//! `backline serve`: opens, listens, says where, and stops when asked.

use crate::{
    app::{SHUTDOWN_BOUND, Server, World},
    config::{Config, Loaded},
    shutdown, telemetry,
};
use anyhow::Result;

/// Serves until a signal.
pub async fn run(loaded: &Loaded) -> Result<()> {
    let config = &loaded.config;
    telemetry::init(config)?;
    telemetry::install_panic_hook();
    for warning in &loaded.warnings {
        tracing::warn!(config.warning = %warning, "The configuration names something unknown.");
    }
    let server = Server::start(config, World::real(config)?).await?;
    greet(&server, config).await?;
    until_stopped(server, config).await
}

/// Waits for the signal, then stops in order. Meanwhile administrators may have backups restored.
pub async fn until_stopped(mut server: Server, config: &Config) -> Result<()> {
    shutdown::until_signalled(SHUTDOWN_BOUND, |token| async move {
        loop {
            let ordered = server.instance().service.restore_ordered();
            let archive = tokio::select! {
                () = token.cancelled() => break,
                archive = ordered => archive,
            };
            server = server.restore(config, archive).await?;
        }
        server.stop().await;
        anyhow::Ok(())
    })
    .await??;
    tracing::info!("Stopped.");
    Ok(())
}

/// Five lines: what, where, how to go on.
async fn greet(server: &Server, config: &Config) -> Result<()> {
    let service = &server.instance().service;
    let site = service.site_url().await?;
    println!("Backline {}", env!("CARGO_PKG_VERSION"));
    println!("  data      {}", config.data_dir.display());
    println!("  address   {site}");
    if let Some(link) = service.setup_link(&server.instance().operator()).await? {
        println!("  set up    {}", link.url);
    }
    println!("  API       {site}/api/docs");
    if !server.address().ip().is_loopback() && site.starts_with("http://") {
        tracing::warn!(
            "The server can be reached from other machines without TLS: put a reverse proxy with TLS before it."
        );
    }
    Ok(())
}
