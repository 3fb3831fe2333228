//! Committed batches a second: Backline's store against sled with one transaction a commit and SQLite in WAL mode with
//! `synchronous = FULL`, all durable before they answer. Interleaved rounds in one run; the ratios are what counts.
//!
//! `cargo bench --bench store`

#[path = "store/peers.rs"]
mod peers;
#[path = "store/report.rs"]
mod report;

use anyhow::Result;
use peers::{Backline, Peer, Sled, Sqlite};
use report::{Row, median};
use std::{path::Path, time::Duration};

const CLIENTS: [usize; 3] = [1, 16, 64];
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_millis(1500);

fn main() -> Result<()> {
    let dir = match std::env::var_os("BACKLINE_BENCH_DIR") {
        Some(dir) => tempfile::tempdir_in(dir)?,
        None => tempfile::tempdir_in(".")?,
    };
    println!("load average {}", report::load_average());
    println!("fdatasync of 4 KiB: {} µs (median of 200)\n", report::fdatasync_us(dir.path())?);
    println!(
        "{:>7}  {:>12} {:>12} {:>12}  {:>8} {:>8}  {:>12}",
        "clients", "backline/s", "sled/s", "sqlite/s", "÷ sled", "÷ sqlite", "batches/sync"
    );
    for clients in CLIENTS {
        println!("{}", measure(dir.path(), clients)?);
    }
    println!("\nload average {}", report::load_average());
    Ok(())
}

fn measure(dir: &Path, clients: usize) -> Result<Row> {
    let at = dir.join(clients.to_string());
    let backline = Backline::open(&at.join("backline"))?;
    let sled = Sled::open(&at.join("sled"))?;
    let sqlite = Sqlite::open(&at.join("sqlite"))?;
    let mut rates = [const { Vec::new() }; 3];
    let before = backline.totals();
    for _ in 0..ROUNDS {
        let peers: [&dyn Peer; 3] = [&backline, &sled, &sqlite];
        for (peer, rates) in peers.iter().zip(&mut rates) {
            #[expect(clippy::cast_precision_loss, reason = "a rate of batches is far below 2^52")]
            rates.push(peer.run(clients, ROUND)? as f64 / ROUND.as_secs_f64());
        }
    }
    let after = backline.totals();
    let [backline, sled, sqlite] = rates.map(median);
    Ok(Row { clients, backline, sled, sqlite, groups: after.0 - before.0, batches: after.1 - before.1 })
}
