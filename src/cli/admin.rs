//! `backline admin`: accounts without the web, for the person who owns the machine.

use std::io::Read;

use clap::{Args, Subcommand, ValueEnum};
use model::account::InstanceRole;
use model::limits::PASSWORD_BYTES_MAX;

use crate::config::Secret;

/// What can be done to accounts.
#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Create an account; with the role admin it completes the first-run setup
    CreateUser(CreateUserArgs),
    /// Print a new link for the first-run setup; older ones stop working
    SetupLink,
    /// Print a link with which somebody can choose a new password
    ResetPassword(EmailArgs),
    /// List all accounts
    ListUsers(ListUsersArgs),
    /// Make somebody an administrator, or no longer one
    SetRole(SetRoleArgs),
}

/// Who.
#[derive(Debug, Args)]
pub struct EmailArgs {
    /// The address of the account
    #[arg(long)]
    pub email: String,
}

/// A new account.
#[derive(Debug, Args)]
pub struct CreateUserArgs {
    /// Who.
    #[command(flatten)]
    pub who: EmailArgs,
    /// The name that others see
    #[arg(long)]
    pub name: String,
    /// What the account may do on this server
    #[arg(long, value_enum)]
    pub role: RoleName,
    /// Read the password from standard input, up to the end of its first line
    #[arg(long, required = true)]
    pub password_stdin: bool,
}

/// How to print the list.
#[derive(Debug, Args)]
pub struct ListUsersArgs {
    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// A new role for an account.
#[derive(Debug, Args)]
pub struct SetRoleArgs {
    /// Who.
    #[command(flatten)]
    pub who: EmailArgs,
    /// The new role
    #[arg(long, value_enum)]
    pub role: RoleName,
}

/// An instance role as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RoleName {
    /// Runs the server.
    Admin,
    /// Makes music.
    Member,
}

impl From<RoleName> for InstanceRole {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Admin => Self::Admin,
            RoleName::Member => Self::Member,
        }
    }
}

/// Why there is no password.
#[derive(Debug, thiserror::Error)]
pub enum PasswordInputError {
    /// Nothing before the first line break.
    #[error("there is no password on standard input")]
    Empty,
    /// More than a password can have.
    #[error("the password has more than {PASSWORD_BYTES_MAX} bytes")]
    TooLong,
    /// Not UTF-8.
    #[error("the password is not valid UTF-8")]
    NotText,
    /// The stream failed.
    #[error("standard input cannot be read")]
    Unreadable(#[from] std::io::Error),
}

/// Reads one password: the exact bytes before the first line break, which `echo` and editors add.
pub fn read_password(input: impl Read) -> Result<Secret, PasswordInputError> {
    // Room for the longest password with `\r\n`, and one byte to see that there is more.
    let mut bytes = Vec::new();
    input.take(PASSWORD_BYTES_MAX as u64 + 3).read_to_end(&mut bytes)?;
    let line = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match line.len() {
        0 => Err(PasswordInputError::Empty),
        length if length > PASSWORD_BYTES_MAX => Err(PasswordInputError::TooLong),
        _ => {
            let text = String::from_utf8(line.to_vec()).map_err(|_| PasswordInputError::NotText)?;
            Ok(Secret::new(text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(subcommand)]
        command: AdminCommand,
    }

    fn parse(line: &str) -> Result<AdminCommand, clap::Error> {
        Line::try_parse_from(std::iter::once("admin").chain(line.split(' '))).map(|line| line.command)
    }

    #[test]
    fn an_account_is_created_with_its_password_from_standard_input() {
        let line = "create-user --email a@b.example --name Ada --role admin";
        let Ok(AdminCommand::CreateUser(args)) = parse(&format!("{line} --password-stdin")) else {
            panic!("should parse")
        };
        assert_eq!(
            (args.who.email.as_str(), args.name.as_str(), args.role),
            ("a@b.example", "Ada", RoleName::Admin)
        );
        assert!(parse(line).is_err(), "there is no default password");
        assert!(parse(&format!("{line} --password-stdin").replace("admin", "owner")).is_err());
    }

    #[test]
    fn the_other_commands_parse() {
        for line in [
            "setup-link",
            "reset-password --email a@b",
            "list-users --json",
            "set-role --email a@b --role member",
        ] {
            assert!(parse(line).is_ok(), "{line}");
        }
    }

    #[test]
    fn a_password_is_one_line_of_exact_bytes() {
        let read = |bytes: &[u8]| read_password(bytes).map(|secret| secret.expose().to_owned());
        assert_eq!(read(b"correct horse ").unwrap(), "correct horse ");
        assert_eq!(read("pässwörd\r\nmore".as_bytes()).unwrap(), "pässwörd");
        assert!(matches!(read(b"\nsecond"), Err(PasswordInputError::Empty)));
        assert!(matches!(read(&[0xff, b'\n']), Err(PasswordInputError::NotText)));
        let longest = vec![b'x'; PASSWORD_BYTES_MAX];
        assert_eq!(read(&[longest.as_slice(), b"\r\n"].concat()).unwrap().len(), PASSWORD_BYTES_MAX);
        assert!(matches!(read(&[longest.as_slice(), b"x"].concat()), Err(PasswordInputError::TooLong)));
        assert!(matches!(read(&vec![b'x'; 1 << 20]), Err(PasswordInputError::TooLong)));
    }
}
