//! The only place where the time of day is asked for.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

/// The machine's clock may be so far off another's for what is counted in minutes and more.
const TOLERATED: TimeDelta = TimeDelta::minutes(2);

/// Tells the time. Tests hand in their own.
#[derive(Clone)]
pub struct Clock {
    now: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>,
    is_the_machines: bool,
}

impl Clock {
    /// The machine's clock.
    #[expect(clippy::disallowed_methods, reason = "this is its home")]
    pub fn system() -> Self {
        Self {
            now: Arc::new(Utc::now),
            is_the_machines: true,
        }
    }

    /// A clock that shows what `now` returns, and is right whatever that is.
    pub fn from_fn(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self {
            now: Arc::new(now),
            is_the_machines: false,
        }
    }

    /// The time now.
    pub fn now(&self) -> DateTime<Utc> {
        (self.now)()
    }

    /// Whether it shows about what another shows: else one of them is wrong.
    pub fn is_about(&self, other: DateTime<Utc>) -> bool {
        !self.is_the_machines || (self.now() - other).abs() <= TOLERATED
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_whose_clock_is_off_is_told_apart() {
        let clock = Clock::system();
        let now = clock.now();
        assert!(clock.is_about(now + TimeDelta::seconds(90)));
        assert!(clock.is_about(now - TimeDelta::seconds(90)));
        assert!(!clock.is_about(now + TimeDelta::days(100)));
        assert!(!clock.is_about(now - TimeDelta::days(100)));
    }
}
