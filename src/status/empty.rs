//! The empty states, each its own: nothing ever received, nothing failed, nothing in this window,
//! nothing that matches.

use chrono::{DateTime, Days, Utc};
use chrono_tz::Tz;

use super::filters::{Address, what, words};
use super::row::KeyNames;
use crate::domain::cube::Cube;
use crate::domain::filter::Filter;
use crate::domain::window::{Preset, Range};
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
        /// How many came.
        total: String,
        /// The last failure.
        last: Option<Older>,
    },
    /// Nothing came in this window, but before.
    NothingInWindow {
        /// The last one.
        last: Option<Older>,
        /// The list with a longer window.
        longer: String,
    },
    /// A page beyond the last one, or the first.
    NothingFurther {
        /// The first page.
        first: String,
    },
    /// The filter lets nothing through.
    NothingMatches {
        /// The list without one of the terms: words, address.
        without: Vec<(String, String)>,
        /// The list without any.
        clear: String,
    },
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
pub fn without_each(
    address: &Address,
    cube: Option<&Cube>,
    names: &KeyNames,
) -> Vec<(String, String)> {
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
            let sign = if term.negated { "not " } else { "" };
            let name = what(term.subject.parameter()).to_lowercase();
            let said = format!("Without {name} {sign}{}", words(&term.subject, names));
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

/// The list in the longest preset.
pub fn in_the_longest_window(address: &Address) -> String {
    address.with_filter(address.filter.with_range(Range::Last(Preset::Month)))
}
