//! The documented alert: it opens when too many of a rolling hour's production requests fail, and
//! closes when that is over. Between the two lines it stays as it is, so that a rate that swings
//! around one line does not send a mail with every swing.

use chrono::{DateTime, TimeDelta, Utc};

use super::cube::Rate;
use super::window::{Preset, Range, Window};

/// It opens above so many percent.
pub const OPENS_ABOVE: i64 = 5;

/// It closes at so many percent, or fewer, and when nothing fails because nothing comes.
pub const CLOSES_AT: i64 = 4;

/// It does not open on fewer requests.
pub const LEAST_REQUESTS: i64 = 20;

/// A mail that could not be sent is tried again for so long.
const TRIED_FOR: TimeDelta = TimeDelta::hours(24);

/// The longest pause between two attempts, in minutes.
const LONGEST_PAUSE: i64 = 30;

/// What happens to an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// It opened.
    Opened,
    /// It closed.
    Closed,
}

impl Event {
    /// The number in the store.
    pub fn number(self) -> i16 {
        match self {
            Self::Opened => 1,
            Self::Closed => 2,
        }
    }

    /// Reads the number in the store.
    pub fn from_number(number: i16) -> Option<Self> {
        [Self::Opened, Self::Closed]
            .into_iter()
            .find(|event| event.number() == number)
    }
}

/// The hour that is judged. It begins on the grain of the counters, as the page's own hour does.
pub fn hour(now: DateTime<Utc>) -> Window {
    Range::Last(Preset::Hour).at(now)
}

/// What happens now, after an hour with this rate of failures in production.
pub fn decide(is_open: bool, hour: Rate) -> Option<Event> {
    let Rate { failed, total } = hour;
    let is_over = failed * 100 > total * OPENS_ABOVE;
    let is_well_below = failed * 100 <= total * CLOSES_AT;
    match is_open {
        false => (total >= LEAST_REQUESTS && is_over).then_some(Event::Opened),
        true => is_well_below.then_some(Event::Closed),
    }
}

/// When a mail is tried again after so many attempts; `None` when it is given up.
pub fn try_again(
    attempts: i32,
    made_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(10);
    let minutes = (1_i64 << doublings).min(LONGEST_PAUSE);
    let next = now + TimeDelta::minutes(minutes);
    (!is_stale(made_at, next)).then_some(next)
}

/// Whether a mail made then is too old to be of use.
pub fn is_stale(made_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now - made_at > TRIED_FOR
}

/// An alert and who was told of it.
#[derive(Debug, Clone)]
pub struct Alert {
    /// When it opened.
    pub opened_at: DateTime<Utc>,
    /// The rate at which it opened.
    pub opened: Rate,
    /// When it closed, and at which rate; `None` while it is open.
    pub closed: Option<(DateTime<Utc>, Rate)>,
    /// The mails about it, by address.
    pub mails: Vec<AlertMail>,
}

/// A mail about an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertMail {
    /// What it tells.
    pub event: Event,
    /// Whom.
    pub address: String,
    /// When it is tried next; `None` when it was sent or given up.
    pub due_at: Option<DateTime<Utc>>,
    /// When the mail server took it.
    pub sent_at: Option<DateTime<Utc>>,
    /// Why the last attempt failed.
    pub problem: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(failed: i64, total: i64) -> Rate {
        Rate { failed, total }
    }

    #[test]
    fn it_opens_above_five_percent_and_not_at_five() {
        assert_eq!(decide(false, rate(5, 100)), None);
        assert_eq!(decide(false, rate(6, 100)), Some(Event::Opened));
        assert_eq!(decide(false, rate(1, 20)), None);
        assert_eq!(decide(false, rate(2, 20)), Some(Event::Opened));
        assert_eq!(
            decide(false, rate(500_001, 10_000_000)),
            Some(Event::Opened)
        );
    }

    #[test]
    fn it_does_not_open_on_fewer_than_twenty_requests() {
        assert_eq!(decide(false, rate(19, 19)), None);
        assert_eq!(decide(false, rate(20, 20)), Some(Event::Opened));
        assert_eq!(decide(false, rate(0, 0)), None);
    }

    #[test]
    fn it_stays_open_until_the_rate_is_well_below_the_line() {
        assert_eq!(decide(true, rate(50, 100)), None, "open once, not twice");
        assert_eq!(decide(true, rate(5, 100)), None);
        assert_eq!(decide(true, rate(41, 1_000)), None);
        assert_eq!(decide(true, rate(40, 1_000)), Some(Event::Closed));
        assert_eq!(decide(true, rate(0, 100)), Some(Event::Closed));
    }

    #[test]
    fn it_does_not_close_because_few_requests_come_that_fail() {
        assert_eq!(decide(true, rate(3, 6)), None);
        assert_eq!(decide(true, rate(0, 6)), Some(Event::Closed));
        assert_eq!(decide(true, rate(0, 0)), Some(Event::Closed));
    }

    #[test]
    fn a_rate_that_swings_around_the_line_opens_one_alert() {
        let mut is_open = false;
        let mut events = Vec::new();
        for failed in [4, 5, 6, 5, 6, 5, 6, 5, 6, 5, 4, 5, 5, 4] {
            if let Some(event) = decide(is_open, rate(failed, 100)) {
                is_open = event == Event::Opened;
                events.push(event);
            }
        }
        assert_eq!(events, [Event::Opened, Event::Closed]);
    }

    #[test]
    fn a_mail_is_tried_again_at_growing_intervals_for_a_day() {
        let made: DateTime<Utc> = "2026-11-24T10:41:00Z".parse().unwrap();
        let mut now = made;
        let mut pauses = Vec::new();
        while let Some(next) = try_again(pauses.len() as i32 + 1, made, now) {
            pauses.push((next - now).num_minutes());
            now = next;
        }
        assert_eq!(pauses[..7], [1, 2, 4, 8, 16, 30, 30]);
        assert!(now <= made + TRIED_FOR && now > made + TimeDelta::hours(23));
        assert!(is_stale(made, made + TRIED_FOR + TimeDelta::seconds(1)));
    }
}
