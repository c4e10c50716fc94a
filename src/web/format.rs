//! How values are written for people: times in the company's zone, numbers with separators, long
//! identifiers with places to break at.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::{OffsetName, Tz};

/// A moment, written for a page.
#[derive(Debug, Clone)]
pub struct Moment {
    /// For machines: UTC, RFC 3339.
    pub datetime: String,
    /// For a row: `14:02:11`, with the date in front on another day than `now`.
    pub short: String,
    /// For hovering: with milliseconds, zone and UTC.
    pub long: String,
    /// The day, such as `Mon 23 Nov`.
    pub day: String,
}

impl Moment {
    /// Writes `at` as seen at `now` in `zone`.
    pub fn new(at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) -> Self {
        let local = at.with_timezone(&zone);
        let today = now.with_timezone(&zone).date_naive();
        let short = match local.date_naive() == today {
            true => local.format("%H:%M:%S").to_string(),
            false => local.format("%-d %b %H:%M:%S").to_string(),
        };
        Self {
            datetime: at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            short,
            long: format!(
                "{} {} · {} UTC",
                local.format("%a %-d %b %Y, %H:%M:%S%.3f"),
                city(zone),
                at.format("%H:%M:%S%.3f")
            ),
            day: local.format("%a %-d %b").to_string(),
        }
    }
}

/// The date and the time to the minute: `Fri 20 Nov at 16:12`.
pub fn day_and_minute(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%a %-d %b at %H:%M").to_string()
}

/// The date: `21 Feb 2027`.
pub fn date(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%-d %b %Y").to_string()
}

/// The zone in a word: `Toronto`.
pub fn city(zone: Tz) -> String {
    let name = zone.name();
    name.rsplit('/').next().unwrap_or(name).replace('_', " ")
}

/// The zone with its abbreviation and offset at `at`: `Toronto (EST, UTC-5)`.
pub fn zone(at: DateTime<Utc>, zone: Tz) -> String {
    use chrono::Offset;
    let local = at.with_timezone(&zone);
    let seconds = local.offset().fix().local_minus_utc();
    let (hours, minutes) = (seconds.abs() / 3_600, seconds.abs() / 60 % 60);
    let sign = if seconds < 0 { '−' } else { '+' };
    let offset = match (hours, minutes) {
        (0, 0) => "UTC".to_owned(),
        (hours, 0) => format!("UTC{sign}{hours}"),
        (hours, minutes) => format!("UTC{sign}{hours}:{minutes:02}"),
    };
    match local.offset().abbreviation() {
        Some(name) if name.chars().all(char::is_alphabetic) && name != "UTC" => {
            format!("{} ({name}, {offset})", city(zone))
        }
        _ if zone == Tz::UTC => "UTC".to_owned(),
        _ => format!("{} ({offset})", city(zone)),
    }
}

/// How long ago, roughly: `3 days ago`.
pub fn ago(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let past = now - at;
    let (count, unit) = match past {
        past if past >= TimeDelta::days(2) => (past.num_days(), "day"),
        past if past >= TimeDelta::hours(2) => (past.num_hours(), "hour"),
        past if past >= TimeDelta::minutes(1) => (past.num_minutes(), "minute"),
        _ => return "just now".to_owned(),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural} ago")
}

/// A number with thousands separators: `12,840`.
pub fn number(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        text.push('−');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 request`, `2 requests`.
pub fn counted(count: i64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", number(count))
}

/// A percentage: one decimal, more where that would say nothing: `4.2`, `0.03`.
pub fn percent(percent: f64) -> String {
    match percent {
        0.0 => "0".to_owned(),
        small if small < 0.05 => format!("{small:.2}"),
        percent => format!("{percent:.1}"),
    }
}

/// A long identifier, cut where it may be broken: before `@`, and inside each of those parts after
/// `-`, `.`, `/` and `_`, never inside a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breakable(pub Vec<Vec<String>>);

impl Breakable {
    /// Cuts `text` up.
    pub fn new(text: &str) -> Self {
        let (local, domain) = text.split_at(text.rfind('@').unwrap_or(text.len()));
        let parts = [local, domain].into_iter().filter(|part| !part.is_empty());
        let joints = ['-', '.', '/', '_'];
        let pieces = |part: &str| part.split_inclusive(joints).map(str::to_owned).collect();
        Self(parts.map(pieces).collect())
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::America::Toronto;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn times_are_the_companys_and_name_the_day_when_it_is_another() {
        let now = at("2026-11-23T19:05:00Z");
        let today = Moment::new(at("2026-11-23T19:02:11.482Z"), now, Toronto);
        assert_eq!(today.short, "14:02:11");
        assert_eq!(
            today.long,
            "Mon 23 Nov 2026, 14:02:11.482 Toronto · 19:02:11.482 UTC"
        );
        let yesterday = Moment::new(at("2026-11-23T02:00:00Z"), now, Toronto);
        assert_eq!(yesterday.short, "22 Nov 21:00:00");
        assert_eq!(zone(now, Toronto), "Toronto (EST, UTC−5)");
        assert_eq!(zone(now, chrono_tz::Asia::Kolkata), "Kolkata (IST, UTC+5:30)");
        assert_eq!(zone(now, Tz::UTC), "UTC");
    }

    #[test]
    fn numbers_are_readable() {
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(number(999), "999");
        assert_eq!(counted(1, "request"), "1 request");
        assert_eq!(percent(4.24), "4.2");
        assert_eq!(percent(0.031), "0.03");
        assert_eq!(ago(at("2026-11-20T19:00:00Z"), at("2026-11-23T19:05:00Z")), "3 days ago");
    }

    #[test]
    fn identifiers_break_at_their_joints() {
        let address = Breakable::new("ben.ruiz@larkspur.example").0;
        assert_eq!(address, [vec!["ben.", "ruiz"], vec!["@larkspur.", "example"]]);
        assert_eq!(Breakable::new("sms").0, [["sms"]]);
    }
}
