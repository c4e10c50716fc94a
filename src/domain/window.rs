//! The time range of a page: presets and custom ranges, cut to the grain of the counters, so that a
//! count and the list beside it always speak of the same time.

use chrono::{
    DateTime, Datelike, Duration, DurationRound, NaiveDateTime, SecondsFormat, TimeZone, Utc,
};
use chrono_tz::Tz;

/// For so long the counters keep the five-minute grain; before that a window begins on the hour.
pub const FINE_GRAIN_DAYS: i64 = 14;

/// The fine grain of the counters, in minutes.
pub const FINE_GRAIN_MINUTES: i64 = 5;

/// A range as the address says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// So long until now.
    Last(Preset),
    /// From one moment (inclusive) to another (exclusive).
    Between(DateTime<Utc>, DateTime<Utc>),
}

/// The ranges offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// 60 minutes.
    Hour,
    /// 24 hours.
    Day,
    /// 7 days.
    Week,
    /// 30 days.
    Month,
    /// 90 days.
    Quarter,
}

impl Preset {
    /// All, shortest first.
    pub const ALL: [Self; 5] = [
        Self::Hour,
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Quarter,
    ];

    /// The longest.
    pub const LONGEST: Self = Self::Quarter;

    /// The word in the address.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
            Self::Quarter => "90d",
        }
    }

    /// The words on the page, in the middle of a sentence.
    pub fn title(self) -> &'static str {
        match self {
            Self::Hour => "last hour",
            Self::Day => "last 24 hours",
            Self::Week => "last 7 days",
            Self::Month => "last 30 days",
            Self::Quarter => "last 90 days",
        }
    }

    /// How long it is.
    pub fn duration(self) -> Duration {
        match self {
            Self::Hour => Duration::hours(1),
            Self::Day => Duration::hours(24),
            Self::Week => Duration::days(7),
            Self::Month => Duration::days(30),
            Self::Quarter => Duration::days(90),
        }
    }

    /// What its beginning is cut to. A day and more begins on the hour: of the part of an hour before
    /// it, counters would have to be read by five minutes, and causes finding by finding.
    fn grain(self) -> Duration {
        match self {
            Self::Hour => Duration::minutes(FINE_GRAIN_MINUTES),
            Self::Day | Self::Week | Self::Month | Self::Quarter => Duration::hours(1),
        }
    }

    /// Reads the word in the address.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.as_str() == text)
    }
}

/// A range at a certain now: what is read from the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first moment inside; on a grain boundary.
    pub from: DateTime<Utc>,
    /// The first moment after it; `None` while it is still going on.
    pub to: Option<DateTime<Utc>>,
}

impl Range {
    /// The window that this range is at `now`. Its ends are moved outwards to the grain that the
    /// counters still have for them.
    pub fn at(self, now: DateTime<Utc>) -> Window {
        match self {
            Self::Last(preset) => Window {
                from: floor(now - preset.duration(), preset.grain()),
                to: None,
            },
            Self::Between(from, to) => {
                let to = ceil(to, grain(to, now));
                Window {
                    from: floor(from, grain(from, now)),
                    to: (to <= now).then_some(to),
                }
            }
        }
    }

    /// The query parameters that say it.
    pub fn to_parameters(self) -> Vec<(&'static str, String)> {
        let text = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        match self {
            Self::Last(preset) => vec![("range", preset.as_str().to_owned())],
            Self::Between(from, to) => vec![("from", text(from)), ("to", text(to))],
        }
    }
}

impl Window {
    /// Whether no moment is inside.
    pub fn is_empty(self) -> bool {
        self.to.is_some_and(|to| to <= self.from)
    }

    /// What is left of it before and after a part of it.
    pub fn without(self, part: Self) -> impl Iterator<Item = Self> {
        let before = Self {
            from: self.from,
            to: Some(part.from),
        };
        let after = part.to.map(|from| Self { from, ..self });
        std::iter::once(before)
            .chain(after)
            .filter(|left| !left.is_empty())
    }

    /// The window of the same length just before this one.
    pub fn before(self, now: DateTime<Utc>) -> Self {
        let length = (self.to.unwrap_or(now) - self.from).max(Duration::zero());
        let before = self.from - length;
        Self {
            from: floor(before, grain(before, now)),
            to: Some(self.from),
        }
    }
}

/// Reads a moment from an address: with an offset as it stands, without one (a form's
/// `datetime-local`) in the company's zone. A local time that a clock change skips is the hour
/// after it; one that it repeats is the first of the two. `None` also for years that no request can
/// have: calendar arithmetic fails at the ends of time, and cutting to the grain in 2262.
pub fn parse_moment(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    const YEARS: std::ops::Range<i32> = 1970..2200;
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        let moment = moment.to_utc();
        return YEARS.contains(&moment.year()).then_some(moment);
    }
    let local = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .filter(|local| YEARS.contains(&local.year()))?;
    let moment = zone
        .from_local_datetime(&local)
        .earliest()
        .or_else(|| {
            let after_the_gap = local + Duration::hours(1);
            zone.from_local_datetime(&after_the_gap).earliest()
        })?
        .to_utc();
    YEARS.contains(&moment.year()).then_some(moment)
}

/// The grain that the counters have for `at`.
fn grain(at: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
    if at < now - Duration::days(FINE_GRAIN_DAYS - 1) {
        Duration::hours(1)
    } else {
        Duration::minutes(FINE_GRAIN_MINUTES)
    }
}

/// The last moment until `at` that lies on a step, counted since 1970.
pub fn floor(at: DateTime<Utc>, step: Duration) -> DateTime<Utc> {
    at.duration_trunc(step).unwrap_or(at)
}

/// The first such moment from `at` on.
pub fn ceil(at: DateTime<Utc>, step: Duration) -> DateTime<Utc> {
    match floor(at, step) {
        whole if whole == at => whole,
        begun => begun + step,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn windows_begin_on_the_grain() {
        let now = at("2026-11-23T18:27:31Z");
        let day = Range::Last(Preset::Day).at(now);
        assert_eq!(day.from, at("2026-11-22T18:00:00Z"));
        assert_eq!(day.to, None);
        let hour = Range::Last(Preset::Hour).at(now);
        assert_eq!(hour.from, at("2026-11-23T17:25:00Z"));
        let month = Range::Last(Preset::Month).at(now);
        assert_eq!(month.from, at("2026-10-24T18:00:00Z"));
        let custom = Range::Between(at("2026-11-20T10:01:00Z"), at("2026-11-20T11:01:00Z"));
        let window = custom.at(now);
        assert_eq!(window.from, at("2026-11-20T10:00:00Z"));
        assert_eq!(window.to, Some(at("2026-11-20T11:05:00Z")));
    }

    #[test]
    fn the_window_before_touches_this_one() {
        let now = at("2026-11-23T18:25:00Z");
        let day = Range::Last(Preset::Day).at(now);
        let before = day.before(now);
        assert_eq!(before.to, Some(day.from));
        assert_eq!(before.from, at("2026-11-21T17:35:00Z"));
    }

    #[test]
    fn local_times_are_the_companys() {
        let toronto = chrono_tz::America::Toronto;
        let winter = parse_moment("2026-11-23T10:00", toronto);
        assert_eq!(winter, Some(at("2026-11-23T15:00:00Z")));
        let skipped = parse_moment("2026-03-08T02:30", toronto);
        assert_eq!(skipped, Some(at("2026-03-08T07:30:00Z")));
        let with_offset = parse_moment("2026-11-23T10:00:00Z", toronto);
        assert_eq!(with_offset, Some(at("2026-11-23T10:00:00Z")));
        assert_eq!(parse_moment("yesterday", toronto), None);
    }
}
