//! From the window of a chart to others: a part of it, more around it, the time before and after.

use chrono::{DateTime, TimeDelta, Utc};

use super::look::Look;
use crate::domain::window::{FINE_GRAIN_MINUTES, Preset, Range};

/// No window is made shorter than this by a link.
const SHORTEST: TimeDelta = TimeDelta::minutes(6 * FINE_GRAIN_MINUTES);

/// The addresses of a list in other windows; `None` where there is nothing more to see.
pub struct Zoom {
    /// The window before this one.
    pub earlier: Option<String>,
    /// The window after it.
    pub later: Option<String>,
    /// The middle half.
    pub closer: Option<String>,
    /// More on both sides.
    pub wider: Option<String>,
    /// The list without a window; a script adds one that was drawn with the mouse.
    pub any: String,
    /// When the window begins and ends, in milliseconds.
    pub from: i64,
    /// When it ends.
    pub to: i64,
}

/// The ways from the window that a reader looks at.
pub fn ways(look: &Look) -> Zoom {
    let address = &look.address;
    let (from, to) = (look.window.from, look.window.to.unwrap_or(look.now));
    let length = to - from;
    let is_empty = length <= TimeDelta::zero();
    let with = |range| address.with_filter(address.filter.with_range(range));
    let between = |from: DateTime<Utc>, to: DateTime<Utc>| with(Range::Between(from, to));
    let in_force = address.filter.range;
    let in_force = in_force.unwrap_or(Range::Last(address.tab.default_range()));
    Zoom {
        earlier: (from > look.oldest && !is_empty).then(|| between(from - length, from)),
        later: (to < look.now && !is_empty).then(|| between(to, (to + length).min(look.now))),
        closer: (length / 2 >= SHORTEST).then(|| between(from + length / 4, to - length / 4)),
        wider: match in_force {
            Range::Last(preset) => longer(preset).map(|preset| with(Range::Last(preset))),
            Range::Between(..) => {
                (!is_empty).then(|| between(from - length, (to + length).min(look.now)))
            }
        },
        any: address.with_filter(address.filter.without_range()),
        from: from.timestamp_millis(),
        to: to.timestamp_millis(),
    }
}

fn longer(preset: Preset) -> Option<Preset> {
    let mut longer = Preset::ALL.into_iter();
    longer.find(|p| p.duration() > preset.duration())
}
