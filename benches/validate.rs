//! What judging a request costs: the pure function alone, and all that is done to a request between
//! the last byte of its body and the queue of the recorder.

#[expect(
    dead_code,
    reason = "shared with the other benchmarks, which use more of it"
)]
mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use api_status_page::domain::body::Body;
use api_status_page::domain::request::{Environment, Kind};
use api_status_page::domain::validate::validate;
use api_status_page::judge::judge;
use clap::Parser;

use support::companies::{FAULTY_EACH, invalid_body, valid_body};
use support::judging::{Bench, bodies};
use support::table::{Table, median};

/// Requests of a mix, and so many a batch has.
const REQUESTS: usize = 1_000;

#[derive(Parser)]
struct Options {
    /// Batches of 1,000 requests; the middle one counts
    #[arg(long, default_value_t = 200)]
    batches: usize,
    /// What Cargo adds
    #[arg(long, hide = true)]
    bench: bool,
}

/// Counts what is asked of the system's allocator.
struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
static BYTES: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[expect(unsafe_code, reason = "an allocator cannot be counted otherwise")]
// SAFETY: every call is the system allocator's own.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

fn main() {
    let options = Options::parse();
    let bench = Bench::new();
    let rules = &bench.snapshot.rules;
    let mut table = Table::new(["", "ns", "allocations", "bytes"]);
    let mut row = |name: &str, bodies: &[String], work: &mut dyn FnMut(&str)| {
        let [nanos, allocations, bytes] = measure(options.batches, bodies, work);
        table.row([
            name.to_owned(),
            format!("{nanos:.0}"),
            format!("{allocations:.1}"),
            format!("{bytes:.0}"),
        ]);
    };
    let mix = bodies(REQUESTS);
    let faults = ["employee", "brand", "customer", "channel", "language"];
    let one_of = |fault| vec![invalid_body(1, 7, fault * FAULTY_EACH).to_string(); REQUESTS];
    let valid = vec![valid_body(1, 7, 8).to_string(); REQUESTS];
    let mut cases = vec![("validate: 5 % fail".to_owned(), mix.clone())];
    cases.push(("validate: nothing is wrong".to_owned(), valid));
    for (place, fault) in faults.iter().enumerate() {
        cases.push((format!("validate: the {fault} is wrong"), one_of(place)));
    }
    for (name, texts) in &cases {
        let read: Vec<Body<'_>> = texts
            .iter()
            .map(|text| Body::parse(Kind::Feedback, text.as_bytes()))
            .collect();
        let mut read = read.iter().cycle();
        row(name, texts, &mut |_| {
            if let Some(body) = read.next() {
                let environment = Environment::Production;
                black_box(validate(
                    Kind::Feedback,
                    black_box(body),
                    rules,
                    environment,
                ));
            }
        });
    }
    row("the body is read: 5 % fail", &mix, &mut |text| {
        black_box(Body::parse(Kind::Feedback, black_box(text.as_bytes())));
    });
    row("all up to the queue: 5 % fail", &mix, &mut |text| {
        let arrival = bench.arrival(text);
        black_box(judge(arrival, &bench.snapshot, &bench.public_url));
    });
    println!(
        "\nPer request; medians of {} batches of {REQUESTS}.\n\n{table}",
        options.batches
    );
}

/// Nanoseconds, allocations and bytes allocated, per body.
fn measure(batches: usize, bodies: &[String], work: &mut dyn FnMut(&str)) -> [f64; 3] {
    let each = |total: f64| total / bodies.len() as f64;
    let mut batch = || {
        let since = Instant::now();
        for body in bodies {
            work(body);
        }
        since.elapsed()
    };
    batch();
    let before = [&ALLOCATIONS, &BYTES].map(|counter| counter.load(Ordering::Relaxed));
    batch();
    let after = [&ALLOCATIONS, &BYTES].map(|counter| counter.load(Ordering::Relaxed));
    let times: Vec<Duration> = (0..batches).map(|_| batch()).collect();
    let nanos = median(times.iter().map(|time| time.as_nanos() as f64));
    [
        each(nanos),
        each((after[0] - before[0]) as f64),
        each((after[1] - before[1]) as f64),
    ]
}
