//! The program: reads the command line and runs the command.

use std::process::ExitCode;

use api_status_page::commands::Cli;

/// 0 when done, 1 when it failed, 2 (clap's) when the command line was not understood.
fn main() -> ExitCode {
    match Cli::read().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("api-status-page: {error:#}");
            ExitCode::FAILURE
        }
    }
}
