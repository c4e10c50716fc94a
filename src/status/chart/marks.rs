//! The marks: changes of the settings, where they stand and what they say.

use chrono_tz::Tz;

use super::Axis;
use crate::domain::change::Place;
use crate::store::audit::RuleChange;
use crate::web::format::Moment;

/// Labels of marks keep so far from each other, in percent of the width.
const LABEL_ROOM: f64 = 34.0;

/// A change of the settings.
pub struct Mark {
    /// Its place.
    pub left: String,
    /// When, by the clock.
    pub at: String,
    /// When, with the day.
    pub when: String,
    /// Who did what.
    pub words: String,
    /// The audit log from this change on, backwards in time.
    pub url: String,
    /// On which side the label stands; `None` where there is no room for one.
    pub label: Option<Side>,
    /// Where it begins, from above: below the labels of others when it has none.
    pub top: i32,
}

/// The side of a mark on which its label stands.
pub enum Side {
    /// Before it.
    Left,
    /// After it.
    Right,
}

/// The marks, oldest first. The newest get their labels first, as far as there is room.
pub(super) fn marks(changes: &[RuleChange], axis: Axis, zone: Tz) -> Vec<Mark> {
    let mut taken: Vec<(f64, f64)> = Vec::new();
    let mut marks: Vec<Mark> = changes
        .iter()
        .map(|change| {
            let place = axis.percent(change.at);
            let (side, from) = match place > 50.0 {
                true => (Side::Left, place - LABEL_ROOM),
                false => (Side::Right, place),
            };
            let room = (from, from + LABEL_ROOM);
            let is_free = taken.iter().all(|t| room.1 <= t.0 || t.1 <= room.0);
            if is_free {
                taken.push(room);
            }
            let moment = Moment::new(change.at, zone);
            Mark {
                left: format!("{place:.2}%"),
                at: moment.minute(),
                when: moment.weekday(),
                words: format!("{} {}", change.actor, change.change().words()),
                url: format!(
                    "/settings/audit-log?before={}",
                    Place::just_before(change.at, change.id)
                ),
                label: is_free.then_some(side),
                top: if is_free { 6 } else { 20 },
            }
        })
        .collect();
    marks.reverse();
    marks
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn labels_of_marks_do_not_lie_over_each_other() {
        let axis = Axis {
            from: at("2026-11-23T00:00:00Z"),
            to: at("2026-11-24T00:00:00Z"),
        };
        let change = |time: &str| RuleChange {
            at: at(time),
            id: 7,
            actor: "Ada".to_owned(),
            action: "brand.deactivated".to_owned(),
            subject: "outlet".to_owned(),
            before: None,
            after: None,
            settings_version: 2,
        };
        let newest_first = [
            change("2026-11-23T20:00:00Z"),
            change("2026-11-23T19:00:00Z"),
            change("2026-11-23T01:00:00Z"),
        ];
        let marks = marks(&newest_first, axis, Tz::UTC);
        let labelled: Vec<bool> = marks.iter().map(|mark| mark.label.is_some()).collect();
        assert_eq!(labelled, [true, false, true]);
        assert_eq!(marks[0].words, "Ada switched off outlet");
    }
}
