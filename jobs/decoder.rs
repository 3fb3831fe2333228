//! The parent's side of the decoding child: the same binary, started anew, with nothing but its three standard handles and an
//! empty environment. It is killed when whoever waits for it goes away, or when it says nothing for too long.

use crate::{JobError, job::chain};
use audio::{
    Facts, Probe,
    align::Alignment,
    child::{ARGUMENT, MAX_LINE_BYTES, Message, Task, Written},
};
use std::{
    ffi::OsString,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, ChildStdout, Command},
};

/// How long a child may say nothing before it is taken for hung.
const STALL: Duration = Duration::from_secs(180);

/// Starts decoding children.
#[derive(Clone, Debug)]
pub struct Decoder {
    program: PathBuf,
    arguments: Vec<OsString>,
    stall: Duration,
}

/// Why a child gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The file is to blame; the message is for the person who uploaded it.
    #[error("{message}")]
    Refused {
        /// Stable code, such as `unsupported_audio`.
        code: String,
        /// A sentence.
        message: String,
    },
    /// The child ended without an answer: it crashed or ran into a limit.
    #[error("the decoding child ended without an answer ({0})")]
    Crashed(String),
    /// The child said nothing for too long and was killed.
    #[error("the decoding child hung")]
    Stalled,
    /// Our fault: the child could not be started, or cannot work now.
    #[error("the decoding child does not work: {0}")]
    Engine(String),
}

impl DecodeError {
    /// What this means for a job that was tried so often. `file` is what the recordings are to a person: "the file".
    pub(crate) fn into_job_error(self, attempts: u32, file: &str) -> JobError {
        match self {
            Self::Refused { code, message } => JobError::permanent(&code, message),
            // Once may be the machine's fault; twice is the file's.
            Self::Crashed(_) if attempts > 1 => {
                JobError::permanent("corrupt_audio", format!("{file} makes the decoder fail"))
            }
            Self::Stalled if attempts > 1 => {
                let detail = format!("the decoder does not come to an end with {file}");
                JobError::permanent("corrupt_audio", detail)
            }
            Self::Crashed(_) | Self::Stalled | Self::Engine(_) => JobError::Transient(chain(&self)),
        }
    }
}

/// What a child found out or did.
enum Verdict {
    Probed(Probe),
    Analysed(Box<Facts>, Option<Written>),
    Rendered(Written),
    Aligned(Alignment),
}

impl Decoder {
    /// Children of this program, which calls `audio::child::run` when its first argument is [`ARGUMENT`].
    #[must_use]
    pub fn new(program: PathBuf) -> Self {
        Self { program, arguments: Vec::new(), stall: STALL }
    }

    /// The same with arguments before the usual two; for tests that play the child.
    #[must_use]
    pub fn with_arguments(mut self, arguments: Vec<OsString>) -> Self {
        self.arguments = arguments;
        self
    }

    /// The same with another patience.
    #[must_use]
    pub fn with_stall(mut self, stall: Duration) -> Self {
        self.stall = stall;
        self
    }

    /// Names a file.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub async fn probe(&self, task: &Task) -> Result<Probe, DecodeError> {
        match self.run(task, |_| {}).await? {
            Verdict::Probed(probe) => Ok(probe),
            Verdict::Analysed(..) | Verdict::Rendered(_) | Verdict::Aligned(_) => Err(odd_answer()),
        }
    }

    /// Reads a file through, and makes its preview if one is due; `progress` hears how far it is, 0 to 1.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub async fn analyse(
        &self,
        task: &Task,
        progress: impl FnMut(f32) + Send,
    ) -> Result<(Facts, Option<Written>), DecodeError> {
        match self.run(task, progress).await? {
            Verdict::Analysed(facts, preview) => Ok((*facts, preview)),
            Verdict::Probed(_) | Verdict::Rendered(_) | Verdict::Aligned(_) => Err(odd_answer()),
        }
    }

    /// Writes a file from one recording or many; `progress` hears how far it is, 0 to 1.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub async fn render(
        &self,
        task: &Task,
        progress: impl FnMut(f32) + Send,
    ) -> Result<Written, DecodeError> {
        match self.run(task, progress).await? {
            Verdict::Rendered(written) => Ok(written),
            Verdict::Probed(_) | Verdict::Analysed(..) | Verdict::Aligned(_) => Err(odd_answer()),
        }
    }

    /// Finds how far one recording is shifted against another.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub async fn align(&self, task: &Task) -> Result<Alignment, DecodeError> {
        match self.run(task, |_| {}).await? {
            Verdict::Aligned(alignment) => Ok(alignment),
            Verdict::Probed(_) | Verdict::Analysed(..) | Verdict::Rendered(_) => Err(odd_answer()),
        }
    }

    async fn run(&self, task: &Task, mut progress: impl FnMut(f32) + Send) -> Result<Verdict, DecodeError> {
        let (mut child, stdout) = self.start(task)?;
        let mut lines = BufReader::new(stdout);
        loop {
            let next = tokio::time::timeout(self.stall, message(&mut lines)).await;
            match next.map_err(|_| DecodeError::Stalled)?? {
                Some(Message::Progress { fraction }) => progress(fraction),
                Some(Message::Failed { code, message, permanent: true }) => {
                    return Err(DecodeError::Refused { code, message });
                }
                Some(Message::Failed { code, message, permanent: false }) => {
                    return Err(DecodeError::Engine(format!("{code}: {message}")));
                }
                Some(Message::Probed { probe }) => return Ok(Verdict::Probed(probe)),
                Some(Message::Analysed { facts, preview }) => {
                    return Ok(Verdict::Analysed(facts, preview));
                }
                Some(Message::Aligned { alignment }) => return Ok(Verdict::Aligned(alignment)),
                Some(Message::Rendered { written }) => return Ok(Verdict::Rendered(written)),
                None => return Err(self.autopsy(&mut child).await),
            }
        }
    }

    fn start(&self, task: &Task) -> Result<(Child, ChildStdout), DecodeError> {
        let engine = |error: &dyn std::fmt::Display| DecodeError::Engine(error.to_string());
        let argument = task.to_argument().map_err(|error| engine(&error))?;
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .arg(ARGUMENT)
            .arg(argument)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| engine(&error))?;
        let stdout = child.stdout.take().ok_or_else(|| engine(&"it has no output"))?;
        Ok((child, stdout))
    }

    /// What became of a child that closed its output without an answer.
    async fn autopsy(&self, child: &mut Child) -> DecodeError {
        match tokio::time::timeout(self.stall, child.wait()).await {
            Err(_) => DecodeError::Stalled,
            Ok(Err(error)) => DecodeError::Engine(error.to_string()),
            Ok(Ok(status)) => DecodeError::Crashed(status_text(status)),
        }
    }
}

/// The next line of the child; none at its end.
async fn message(lines: &mut BufReader<ChildStdout>) -> Result<Option<Message>, DecodeError> {
    let mut line = Vec::new();
    let count = lines
        .take(MAX_LINE_BYTES as u64)
        .read_until(b'\n', &mut line)
        .await
        .map_err(|error| DecodeError::Engine(error.to_string()))?;
    if count == 0 {
        return Ok(None);
    }
    let line = String::from_utf8_lossy(&line);
    Message::parse(line.trim_end())
        .map(Some)
        .map_err(|_| DecodeError::Crashed("it spoke nonsense".to_owned()))
}

fn odd_answer() -> DecodeError {
    DecodeError::Engine("the child answered another question".to_owned())
}

fn status_text(status: ExitStatus) -> String {
    status.to_string()
}

#[cfg(test)]
mod tests;
