//! Running programs in turn and comparing the CPU time of their whole processes.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A command line.
pub struct Program {
    program: PathBuf,
    arguments: Vec<OsString>,
}

impl Program {
    pub fn new(program: impl AsRef<Path>) -> Self {
        Self { program: program.as_ref().to_owned(), arguments: Vec::new() }
    }

    pub fn with(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Runs to the end; CPU seconds, user and system, and what it printed.
    pub fn run(&self) -> (f64, String) {
        let before = children_s();
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).stdin(Stdio::null()).stderr(Stdio::null());
        let output = command.output().expect("the program can be started");
        assert!(output.status.success(), "{} {:?} failed", self.program.display(), self.arguments);
        (children_s() - before, String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// Runs rows and prints them.
pub struct Race {
    rounds: usize,
    /// Only rows whose name has this in it.
    only: String,
}

impl Race {
    pub fn new(rounds: usize, only: String) -> Self {
        println!(
            "{:<28} {:>8} {:>8} {:>7} {:>6} {:>6}  {:>10}",
            "", "ours", "theirs", "ratio", "must", "aim", "memory KiB"
        );
        Self { rounds, only }
    }

    /// Ours against all of theirs one after the other.
    pub fn run(&self, name: &str, ours: &Program, theirs: &[Program], must: f64, aim: f64) {
        if !name.contains(&self.only) {
            return;
        }
        let (mut mine, mut others, mut memory) = (Vec::new(), Vec::new(), 0u64);
        // The first to read a long recording would pay for fetching it from the disk.
        ours.run();
        for _ in 0..self.rounds {
            let (cpu_s, said) = ours.run();
            mine.push(cpu_s);
            memory = memory.max(said.trim().parse().unwrap_or(0));
            others.push(theirs.iter().map(|program| program.run().0).sum());
        }
        let (mine, others) = (median(mine), median(others));
        let ratio = mine / others;
        let verdict = if ratio <= aim {
            "aim"
        } else if ratio <= must {
            "must"
        } else {
            "MISSED"
        };
        println!(
            "{name:<28} {mine:>8.2} {others:>8.2} {ratio:>7.2} {must:>6.2} {aim:>6.2}  {memory:>10} {verdict}"
        );
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// User and system time of all ended children, seconds (proc(5), fields 16 and 17 of stat).
fn children_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("a Linux system");
    let after_name = stat.rsplit_once(')').expect("the name is in brackets").1;
    let ticks =
        after_name.split_whitespace().skip(13).take(2).map(|field| field.parse::<f64>().expect("a number"));
    ticks.sum::<f64>() / rustix::param::clock_ticks_per_second() as f64
}

/// The load average.
pub fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

/// A program named by a variable, or in the path.
pub fn find(variable: &str, name: &str) -> Option<PathBuf> {
    if let Some(path) = std::env::var_os(variable) {
        return Some(PathBuf::from(path));
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|program| program.is_file())
}
