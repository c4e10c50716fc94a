//! How many instructions a request takes, counted by valgrind: a number that does not swing with the
//! machine's mood. It may not grow by more than a tenth over what `instructions.txt` says.
//!
//! ```text
//! cargo bench --bench instructions                  # counts, and fails when it grew
//! cargo bench --bench instructions -- --accept      # writes down what it counts
//! ```
//!
//! Only what happens inside the functions `counted_…` is counted. Valgrind shows every program the
//! same processor, so the number depends on the compiler and the libraries alone.

#[expect(
    dead_code,
    reason = "shared with the other benchmarks, which use more of it"
)]
mod support;

use std::env::consts::ARCH;
use std::fs;
use std::hint::black_box;
use std::process::{Command, ExitCode};

use anyhow::{Context, bail, ensure};
use api_status_page::domain::body::Body;
use api_status_page::domain::request::{Environment, Kind};
use api_status_page::domain::validate::{Verdict, validate};
use api_status_page::judge::{Answer, Arrival, judge};
use api_status_page::store::recorder::Record;
use clap::{Parser, ValueEnum};

use support::judging::{Bench, bodies};
use support::table::{Table, thousands};

/// So many requests are counted, 5 % of them with a fault.
const REQUESTS: usize = 400;

/// A count may be so many times what is written down.
const TOLERANCE: f64 = 1.10;

/// A line per processor and part: its name and the instructions per request.
const BASELINE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions.txt");

#[derive(Parser)]
struct Options {
    /// Write down what is counted
    #[arg(long)]
    accept: bool,
    /// Under valgrind: walk this part
    #[arg(long, hide = true)]
    walk: Option<Part>,
    /// What Cargo adds
    #[arg(long, hide = true)]
    bench: bool,
}

/// What is counted.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Part {
    /// The rules alone.
    Validate,
    /// From the last byte of a body to its answer and its rows for the recorder.
    Ingest,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let done = match options.walk {
        Some(part) => {
            part.walk();
            Ok(())
        }
        None => compare(options.accept),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn compare(accept: bool) -> anyhow::Result<()> {
    let known = fs::read_to_string(BASELINE).unwrap_or_default();
    let others = known.lines().filter(|line| !line.starts_with(ARCH));
    let mut lines: Vec<String> = others.map(str::to_owned).collect();
    let mut table = Table::new(["instructions per request", "now", "written down", "ratio"]);
    let mut grown = Vec::new();
    for part in Part::ALL {
        let now = part.count()?;
        let name = format!("{ARCH} {}", part.name());
        let line = known.lines().find_map(|line| line.strip_prefix(&name));
        let before = line.map(|line| line.trim().parse::<f64>()).transpose()?;
        table.row([
            part.name().to_owned(),
            thousands(now),
            before.map_or_else(String::new, thousands),
            before.map_or_else(String::new, |before| format!("{:.3}", now / before)),
        ]);
        if before.is_some_and(|before| now > before * TOLERANCE) {
            grown.push(part.name());
        }
        lines.push(format!("{name} {now:.0}"));
    }
    println!("\n{table}");
    if accept {
        return Ok(fs::write(BASELINE, lines.join("\n") + "\n")?);
    }
    ensure!(
        grown.is_empty(),
        "{} grew by more than a tenth. Find out why; if it must be, write it down with --accept.",
        grown.join(" and ")
    );
    Ok(())
}

impl Part {
    const ALL: [Self; 2] = [Self::Validate, Self::Ingest];

    fn name(self) -> &'static str {
        match self {
            Self::Validate => "validate",
            Self::Ingest => "ingest",
        }
    }

    /// Runs this program under valgrind, and reads what it counted.
    fn count(self) -> anyhow::Result<f64> {
        let folder = tempfile::tempdir()?;
        let counted = folder.path().join("counted");
        let output = Command::new("valgrind")
            .arg("--tool=callgrind")
            .arg(format!("--toggle-collect=*counted_{}*", self.name()))
            .arg(format!("--callgrind-out-file={}", counted.display()))
            .arg(std::env::current_exe()?)
            .args(["--walk", self.name()])
            .output()
            .context("valgrind cannot be run; it is a package of that name")?;
        if !output.status.success() {
            bail!("valgrind: {}", String::from_utf8_lossy(&output.stderr));
        }
        let text = fs::read_to_string(&counted)?;
        let total = text
            .lines()
            .find_map(|line| line.strip_prefix("totals: "))
            .context("callgrind says no total")?;
        let each = total.trim().parse::<f64>()? / REQUESTS as f64;
        ensure!(
            each > 0.0,
            "nothing was counted: is the function still called?"
        );
        Ok(each)
    }

    /// Goes its way for each of the requests; the first time for one that is not counted, so that
    /// what is made once is there.
    fn walk(self) {
        let bench = Bench::new();
        let texts = bodies(REQUESTS);
        let bodies: Vec<Body<'_>> = texts
            .iter()
            .map(|text| Body::parse(Kind::Feedback, text.as_bytes()))
            .collect();
        match self {
            Self::Validate => {
                let rules = &bench.snapshot.rules;
                black_box(validate(
                    Kind::Feedback,
                    &bodies[0],
                    rules,
                    Environment::Production,
                ));
                for body in &bodies {
                    black_box(counted_validate(black_box(body), &bench));
                }
            }
            Self::Ingest => {
                let arrival = bench.arrival(&texts[0]);
                black_box(judge(arrival, &bench.snapshot, &bench.public_url));
                for text in &texts {
                    let arrival = bench.arrival(text);
                    black_box(counted_ingest(black_box(arrival), &bench));
                }
            }
        }
    }
}

#[inline(never)]
fn counted_validate<'b>(body: &Body<'_>, bench: &'b Bench) -> Verdict<'b> {
    let rules = &bench.snapshot.rules;
    validate(Kind::Feedback, body, rules, Environment::Production)
}

#[inline(never)]
fn counted_ingest(arrival: Arrival, bench: &Bench) -> (Answer, Record) {
    judge(arrival, &bench.snapshot, &bench.public_url)
}
