//! The commands, one file each. `serve` is what runs when none is named.

mod company;
mod database;
mod distribute;
mod migrate;
mod serve;
mod settings_file;
mod user;
mod welcome;

use clap::builder::Resettable;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::{ServeConfig, StoreConfig};
use crate::telemetry;

/// Receives feedback requests, validates each against the company's settings, and shows every
/// error with its reason and its remedy.
///
/// Without a command it serves. Every option is also an environment variable, named beside it.
#[derive(Debug, Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    after_help = "Exit codes: 0 done, 1 failed, 2 the command line was not understood."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeConfig,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the Requests API and the pages until stopped
    Serve(ServeConfig),
    /// Bring the store's schema up to date
    Migrate(StoreConfig),
    /// Spread the store's tables over the machines of a Citus cluster
    Distribute(StoreConfig),
    /// Make companies
    #[command(subcommand)]
    Company(CompanyCommand),
    /// Help users in
    #[command(subcommand)]
    User(UserCommand),
}

#[derive(Debug, Subcommand)]
enum CompanyCommand {
    /// Make a company and its admin; prints both API keys, this once, and the link by which the
    /// admin chooses a password
    Create(company::Create),
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Print a one-time link by which a user chooses a new password
    ResetLink(user::ResetLink),
}

impl Cli {
    /// Reads the command line and the environment; ends the process when they are not understood.
    pub fn read() -> Self {
        let matches = without_empty_variables(Self::command()).get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    /// Runs the command to its end.
    pub fn run(self) -> anyhow::Result<()> {
        let log_format = match &self.command {
            None => self.serve.log_format,
            Some(Command::Serve(config)) => config.log_format,
            Some(_) => None,
        };
        telemetry::init(log_format);
        match self.command {
            None => serve::run(&self.serve),
            Some(Command::Serve(config)) => serve::run(&config),
            Some(Command::Migrate(config)) => migrate::run(&config),
            Some(Command::Distribute(config)) => distribute::run(&config),
            Some(Command::Company(CompanyCommand::Create(create))) => create.run(),
            Some(Command::User(UserCommand::ResetLink(link))) => link.run(),
        }
    }
}

/// An empty variable is none: files of variables name what they leave open.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let is_empty = |arg: &clap::Arg| {
        let value = arg.get_env().and_then(std::env::var_os);
        value.is_some_and(|value| value.is_empty())
    };
    command
        .mut_args(|arg| match is_empty(&arg) {
            true => arg.env(Resettable::Reset),
            false => arg,
        })
        .mut_subcommands(without_empty_variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
