//! Where a cause of failures stands. People decide two things about one: that somebody sees to it,
//! or that nobody needs to look at it until some day. Everything else its requests tell whenever it
//! is asked: a cause ends by itself, and is open again when it recurs.

use chrono::{DateTime, TimeDelta, Utc};

use super::dictionary::Reason;

/// A cause has ended when its keys sent so many requests without it …
const ENOUGH_WITHOUT: i64 = 50;

/// … over at least so long. A cause that was away for so long and comes again is a new one.
const LONG_AWAY: TimeDelta = TimeDelta::days(1);

/// For so many days a cause can be ignored.
pub const IGNORED_DAYS: [i64; 3] = [1, 7, 30];

/// What tells a cause from the others: the error with its variant, and the decisive value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CauseId {
    /// The error and its variant.
    pub reason: Reason,
    /// The decisive value; `None` where none was sent, and for customers' data.
    pub value: Option<String>,
}

/// Where a cause stands, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Nobody sees to it.
    Open,
    /// Somebody does.
    Acknowledged,
    /// It has ended.
    Resolved,
    /// Nobody needs to look at it for a while.
    Ignored,
}

impl State {
    /// All, in the order on the page.
    pub const ALL: [Self; 4] = [
        Self::Open,
        Self::Acknowledged,
        Self::Resolved,
        Self::Ignored,
    ];

    /// The word in the address.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Resolved => "resolved",
            Self::Ignored => "ignored",
        }
    }

    /// The word on the page.
    pub fn title(self) -> &'static str {
        match self {
            Self::Open => "Open",
            Self::Acknowledged => "Acknowledged",
            Self::Resolved => "Resolved",
            Self::Ignored => "Ignored",
        }
    }

    /// Reads the word in an address.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// Where a cause stands, and since or until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nobody sees to it.
    Open,
    /// Somebody does.
    Acknowledged,
    /// Its latest request would pass now.
    PassesNow,
    /// Its keys sent so many requests without it.
    StayedAway(i64),
    /// Nobody needs to look at it until then.
    Ignored(DateTime<Utc>),
}

impl Standing {
    /// In a word.
    pub fn state(self) -> State {
        match self {
            Self::Open => State::Open,
            Self::Acknowledged => State::Acknowledged,
            Self::PassesNow | Self::StayedAway(_) => State::Resolved,
            Self::Ignored(_) => State::Ignored,
        }
    }
}

/// What an admin decides about a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Somebody sees to it.
    Acknowledged,
    /// Nobody needs to look at it until then.
    Ignored(DateTime<Utc>),
}

/// So many requests came in an hour or a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// When that began.
    pub begins: DateTime<Utc>,
    /// How many.
    pub requests: i64,
}

/// What is known about a cause.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// When its latest request came.
    pub last: DateTime<Utc>,
    /// Whether that one would pass now.
    pub passes_now: bool,
    /// What its keys sent, at least since: by the hour, or by the day where that begins a day later or
    /// more.
    pub sent: &'a [Sent],
    /// What was decided, and the longest time that the cause was away since.
    pub decided: Option<(Decision, TimeDelta)>,
    /// Whether it had ended since that, and a change of the settings began it again.
    pub began_again: bool,
}

impl Known<'_> {
    /// Where the cause stands. Whoever ignores it is left in peace until the time that was said; an
    /// acknowledgement is of what went on then, and ends with it.
    pub fn standing(&self, now: DateTime<Utc>) -> Standing {
        if let Some((Decision::Ignored(until), _)) = self.decided
            && now < until
        {
            return Standing::Ignored(until);
        }
        if self.passes_now {
            return Standing::PassesNow;
        }
        if let Some(requests) = self.stayed_away() {
            return Standing::StayedAway(requests);
        }
        match self.decided {
            Some((Decision::Acknowledged, away)) if away < LONG_AWAY && !self.began_again => {
                Standing::Acknowledged
            }
            _ => Standing::Open,
        }
    }

    /// How many requests its keys sent without it, where that says that it has ended. The hour of
    /// the last failure is not counted: its requests may have come before.
    fn stayed_away(&self) -> Option<i64> {
        let since: Vec<&Sent> = self.sent.iter().filter(|s| s.begins > self.last).collect();
        let requests = since.iter().map(|sent| sent.requests).sum();
        let last = since.iter().map(|sent| sent.begins).max()?;
        (requests >= ENOUGH_WITHOUT && last - self.last >= LONG_AWAY).then_some(requests)
    }
}

/// Whether a cause whose latest request came at `last` has been quiet for long enough to be said.
pub fn is_quiet(last: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now - last >= LONG_AWAY
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn hours(sent: &[(&str, i64)]) -> Vec<Sent> {
        let hour = |(begins, requests): &(&str, i64)| Sent {
            begins: at(begins),
            requests: *requests,
        };
        sent.iter().map(hour).collect()
    }

    const NOW: &str = "2026-11-24T12:00:00Z";

    fn standing(last: &str, passes_now: bool, sent: &[(&str, i64)]) -> Standing {
        let known = Known {
            last: at(last),
            passes_now,
            sent: &hours(sent),
            decided: None,
            began_again: false,
        };
        known.standing(at(NOW))
    }

    fn decided_about(decision: Decision, away: TimeDelta) -> Known<'static> {
        Known {
            last: at("2026-11-24T11:59:00Z"),
            passes_now: false,
            sent: &[],
            decided: Some((decision, away)),
            began_again: false,
        }
    }

    fn decided(decision: Decision, away: TimeDelta, passes_now: bool) -> State {
        let known = Known {
            passes_now,
            ..decided_about(decision, away)
        };
        known.standing(at(NOW)).state()
    }

    #[test]
    fn a_cause_is_open_until_something_says_otherwise() {
        assert_eq!(standing("2026-11-24T11:00:00Z", false, &[]), Standing::Open);
        assert_eq!(standing("2026-11-01T11:00:00Z", false, &[]), Standing::Open);
    }

    #[test]
    fn it_ends_when_its_latest_request_would_pass_now() {
        let last = "2026-11-24T11:59:59Z";
        assert_eq!(standing(last, true, &[]), Standing::PassesNow);
    }

    #[test]
    fn it_ends_when_its_keys_sent_fifty_requests_over_a_day_without_it() {
        let last = "2026-11-22T10:30:00Z";
        let morning = ("2026-11-22T11:00:00Z", 49);
        let next_day = ("2026-11-23T11:00:00Z", 1);
        let enough = standing(last, false, &[morning, next_day]);
        assert_eq!(enough, Standing::StayedAway(50));
        assert_eq!(standing(last, false, &[morning]), Standing::Open, "too few");
        let at_once = ("2026-11-23T10:00:00Z", 500);
        let at_once = standing(last, false, &[at_once]);
        assert_eq!(at_once, Standing::Open, "not over a day");
    }

    #[test]
    fn the_hour_of_the_last_failure_says_nothing() {
        let last = "2026-11-22T10:30:00Z";
        let its_hour = ("2026-11-22T10:00:00Z", 5_000);
        let next_day = ("2026-11-23T11:00:00Z", 1);
        assert_eq!(standing(last, false, &[its_hour, next_day]), Standing::Open);
    }

    #[test]
    fn an_acknowledgement_holds_until_the_cause_was_away_for_a_day() {
        let state = |hours| decided(Decision::Acknowledged, TimeDelta::hours(hours), false);
        assert_eq!(state(0), State::Acknowledged);
        assert_eq!(state(23), State::Acknowledged);
        assert_eq!(state(24), State::Open);
        let ended = decided(Decision::Acknowledged, TimeDelta::zero(), true);
        assert_eq!(ended, State::Resolved);
    }

    #[test]
    fn what_began_again_is_open_unless_it_is_ignored() {
        let began_again = |decision| {
            let known = Known {
                began_again: true,
                ..decided_about(decision, TimeDelta::zero())
            };
            known.standing(at(NOW)).state()
        };
        assert_eq!(began_again(Decision::Acknowledged), State::Open);
        let until = at("2026-11-24T12:00:01Z");
        assert_eq!(began_again(Decision::Ignored(until)), State::Ignored);
    }

    #[test]
    fn ignoring_always_has_an_end() {
        let until = |time| decided(Decision::Ignored(at(time)), TimeDelta::zero(), false);
        assert_eq!(until("2026-11-24T12:00:01Z"), State::Ignored);
        assert_eq!(until(NOW), State::Open);
    }

    #[test]
    fn states_are_read_back() {
        for state in State::ALL {
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
    }
}
