//! "Is it healthy?": the error rate of production in one sentence, with its denominator, against
//! the same time before and against the line at which the alert opens.

use crate::domain::alert::OPENS_ABOVE;
use crate::domain::cube::Rate;
use crate::web::format::{number, percent};

/// The sentence above the tabs.
pub struct RateLine {
    /// The rate, such as `4.2 %`; `None` without production traffic.
    pub percent: Option<String>,
    /// How many failed.
    pub failed: String,
    /// Of how many.
    pub total: String,
    /// Against the same time before, such as `2.1 points more than in the 24 hours before`.
    pub change: Option<String>,
    /// Whether the rate is over the alert line.
    pub is_over: bool,
}

impl RateLine {
    /// Writes the rate now against the rate before.
    pub fn new(now: Rate, before: Rate) -> Self {
        Self {
            percent: (now.total > 0).then(|| percent(now.failed, now.total)),
            failed: number(now.failed),
            total: number(now.total),
            change: change(now, before),
            is_over: now.percent().is_some_and(|p| p > OPENS_ABOVE as f64),
        }
    }
}

fn change(now: Rate, before: Rate) -> Option<String> {
    let points = now.percent()? - before.percent()?;
    Some(match points {
        points if points.abs() < 0.05 => "the same as in the time before".to_owned(),
        points if points > 0.0 => {
            format!("{:.1} points more than in the time before", points)
        }
        points => format!("{:.1} points less than in the time before", -points),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_said_with_its_denominator_and_its_change() {
        let rate = |failed, total| Rate { failed, total };
        let line = RateLine::new(rate(541, 12_840), rate(210, 10_000));
        assert_eq!(line.percent.as_deref(), Some("4.2\u{a0}%"));
        assert_eq!(line.total, "12,840");
        let change = line.change.unwrap();
        assert_eq!(change, "2.1 points more than in the time before");
        assert!(!line.is_over);
        let silent = RateLine::new(rate(0, 0), rate(1, 10));
        assert!(silent.percent.is_none() && silent.change.is_none());
    }
}
