//! The empty states, each its own: nothing ever received, nothing failed, nothing in this window,
//! nothing that matches.

use chrono::{DateTime, Days, Utc};
use chrono_tz::Tz;

use super::Status;
use super::chart::ChartPart;
use super::filters::{Address, View, what, words};
use super::list::Facts;
use super::look::Look;
use super::row::KeyNames;
use crate::domain::cube::Cube;
use crate::domain::filter::Filter;
use crate::domain::paging::Cursor;
use crate::domain::window::{Preset, Range};
use crate::store::requests::Tab;
use crate::web::format::{Moment, ago, number};

/// Why a list is empty.
pub enum Empty {
    /// Nothing was ever received: a curl line to paste.
    NothingEver {
        /// The line.
        curl: String,
    },
    /// No test request was ever received, though others were.
    NoTestEver {
        /// The line.
        curl: String,
    },
    /// Requests came, none failed.
    NothingFailed {
        /// How many came, of the test ones where these are listed.
        total: String,
        /// The last failure, where that is known.
        last: Option<Older>,
    },
    /// Nothing came in this window, but before.
    NothingInWindow {
        /// The last one, of the test ones where these are listed.
        last: Option<Older>,
        /// The list with a longer window, where there is one: words, address.
        longer: Option<(&'static str, String)>,
    },
    /// A page beyond the last one, or the first.
    NothingFurther {
        /// The first page.
        first: String,
    },
    /// The filter lets nothing through.
    NothingMatches {
        /// A time in which the counters know of some, where the search ended before it: words, address.
        newest: Option<(String, String)>,
        /// The list without one of the terms: words, address.
        without: Vec<(String, String)>,
        /// The list without any.
        clear: String,
    },
}

/// Why a list is empty, of which the counters of its window say this.
pub fn why(
    status: &Status,
    look: &Look,
    facts: &Facts,
    cube: &Cube,
    chart: &ChartPart,
    names: &KeyNames,
) -> Empty {
    let address = &look.address;
    let older = |at| Older::new(address, at, look.now, look.zone());
    let curl = || curl(status);
    let is_test = address.tab == Tab::Test;
    let total = cube.count(|cell| !is_test || cell.is_test());
    let lists_failures = !is_test || address.view == View::Causes;
    let passed = all_passed(look, cube);
    match (facts.newest_of_all, facts.newest_on_tab) {
        (None, _) => Empty::NothingEver { curl: curl() },
        (Some(_), None) if is_test => Empty::NoTestEver { curl: curl() },
        _ if look.cursor != Cursor::Newest && facts.page.searched_to.is_none() => {
            let first = address.url();
            Empty::NothingFurther { first }
        }
        _ if passed > 0 => Empty::NothingFailed {
            total: number(passed),
            last: None,
        },
        _ if !address.filter.terms().is_empty() => Empty::NothingMatches {
            newest: match (look.cursor, facts.page.searched_to) {
                (Cursor::Newest, Some(_)) => chart.newest(address.tab, &address.filter),
                _ => None,
            },
            without: without_each(address, look.is_countable().then_some(cube), names),
            clear: address.with_filter(address.filter.without_terms()),
        },
        (_, last) if total > 0 && lists_failures => Empty::NothingFailed {
            total: number(total),
            // The newest test request need not have failed.
            last: last.filter(|_| !is_test).map(older),
        },
        (of_all, on_tab) => Empty::NothingInWindow {
            last: match is_test {
                true => on_tab.map(older),
                false => of_all.map(older),
            },
            longer: in_the_longest_window(address),
        },
    }
}

/// How many requests the filter of a list of causes lets through, where all of them passed; else, and
/// where the counters do not tell, none.
fn all_passed(look: &Look, cube: &Cube) -> i64 {
    let address = &look.address;
    if address.view != View::Causes || !look.is_countable() {
        return 0;
    }
    let filtered = cube.filtered(&address.filter);
    let on_tab = filtered.count(|cell| address.tab.holds(cell));
    match filtered.count(|cell| address.tab.holds(cell) && cell.is_invalid()) {
        0 => on_tab,
        _ => 0,
    }
}

fn curl(status: &Status) -> String {
    format!(
        "curl -i {} \\\n  -H 'x-api-key: YOUR TEST KEY' \\\n  -H 'content-type: application/json' \\\n  \
         -d '{{\"channel\": \"email\",\n       \"employee\": {{\"email\": \"agent@example.com\"}},\n       \
         \"customer\": {{\"name\": \"Jane\", \"email\": \"jane@example.com\"}},\n       \
         \"ext_interaction_id\": \"T-1\"}}'",
        status.public_url.join("/v1/requests")
    )
}

/// A request before the window.
pub struct Older {
    /// How long ago.
    pub ago: String,
    /// When.
    pub at: String,
    /// The list of that day.
    pub url: String,
}

impl Older {
    /// A request received at `at`, and the address of the day around it.
    pub fn new(address: &Address, at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) -> Self {
        let local = at.with_timezone(&zone).date_naive();
        let midnight = |day: chrono::NaiveDate| {
            let text = format!("{day}T00:00");
            crate::domain::window::parse_moment(&text, zone).unwrap_or(at)
        };
        let range = Range::Between(midnight(local), midnight(local + Days::new(1)));
        Self {
            ago: ago(at, now),
            at: Moment::new(at, zone).day_and_minute(),
            url: address.with_filter(Filter::default().with_range(range)),
        }
    }
}

/// The address with each term taken away, the one that lets most through first.
fn without_each(address: &Address, cube: Option<&Cube>, names: &KeyNames) -> Vec<(String, String)> {
    let mut options: Vec<(i64, String, String)> = address
        .filter
        .terms()
        .iter()
        .map(|term| {
            let filter = address.filter.without(term);
            let on_tab = cube.map(|cube| {
                let filtered = cube.filtered(&filter);
                filtered.count(|cell| address.tab.holds(cell))
            });
            let name = what(term.subject.parameter()).to_lowercase();
            let value = words(&term.subject, names);
            let said = match term.negated {
                true => format!("With {name} {value} too"),
                false => format!("Without {name} {value}"),
            };
            let said = match on_tab {
                Some(count) => format!("{said}: {}", number(count)),
                None => said,
            };
            (on_tab.unwrap_or(0), said, address.with_filter(filter))
        })
        .collect();
    options.sort_by_key(|(count, ..)| -count);
    options
        .into_iter()
        .map(|(_, said, url)| (said, url))
        .collect()
}

/// The list in the longest preset, unless it is that one.
fn in_the_longest_window(address: &Address) -> Option<(&'static str, String)> {
    let longest = Range::Last(Preset::LONGEST);
    let longer = address.with_filter(address.filter.with_range(longest));
    let is_it = address.filter.range == Some(longest);
    (!is_it).then(|| (Preset::LONGEST.title(), longer))
}
