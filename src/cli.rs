//! The command line: what can be asked of the program, and the way from an answer to an exit code.
//!
//! Commands are parsed here and carried out elsewhere. Exit codes: 0 done, 1 failed, 2 asked wrongly.

pub mod admin;
pub mod backup;
pub mod doctor;
pub mod server;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};

use crate::commands::{self, block_on};
use crate::config::{Config, ConfigError, ConfigFile, Loaded, Sources};

/// The file that is read when none is named, in the working directory.
const CONFIG_FILE: &str = "backline.toml";
/// Names a configuration file, like `--config`.
const CONFIG_VARIABLE: &str = "BACKLINE_CONFIG";

/// The self-hosted backend for people who make music together.
#[derive(Debug, Parser)]
#[command(name = "backline", version, propagate_version = true, max_term_width = 100)]
pub struct Cli {
    /// What holds for every command.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags that every command takes, before or after its name.
#[derive(Debug, Default, Args)]
pub struct GlobalArgs {
    /// Read this configuration file instead of ./backline.toml
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Keep everything in this directory
    #[arg(long, value_name = "DIR", global = true)]
    pub data: Option<PathBuf>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server
    Serve(server::ListenArgs),
    /// Run a server with a demo song, in a new directory or the one given with --data
    Demo(server::ListenArgs),
    /// Manage accounts
    #[command(subcommand)]
    Admin(admin::AdminCommand),
    /// Make, verify and restore backups
    #[command(subcommand)]
    Backup(backup::BackupCommand),
    /// Check that the data directory is in order; the server must be stopped
    Doctor(doctor::DoctorArgs),
    /// Make the search index anew
    Reindex,
    /// Print the OpenAPI document
    Openapi,
    /// Show the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print the version
    Version,
}

/// What can be asked about the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print every effective value and where it came from
    Show(server::ListenArgs),
}

/// What the process was given, read once.
#[derive(Debug)]
pub struct Invocation {
    /// The program's name and its arguments.
    pub arguments: Vec<std::ffi::OsString>,
    /// The environment. Variables that are not Unicode are left out: none of ours can be.
    pub environment: Vec<(String, String)>,
}

impl Invocation {
    /// Of this process.
    pub fn of_process() -> Self {
        let unicode = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self {
            arguments: std::env::args_os().collect(),
            environment: std::env::vars_os().filter_map(unicode).collect(),
        }
    }
}

/// Does what was asked and says how it went.
pub fn run(invocation: Invocation) -> ExitCode {
    if let Some(code) = child(&invocation.arguments) {
        return code;
    }
    let cli = match Cli::try_parse_from(&invocation.arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are "errors" of clap that go to standard output. A closed pipe is no concern of ours.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    match dispatch(&cli, invocation.environment) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(if error.is::<ConfigError>() { 2 } else { 1 })
        }
    }
}

/// What the process does when another process of this program started it: no command for people.
fn child(arguments: &[std::ffi::OsString]) -> Option<ExitCode> {
    let (work, order) = (arguments.get(1)?.to_str()?, arguments.get(2));
    match (work, order) {
        (audio::child::ARGUMENT, Some(task)) => {
            let done = task
                .to_str()
                .is_some_and(|task| audio::child::run(task, &mut std::io::stdout().lock()).is_ok());
            Some(if done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        (crate::app::TRIAL_ARGUMENT, Some(dir)) => {
            Some(ExitCode::from(crate::app::try_opening(dir.as_ref())))
        }
        _ => None,
    }
}

fn dispatch(cli: &Cli, environment: Vec<(String, String)>) -> anyhow::Result<()> {
    let load_with = |flags| load(&cli.global, flags, environment);
    match &cli.command {
        Command::Version => print(concat!("backline ", env!("CARGO_PKG_VERSION"), "\n")),
        Command::Openapi => print(api::openapi::json()),
        Command::Config(ConfigCommand::Show(listen)) => print(&load_with(listen.flags())?.show()),
        Command::Serve(listen) => {
            let loaded = load_with(listen.flags())?;
            block_on(commands::serve::run(&loaded))
        }
        Command::Demo(listen) => {
            let mut flags = listen.flags();
            // Kept after the program ends: whoever tried something may want to look at it again.
            let fresh = match &cli.global.data {
                Some(_) => None,
                None => Some(tempfile::Builder::new().prefix("backline-demo-").tempdir()?.keep()),
            };
            flags.extend(fresh.iter().map(|dir| ("data_dir", dir.display().to_string())));
            block_on(commands::demo::run(&load_with(flags)?))
        }
        Command::Admin(command) => block_on(commands::admin::run(&load_with(Vec::new())?.config, command)),
        Command::Backup(command) => block_on(commands::backup::run(&load_with(Vec::new())?.config, command)),
        Command::Reindex => block_on(commands::reindex::run(&load_with(Vec::new())?.config)),
        Command::Doctor(args) => block_on(commands::doctor::run(&load_with(Vec::new())?.config, args)),
    }
}

/// The configuration for a command that was given these flags besides the global ones.
pub fn load(
    global: &GlobalArgs,
    mut flags: Vec<(&'static str, String)>,
    environment: Vec<(String, String)>,
) -> Result<Loaded, ConfigError> {
    let variable =
        environment.iter().find(|(name, _)| name == CONFIG_VARIABLE).map(|(_, value)| value.into());
    let file = match global.config.clone().or(variable) {
        Some(path) => ConfigFile::Named(path),
        None => ConfigFile::IfPresent(CONFIG_FILE.into()),
    };
    flags.extend(global.data.iter().map(|dir| ("data_dir", dir.display().to_string())));
    Config::load(&Sources { file, environment, flags })
}

/// Writes an answer to standard output.
fn print(text: &str) -> anyhow::Result<()> {
    use std::io::Write as _;
    std::io::stdout().lock().write_all(text.as_bytes()).context("the answer could not be written")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }

    #[test]
    fn global_flags_stand_before_or_after_the_command() {
        for line in
            [["backline", "--data", "d", "config", "show"], ["backline", "config", "show", "--data", "d"]]
        {
            assert_eq!(Cli::try_parse_from(line).unwrap().global.data, Some("d".into()), "{line:?}");
        }
    }

    #[test]
    fn flags_reach_the_configuration() {
        let cli =
            Cli::try_parse_from(["backline", "config", "show", "--data", "d", "--listen", "h:1"]).unwrap();
        let Command::Config(ConfigCommand::Show(listen)) = &cli.command else { panic!("{:?}", cli.command) };
        let loaded = load(&cli.global, listen.flags(), Vec::new()).unwrap();
        assert_eq!(loaded.config.data_dir, PathBuf::from("d"));
        assert_eq!(loaded.config.listen.as_str(), "h:1");
    }

    #[test]
    fn the_environment_can_name_the_file() {
        let environment = vec![(CONFIG_VARIABLE.to_owned(), "/nowhere.toml".to_owned())];
        let error = load(&GlobalArgs::default(), Vec::new(), environment).expect_err("there is no such file");
        assert!(matches!(error, ConfigError::File { path, .. } if path.ends_with("nowhere.toml")));
    }
}
