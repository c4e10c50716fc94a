//! How many requests come in: the real program with a durable Postgres, beside what `pgbench`
//! reaches with single rows in the same tables, servers that store nothing, and one that inserts
//! each request by itself.
//!
//! App, Postgres and load share the machine's cores, and the disk swings: only figures of one run
//! compare, so the contenders take turns, and the ratios come first.

mod ingest {
    pub mod pgbench;
    pub mod rivals;
}
#[expect(
    dead_code,
    reason = "shared with the other benchmarks, which use more of it"
)]
mod support;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use ingest::{pgbench, rivals};
use support::companies::{self, Company, invalid_body, is_invalid, valid_body};
use support::load::{self, Outcome};
use support::process;
use support::program::Program;
use support::stage::Stage;
use support::table::{Table, median, thousands};

/// So many different requests are prepared.
const REQUESTS: usize = 20_000;

const WARM_UP: Duration = Duration::from_secs(1);

#[derive(Parser)]
struct Options {
    /// Companies that send
    #[arg(long, default_value_t = 50)]
    companies: usize,
    /// Employees of each
    #[arg(long, default_value_t = 2_000)]
    employees: usize,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How often the contenders take turns
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Connections of the load
    #[arg(long, value_delimiter = ',', default_value = "1,16,64,256")]
    connections: Vec<usize>,
    /// Clients of pgbench; the best of them counts
    #[arg(long, value_delimiter = ',', default_value = "8,32,90")]
    pgbench_clients: Vec<usize>,
    /// Only the program, as when looking for where its time goes
    #[arg(long)]
    alone: bool,
    #[arg(long, hide = true)]
    role: Option<Role>,
    #[arg(long, hide = true)]
    listen: Option<SocketAddr>,
    #[arg(long, hide = true)]
    database_url: Option<String>,
    /// What Cargo adds
    #[arg(long, hide = true)]
    bench: bool,
}

/// What a process of this benchmark may be beside the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Role {
    Echo,
    EchoInside,
    Naive,
}

/// A server at a number of connections, measured once.
struct Measured {
    connections: usize,
    load: Outcome,
    /// Cores used: by the server, by Postgres, by the load, by strangers.
    cores: [f64; 4],
    group: f64,
    memory: f64,
}

/// Every measurement of each contender.
#[derive(Default)]
struct Results {
    real: Vec<Measured>,
    echo: Vec<Measured>,
    echo_inside: Vec<Measured>,
    naive: Vec<Measured>,
    pgbench: Vec<f64>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let done = match (options.role, options.listen, &options.database_url) {
        (Some(Role::Echo), Some(listen), _) => rivals::echo(listen),
        (Some(Role::EchoInside), Some(listen), _) => rivals::echo_inside(listen),
        (Some(Role::Naive), Some(listen), Some(url)) => rivals::naive(listen, url),
        _ => compare(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn compare(options: &Options) -> anyhow::Result<()> {
    let stage = Stage::new()?;
    let companies = companies::make(
        &mut stage.connection()?,
        options.companies,
        options.employees,
    )?;
    let requests = requests(&companies, options.employees);
    let mut results = Results::default();
    for round in 1..=options.rounds {
        eprintln!("round {round} of {}", options.rounds);
        stage.settle()?;
        results.real.extend(measure(
            &Program::real(&stage)?,
            &stage,
            &requests,
            options,
            &options.connections,
        )?);
        if options.alone {
            continue;
        }
        stage.settle()?;
        for clients in &options.pgbench_clients {
            let rate = pgbench::rate(&stage, &companies, *clients, options.seconds)?;
            results.pgbench.push(rate);
        }
        stage.settle()?;
        let echo = Program::role("echo", &stage)?;
        let measured = measure(&echo, &stage, &requests, options, &options.connections)?;
        results.echo.extend(measured);
        let most = options.connections.iter().copied().max();
        let echo = Program::role("echo-inside", &stage)?;
        let measured = measure(&echo, &stage, &requests, options, most.as_slice())?;
        results.echo_inside.extend(measured);
        let naive = Program::role("naive", &stage)?;
        let measured = measure(&naive, &stage, &requests, options, most.as_slice())?;
        results.naive.extend(measured);
    }
    results.print(options);
    Ok(())
}

/// Requests of all companies in turn, 5 % of them with a fault.
fn requests(companies: &[Company], employees: usize) -> Arc<[Vec<u8>]> {
    (0..REQUESTS)
        .map(|ticket| {
            let company = &companies[ticket % companies.len()];
            let employee = ticket * 7 % employees.max(1);
            let body = match is_invalid(ticket) {
                true => invalid_body(company.number, employee, ticket),
                false => valid_body(company.number, employee, ticket),
            };
            let headers = [
                ("x-api-key", company.production_key.expose()),
                ("user-agent", "helpdesk/4.2"),
            ];
            load::post("/v1/requests", &headers, &body.to_string())
        })
        .collect()
}

/// Measures a server at each number of connections.
fn measure(
    server: &Program,
    stage: &Stage,
    requests: &Arc<[Vec<u8>]>,
    options: &Options,
    connections: &[usize],
) -> anyhow::Result<Vec<Measured>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let postmaster = stage.postmaster()?;
    let used = || -> std::io::Result<[f64; 4]> {
        let of = [
            process::cpu(server.pid())?,
            process::cpu_of_family(postmaster)?,
            process::cpu(std::process::id())?,
            process::cpu_of_all()?,
        ];
        Ok(of.map(|time| time.as_secs_f64()))
    };
    let groups = || -> std::io::Result<[f64; 2]> {
        Ok([
            server.metric("recorder_group_rows_sum")?,
            server.metric("recorder_group_rows_count")?,
        ])
    };
    let time = Duration::from_secs(options.seconds);
    let mut all = Vec::new();
    for &connections in connections {
        let (mut used_before, mut groups_before) = Default::default();
        let begin = || {
            groups_before = groups()?;
            used_before = used()?;
            Ok(())
        };
        let running = load::run(server.address, connections, requests, WARM_UP, time, begin);
        let load = runtime.block_on(running)?;
        let (used, groups) = (used()?, groups()?);
        let unexpected = load.others(&[200, 400]);
        anyhow::ensure!(unexpected == 0, "unexpected: {:?}", load.statuses);
        let [server_time, postgres, own, all_time] =
            std::array::from_fn(|n| (used[n] - used_before[n]) / time.as_secs_f64());
        all.push(Measured {
            connections,
            load,
            cores: [
                server_time,
                postgres,
                own,
                (all_time - server_time - postgres - own).max(0.0),
            ],
            group: (groups[0] - groups_before[0]) / (groups[1] - groups_before[1]),
            memory: process::peak_memory(server.pid())?,
        });
    }
    Ok(all)
}

impl Results {
    fn print(&self, options: &Options) {
        let most = options.connections.iter().copied().max().unwrap_or(0);
        let rate = |all: &[Measured]| middle(all, most, |m| m.load.rate());
        // Each round's best, then the middle of the rounds.
        let bests = self.pgbench.chunks(options.pgbench_clients.len().max(1));
        let bests = bests.map(|round| round.iter().copied().fold(f64::NAN, f64::max));
        let pgbench = median(bests);
        println!(
            "\nMedians of {} rounds of {} s; {} companies with {} employees each.\n",
            options.rounds, options.seconds, options.companies, options.employees
        );
        if !options.alone {
            let real = rate(&self.real);
            let mut table = Table::new([
                &format!("requests/s at {most} connections"),
                "absolute",
                "the program is",
            ]);
            let mut row = |name: &str, rate: f64| {
                let ratio = format!("{:.2} times that", real / rate);
                table.row([name.to_owned(), thousands(rate), ratio]);
            };
            row("the program", real);
            row("pgbench, single rows, its best", pgbench);
            row("a handler that inserts by itself", rate(&self.naive));
            row("an echo without a store", rate(&self.echo));
            let inside = rate(&self.echo_inside);
            row("the same inside the program's middlewares", inside);
            println!("{table}");
        }
        let mut table = Table::new([
            "connections",
            "requests/s",
            "p50 ms",
            "p99 ms",
            "p99.9 ms",
            "rows a group",
            "cores: app",
            "Postgres",
            "load",
            "others",
            "peak MiB",
        ]);
        for (name, all, connections) in [
            ("", &self.real, &options.connections[..]),
            ("echo, ", &self.echo, &options.connections[..]),
            ("echo inside, ", &self.echo_inside, &[most][..]),
            ("inserts by itself, ", &self.naive, &[most][..]),
        ] {
            if all.is_empty() {
                continue;
            }
            for &at in connections {
                let of = |value: fn(&Measured) -> f64| middle(all, at, value);
                table.row([
                    format!("{name}{at}"),
                    thousands(of(|m| m.load.rate())),
                    format!("{:.2}", of(|m| m.load.per_mille(500))),
                    format!("{:.2}", of(|m| m.load.per_mille(990))),
                    format!("{:.2}", of(|m| m.load.per_mille(999))),
                    match of(|m| m.group) {
                        group if group.is_nan() => String::new(),
                        group => format!("{group:.1}"),
                    },
                    format!("{:.2}", of(|m| m.cores[0])),
                    format!("{:.2}", of(|m| m.cores[1])),
                    format!("{:.2}", of(|m| m.cores[2])),
                    format!("{:.2}", of(|m| m.cores[3])),
                    format!("{:.0}", of(|m| m.memory)),
                ]);
            }
        }
        println!("{table}");
    }
}

/// The middle of what was measured at so many connections.
fn middle(all: &[Measured], connections: usize, value: impl Fn(&Measured) -> f64) -> f64 {
    let all = all.iter().filter(|m| m.connections == connections);
    median(all.map(value))
}
