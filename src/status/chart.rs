//! The chart above the tabs: requests over time, valid against invalid, drawn from the counters,
//! with the changes of the settings as marks. It is read apart from the list, so that the list
//! stands when the chart fails.

use chrono::{DateTime, DurationRound, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use super::Status;
use super::filters::Address;
use super::rate::ALERT_PERCENT;
use crate::domain::change;
use crate::domain::cube::Rate;
use crate::domain::filter::{Filter, Subject, Term};
use crate::domain::request::Environment;
use crate::domain::window::{FINE_GRAIN_DAYS, Range, Window};
use crate::store::audit::{self, RuleChange};
use crate::store::counts::{self, Bin};
use crate::store::requests::Tab;
use crate::web::format::{Moment, number, percent};
use crate::web::shell::Company;

/// The bars of a chart are at most so many; the shortest step that keeps to it is taken.
const MOST_BARS: i64 = 61;

/// The steps a chart may have, in minutes.
const STEPS: [i64; 12] = [5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880, 10_080];

/// The y of the base line; bars stand on it, at most so high.
const BASE: f64 = 112.0;
const HIGHEST: f64 = 92.0;

/// A rate of fewer requests says little: no alert opens on it either.
const ENOUGH_FOR_A_RATE: i64 = 20;

/// So many changes are marked.
const MOST_MARKS: i64 = 20;

/// Labels of marks keep so far from each other, in percent of the width.
const LABEL_ROOM: f64 = 34.0;

/// The chart of a list.
pub struct Chart {
    /// What is counted, such as `Production requests`.
    pub what: String,
    /// A bar per step, oldest first, with those where nothing came.
    pub bars: Vec<Bar>,
    /// The changes of the settings, oldest first.
    pub marks: Vec<Mark>,
    /// The words under the base line.
    pub ticks: Vec<Tick>,
    /// From when to when, with the zone.
    pub span: String,
    /// The list in a window around this one; `None` where there is nothing more to see.
    pub wider: Option<String>,
    /// Whether some bar is above the alert line.
    pub is_over: bool,
}

/// A step of time. Lengths are in percent of the width and in pixels of the height.
pub struct Bar {
    /// The list in this step's time alone.
    pub url: String,
    /// When it begins, in words.
    pub at: String,
    /// All requests.
    pub total: String,
    /// The valid ones.
    pub valid: String,
    /// The invalid ones.
    pub invalid: String,
    /// Their share.
    pub rate: String,
    /// Whether that is over the alert line.
    pub is_over: bool,
    /// Whether nothing came.
    pub is_empty: bool,
    /// The left end of its time.
    pub left: String,
    /// How wide its time is.
    pub width: String,
    /// The left end of the bar.
    pub bar_left: String,
    /// How wide the bar is.
    pub bar_width: String,
    /// The upper end and the height of the valid part.
    pub valid_box: Option<(String, String)>,
    /// The upper end and the height of the invalid part, on top of it.
    pub invalid_box: Option<(String, String)>,
}

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
    /// On which side the label stands; `None` where there is no room for one.
    pub label: Option<Side>,
}

/// The side of a mark on which its label stands.
pub enum Side {
    /// Before it.
    Left,
    /// After it.
    Right,
}

/// Words under the base line.
pub struct Tick {
    /// Their place.
    pub left: &'static str,
    /// How they stand to it.
    pub anchor: &'static str,
    /// Whether they are left out on a phone.
    pub wide_only: bool,
    /// The words.
    pub words: String,
}

/// What the store tells about a chart.
struct Facts {
    bins: Vec<Bin>,
    changes: Vec<RuleChange>,
}

/// The steps of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Steps {
    origin: DateTime<Utc>,
    step: TimeDelta,
}

/// The chart of a list; `None` where it failed: that is logged.
pub async fn chart(
    status: &Status,
    company: &Company,
    address: &Address,
    window: Window,
    now: DateTime<Utc>,
) -> Option<Chart> {
    let steps = Steps::of(window, now, company.zone);
    let (id, filter) = (company.id, what_is_counted(address));
    let seen = status.store.look(id, move |connection| {
        Ok(Facts {
            bins: counts::series(connection, id, window, steps.origin, steps.step, &filter)?,
            changes: audit::rule_changes(connection, id, window, MOST_MARKS)?,
        })
    });
    match seen.await {
        Ok(seen) => Some(draw(address, window, now, company.zone, steps, &seen.found)),
        Err(error) => {
            let error = anyhow::Error::from(error);
            tracing::error!(company.id = id.0, "no chart for company {id}: {error:#}");
            None
        }
    }
}

/// The filter of the list, about the environment that the tab is about where it names none.
fn what_is_counted(address: &Address) -> Filter {
    match address.filter.about("environment").next() {
        Some(_) => address.filter.clone(),
        None => address.filter.with(Term {
            subject: Subject::Environment(environment(address.tab)),
            negated: false,
        }),
    }
}

fn environment(tab: Tab) -> Environment {
    match tab {
        Tab::Invalid => Environment::Production,
        Tab::Test => Environment::Test,
    }
}

impl Steps {
    /// The shortest steps that the counters have for a window and that keep to [`MOST_BARS`]. They
    /// begin at the company's midnight, to the hour that counters have.
    fn of(window: Window, now: DateTime<Utc>, zone: Tz) -> Self {
        let length = window.to.unwrap_or(now) - window.from;
        let is_coarse = window.from < now - TimeDelta::days(FINE_GRAIN_DAYS - 1);
        let fits = |minutes: &i64| {
            let keeps = length.num_minutes() <= minutes * (MOST_BARS - 1);
            keeps && (*minutes >= 60 || !is_coarse)
        };
        let step = STEPS.into_iter().find(fits).unwrap_or(10_080);
        let local = window.from.with_timezone(&zone).date_naive();
        let midnight = zone
            .from_local_datetime(&local.and_time(chrono::NaiveTime::MIN))
            .earliest()
            .map_or(window.from, |midnight| midnight.to_utc());
        let hour = TimeDelta::hours(1);
        Self {
            origin: midnight.duration_trunc(hour).unwrap_or(midnight),
            step: TimeDelta::minutes(step),
        }
    }

    /// The beginnings of all steps that a window touches.
    fn begins(self, window: Window, now: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
        let end = window.to.unwrap_or(now);
        let steps_before = (window.from - self.origin).num_minutes() / self.step.num_minutes();
        let first = self.origin + self.step * steps_before.try_into().unwrap_or(0);
        std::iter::successors(Some(first), move |at| Some(*at + self.step))
            .take_while(move |at| *at < end)
    }
}

fn draw(
    address: &Address,
    window: Window,
    now: DateTime<Utc>,
    zone: Tz,
    steps: Steps,
    facts: &Facts,
) -> Chart {
    let axis = Axis {
        from: window.from,
        to: window.to.unwrap_or(now).max(window.from + steps.step),
    };
    let highest = facts.bins.iter().map(|bin| bin.total).max().unwrap_or(0);
    let bin_at = |begins| facts.bins.iter().find(|bin| bin.begins == begins);
    let bars: Vec<Bar> = steps
        .begins(window, now)
        .map(|begins| {
            let rate = bin_at(begins).map_or(NOTHING, |bin| Rate {
                failed: bin.failed,
                total: bin.total,
            });
            let time = (begins.max(axis.from), (begins + steps.step).min(axis.to));
            let inside = begins.max(window.from);
            let range = Range::Between(inside, (begins + steps.step).min(axis.end(window)));
            let url = address.with_filter(address.filter.with_range(range));
            let at = Moment::new(inside, zone).weekday();
            Bar::new(url, at, axis.place(time), rate, highest)
        })
        .collect();
    Chart {
        what: what(address),
        is_over: bars.iter().any(|bar| bar.is_over),
        bars,
        marks: marks(&facts.changes, axis, zone),
        ticks: ticks(axis, zone),
        span: span(window, now, zone),
        wider: wider(address, axis, now),
    }
}

const NOTHING: Rate = Rate {
    failed: 0,
    total: 0,
};

fn what(address: &Address) -> String {
    let environments: Vec<_> = address.filter.about("environment").collect();
    let named = match environments.is_empty() {
        true => format!("{} requests", environment(address.tab).title()),
        false => "Requests".to_owned(),
    };
    match address.filter.terms().is_empty() {
        true => named,
        false => format!("{named} of this filter"),
    }
}

fn span(window: Window, now: DateTime<Utc>, zone: Tz) -> String {
    let (from, to) = (window.from, window.to.unwrap_or(now));
    let words = |at| Moment::new(at, zone).weekday();
    format!(
        "{} – {}, {}",
        words(from),
        words(to),
        crate::web::format::city(zone)
    )
}

/// Three times the window, around its middle, where that shows more than the page does already.
fn wider(address: &Address, axis: Axis, now: DateTime<Utc>) -> Option<String> {
    let Some(Range::Between(..)) = address.filter.range else {
        return None;
    };
    let length = axis.to - axis.from;
    let range = Range::Between(axis.from - length, (axis.to + length).min(now));
    Some(address.with_filter(address.filter.with_range(range)))
}

/// The time that the width stands for.
#[derive(Debug, Clone, Copy)]
struct Axis {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

impl Axis {
    fn percent(self, at: DateTime<Utc>) -> f64 {
        let millis = |time: TimeDelta| time.num_milliseconds() as f64;
        (millis(at - self.from) / millis(self.to - self.from) * 100.0).clamp(0.0, 100.0)
    }

    /// The left end and the width of a time.
    fn place(self, (from, to): (DateTime<Utc>, DateTime<Utc>)) -> (f64, f64) {
        let (left, right) = (self.percent(from), self.percent(to));
        (left, right - left)
    }

    /// Where a bar's own window ends at the latest: a step that is still going on ends after now.
    fn end(self, window: Window) -> DateTime<Utc> {
        window.to.unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

impl Bar {
    fn new(url: String, at: String, (left, width): (f64, f64), rate: Rate, highest: i64) -> Self {
        let gap = (width * 0.18).min(0.5);
        let pixels = |count: i64| count as f64 / highest.max(1) as f64 * HIGHEST;
        let valid = rate.total - rate.failed;
        let is_over = rate.total >= ENOUGH_FOR_A_RATE
            && rate
                .percent()
                .is_some_and(|percent| percent > ALERT_PERCENT);
        let valid_height = pixels(valid);
        // A failure among thousands is seen all the same.
        let invalid_height = pixels(rate.failed).max(2.0);
        let distance = if valid > 0 { 1.0 } else { 0.0 };
        let invalid_top = BASE - valid_height - distance - invalid_height;
        let share = |number: f64| format!("{number:.2}%");
        let length = |number: f64| format!("{number:.1}");
        Self {
            url,
            at,
            total: number(rate.total),
            valid: number(valid),
            invalid: number(rate.failed),
            rate: match rate.total {
                0 => "–".to_owned(),
                total => percent(rate.failed, total),
            },
            is_over,
            is_empty: rate.total == 0,
            left: share(left),
            width: share(width),
            bar_left: share(left + gap / 2.0),
            bar_width: share(width - gap),
            valid_box: (valid > 0).then(|| (length(BASE - valid_height), length(valid_height))),
            invalid_box: (rate.failed > 0).then(|| (length(invalid_top), length(invalid_height))),
        }
    }
}

/// The marks, oldest first. The newest get their labels first, as far as there is room.
fn marks(changes: &[RuleChange], axis: Axis, zone: Tz) -> Vec<Mark> {
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
            let (before, after) = (change.before.as_ref(), change.after.as_ref());
            let did = change::words(&change.action, &change.subject, before, after);
            let moment = Moment::new(change.at, zone);
            Mark {
                left: format!("{place:.2}%"),
                at: moment.minute(),
                when: moment.weekday(),
                words: format!("{} {did}", change.actor),
                label: is_free.then_some(side),
            }
        })
        .collect();
    marks.reverse();
    marks
}

fn ticks(axis: Axis, zone: Tz) -> Vec<Tick> {
    const PLACES: [(i32, &str, &str, bool); 5] = [
        (0, "0%", "start", false),
        (1, "25%", "middle", true),
        (2, "50%", "middle", false),
        (3, "75%", "middle", true),
        (4, "100%", "end", false),
    ];
    let length = axis.to - axis.from;
    let mut day_before = None;
    PLACES
        .into_iter()
        .map(|(quarter, left, anchor, wide_only)| {
            let at = (axis.from + length * quarter / 4).with_timezone(&zone);
            let day = at.date_naive();
            let pattern = match length {
                long if long > TimeDelta::days(3) => "%a %-d %b",
                _ if day_before != Some(day) => "%a %H:%M",
                _ => "%H:%M",
            };
            day_before = Some(day);
            let words = at.format(pattern).to_string();
            Tick {
                left,
                anchor,
                wide_only,
                words,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn since(from: &str) -> Window {
        Window {
            from: at(from),
            to: None,
        }
    }

    #[test]
    fn steps_are_as_short_as_the_bars_and_the_counters_allow() {
        let now = at("2026-11-23T18:27:00Z");
        let minutes = |from| {
            let steps = Steps::of(since(from), now, chrono_tz::America::Toronto);
            (
                steps.step.num_minutes(),
                steps.begins(since(from), now).count(),
            )
        };
        assert_eq!(minutes("2026-11-23T17:25:00Z"), (5, 13));
        assert_eq!(minutes("2026-11-22T18:25:00Z"), (30, 49));
        assert_eq!(minutes("2026-11-16T18:25:00Z"), (180, 57));
        assert_eq!(minutes("2026-08-25T18:00:00Z").0, 2_880);
        let hour_long_ago = Window {
            from: at("2026-10-01T10:00:00Z"),
            to: Some(at("2026-10-01T12:00:00Z")),
        };
        let steps = Steps::of(hour_long_ago, now, Tz::UTC);
        assert_eq!(steps.step, TimeDelta::hours(1));
    }

    #[test]
    fn labels_of_marks_do_not_lie_over_each_other() {
        let axis = Axis {
            from: at("2026-11-23T00:00:00Z"),
            to: at("2026-11-24T00:00:00Z"),
        };
        let change = |time: &str| RuleChange {
            at: at(time),
            actor: "Ada".to_owned(),
            action: "brand.deactivated".to_owned(),
            subject: "outlet".to_owned(),
            before: None,
            after: None,
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
