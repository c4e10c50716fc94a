//! How times and numbers are written on pages. Times are shown in the company's zone; the hover
//! text adds milliseconds and UTC.

use std::time::Duration;

use chrono::{DateTime, Datelike, Offset, SecondsFormat, TimeDelta, Utc};
use chrono_tz::{OffsetName, Tz};

/// A point in time as a company sees it.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    at: DateTime<Utc>,
    local: DateTime<Tz>,
}

impl Moment {
    /// `at` in the company's `zone`.
    pub fn new(at: DateTime<Utc>, zone: Tz) -> Self {
        let local = at.with_timezone(&zone);
        Self { at, local }
    }

    /// `14:02:11`.
    pub fn clock(&self) -> String {
        self.local.format("%H:%M:%S").to_string()
    }

    /// `14:02:11.482`.
    pub fn clock_millis(&self) -> String {
        self.local.format("%H:%M:%S%.3f").to_string()
    }

    /// `14:02`.
    pub fn minute(&self) -> String {
        self.local.format("%H:%M").to_string()
    }

    /// `21 Nov`, with the year when that is not this one; `None` on the day of `now`.
    pub fn other_day(&self, now: DateTime<Utc>) -> Option<String> {
        let today = now.with_timezone(&self.local.timezone()).date_naive();
        (self.local.date_naive() != today).then(|| self.date(now))
    }

    /// `14:02 today`, else `21 Nov, 14:02`.
    pub fn in_words(&self, now: DateTime<Utc>) -> String {
        match self.other_day(now) {
            None => format!("{} today", self.minute()),
            Some(date) => format!("{date}, {}", self.minute()),
        }
    }

    /// `Tue 24 Nov, 14:02`.
    pub fn weekday(&self) -> String {
        self.local.format("%a %-d %b, %H:%M").to_string()
    }

    /// `Tue 24 Nov at 14:02`.
    pub fn day_and_minute(&self) -> String {
        self.local.format("%a %-d %b at %H:%M").to_string()
    }

    /// `14:02:11`, with the date in front when that is not the day of `now`.
    pub fn short(&self, now: DateTime<Utc>) -> String {
        match self.other_day(now) {
            None => self.clock(),
            Some(date) => format!("{date}, {}", self.clock()),
        }
    }

    /// `Mon 23 Nov 2026, 14:02:11.482`.
    pub fn full(&self) -> String {
        self.local.format("%a %-d %b %Y, %H:%M:%S%.3f").to_string()
    }

    /// For the hover text: `Mon 23 Nov 2026, 14:02:11.482 Toronto · 19:02:11.482 UTC`.
    pub fn hover(&self) -> String {
        let utc = self.at.format("%H:%M:%S%.3f");
        format!(
            "{} {} · {utc} UTC",
            self.full(),
            city(self.local.timezone())
        )
    }

    /// For the `datetime` attribute: `2026-11-23T19:02:11.482Z`.
    pub fn machine(&self) -> String {
        self.at.to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    /// `2026-11-23-1402`.
    pub fn in_a_file_name(&self) -> String {
        self.local.format("%Y-%m-%d-%H%M").to_string()
    }

    /// The zone and its offset at this time: `Toronto (EST, UTC−5)`.
    pub fn zone(&self) -> String {
        let offset = self.local.offset();
        let difference = self.offset();
        let city = city(self.local.timezone());
        // Zones without letters of their own are abbreviated by their offset.
        let letters = offset
            .abbreviation()
            .filter(|a| a.starts_with(char::is_alphabetic));
        match letters {
            Some(letters) if letters == city => city,
            Some(letters) => format!("{city} ({letters}, {difference})"),
            None => format!("{city} ({difference})"),
        }
    }

    /// The zone's offset at this time: `UTC−5`.
    pub fn offset(&self) -> String {
        let seconds = self.local.offset().fix().local_minus_utc();
        let sign = if seconds < 0 { '−' } else { '+' };
        match (seconds.abs() / 3600, seconds.abs() / 60 % 60) {
            (0, 0) => "UTC".to_owned(),
            (hours, 0) => format!("UTC{sign}{hours}"),
            (hours, minutes) => format!("UTC{sign}{hours}:{minutes:02}"),
        }
    }

    /// `21 Nov`, with the year when that is not the one of `now`.
    pub fn date(&self, now: DateTime<Utc>) -> String {
        let this_year = now.with_timezone(&self.local.timezone()).year();
        let pattern = if self.local.year() == this_year {
            "%-d %b"
        } else {
            "%-d %b %Y"
        };
        self.local.format(pattern).to_string()
    }
}

/// What people call a zone: `Toronto` for `America/Toronto`.
pub fn city(zone: Tz) -> String {
    let name = zone.name();
    name.rsplit('/').next().unwrap_or(name).replace('_', " ")
}

/// `12,840`.
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

/// How long ago, roughly: `3 days ago`.
pub fn ago(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let past = now - at;
    let (count, unit) = match past {
        past if past >= TimeDelta::days(2) => (past.num_days(), "day"),
        past if past >= TimeDelta::hours(2) => (past.num_hours(), "hour"),
        past if past >= TimeDelta::minutes(1) => (past.num_minutes(), "minute"),
        _ => return "just now".to_owned(),
    };
    format!("{} ago", counted(count, unit))
}

/// `As of 2 s ago`; `None` for what is as good as new.
pub fn as_of(behind: Duration) -> Option<String> {
    let seconds = behind.as_secs();
    (seconds >= 2).then(|| format!("As of {seconds} s ago"))
}

/// `4.2 %`: one digit below ten, none from there on; never `0 %` or `100 %` for what is not.
pub fn percent(part: i64, whole: i64) -> String {
    let text = match (part, whole) {
        (0, _) | (_, 0) => "0".to_owned(),
        (part, whole) if part >= whole => "100".to_owned(),
        (part, whole) => {
            // A count of requests is far below 2^53.
            let share = part as f64 / whole as f64 * 100.0;
            match share {
                share if share < 0.1 => "under 0.1".to_owned(),
                share if share > 99.0 => "over 99".to_owned(),
                share if share < 9.95 => format!("{share:.1}"),
                share => format!("{share:.0}"),
            }
        }
    };
    // A space that does not break.
    format!("{text}\u{a0}%")
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
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_time_is_the_companys_own_and_the_hover_says_the_rest() {
        let moment = Moment::new(at("2026-11-23T19:02:11.482Z"), Tz::America__Toronto);
        assert_eq!(moment.clock(), "14:02:11");
        assert_eq!(
            moment.hover(),
            "Mon 23 Nov 2026, 14:02:11.482 Toronto · 19:02:11.482 UTC"
        );
        assert_eq!(moment.machine(), "2026-11-23T19:02:11.482Z");
        assert_eq!(moment.weekday(), "Mon 23 Nov, 14:02");
    }

    #[test]
    fn another_day_is_said_by_the_companys_midnight() {
        let late = Moment::new(at("2026-11-24T03:30:00Z"), Tz::America__Toronto);
        assert_eq!(late.other_day(at("2026-11-24T04:59:59Z")), None);
        let next_day = at("2026-11-24T05:00:00Z");
        assert_eq!(late.other_day(next_day).as_deref(), Some("23 Nov"));
        assert_eq!(late.in_words(next_day), "23 Nov, 22:30");
        let next_year = at("2027-01-02T12:00:00Z");
        assert_eq!(late.other_day(next_year).as_deref(), Some("23 Nov 2026"));
    }

    #[test]
    fn a_zone_says_its_city_letters_and_offset() {
        let zone = |zone| Moment::new(at("2026-11-23T19:02:11Z"), zone).zone();
        assert_eq!(zone(Tz::America__Toronto), "Toronto (EST, UTC−5)");
        assert_eq!(zone(Tz::Asia__Kolkata), "Kolkata (IST, UTC+5:30)");
        assert_eq!(zone(Tz::America__Sao_Paulo), "Sao Paulo (UTC−3)");
        assert_eq!(zone(Tz::Europe__London), "London (GMT, UTC)");
        assert_eq!(zone(Tz::UTC), "UTC");
    }

    #[test]
    fn numbers_have_separators_and_percentages_do_not_lie() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(12_840), "12,840");
        assert_eq!(number(1_000_000), "1,000,000");
        let percent = |part, whole| percent(part, whole).replace('\u{a0}', " ");
        assert_eq!(percent(0, 1_284), "0 %");
        assert_eq!(percent(541, 12_840), "4.2 %");
        assert_eq!(percent(1, 1_000_000), "under 0.1 %");
        assert_eq!(percent(25, 100), "25 %");
        assert_eq!(percent(9_999, 10_000), "over 99 %");
        assert_eq!(percent(7, 7), "100 %");
        assert_eq!(percent(0, 0), "0 %");
    }

    #[test]
    fn the_past_is_said_roughly() {
        let ago = |past| ago(at(past), at("2026-11-23T19:05:00Z"));
        assert_eq!(ago("2026-11-20T19:00:00Z"), "3 days ago");
        assert_eq!(ago("2026-11-23T18:04:00Z"), "61 minutes ago");
        assert_eq!(ago("2026-11-23T19:04:30Z"), "just now");
    }

    #[test]
    fn identifiers_break_at_their_joints() {
        let address = Breakable::new("ben.ruiz@larkspur.example").0;
        assert_eq!(
            address,
            [vec!["ben.", "ruiz"], vec!["@larkspur.", "example"]]
        );
        assert_eq!(Breakable::new("sms").0, [["sms"]]);
    }
}
