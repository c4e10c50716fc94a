//! The commands, one file each. `serve` is what runs when none is named.

mod company;
mod database;
mod migrate;
mod serve;
mod settings_file;
mod user;
mod welcome;

use clap::{Parser, Subcommand};

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
            Some(Command::Company(CompanyCommand::Create(create))) => create.run(),
            Some(Command::User(UserCommand::ResetLink(link))) => link.run(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
