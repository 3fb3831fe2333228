//! A child server on a data directory of its own: the real binary, for tests that kill it or starve it.

use anyhow::{Result, ensure};
use std::{
    ffi::OsStr,
    io::Write,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

/// The longest a start may take; a debug build on a busy machine is slow.
const READY_BOUND: Duration = Duration::from_secs(60);
pub const EMAIL: &str = "ada@example.org";
pub const PASSWORD: &str = "correct horse battery";

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_backline"))
}

/// A data directory with an administrator.
pub struct Data {
    dir: PathBuf,
    logs: tempfile::TempDir,
}

impl Data {
    /// A new directory, `data` below this one, that nobody has set up.
    pub fn new(parent: &Path) -> Result<Self> {
        Ok(Self { dir: parent.join("data"), logs: tempfile::tempdir()? })
    }

    /// The same with an administrator.
    pub async fn with_admin(parent: &Path) -> Result<Self> {
        let data = Self::new(parent)?;
        let admin = ["--email", EMAIL, "--name", "Ada", "--role", "admin", "--password-stdin"];
        let made = data.run(&[&["admin", "create-user"], admin.as_slice()].concat(), PASSWORD).await?;
        ensure!(made.status.success(), "the administrator could not be made: {}", made.stderr);
        Ok(data)
    }

    /// Runs a command on this directory to its end; `input` is a line for it to read.
    pub async fn run(&self, arguments: &[&str], input: &str) -> Result<Ran> {
        let mut command = program();
        command.args(arguments).arg("--data").arg(self.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let line = format!("{input}\n");
        let output = tokio::task::spawn_blocking(move || {
            let mut child = command.spawn()?;
            // A command that reads nothing may have ended already.
            drop(child.stdin.take().map(|mut stdin| stdin.write_all(line.as_bytes())));
            child.wait_with_output()
        });
        let output = output.await??;
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ok(Ran { status: output.status, stdout: text(output.stdout), stderr: text(output.stderr) })
    }

    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// Examines the directory; no server may run.
    pub async fn doctor(&self) -> Result<ExitStatus> {
        let ran = self.run(&["doctor"], "").await?;
        eprint!("{}{}", ran.stdout, ran.stderr);
        Ok(ran.status)
    }
}

/// How a command ended, and what it said.
pub struct Ran {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

/// A running server.
pub struct Server {
    child: Child,
    pub url: String,
    log: PathBuf,
}

impl Server {
    pub fn start(data: &Data) -> Result<Self> {
        Self::start_with(data, &[])
    }

    /// With more environment.
    pub fn start_with(data: &Data, environment: &[(&str, &OsStr)]) -> Result<Self> {
        // Nobody else takes the port between these lines but by bad luck, and then the start fails loudly.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let log = data.logs.path().join("server.log");
        let output = std::fs::File::options().create(true).append(true).open(&log)?;
        let child = program()
            .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--data"])
            .arg(data.path())
            .env("BACKLINE_RATE_LIMIT", "off")
            .envs(environment.iter().copied())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()?;
        Ok(Self { child, url: format!("http://127.0.0.1:{port}"), log })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it serves.
    pub async fn ready(&mut self) -> Result<()> {
        let until = Instant::now() + READY_BOUND;
        loop {
            if let Some(status) = self.child.try_wait()? {
                let log = std::fs::read_to_string(&self.log).unwrap_or_default();
                let tail: Vec<&str> = log.lines().rev().take(20).collect();
                anyhow::bail!(
                    "the server ended with {status}: {}",
                    tail.into_iter().rev().collect::<Vec<_>>().join("\n")
                );
            }
            let answer = reqwest::get(format!("{}/readyz", self.url)).await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            ensure!(Instant::now() < until, "the server is not ready after {READY_BOUND:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until it ends by itself, at most so long.
    pub async fn ended_within(&mut self, bound: Duration) -> Result<ExitStatus> {
        let until = Instant::now() + bound;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            ensure!(Instant::now() < until, "the server still runs after {bound:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// SIGKILL: no code of the server runs any more.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// SIGTERM, and it must end well.
    pub async fn stop(mut self) -> Result<()> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        let status = self.ended_within(READY_BOUND).await?;
        ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A test that failed must not leave its server behind; one that ended well has none any more.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
