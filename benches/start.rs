//! How long a start takes: from the process to the first `/readyz` that is answered with 200, on a
//! store that needs no migration. Once with a Postgres that runs, and once with the private one,
//! which is started too.

#[expect(
    dead_code,
    reason = "shared with the other benchmarks, which use more of it"
)]
mod support;

use std::time::Instant;

use clap::Parser;

use support::companies;
use support::program::Program;
use support::stage::Stage;
use support::table::{Table, median};

#[derive(Parser)]
struct Options {
    /// Companies in the store, with two keys each
    #[arg(long, default_value_t = 50)]
    companies: usize,
    /// Employees of each
    #[arg(long, default_value_t = 2_000)]
    employees: usize,
    /// How often each is started
    #[arg(long, default_value_t = 9)]
    starts: usize,
    /// What Cargo adds
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let stage = Stage::new()?;
    let connection = &mut stage.connection()?;
    companies::make(connection, options.companies, options.employees)?;
    let folder = tempfile::Builder::new().prefix("bench-").tempdir()?;
    // The first start makes the cluster and the demo companies.
    Program::private(folder.path())?;
    let (mut running, mut private) = (Vec::new(), Vec::new());
    for _ in 0..options.starts {
        running.push(millis(|| Program::real(&stage))?);
        private.push(millis(|| Program::private(folder.path()))?);
    }
    let mut table = Table::new(["start to ready", "median ms", "fastest ms", "slowest ms"]);
    for (name, times) in [
        ("a Postgres that runs", running),
        ("the private Postgres, started too", private),
    ] {
        let fastest = times.iter().copied().fold(f64::INFINITY, f64::min);
        let slowest = times.iter().copied().fold(0.0, f64::max);
        let cell = |value| format!("{value:.0}");
        table.row([
            name.to_owned(),
            cell(median(times)),
            cell(fastest),
            cell(slowest),
        ]);
    }
    println!("\nOf {} starts each.\n\n{table}", options.starts);
    Ok(())
}

/// Milliseconds until a program is ready; it is stopped after that.
fn millis(start: impl FnOnce() -> anyhow::Result<Program>) -> anyhow::Result<f64> {
    let since = Instant::now();
    let program = start()?;
    let time = since.elapsed();
    drop(program);
    Ok(time.as_secs_f64() * 1_000.0)
}
