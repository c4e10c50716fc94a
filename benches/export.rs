//! How fast a list is exported, and in how much memory: everything that one list holds, through
//! HTTP, as both kinds of file, beside what Postgres by itself takes to copy the same rows out.
//!
//! Program, Postgres and reader share the machine's cores: only figures of one run compare, so the
//! contenders take turns, and the ratios come first.

#[expect(
    dead_code,
    reason = "shared with the other benchmarks, which use more of it"
)]
mod support;

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use api_status_page::clock::Clock;
use api_status_page::store::partitions;
use chrono::TimeDelta;
use clap::Parser;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use support::companies::{self, valid_body};
use support::process;
use support::program::Program;
use support::stage::Stage;
use support::table::{Table, median, thousands};
use support::visitor::{Taken, Visitor, make_reader};

/// Employees of the company.
const EMPLOYEES: usize = 2_000;

/// The requests came in so many days.
const DAYS: i64 = 14;

/// Where the list is.
const LIST: &str = "/settings/integrations/api-status/test-requests";

#[derive(Parser)]
struct Options {
    /// Requests that the list holds
    #[arg(long, default_value_t = 1_000_000)]
    requests: u64,
    /// How often the contenders take turns
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Where the filled store is kept for the next run
    #[arg(long)]
    store: Option<PathBuf>,
    /// What Cargo adds
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let stage = match &options.store {
        Some(folder) => Stage::kept(folder)?,
        None => Stage::new()?,
    };
    if number(&stage, "SELECT count(*) FROM companies")? == 0 {
        fill(&stage, options.requests)?;
    }
    let requests = number(&stage, "SELECT count(*) FROM requests")? as u64;
    let program = Program::real(&stage)?;
    let mut visitor = Visitor::sign_in(program.address)?;

    // A day is more than all chunks that are in memory at once.
    for ending in ["csv", "jsonl"] {
        visitor.download(&format!("{LIST}/export.{ending}?range=24h"))?;
    }
    let before = process::peak_memory(program.pid())?;
    let (mut csv, mut json_lines, mut copied) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        copied.push(run(&stage, &program, requests, || copy(&stage))?);
        let mut export = |ending: &str, lines| {
            let path = format!("{LIST}/export.{ending}?range=30d");
            run(&stage, &program, lines, || visitor.download(&path))
        };
        csv.push(export("csv", requests + 1)?);
        json_lines.push(export("jsonl", requests)?);
    }
    let after = process::peak_memory(program.pid())?;

    let mut table = Table::new([
        "",
        "of COPY's rate",
        "rows/s",
        "p50 s",
        "MiB/s",
        "program, µs a row",
        "Postgres, µs a row",
    ]);
    let of = |runs: &[Run], value: fn(&Run) -> f64| median(runs.iter().map(value));
    let best = of(&copied, |run| run.seconds);
    for (name, runs) in [
        ("CSV", &csv),
        ("JSON Lines", &json_lines),
        ("COPY … TO STDOUT", &copied),
    ] {
        let seconds = of(runs, |run| run.seconds);
        let micros = |value| format!("{:.1}", of(runs, value) / requests as f64 * 1e6);
        table.row([
            name.to_owned(),
            format!("{:.2}", best / seconds),
            thousands(requests as f64 / seconds),
            format!("{seconds:.2}"),
            format!("{:.0}", of(runs, |run| run.mib) / seconds),
            micros(|run| run.program),
            micros(|run| run.postgres),
        ]);
    }
    println!("\n{} requests.\n\n{table}", thousands(requests as f64));
    println!(
        "Peak memory of the program: {before:.1} MiB after exports of a day, {after:.1} MiB after \
         {} of everything: {:+.1} MiB.",
        2 * options.rounds,
        after - before
    );
    Ok(())
}

/// Everything taken once.
struct Run {
    seconds: f64,
    mib: f64,
    /// Seconds that the program had on cores.
    program: f64,
    /// The same of Postgres.
    postgres: f64,
}

/// Takes everything, `expected` lines, and measures.
fn run(
    stage: &Stage,
    program: &Program,
    expected: u64,
    take: impl FnOnce() -> anyhow::Result<Taken>,
) -> anyhow::Result<Run> {
    let used = || -> anyhow::Result<(Duration, Duration)> {
        let postgres = process::cpu_of_family(stage.postmaster()?)?;
        Ok((process::cpu(program.pid())?, postgres))
    };
    let before = used()?;
    let since = Instant::now();
    let taken = take()?;
    let time = since.elapsed();
    let after = used()?;
    ensure!(taken.lines == expected, "{} lines came", taken.lines);
    Ok(Run {
        seconds: time.as_secs_f64(),
        mib: taken.bytes as f64 / 1024.0 / 1024.0,
        program: (after.0 - before.0).as_secs_f64(),
        postgres: (after.1 - before.1).as_secs_f64(),
    })
}

/// What Postgres by itself writes of the same rows: one statement, its best plan, nothing between.
fn copy(stage: &Stage) -> anyhow::Result<Taken> {
    let mut psql = Command::new("psql")
        .arg(stage.url())
        .args(["--command", include_str!("export/copy.sql")])
        // As the program's own connections have it.
        .env("PGOPTIONS", "-c jit=off")
        .stdout(Stdio::piped())
        .spawn()
        .context("psql cannot be run; it comes with PostgreSQL")?;
    let output = psql.stdout.take().context("its output is piped")?;
    let taken = Taken::all(output)?;
    ensure!(psql.wait()?.success(), "psql failed");
    Ok(taken)
}

/// A company, somebody of it who reads, and what it sent.
fn fill(stage: &Stage, requests: u64) -> anyhow::Result<()> {
    let since = Instant::now();
    let connection = &mut stage.connection()?;
    let company = &companies::make(connection, 1, EMPLOYEES)?[0];
    make_reader(connection, company.id)?;
    let now = Clock::system().now();
    let begin = now - TimeDelta::days(DAYS);
    partitions::ensure(connection, begin, now)?;
    let step = TimeDelta::days(DAYS).num_microseconds().unwrap_or(0) as f64 / requests as f64;
    let replacements = [
        ("company", company.id.to_string()),
        ("key", company.test_key_id.to_string()),
        ("employees", EMPLOYEES.to_string()),
        ("requests", requests.to_string()),
        ("begin", begin.to_rfc3339()),
        ("step", step.to_string()),
        ("body", valid_body(1, 2, 3).to_string()),
    ];
    let template = include_str!("export/fortnight.sql").to_owned();
    let sql = replacements
        .into_iter()
        .fold(template, |sql, (name, value)| {
            sql.replace(&format!("{{{name}}}"), &value)
        });
    connection.batch_execute("SET synchronous_commit = off")?;
    connection.batch_execute(&sql)?;
    // Index-only scans need the visibility map, plans the statistics.
    for statement in ["VACUUM (ANALYZE)", "CHECKPOINT"] {
        connection.batch_execute(statement)?;
    }
    eprintln!("filled with {requests} requests in {:.0?}", since.elapsed());
    Ok(())
}

fn number(stage: &Stage, query: &str) -> anyhow::Result<i64> {
    let number = diesel::dsl::sql::<BigInt>(&format!("({query})::bigint"));
    Ok(diesel::select(number).get_result(&mut stage.connection()?)?)
}
