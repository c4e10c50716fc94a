//! What was measured, in words: the ratios of the run first, then the figures behind them.

use super::views::Kind;
use crate::support::table::{Table, median, thousands};
use crate::{Measured, Options, Size, percentile};

/// Prints all of it.
pub fn print(sizes: &[Size], options: &Options) {
    println!(
        "\nRequests over {} days in {} looks at each page; the company has half of them. \
         Times in ms.\n",
        options.days, options.looks
    );
    println!("{}", ratios(sizes, options));
    println!("{}", times(sizes));
    for (place, size) in sizes.iter().enumerate() {
        let smaller = place.checked_sub(1).map(|place| &sizes[place]);
        println!("{}", pages(size, smaller));
        if !options.only.is_empty() {
            print_statements(size);
        }
    }
}

/// What a tenth of the requests, and ingest beside it, make of a page.
fn ratios(sizes: &[Size], options: &Options) -> Table {
    let mut table = Table::new([
        "requests",
        "pages over the smaller store: middle",
        "most, ordinary",
        "most, rare",
        "p99 beside ingest over without, 20 pages/s",
        &format!("requests/s beside pages, {} connections", options.load),
    ]);
    for (place, size) in sizes.iter().enumerate() {
        let smaller = place.checked_sub(1).map(|place| &sizes[place]);
        let growth = |kind: Option<Kind>| -> Vec<f64> {
            let Some(smaller) = smaller else {
                return Vec::new();
            };
            size.of_kind(kind)
                .zip(smaller.of_kind(kind))
                .map(|(larger, smaller)| larger.p50() / smaller.p50())
                .collect()
        };
        let most = |kind| growth(Some(kind)).into_iter().fold(f64::NAN, f64::max);
        let [pages, ingest] = size.loaded.as_ref().map_or([f64::NAN; 2], |loaded| {
            let rates = loaded.beside.iter().zip(&loaded.alone);
            [
                percentile(&loaded.busy, 99) / percentile(&loaded.idle, 99),
                median(rates.map(|(beside, alone)| beside / alone)),
            ]
        });
        table.row([
            format!("{} M", size.millions),
            in_words(median(growth(None))),
            in_words(most(Kind::Ordinary)),
            in_words(most(Kind::Rare)),
            in_words(pages),
            in_words(ingest),
        ]);
    }
    table
}

/// A ratio; nothing where there is none.
fn in_words(ratio: f64) -> String {
    match ratio.is_nan() {
        true => String::new(),
        false => format!("{ratio:.2}"),
    }
}

fn times(sizes: &[Size]) -> Table {
    let mut table = Table::new([
        "requests",
        "ordinary pages: middle p50",
        "slowest p50",
        "rare values: middle p50",
        "slowest p50",
        "slowest p99",
        "p99 without ingest",
        "p99 beside ingest",
        "requests/s alone",
        "beside pages",
    ]);
    for size in sizes {
        let p50s = |kind| -> Vec<f64> { size.of_kind(Some(kind)).map(Measured::p50).collect() };
        let (ordinary, rare) = (p50s(Kind::Ordinary), p50s(Kind::Rare));
        let slowest = |p50s: &[f64]| p50s.iter().copied().fold(f64::NAN, f64::max);
        let p99s: Vec<f64> = size.of_kind(None).map(Measured::p99).collect();
        let millis = |time: f64| format!("{time:.1}");
        let [idle, busy, alone, beside] = size.loaded.as_ref().map_or_else(Default::default, |l| {
            [
                millis(percentile(&l.idle, 99)),
                millis(percentile(&l.busy, 99)),
                thousands(median(l.alone.iter().copied())),
                thousands(median(l.beside.iter().copied())),
            ]
        });
        table.row([
            format!("{} M", size.millions),
            millis(median(ordinary.iter().copied())),
            millis(slowest(&ordinary)),
            millis(median(rare.iter().copied())),
            millis(slowest(&rare)),
            millis(slowest(&p99s)),
            idle,
            busy,
            alone,
            beside,
        ]);
    }
    table
}

/// Every page of a size, beside the same of a smaller one.
fn pages(size: &Size, smaller: Option<&Size>) -> Table {
    let mut table = Table::new([
        &format!("page, {} M requests", size.millions),
        "p50 over the smaller store",
        "p50",
        "p99",
        "cold",
        "SQL",
        "of it planning",
        "rows",
        "blocks",
    ]);
    for (place, (view, measured)) in size.views.iter().zip(&size.measured).enumerate() {
        let growth = smaller.map(|smaller| measured.p50() / smaller.measured[place].p50());
        table.row([
            view.name.replace('|', "\\|"),
            in_words(growth.unwrap_or(f64::NAN)),
            format!("{:.1}", measured.p50()),
            format!("{:.1}", measured.p99()),
            format!("{:.1}", measured.cold),
            format!("{:.1}", measured.sql()),
            format!("{:.1}", measured.planning()),
            thousands(measured.rows() as f64),
            thousands(measured.blocks() as f64),
        ]);
    }
    table
}

fn print_statements(size: &Size) {
    for (view, measured) in size.views.iter().zip(&size.measured) {
        println!("{}", view.name);
        for statement in &measured.statements {
            let words: Vec<&str> = statement.query.split_whitespace().collect();
            println!(
                "  {:.2} + {:.2} ms, {} rows, {} blocks, {} calls: {}",
                statement.planning,
                statement.running,
                statement.rows,
                statement.blocks,
                statement.calls,
                words.join(" ")
            );
        }
    }
}

impl Size {
    /// The pages of a kind, or all.
    fn of_kind(&self, kind: Option<Kind>) -> impl Iterator<Item = &Measured> {
        let all = self.views.iter().zip(&self.measured);
        all.filter(move |(view, _)| kind.is_none_or(|kind| view.kind == kind))
            .map(|(_, measured)| measured)
    }
}

impl Measured {
    fn p50(&self) -> f64 {
        median(self.times.iter().copied())
    }

    fn p99(&self) -> f64 {
        percentile(&self.times, 99)
    }

    /// Milliseconds in Postgres: planning and running.
    fn sql(&self) -> f64 {
        self.statements.iter().map(|s| s.planning + s.running).sum()
    }

    fn planning(&self) -> f64 {
        self.statements.iter().map(|s| s.planning).sum()
    }

    fn blocks(&self) -> i64 {
        self.statements.iter().map(|s| s.blocks).sum()
    }

    fn rows(&self) -> i64 {
        self.statements.iter().map(|s| s.rows).sum()
    }
}
