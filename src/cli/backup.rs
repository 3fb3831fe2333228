//! `backline backup`: the whole directory as one file, and back again.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What can be done with backups.
#[derive(Debug, Subcommand)]
pub enum BackupCommand {
    /// Write a backup of the data directory, also while a server runs
    Create(CreateArgs),
    /// List the backups in the directory of backups
    List,
    /// Make an empty data directory from a backup
    Restore(BackupFileArgs),
    /// Check that a backup is whole
    Verify(BackupFileArgs),
}

/// Where to write.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// The file to write; it must not exist [default: a new one in the directory of backups]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Leave out recordings, waveforms and pictures, for whoever copies the folder `blobs` themselves
    #[arg(long)]
    pub without_audio: bool,
}

/// Which backup.
#[derive(Debug, Args)]
pub struct BackupFileArgs {
    /// The backup
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(subcommand)]
        command: BackupCommand,
    }

    #[test]
    fn the_commands_parse() {
        for line in [
            "create",
            "create --out /b/one.tar --without-audio",
            "list",
            "restore /b/one.tar",
            "verify /b/one.tar",
        ] {
            let line = std::iter::once("backup").chain(line.split(' '));
            Line::try_parse_from(line).unwrap_or_else(|e| panic!("{e}"));
        }
        assert!(Line::try_parse_from(["backup", "restore"]).is_err());
    }
}
