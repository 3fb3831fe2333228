//! What is printed beside the rates.

use std::{fmt, fs::File, io::Write, path::Path, time::Instant};

pub struct Row {
    pub clients: usize,
    pub backline: f64,
    pub sled: f64,
    pub sqlite: f64,
    pub groups: u64,
    pub batches: u64,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[expect(clippy::cast_precision_loss, reason = "both are far below 2^52")]
        let per_sync = self.batches as f64 / self.groups.max(1) as f64;
        write!(
            f,
            "{:>7}  {:>12.0} {:>12.0} {:>12.0}  {:>8.2} {:>8.2}  {:>12.1}",
            self.clients,
            self.backline,
            self.sled,
            self.sqlite,
            self.backline / self.sled,
            self.backline / self.sqlite,
            per_sync
        )
    }
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

pub fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_else(|_| "unknown".into());
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

/// What one sync costs here: the floor under every durable commit.
pub fn fdatasync_us(dir: &Path) -> anyhow::Result<u128> {
    let mut file = File::create(dir.join("sync-probe"))?;
    let mut times = Vec::new();
    for _ in 0..200 {
        file.write_all(&[0x5A; 4096])?;
        let start = Instant::now();
        file.sync_data()?;
        times.push(start.elapsed().as_micros());
    }
    times.sort_unstable();
    Ok(times[times.len() / 2])
}
