//! How a window is cut for the course of a cause.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::window::{Window, floor};
use crate::store::cause_counts::GRAINS;

/// Steps of less than a day are few: at most so many in a window.
const FEW: i32 = 48;

/// The window cut into steps of time: what the course of a cause is told in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps {
    /// When the first begins: at the beginning of the window or before it.
    pub origin: DateTime<Utc>,
    /// How long each is.
    pub step: TimeDelta,
    /// How many there are.
    pub count: usize,
}

impl Steps {
    /// The shortest steps, from five minutes to a day (of UTC), of which a window has few.
    pub(super) fn of(window: Window, end: DateTime<Utc>) -> Self {
        let steps = [5, 15, 60].map(TimeDelta::minutes);
        let is_few = |step: &TimeDelta| *step * FEW >= end - window.from;
        let step = steps.into_iter().find(is_few).unwrap_or(TimeDelta::days(1));
        let origin = floor(window.from, step);
        let (passed, step_seconds) = ((end - origin).num_seconds(), step.num_seconds());
        Self {
            origin,
            step,
            count: (passed.max(1) as usize).div_ceil(step_seconds as usize),
        }
    }

    /// When a step begins.
    pub fn begins(&self, place: usize) -> DateTime<Utc> {
        self.origin + self.step * place as i32
    }

    pub(super) fn place(&self, at: DateTime<Utc>) -> usize {
        let passed = (at - self.origin).num_minutes() / self.step.num_minutes();
        (passed.max(0) as usize).min(self.count - 1)
    }

    /// How many counters of a grain a key of a cause can have: one for each step, and at the ends of a
    /// window that is cut into days not more than a day has hours.
    pub(super) fn most_buckets(&self) -> usize {
        self.count.max(24)
    }

    /// The grains of counters that fit into a step, coarsest first.
    pub(super) fn grains(&self) -> &'static [i64] {
        let fits = |grain: &i64| *grain <= self.step.num_minutes();
        let first = GRAINS.iter().position(fits).unwrap_or(GRAINS.len());
        &GRAINS[first..]
    }
}
