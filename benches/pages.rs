//! How long pages take, over a store as months of traffic leave it: every view of the status page
//! for the company that has half of all requests, through HTTP as a browser sees it, beside what
//! its statements take and read in Postgres; with caches warm and cold, with and without ingest.

mod pages {
    pub mod fill;
    pub mod report;
    pub mod views;
}
#[expect(
    dead_code,
    reason = "shared with the other benchmarks, which use more of it"
)]
mod support;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Parser;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Double, SmallInt, Text};

use api_status_page::clock::Clock;
use api_status_page::domain::api_key::ApiKey;
use api_status_page::domain::company::CompanyId;
use api_status_page::domain::request::Environment;
use pages::fill::{self, Contents};
use pages::report;
use pages::views::{self, Kind, Values, View};
use support::companies::{invalid_body, is_invalid, valid_body};
use support::load;
use support::program::Program;
use support::stage::{Stage, forget_files};
use support::visitor::{FORM, Visitor, header, make_reader};

/// The company whose pages are looked at: the one with half of the requests.
const COMPANY: CompanyId = CompanyId(1);

/// The looks at a page are spread over so many rounds.
const ROUNDS: usize = 3;

#[derive(Parser)]
struct Options {
    /// Requests in the store, in millions; several are compared
    #[arg(long, value_delimiter = ',', default_value = "1")]
    millions: Vec<u64>,
    /// Days that they are spread over
    #[arg(long, default_value_t = 30)]
    days: u64,
    /// Days for which they keep their documents, which take more than half of the room
    #[arg(long, default_value_t = 30)]
    document_days: u64,
    /// Where filled stores are kept for the next run; about 0.8 GB for a million
    #[arg(long)]
    store: Option<PathBuf>,
    /// How often each page is looked at, in three rounds
    #[arg(long, default_value_t = 30)]
    looks: usize,
    /// Connections that send requests meanwhile, for the last part, of two minutes; 0 leaves it out
    #[arg(long, default_value_t = 64)]
    load: usize,
    /// Only pages whose name holds this, with their statements; may be said several times
    #[arg(long)]
    only: Vec<String>,
    /// What Cargo adds
    #[arg(long, hide = true)]
    bench: bool,
}

/// A page, measured.
struct Measured {
    cold: f64,
    /// In order of size.
    times: Vec<f64>,
    statements: Vec<Statement>,
}

/// What a statement took, each time.
#[derive(Debug, QueryableByName)]
struct Statement {
    #[diesel(sql_type = Text)]
    query: String,
    #[diesel(sql_type = BigInt)]
    calls: i64,
    #[diesel(sql_type = Double)]
    planning: f64,
    #[diesel(sql_type = Double)]
    running: f64,
    #[diesel(sql_type = BigInt)]
    rows: i64,
    #[diesel(sql_type = BigInt)]
    blocks: i64,
}

/// All pages of a store of one size.
struct Size {
    millions: u64,
    views: Vec<View>,
    measured: Vec<Measured>,
    loaded: Option<Loaded>,
}

/// A store that is being looked at.
struct Open {
    size: Size,
    /// For the load.
    requests: Arc<[Vec<u8>]>,
    visitor: Visitor,
    program: Program,
    /// Outlives the program that is served from it.
    stage: Stage,
}

/// Pages and ingest beside each other.
#[derive(Default)]
struct Loaded {
    /// Milliseconds that ordinary pages took, in order of size.
    idle: Vec<f64>,
    busy: Vec<f64>,
    /// Requests a second, round by round.
    alone: Vec<f64>,
    beside: Vec<f64>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    match measure(&options) {
        Ok(sizes) => {
            report::print(&sizes, &options);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(options: &Options) -> anyhow::Result<Vec<Size>> {
    let stores = options.millions.iter();
    let stores = stores.map(|millions| Open::cold(*millions, options));
    let mut stores: Vec<Open> = stores.collect::<anyhow::Result<_>>()?;
    let looks = options.looks.div_ceil(ROUNDS);
    for _ in 0..ROUNDS {
        look_round(&mut stores, looks)?;
    }
    let finished = stores.into_iter().map(|store| store.finish(options));
    finished.collect()
}

/// Looks at all pages of all stores, each page of one store after the other: a machine that is slower
/// for a while is so for all of them.
fn look_round(stores: &mut [Open], looks: usize) -> anyhow::Result<()> {
    let views = stores.first().map_or(0, |store| store.size.views.len());
    for place in 0..views {
        for store in &mut *stores {
            store.look_at(place, looks)?;
        }
    }
    Ok(())
}

impl Open {
    /// Fills a store or takes one that is there, and looks at each page with nothing in memory.
    fn cold(millions: u64, options: &Options) -> anyhow::Result<Self> {
        let contents = Contents {
            requests: millions * 1_000_000,
            days: options.days,
            document_days: options.document_days,
        };
        let mut stage = fill::stage(options.store.as_deref(), contents)?;
        make_reader(&mut stage.connection()?, COMPANY)?;
        let requests = requests(&stage)?;
        stage.watch_statements()?;
        let run = check_the_last_day(&stage)?;
        let values = values(&stage, run)?;
        let mut views = views::all(&values, options.days);
        let is_wanted = |view: &View| options.only.iter().any(|only| view.name.contains(only));
        views.retain(|view| options.only.is_empty() || is_wanted(view));
        stage.restart(forget_files)?;
        let program = Program::real(&stage)?;
        let mut visitor = Visitor::sign_in(program.address)?;
        let mut measured = Vec::new();
        for view in &views {
            measured.push(Measured {
                cold: look(&mut visitor, view)?,
                times: Vec::new(),
                statements: Vec::new(),
            });
        }
        let size = Size {
            millions,
            views,
            measured,
            loaded: None,
        };
        Ok(Self {
            size,
            requests,
            visitor,
            program,
            stage,
        })
    }

    /// Looks at a page so many times, after a look that is not counted.
    fn look_at(&mut self, place: usize, looks: usize) -> anyhow::Result<()> {
        let (view, measured) = (&self.size.views[place], &mut self.size.measured[place]);
        look(&mut self.visitor, view)?;
        forget_statements(&self.stage)?;
        for _ in 0..looks {
            measured.times.push(look(&mut self.visitor, view)?);
        }
        // Of the last round: by then the plans are there that stay.
        measured.statements = statements(&self.stage, looks)?;
        Ok(())
    }

    /// Looks at pages beside ingest, if that is wanted, and closes the store.
    fn finish(mut self, options: &Options) -> anyhow::Result<Size> {
        for measured in &mut self.size.measured {
            measured.times.sort_by(f64::total_cmp);
        }
        if options.load > 0 {
            self.size.loaded = Some(under_load(
                &self.program,
                &mut self.visitor,
                &self.size.views,
                &self.requests,
                options.load,
            )?);
        }
        Ok(self.size)
    }
}

/// Milliseconds that a look took.
fn look(visitor: &mut Visitor, view: &View) -> anyhow::Result<f64> {
    let shown = visitor.look(&view.path)?;
    let (status, path) = (shown.status, &view.path);
    // A search that finds one request leads to it.
    ensure!([200, 303].contains(&status), "{path} was answered {status}");
    Ok(shown.time.as_secs_f64() * 1_000.0)
}

/// Looks at 20 ordinary pages a second while requests come in as fast as they are taken.
fn under_load(
    program: &Program,
    visitor: &mut Visitor,
    views: &[View],
    requests: &Arc<[Vec<u8>]>,
    connections: usize,
) -> anyhow::Result<Loaded> {
    const EACH: Duration = Duration::from_secs(6);
    const WARM_UP: Duration = Duration::from_secs(1);
    let ordinary: Vec<&View> = views.iter().filter(|v| v.kind == Kind::Ordinary).collect();
    let mut next_view = ordinary.iter().cycle();
    let mut visit = |until: &dyn Fn() -> bool| -> anyhow::Result<Vec<f64>> {
        let mut times = Vec::new();
        while !until() {
            let view = next_view.next().context("there is no ordinary page")?;
            let next = Instant::now() + Duration::from_millis(50);
            times.push(look(visitor, view)?);
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
        }
        Ok(times)
    };
    let send = || -> anyhow::Result<f64> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let running = load::run(
            program.address,
            connections,
            requests,
            WARM_UP,
            EACH,
            || Ok(()),
        );
        let outcome = runtime.block_on(running)?;
        let unexpected = outcome.others(&[200, 400]);
        ensure!(unexpected == 0, "unexpected: {:?}", outcome.statuses);
        Ok(outcome.rate())
    };
    // Before anything is sent: what came in a burst makes causes slower until it is counted.
    let since = Instant::now();
    let mut loaded = Loaded {
        idle: visit(&|| since.elapsed() > EACH * ROUNDS as u32)?,
        ..Loaded::default()
    };
    for _ in 0..ROUNDS {
        loaded.alone.push(send()?);
        let is_over = AtomicBool::new(false);
        let (busy, beside) = std::thread::scope(|scope| {
            let sending = scope.spawn(|| {
                let rate = send();
                is_over.store(true, Ordering::Relaxed);
                rate
            });
            let busy = visit(&|| is_over.load(Ordering::Relaxed));
            let beside = sending.join().expect("the load panicked");
            anyhow::Ok((busy?, beside?))
        })?;
        loaded.busy.extend(busy);
        loaded.beside.push(beside);
    }
    loaded.idle.sort_by(f64::total_cmp);
    loaded.busy.sort_by(f64::total_cmp);
    Ok(loaded)
}

/// Checks all that failed in a day once more, as a person would; returns the address of that run.
fn check_the_last_day(stage: &Stage) -> anyhow::Result<String> {
    const PATIENCE: Duration = Duration::from_secs(300);
    let program = Program::real(stage)?;
    let mut visitor = Visitor::sign_in(program.address)?;
    let (path, form) = views::recheck(Clock::system().now());
    let answer = visitor.post(&path, FORM, &form)?;
    let run = header(&answer, "location").context("nothing is checked")?;
    let since = Instant::now();
    while visitor.look(run)?.body.contains("<progress") {
        ensure!(since.elapsed() < PATIENCE, "{run} does not end");
        std::thread::sleep(Duration::from_millis(500));
    }
    Ok(run.to_owned())
}

/// Requests of the company for the load, with the key that those in the store came with: what pages
/// ask for is as common in what comes now as it was before. Nobody knows that key, so it is made anew.
fn requests(stage: &Stage) -> anyhow::Result<Arc<[Vec<u8>]>> {
    let environment = Environment::Production;
    let key = ApiKey::generate(environment, &mut rand::rng());
    let renewed = diesel::sql_query(
        "UPDATE api_keys SET hash = $1 WHERE id = ( \
             SELECT min(id) FROM api_keys WHERE company_id = $2 AND environment = $3)",
    )
    .bind::<Binary, _>(key.hash().to_vec())
    .bind::<BigInt, _>(COMPANY.0)
    .bind::<SmallInt, _>(environment.number())
    .execute(&mut stage.connection()?)?;
    ensure!(renewed == 1, "the company has no production key");
    let headers = [("x-api-key", key.expose())];
    let requests = (0..10_000).map(|ticket| {
        let employee = ticket * 7 % 2_000;
        let body = match is_invalid(ticket) {
            true => invalid_body(1, employee, ticket),
            false => valid_body(1, employee, ticket),
        };
        load::post("/v1/requests", &headers, &body.to_string())
    });
    Ok(requests.collect())
}

/// Finds in the store what the pages ask for.
fn values(stage: &Stage, run: String) -> anyhow::Result<Values> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Text)]
        found: String,
    }
    let connection = &mut stage.connection()?;
    let mut find = |what: &str, condition: &str, offset: &str| -> anyhow::Result<String> {
        let found = diesel::sql_query(format!(
            "SELECT {what}::text AS found FROM requests WHERE company_id = $1 \
             AND received_at < now() - interval '1 hour' AND {condition} \
             ORDER BY received_at DESC, id DESC OFFSET {offset} LIMIT 1"
        ));
        let found: Option<Found> = found
            .bind::<BigInt, _>(COMPANY.0)
            .get_result(connection)
            .optional()?;
        Ok(found
            .with_context(|| format!("no {what} where {condition}"))?
            .found)
    };
    let invalid = "error_mask = 4 AND environment = 2";
    // A small store has no thousand pages.
    let far = "(SELECT least(999 * 50 - 1, count(*) / 2) FROM requests \
                WHERE company_id = $1 AND error_mask <> 0 \
                      AND received_at < now() - interval '1 hour')";
    Ok(Values {
        invalid: find("id", invalid, "0")?,
        valid: find("id", "error_mask = 0 AND environment = 2", "0")?,
        ticket: find("ticket_id", "error_mask = 0", "100")?,
        customer: format!("jane.{}@customer.example", find("ticket_id", invalid, "1")?),
        employee: find("employee_sent", invalid, "2")?,
        page_999: find("id", "error_mask <> 0", far)?,
        production_key: find("key_id", "environment = 2", "0")?.parse()?,
        test_key: find("key_id", "environment = 1", "0")?.parse()?,
        run,
    })
}

fn forget_statements(stage: &Stage) -> anyhow::Result<()> {
    let statement = diesel::sql_query("SELECT pg_stat_statements_reset()");
    statement.execute(&mut stage.connection()?)?;
    Ok(())
}

/// What the pages' statements took since they were forgotten, per look.
fn statements(stage: &Stage, looks: usize) -> anyhow::Result<Vec<Statement>> {
    // Those that jobs repeat by themselves come less often than once a look.
    let statements = diesel::sql_query(
        "SELECT query, calls, mean_plan_time AS planning, mean_exec_time AS running, \
                rows / calls AS rows, (shared_blks_hit + shared_blks_read) / calls AS blocks \
         FROM pg_stat_statements WHERE calls >= $1 \
         ORDER BY mean_plan_time + mean_exec_time DESC",
    );
    Ok(statements
        .bind::<BigInt, _>(looks as i64)
        .load(&mut stage.connection()?)?)
}

/// The value that so many of 100 stay within; `sorted` is in order of size.
fn percentile(sorted: &[f64], share: usize) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let place = (sorted.len() * share / 100).min(last);
    sorted.get(place).copied().unwrap_or(f64::NAN)
}
