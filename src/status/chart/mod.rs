//! The chart above the tabs: requests over time, the invalid ones by error on the valid ones, their
//! share against the line at which the alert opens, and the changes of the settings as marks. It is
//! drawn from the counters and read apart from the list, so that the list stands when it fails.

mod bars;
mod marks;
mod ticks;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use super::Status;
use super::filters::Address;
use super::look::Look;
use super::row::tone;
use super::zoom::{self, Zoom};
use crate::domain::alert::{LEAST_REQUESTS, OPENS_ABOVE};
use crate::domain::cube::Rate;
use crate::domain::dictionary::EndedBy;
use crate::domain::filter::{Filter, Subject, Term};
use crate::domain::request::Environment;
use crate::domain::window::{FINE_GRAIN_DAYS, Range, Window, floor};
use crate::store::audit::{self, RuleChange};
use crate::store::counts::{self, Bin};
use crate::store::requests::Tab;
use crate::web::format::Moment;
use bars::{Bar, RATE_PERCENT, Scale, Stack};
pub use marks::Side;
use marks::{Mark, marks};
use ticks::{Tick, ticks};

/// The bars of a chart are at most so many; the shortest step that keeps to it is taken.
const MOST_BARS: i64 = 61;

/// The steps a chart may have, in minutes. None is between a quarter of an hour and an hour: a filtered
/// day would be read from counters of five minutes, of which a busy company has ten times as many as of
/// an hour.
const STEPS: [i64; 11] = [5, 10, 15, 60, 120, 180, 360, 720, 1_440, 2_880, 10_080];

/// So many changes are marked, the last ones.
const MOST_MARKS: usize = 20;

/// A list waits so long for its chart.
const PATIENCE: Duration = Duration::from_secs(2);

/// What stands where the chart belongs.
pub enum ChartPart {
    /// The chart.
    Drawn(Box<Chart>),
    /// It could not be read; the log says why.
    Failed,
    /// The counters do not know what the filter asks for.
    NotCounted,
}

/// The chart of a list.
pub struct Chart {
    /// What is counted, such as `Production requests`.
    pub what: String,
    /// A bar per step, oldest first, with those where nothing came.
    pub bars: Vec<Bar>,
    /// The changes of the settings, oldest first.
    pub marks: Vec<Mark>,
    /// How many of the changes are marked, where there were more before.
    pub marks_are_last: Option<usize>,
    /// The words under the base line.
    pub ticks: Vec<Tick>,
    /// From when to when, with the zone.
    pub span: String,
    /// The ways to other windows.
    pub zoom: Zoom,
    /// Who ends the errors that are drawn: class of the colour, and words.
    pub tones: Vec<(&'static str, &'static str)>,
    /// The y of the alert line.
    pub alert_y: String,
}

impl ChartPart {
    /// The newest bar with something that is on a list, if it is less than the whole window: when it
    /// begins, in words, and the list in its time alone. A bar does not tell a result apart.
    pub fn newest(&self, tab: Tab, filter: &Filter) -> Option<(String, String)> {
        let Self::Drawn(chart) = self else {
            return None;
        };
        let asks = |parameter| filter.about(parameter).next().is_some();
        let is_listed = |bar: &&Bar| match tab {
            Tab::Test if asks("result") => false,
            Tab::Test if !asks("error") => !bar.is_empty,
            Tab::Invalid | Tab::Test => !bar.errors.is_empty(),
        };
        let newest = chart.bars.iter().rev().find(is_listed);
        newest
            .filter(|_| chart.bars.len() > 1)
            .map(|bar| (bar.at.clone(), bar.url.clone()))
    }
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

/// The chart of a list.
pub async fn read(status: &Status, look: &Look) -> ChartPart {
    if !look.is_countable() {
        return ChartPart::NotCounted;
    }
    let steps = Steps::of(look.window, look.now, look.zone());
    let (id, window) = (look.shell.company.id, look.window);
    let filter = what_is_counted(&look.address);
    let seen = status.store.look(id, move |connection| {
        Ok(Facts {
            bins: counts::series(connection, id, window, steps.origin, steps.step, &filter)?,
            changes: audit::rule_changes(connection, id, window, MOST_MARKS as i64 + 1)?,
        })
    });
    let seen = match tokio::time::timeout(PATIENCE, seen).await {
        Ok(seen) => seen.map_err(anyhow::Error::from),
        Err(_) => Err(anyhow::anyhow!("it was not read within {PATIENCE:?}")),
    };
    match seen {
        Ok(seen) => ChartPart::Drawn(Box::new(draw(look, steps, &seen.found))),
        Err(error) => {
            tracing::error!(company.id = id.0, "no chart for company {id}: {error:#}");
            ChartPart::Failed
        }
    }
}

/// The filter of the list, about the environment that the tab is about where it names none.
fn what_is_counted(address: &Address) -> Filter {
    match address.filter.about("environment").next() {
        Some(_) => address.filter.clone(),
        None => address
            .filter
            .with(Term::wanted(Subject::Environment(environment(address.tab)))),
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
            origin: floor(midnight, hour),
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

fn draw(look: &Look, steps: Steps, facts: &Facts) -> Chart {
    let (address, window, now, zone) = (&look.address, look.window, look.now, look.zone());
    let axis = Axis {
        from: window.from,
        to: window.to.unwrap_or(now).max(window.from + steps.step),
    };
    let stacks: Vec<(DateTime<Utc>, Stack)> = steps
        .begins(window, now)
        .map(|begins| {
            let bins = facts.bins.iter().filter(|bin| bin.begins == begins);
            (begins, Stack::of(bins))
        })
        .collect();
    let rates = || stacks.iter().map(|(_, stack)| stack.rate());
    let scale = Scale {
        requests: rates().map(|rate| rate.total).max().unwrap_or(0),
        percent: rates()
            .filter(|rate| rate.total >= LEAST_REQUESTS)
            .filter_map(Rate::percent)
            .fold(RATE_PERCENT, f64::max),
    };
    let bars = stacks
        .iter()
        .map(|(begins, stack)| {
            let ends = *begins + steps.step;
            let time = ((*begins).max(axis.from), ends.min(axis.to));
            let inside = (*begins).max(window.from);
            let range = Range::Between(inside, ends.min(axis.end(window)));
            let url = address.with_filter(address.filter.with_range(range));
            let at = Moment::new(inside, zone).weekday();
            Bar::new(url, at, axis.place(time), stack, scale)
        })
        .collect();
    let is_drawn = |ended_by: &EndedBy| {
        let mut errors = stacks.iter().flat_map(|(_, stack)| &stack.errors);
        errors.any(|(code, _)| code.ended_by() == *ended_by)
    };
    let marked = &facts.changes[..facts.changes.len().min(MOST_MARKS)];
    Chart {
        what: what(address),
        bars,
        marks: marks(marked, axis, zone),
        marks_are_last: (facts.changes.len() > MOST_MARKS).then_some(MOST_MARKS),
        ticks: ticks(axis, zone),
        span: span(window, now, zone),
        zoom: zoom::ways(look),
        tones: EndedBy::ALL
            .into_iter()
            .filter(is_drawn)
            .map(|ended_by| (tone(ended_by), ended_by.who()))
            .collect(),
        alert_y: format!("{:.1}", scale.rate_y(OPENS_ABOVE as f64)),
    }
}

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
        assert_eq!(minutes("2026-11-22T18:25:00Z"), (60, 25));
        assert_eq!(minutes("2026-11-16T18:25:00Z"), (180, 57));
        assert_eq!(minutes("2026-08-25T18:00:00Z").0, 2_880);
        let hour_long_ago = Window {
            from: at("2026-10-01T10:00:00Z"),
            to: Some(at("2026-10-01T12:00:00Z")),
        };
        let steps = Steps::of(hour_long_ago, now, Tz::UTC);
        assert_eq!(steps.step, TimeDelta::hours(1));
    }
}
