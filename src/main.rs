//! The program: reads the command line and runs the command.

use std::process::ExitCode;

use api_status_page::commands::Cli;
use tikv_jemallocator::Jemalloc;

/// A request's rows are made by the thread that answers it and freed by the one that records it.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

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
