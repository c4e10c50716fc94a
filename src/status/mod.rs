//! The API Status Page: a person looks at the requests. A filter is read from the address, the
//! store is asked, a page is rendered: `list` is the two tabs, `causes` and `cause_decisions` where
//! failures stand, `views` saved lists, `request` one request, `again` and `resubmissions` those that
//! are judged and sent again, `simulator` one that is not sent, `search` the box, `export` a list as a
//! file, `dictionary` the public words for every error.

pub mod again;
pub mod cause_decisions;
mod causes;
mod chart;
mod checks;
mod code;
pub mod dictionary;
mod empty;
pub mod export;
mod facets;
mod filters;
mod fix;
mod legend;
pub mod list;
pub mod living;
mod look;
mod pager;
mod rate;
pub mod request;
pub mod resubmissions;
mod row;
pub mod search;
pub mod simulator;
pub mod views;
mod zoom;

use chrono::{DateTime, Days, DurationRound, TimeDelta, Utc};

use crate::clock::Clock;
use crate::config::PublicUrl;
use crate::domain::window::Window;
use crate::judge::again::Again;
use crate::store::Store;
use crate::store::settings::LiveSettings;

/// Where the status page lives.
pub const ROOT: &str = "/settings/integrations/api-status";

/// What the pages read from.
#[derive(Clone)]
pub struct Status {
    /// The store.
    pub store: Store,
    /// The companies' settings in memory.
    pub settings: LiveSettings,
    /// Judges stored requests again, and sends them.
    pub again: Again,
    /// Whether mail is sent at all.
    pub sends_mail: bool,
    /// The time.
    pub clock: Clock,
    /// What links to be copied begin with.
    pub public_url: PublicUrl,
    /// How many days a request is kept; nothing older is shown.
    pub retention_days: u32,
    /// The exports that run here.
    pub exports: export::Exports,
}

impl Status {
    /// The oldest time that is shown.
    fn oldest(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now - Days::new(self.retention_days.into())
    }

    /// The part of a window that is shown. It begins on the hour, as old counters do, so that the
    /// list and its counts speak of the same requests.
    fn within_retention(&self, window: Window, now: DateTime<Utc>) -> Window {
        let hour = TimeDelta::hours(1);
        let oldest = self.oldest(now);
        let first_hour = oldest
            .duration_trunc(hour)
            .map_or(oldest, |begun| begun + hour);
        Window {
            from: window.from.max(first_hour),
            to: window.to,
        }
    }
}
