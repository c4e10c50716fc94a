//! What a reader of a list looks at: its address read, at a certain time, with the settings that
//! were in force then.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::Status;
use super::filters::{Address, View};
use crate::domain::filter::Filter;
use crate::domain::paging::{Cursor, Shown};
use crate::domain::window::{Range, Window};
use crate::store::requests::Tab;
use crate::store::settings::Snapshot;
use crate::web::format::Moment;
use crate::web::shell::Shell;

/// Rows become visible a little out of order. What follows the list reads up to so long ago, and
/// leaves what is younger for the next time.
pub(super) const SETTLED: TimeDelta = TimeDelta::seconds(5);

/// What a reader looks at.
pub struct Look {
    /// Who looks, at which company.
    pub shell: Shell,
    /// The list.
    pub address: Address,
    /// The place in it.
    pub cursor: Cursor,
    /// What of the address was not understood.
    pub notices: Vec<String>,
    /// The time range, as it is now.
    pub window: Window,
    /// The time.
    pub now: DateTime<Utc>,
    /// The oldest time that is shown.
    pub oldest: DateTime<Utc>,
    /// The settings.
    pub snapshot: Arc<Snapshot>,
}

impl Look {
    /// Reads the address; what is no part of it is named in a notice.
    pub fn read(
        tab: Tab,
        view: View,
        query: &str,
        shell: Shell,
        status: &Status,
        snapshot: Arc<Snapshot>,
    ) -> Self {
        let (filter, others) = Filter::from_query(query, shell.company.zone);
        let mut cursor = Cursor::Newest;
        let mut notices = Vec::new();
        let mut shown = Shown::default();
        for (name, value) in others {
            if let Some(read) = Cursor::from_parameter(&name, &value) {
                cursor = read;
            } else if view == View::Requests || !shown.take(&name, &value) {
                notices.push(format!("{name}={value}"));
            }
        }
        let now = status.clock.now();
        let filter = filter.resolved(&snapshot.rules);
        let window = filter.window(tab.default_range(), now);
        Self {
            shell,
            address: Address {
                tab,
                filter,
                view,
                shown,
            },
            cursor,
            notices,
            window: status.within_retention(window, now),
            oldest: status.oldest(now),
            now,
            snapshot,
        }
    }

    /// Whether the counters can tell how many requests match.
    pub fn is_countable(&self) -> bool {
        self.address.filter.is_countable(&self.snapshot.rules)
    }

    /// The zone in which times are shown.
    pub fn zone(&self) -> Tz {
        self.shell.company.zone
    }

    /// The window in words; the chart below says its true beginning.
    pub fn range_in_words(&self) -> String {
        let default = Range::Last(self.address.tab.default_range());
        let time = |at| Moment::new(at, self.zone()).weekday();
        match self.address.filter.range.unwrap_or(default) {
            Range::Last(preset) => format!("in the {}", preset.title()),
            Range::Between(..) => {
                let to = self.window.to.unwrap_or(self.now);
                format!("from {} to {}", time(self.window.from), time(to))
            }
        }
    }
}
