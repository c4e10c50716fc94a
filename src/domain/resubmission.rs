//! Which stored requests can be sent again, and which not.

use chrono::{DateTime, TimeDelta, Utc};

use super::recheck::Now;

/// Older ones are sent again only after a second question: the customer may not remember.
pub const OLD_DAYS: i64 = 7;

/// How a stored request stands towards being sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It was refused, would pass now, and is there whole.
    Sendable,
    /// It would be refused once more.
    StillFails,
    /// It was sent again already.
    SentBefore,
    /// Its body was deleted with the customer's data.
    Deleted,
    /// Only the beginning of its body was kept.
    Cut,
    /// It was accepted when it came.
    Accepted,
}

/// What is known of a stored request.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// Whether it was accepted when it came.
    pub was_accepted: bool,
    /// Whether it was sent again already.
    pub was_sent_again: bool,
    /// Whether its body is still there.
    pub has_body: bool,
    /// Whether only the beginning was kept.
    pub is_cut: bool,
    /// How it would come out now.
    pub now: Now,
}

impl Standing {
    /// How a request stands.
    pub fn of(known: Known) -> Self {
        match known {
            Known {
                was_accepted: true, ..
            } => Self::Accepted,
            Known {
                was_sent_again: true,
                ..
            } => Self::SentBefore,
            Known {
                has_body: false, ..
            } => Self::Deleted,
            Known { is_cut: true, .. } => Self::Cut,
            Known {
                now: Now::Passes, ..
            } => Self::Sendable,
            _ => Self::StillFails,
        }
    }

    /// Why a request cannot be sent again, in a sentence; empty for one that can.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Sendable => "",
            Self::StillFails => "Still refused by today’s settings.",
            Self::SentBefore => "Sent again already, which happens at most once.",
            Self::Deleted => {
                "The body was deleted with the customer’s data after the company’s expunge threshold, so there is nothing to send."
            }
            Self::Cut => {
                "Too large: only the beginning of the body was kept, so there is nothing whole to send."
            }
            Self::Accepted => "Accepted when it came: the customer would be asked twice.",
        }
    }
}

/// Whether a request is so old that sending it again takes a second question.
pub fn is_old(received_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    received_at < now - TimeDelta::days(OLD_DAYS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: Known = Known {
        was_accepted: false,
        was_sent_again: false,
        has_body: true,
        is_cut: false,
        now: Now::Passes,
    };

    #[test]
    fn only_what_was_refused_is_whole_and_would_pass_is_sent_again_and_once() {
        assert_eq!(Standing::of(REFUSED), Standing::Sendable);
        for (known, standing) in [
            (
                Known {
                    was_accepted: true,
                    ..REFUSED
                },
                Standing::Accepted,
            ),
            (
                Known {
                    was_sent_again: true,
                    ..REFUSED
                },
                Standing::SentBefore,
            ),
            (
                Known {
                    has_body: false,
                    ..REFUSED
                },
                Standing::Deleted,
            ),
            (
                Known {
                    is_cut: true,
                    ..REFUSED
                },
                Standing::Cut,
            ),
            (
                Known {
                    now: Now::Same,
                    ..REFUSED
                },
                Standing::StillFails,
            ),
            (
                Known {
                    now: Now::Different,
                    ..REFUSED
                },
                Standing::StillFails,
            ),
        ] {
            assert_eq!(Standing::of(known), standing);
            assert!(!standing.sentence().is_empty());
        }
    }

    #[test]
    fn a_week_makes_a_request_old() {
        let now: DateTime<Utc> = "2026-11-24T12:00:00Z".parse().unwrap();
        assert!(!is_old(now - TimeDelta::days(7), now));
        assert!(is_old(
            now - TimeDelta::days(7) - TimeDelta::milliseconds(1),
            now
        ));
    }
}
