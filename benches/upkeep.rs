//! What ingest feels of the work beside it: personal data expunged and a partition dropped, a large
//! file of employees imported, and settings of very many companies in memory. The real program with
//! a durable Postgres; load and program share the cores, so only figures of one run compare.

#[expect(
    dead_code,
    reason = "shared with the other benchmarks, which use more of it"
)]
mod support;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use api_status_page::clock::Clock;
use api_status_page::store::partitions;
use chrono::TimeDelta;
use clap::Parser;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use support::companies::{self, Company, valid_body};
use support::load::{self, Outcome};
use support::process;
use support::program::Program;
use support::stage::Stage;
use support::table::{Table, median, thousands};
use support::visitor::{FORM, Visitor, header, make_reader};

#[derive(Parser)]
struct Options {
    /// Companies that send
    #[arg(long, default_value_t = 50)]
    companies: usize,
    /// Employees of each
    #[arg(long, default_value_t = 1_000)]
    employees: usize,
    /// Companies that send nothing, with 20 keys in 100 of them
    #[arg(long, default_value_t = 4_950)]
    quiet_companies: i64,
    /// Documents to expunge, of all companies together
    #[arg(long, default_value_t = 1_000_000)]
    documents: i64,
    /// Lines of the file that is imported
    #[arg(long, default_value_t = 50_000)]
    lines: usize,
    /// Connections of the load
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 15)]
    seconds: u64,
    /// How often they take turns
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// What Cargo adds
    #[arg(long, hide = true)]
    bench: bool,
}

/// What is done beside the requests.
const BESIDE: [&str; 3] = [
    "nothing",
    "a file of employees is imported",
    "personal data goes",
];

/// A measurement, and what was done meanwhile.
struct Measured {
    load: Outcome,
    done: String,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let stage = Stage::new()?;
    let companies = companies::make(
        &mut stage.connection()?,
        options.companies,
        options.employees,
    )?;
    make_quiet_companies(&stage, options.quiet_companies)?;
    make_reader(&mut stage.connection()?, companies[0].id)?;
    let requests = requests(&companies, options.employees);
    let mut memory: f64 = 0.0;
    let mut rounds = Vec::new();
    for round in 1..=options.rounds {
        eprintln!("round {round} of {}", options.rounds);
        let (measured, peak) = measure(&stage, &options, &companies, &requests, round)?;
        memory = memory.max(peak);
        rounds.push(measured);
    }
    println!(
        "\n{} companies, {} of them send over {} connections for {} s; medians of {} rounds, the \
         longest of all.\n\n{}",
        options.companies as i64 + options.quiet_companies,
        options.companies,
        options.connections,
        options.seconds,
        options.rounds,
        table(&rounds)
    );
    println!("Peak memory of the program with the import: {memory:.0} MiB.");
    println!("On the disk, MiB per million requests: {}.", disk(&stage)?);
    Ok(())
}

/// One of each, and the peak memory in MiB with the import.
fn measure(
    stage: &Stage,
    options: &Options,
    companies: &[Company],
    requests: &Arc<[Vec<u8>]>,
    round: usize,
) -> anyhow::Result<([Measured; 3], f64)> {
    let load = |program: &Program, beside: &mut dyn FnMut() -> anyhow::Result<()>| {
        load_beside(program.address, options, requests, beside)
    };
    let program = Program::real(stage)?;
    let quiet = load(&program, &mut || Ok(()))?;
    let mut took = Duration::ZERO;
    let imported = load(&program, &mut || {
        took = import(program.address, options.lines, round)?;
        Ok(())
    })?;
    let memory = process::peak_memory(program.pid())?;
    drop(program);

    fill_with_old(stage, companies, options.documents)?;
    // A program that starts begins its upkeep two seconds later.
    let program = Program::real(stage)?;
    let upkeep = load(&program, &mut || Ok(()))?;
    let left = number(
        stage,
        "SELECT count(*) FROM request_documents WHERE body = 'old'",
    )?;
    let gone = number(stage, PARTITION_IS_THERE)? == 0;
    let measured = [
        Measured {
            load: quiet,
            done: String::new(),
        },
        Measured {
            load: imported,
            done: format!("{} lines in {:.1} s", options.lines, took.as_secs_f64()),
        },
        Measured {
            load: upkeep,
            done: format!(
                "{} documents expunged, the partition {}",
                thousands((options.documents - left) as f64),
                if gone { "dropped" } else { "not dropped" }
            ),
        },
    ];
    Ok((measured, memory))
}

fn table(rounds: &[[Measured; 3]]) -> Table {
    let mut table = Table::new([
        "beside the requests",
        "p99 over nothing's",
        "requests/s over nothing's",
        "requests/s",
        "p50 ms",
        "p99 ms",
        "p99.9 ms",
        "longest ms",
        "what was done",
    ]);
    for (place, name) in BESIDE.into_iter().enumerate() {
        let middle = |of: fn(&Outcome) -> f64| median(rounds.iter().map(|r| of(&r[place].load)));
        let ratio = |of: fn(&Outcome) -> f64| {
            median(rounds.iter().map(|r| of(&r[place].load) / of(&r[0].load)))
        };
        let longest = rounds.iter().map(|r| r[place].load.per_mille(1_000));
        let done: Vec<&str> = rounds.iter().map(|r| r[place].done.as_str()).collect();
        let time = |millis: f64| format!("{millis:.1}");
        table.row([
            name.to_owned(),
            format!("{:.2}", ratio(|load| load.per_mille(990))),
            format!("{:.2}", ratio(Outcome::rate)),
            thousands(middle(Outcome::rate)),
            time(middle(|load| load.per_mille(500))),
            time(middle(|load| load.per_mille(990))),
            time(middle(|load| load.per_mille(999))),
            time(longest.fold(0.0, f64::max)),
            done.join("; "),
        ]);
    }
    table
}

/// Companies with channels, and 1,000 keys among them.
fn make_quiet_companies(stage: &Stage, count: i64) -> anyhow::Result<()> {
    stage.connection()?.batch_execute(&format!(
        "INSERT INTO companies (name, lookup_key, created_at) \
         SELECT 'Quiet ' || n, '\\x07', now() FROM generate_series(1, {count}) AS n; \
         INSERT INTO channels (company_id, label, folded, name, enabled, integrated) \
         SELECT id, 'email', 'email', 'E-mail', true, true FROM companies WHERE name LIKE 'Quiet %'; \
         INSERT INTO api_keys (company_id, environment, name, tail, hash, created_at) \
         SELECT id, 2, 'Key', 'f31c', sha256((id || '-' || n)::bytea), now() \
         FROM (SELECT id FROM companies WHERE name LIKE 'Quiet %' LIMIT 50) AS c, \
              generate_series(1, 20) AS n"
    ))?;
    Ok(())
}

/// Valid requests of all companies in turn.
fn requests(companies: &[Company], employees: usize) -> Arc<[Vec<u8>]> {
    (0..20_000)
        .map(|ticket| {
            let company = &companies[ticket % companies.len()];
            let body = valid_body(company.number, ticket * 7 % employees.max(1), ticket);
            let headers = [("x-api-key", company.production_key.expose())];
            load::post("/v1/requests", &headers, &body.to_string())
        })
        .collect()
}

/// Sends, and two seconds later does something beside it.
fn load_beside(
    address: SocketAddr,
    options: &Options,
    requests: &Arc<[Vec<u8>]>,
    beside: &mut dyn FnMut() -> anyhow::Result<()>,
) -> anyhow::Result<Outcome> {
    let time = Duration::from_secs(options.seconds);
    let loading = || -> anyhow::Result<Outcome> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let warm_up = Duration::from_secs(1);
        let running = load::run(
            address,
            options.connections,
            requests,
            warm_up,
            time,
            || Ok(()),
        );
        Ok(runtime.block_on(running)?)
    };
    let outcome = std::thread::scope(|scope| {
        let loading = scope.spawn(loading);
        std::thread::sleep(Duration::from_secs(2));
        let done = beside();
        let outcome = loading.join().expect("the load does not panic")?;
        done.map(|()| outcome)
    })?;
    ensure!(outcome.others(&[200]) == 0, "{:?}", outcome.statuses);
    Ok(outcome)
}

/// Sends a file of employees in, new ones in each round, and saves it, as an admin does; returns how
/// long that took.
fn import(address: SocketAddr, lines: usize, round: usize) -> anyhow::Result<Duration> {
    let mut visitor = Visitor::sign_in(address)?;
    let mut file = String::from("name,email,custom_id,status\n");
    for n in 0..lines {
        writeln!(
            file,
            "Agent {n},new{n}.{round}@bench.example,N-{n}-{round},active"
        )?;
    }
    let body = format!(
        "--limit\r\ncontent-disposition: form-data; name=\"file\"; filename=\"people.csv\"\r\n\
         content-type: text/csv\r\n\r\n{file}\r\n--limit--\r\n"
    );
    let since = Instant::now();
    let kind = "multipart/form-data; boundary=limit";
    let preview = visitor.post("/settings/employees/imports/new", kind, &body)?;
    let path = header(&preview, "location").context("the file was refused")?;
    // The version of the settings that the preview was made by.
    let shown = visitor.look(path)?.body;
    let (_, version) = shown
        .split_once("name=\"version\" value=\"")
        .context("the preview names no version")?;
    let (version, _) = version.split_once('"').unwrap_or_default();
    let saved = visitor.post(path, FORM, &format!("version={version}"))?;
    ensure!(saved.starts_with("HTTP/1.1 303"), "{saved}");
    Ok(since.elapsed())
}

const PARTITION_IS_THERE: &str = "SELECT count(*) FROM pg_inherits \
    WHERE inhparent = 'requests'::regclass AND inhrelid::regclass::text < 'requests_' || \
          to_char(now() - interval '98 days', 'YYYYMMDD')";

/// Documents past the threshold of every company, and a partition past the retention, as large.
fn fill_with_old(stage: &Stage, companies: &[Company], documents: i64) -> anyhow::Result<()> {
    let mut connection = stage.connection()?;
    let now = Clock::system().now();
    let (expunged, dropped) = (now - TimeDelta::days(40), now - TimeDelta::days(105));
    for at in [expunged, dropped] {
        partitions::ensure(&mut connection, at, at)?;
    }
    let ids: Vec<String> = companies.iter().map(|c| c.id.to_string()).collect();
    let (ids, each) = (ids.join(","), documents / companies.len() as i64);
    connection.batch_execute(&format!(
        "INSERT INTO request_documents (company_id, received_at, id, body, body_cut, answer) \
         SELECT c, '{expunged}'::timestamptz - n * interval '1 millisecond', gen_random_uuid(), \
                'old', false, repeat('x', 300) \
         FROM unnest('{{{ids}}}'::bigint[]) AS c, generate_series(1, {each}) AS n; \
         INSERT INTO requests (company_id, received_at, id, kind, environment, key_id, http_status, \
                               error_mask, warning_count, settings_version, ticket_id, duration_us) \
         SELECT c, '{dropped}'::timestamptz - n * interval '1 millisecond', gen_random_uuid(), \
                1, 2, 1, 200, 0, 0, 1, n::text, 1 \
         FROM unnest('{{{ids}}}'::bigint[]) AS c, generate_series(1, {each}) AS n"
    ))?;
    connection.batch_execute("VACUUM ANALYZE request_documents")?;
    stage.settle()
}

/// What the requests sent so far take, with indexes, in words.
fn disk(stage: &Stage) -> anyhow::Result<String> {
    let requests = number(stage, "SELECT count(*) FROM requests")?;
    let per_million = |table: &&str| -> anyhow::Result<String> {
        let bytes = number(
            stage,
            &format!(
                "SELECT sum(pg_total_relation_size(relid))::bigint FROM pg_partition_tree('{table}')"
            ),
        )?;
        let mib = bytes as f64 / 1024.0 / 1024.0 * 1e6 / requests as f64;
        Ok(format!("{table} {}", thousands(mib)))
    };
    let tables: anyhow::Result<Vec<String>> = partitions::TABLES.iter().map(per_million).collect();
    Ok(format!(
        "{}; measured on {}",
        tables?.join(", "),
        thousands(requests as f64)
    ))
}

fn number(stage: &Stage, query: &str) -> anyhow::Result<i64> {
    let number = diesel::dsl::sql::<BigInt>(&format!("({query})::bigint"));
    Ok(diesel::select(number).get_result(&mut stage.connection()?)?)
}
