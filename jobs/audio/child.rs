//! Decoding in a child process of the same binary, so that a crash, hang or bomb in a file costs that job alone.
//!
//! The parent starts itself with [`ARGUMENT`] and one JSON [`Task`] (stdin and stderr null or a pipe, no other
//! handles), reads one JSON [`Message`] a line from stdout, and kills the child to cancel or when time is up. The last
//! line is never `progress`. A child that ends without one crashed or ran into a limit: the file is to blame.
//! Exit status 0 says that a verdict was printed, whatever it is.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};

use crate::analyse::{Facts, analyse};
use crate::error::AudioError;
use crate::limits::Limits;
use crate::probe::{Probe, probe};
use crate::source::Source;

/// The first argument that makes the binary a decoding child; the second is the task as JSON.
pub const ARGUMENT: &str = "decode-child";
/// Longest message line, bytes; a parent may stop reading there.
pub const MAX_LINE_BYTES: usize = 64 * 1024;

/// What a child may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resources {
    /// Address space, bytes. Includes the mapped binary, so this is no measure of working memory.
    pub address_space_bytes: u64,
    /// Processor time, seconds.
    pub cpu_s: u64,
    /// Largest file it may write, bytes.
    pub file_bytes: u64,
    /// Open files.
    pub open_files: u64,
}

impl Resources {
    /// Enough to name any file.
    pub const PROBE: Self = Self { address_space_bytes: 1 << 30, cpu_s: 2, file_bytes: 0, open_files: 16 };
    /// Enough for twelve hours of sound on a slow machine.
    pub const ANALYSE: Self =
        Self { address_space_bytes: 1 << 30, cpu_s: 3600, file_bytes: 4 << 30, open_files: 16 };
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case")]
pub enum Work {
    /// Name the file.
    Probe,
    /// Read it through and write its pyramid and feature blobs to new files.
    Analyse {
        /// Where the pyramid goes; must not exist.
        pyramid: PathBuf,
        /// Where the features go; must not exist.
        features: PathBuf,
    },
}

/// The order to a child.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// What to do.
    pub work: Work,
    /// The recording.
    pub input: PathBuf,
    /// What a recording may be.
    pub limits: Limits,
    /// What the child may use.
    pub resources: Resources,
}

impl Task {
    /// The task as the second argument of the child.
    ///
    /// # Errors
    /// When a path is not UTF-8.
    pub fn to_argument(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

/// One line of the child's output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Message {
    /// How far the pass has come.
    Progress {
        /// 0 to 1, growing.
        fraction: f32,
    },
    /// The verdict of `probe`.
    Probed {
        /// What the file claims to be.
        probe: Probe,
    },
    /// The verdict of `analyse`; both blobs are written.
    Analysed {
        /// What was found out.
        facts: Facts,
    },
    /// The verdict when there is no other.
    Failed {
        /// Stable code, see [`AudioError::code`].
        code: String,
        /// A sentence for the person who uploaded the file.
        message: String,
        /// Whether the file is to blame, so that trying again cannot help.
        permanent: bool,
    },
}

impl Message {
    /// Reads one line.
    ///
    /// # Errors
    /// When the line is no message, which means that the child is broken.
    pub fn parse(line: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(line)
    }
}

impl From<&AudioError> for Message {
    fn from(error: &AudioError) -> Self {
        let (code, permanent) = (error.code().to_owned(), error.is_permanent());
        Self::Failed { code, message: error.to_string(), permanent }
    }
}

/// The child's main function: reads the task, restricts the process, works, and prints to `out`.
///
/// # Errors
/// When the task cannot be parsed, a limit cannot be set, or `out` is gone. The child must then exit with failure.
pub fn run(task: &str, out: &mut dyn Write) -> io::Result<()> {
    let task: Task = serde_json::from_str(task)?;
    restrict(&task.resources)?;
    perform(&task, out)
}

/// Works on `task` without restricting the process; a panic of a decoder becomes `corrupt_audio`.
///
/// # Errors
/// When `out` is gone.
pub fn perform(task: &Task, out: &mut dyn Write) -> io::Result<()> {
    let worked = catch_unwind(AssertUnwindSafe(|| work(task, out)));
    let verdict = match worked {
        Ok(Ok(message)) => message,
        Ok(Err(error)) => Message::from(&error),
        Err(_) => Message::from(&AudioError::Corrupt { what: "it makes the decoder fail" }),
    };
    say(out, &verdict)
}

fn work(task: &Task, out: &mut dyn Write) -> Result<Message, AudioError> {
    let input = Arc::new(File::open(&task.input)?);
    let (pyramid, features) = match &task.work {
        Work::Probe => return Ok(Message::Probed { probe: probe(input, &task.limits)? }),
        Work::Analyse { pyramid, features } => (pyramid, features),
    };
    let create = |path| OpenOptions::new().read(true).write(true).create_new(true).open(path);
    let mut source = Source::open(input, &task.limits)?;
    // A parent that no longer listens kills us soon; until then the work goes on.
    let mut progress = |fraction| drop(say(out, &Message::Progress { fraction }));
    let analysis = analyse(&mut source, create(pyramid)?, &mut progress, &AtomicBool::new(false))?;
    let mut file = BufWriter::new(create(features)?);
    file.write_all(&analysis.features.to_bytes())?;
    file.flush()?;
    Ok(Message::Analysed { facts: analysis.facts })
}

fn say(out: &mut dyn Write, message: &Message) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    out.write_all(&line)?;
    out.flush()
}

/// Takes away what decoding does not need, for good: soft and hard limits are the same.
fn restrict(resources: &Resources) -> io::Result<()> {
    for (resource, limit) in [
        (Resource::As, resources.address_space_bytes),
        (Resource::Cpu, resources.cpu_s),
        (Resource::Fsize, resources.file_bytes),
        (Resource::Nofile, resources.open_files),
        (Resource::Core, 0),
    ] {
        setrlimit(resource, Rlimit { current: Some(limit), maximum: Some(limit) })?;
    }
    // A parent that dies must not leave a decoder behind.
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    Ok(())
}

#[cfg(test)]
mod tests;
