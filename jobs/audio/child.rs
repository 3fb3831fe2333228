//! Decoding in a child process of the same binary, so that a crash, hang or bomb in a file costs that job alone.
//!
//! The parent starts itself with [`ARGUMENT`] and one JSON [`Task`] (stdin and stderr null or a pipe, no other
//! handles), reads one JSON [`Message`] a line from stdout, and kills the child to cancel or when time is up. The last
//! line is never `progress`. A child that ends without one crashed or ran into a limit: the file is to blame.
//! Exit status 0 says that a verdict was printed, whatever it is.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};

use crate::align::{Alignment, align_recordings};
use crate::analyse::{Facts, analyse_with};
use crate::error::AudioError;
use crate::features::Features;
use crate::limits::Limits;
use crate::probe::{Probe, probe};
use crate::source::{Samples, Source};
use crate::tags::Tags;

mod mix;
mod render;

pub use mix::{MixOrder, StemFile};
use render::{Pipe, Sound};
pub use render::{Recipe, Written};

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
    /// How far it stands behind when all cores are busy, as `nice` counts.
    pub behind: i32,
}

impl Resources {
    /// Enough to name any file.
    pub const PROBE: Self =
        Self { address_space_bytes: 1 << 30, cpu_s: 2, file_bytes: 0, open_files: 16, behind: 0 };
    /// Enough to read a few minutes of two recordings.
    pub const ALIGN: Self =
        Self { address_space_bytes: 1 << 30, cpu_s: 120, file_bytes: 0, open_files: 16, behind: 5 };
    /// Enough for twelve hours of sound on a slow machine.
    pub const ANALYSE: Self = Self {
        address_space_bytes: 1 << 30,
        cpu_s: 3600,
        file_bytes: 4 << 30,
        open_files: 16,
        // The server answers while all cores decode.
        behind: 10,
    };

    /// Enough to write a file of at most so many bytes of sound, from so many recordings.
    #[must_use]
    pub fn to_write(bytes: u64, recordings: u64) -> Self {
        // Headers, tags and a cover come on top, and a codec may miss its bitrate.
        let file_bytes = bytes.saturating_add(bytes / 4).saturating_add(32 << 20);
        Self { cpu_s: 2 * 3600, file_bytes, open_files: 16 + recordings, ..Self::ANALYSE }
    }
}

/// What to do, and with which files. Files to write must not exist.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case")]
pub enum Work {
    /// Name a recording.
    Probe {
        /// It.
        input: PathBuf,
    },
    /// Read a recording through once.
    Analyse {
        /// It.
        input: PathBuf,
        /// Where its pyramid goes.
        pyramid: PathBuf,
        /// Where its features go.
        features: PathBuf,
        /// The preview that is made on the way.
        preview: Option<Preview>,
    },
    /// Write a recording in another format.
    Render {
        /// It.
        input: PathBuf,
        /// Where the file goes.
        output: PathBuf,
        /// What it becomes.
        recipe: Recipe,
    },
    /// Mix recordings into one file.
    Mix(MixOrder),
    /// Find how far one recording is shifted against another.
    Align {
        /// The recordings.
        recordings: [PathBuf; 2],
        /// Their features.
        features: [PathBuf; 2],
    },
}

/// A preview: made of what browsers do not play, and of what is long and not compressed with loss.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// Where it goes.
    pub output: PathBuf,
    /// What it becomes.
    pub recipe: Recipe,
    /// From this length on a recording without loss is long, milliseconds.
    pub long_ms: u64,
}

impl Preview {
    fn is_due(&self, probe: &Probe) -> bool {
        let lossless = probe.bit_depth.is_some();
        let long = lossless && probe.duration_ms().is_some_and(|length| length >= self.long_ms);
        long || !probe.playable_in_browser()
    }
}

/// The order to a child.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// What to do.
    pub work: Work,
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
    /// The verdict of `analyse`; its files are written.
    Analysed {
        /// What was found out.
        facts: Box<Facts>,
        /// The preview, if one was due.
        preview: Option<Written>,
    },
    /// The verdict of `render` and `mix`; the file is written.
    Rendered {
        /// What it is.
        written: Written,
    },
    /// The verdict of `align`.
    Aligned {
        /// What was found.
        alignment: Alignment,
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
    // A parent that no longer listens kills us soon; until then the work goes on.
    let mut progress = |fraction| drop(say(out, &Message::Progress { fraction }));
    let limits = &task.limits;
    match &task.work {
        Work::Probe { input } => Ok(Message::Probed { probe: probe(Arc::new(File::open(input)?), limits)? }),
        Work::Analyse { input, pyramid, features, preview } => {
            Pass::open(input, preview.as_ref(), limits)?.run(pyramid, features, &mut progress)
        }
        Work::Render { input, output, recipe } => {
            let written = render::render(input, output, *recipe, limits, &mut progress)?;
            Ok(Message::Rendered { written })
        }
        Work::Align { recordings, features } => {
            Ok(Message::Aligned { alignment: align(recordings, features, limits)? })
        }
        Work::Mix(order) => Ok(Message::Rendered { written: mix::mix(order, limits, &mut progress)? }),
    }
}

/// The one pass of `analyse`, with a pipe to the preview where one is due.
struct Pass {
    source: Source,
    preview: Option<Pipe>,
}

impl Pass {
    fn open(input: &Path, preview: Option<&Preview>, limits: &Limits) -> Result<Self, AudioError> {
        let input = Arc::new(File::open(input)?);
        let tags = Tags::read(input.as_ref());
        let source = Source::open(input, limits)?;
        let preview = match preview.filter(|preview| preview.is_due(source.probe())) {
            // Sound that cannot be converted (an odd sample rate, say) has no preview; it is good for all else.
            Some(order) => match Pipe::open(&Sound::of(source.probe()), tags, order.recipe, &order.output) {
                Err(AudioError::Unsupported { .. } | AudioError::Target) => None,
                opened => Some(opened?),
            },
            None => None,
        };
        Ok(Self { source, preview })
    }

    fn run(
        mut self,
        pyramid: &Path,
        features: &Path,
        progress: &mut dyn FnMut(f32),
    ) -> Result<Message, AudioError> {
        let mut also = |samples: Samples<'_>| match &mut self.preview {
            Some(pipe) => pipe.push(samples),
            None => Ok(()),
        };
        let never = AtomicBool::new(false);
        let analysis = analyse_with(&mut self.source, create(pyramid)?, &mut also, progress, &never)?;
        let mut file = BufWriter::new(create(features)?);
        file.write_all(&analysis.features.to_bytes())?;
        file.flush()?;
        let preview = self.preview.map(Pipe::finish).transpose()?;
        Ok(Message::Analysed { facts: Box::new(analysis.facts), preview })
    }
}

fn align(
    recordings: &[PathBuf; 2],
    features: &[PathBuf; 2],
    limits: &Limits,
) -> Result<Alignment, AudioError> {
    let open = |path: &PathBuf| Ok::<_, AudioError>(Arc::new(File::open(path)?));
    let read = |path: &PathBuf| {
        let found = Features::from_bytes(&std::fs::read(path)?);
        found.ok_or(AudioError::Corrupt { what: "its features cannot be read" })
    };
    let (a, b) = (open(&recordings[0])?, open(&recordings[1])?);
    let (features_a, features_b) = (read(&features[0])?, read(&features[1])?);
    align_recordings((a, &features_a), (b, &features_b), limits)
}

/// A new file for reading and writing.
fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).open(path)
}

fn say(out: &mut dyn Write, message: &Message) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    out.write_all(&line)?;
    out.flush()
}

/// Takes away what decoding does not need, for good: soft and hard limits are the same.
fn restrict(resources: &Resources) -> io::Result<()> {
    rustix::process::nice(resources.behind)?;
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
