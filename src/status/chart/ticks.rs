//! The words under the base line of a chart: at times that are round where the company is, such as
//! its midnights.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Tz;

use super::Axis;

/// There is room for so many.
const MOST: i32 = 8;

/// A narrow screen has room for half of that: every second is left out there.
const MOST_ON_A_PHONE: usize = 4;

const MINUTES_OF_A_DAY: u32 = 1_440;

/// Words so close to an end, in percent, stand inside of it instead of around their place.
const AT_THE_END: f64 = 6.0;

/// Words under the base line.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// Their place, in percent of the width.
    pub left: String,
    /// How they stand to it.
    pub anchor: &'static str,
    /// Whether they are left out on a phone.
    pub wide_only: bool,
    /// The words.
    pub words: String,
}

/// How far apart ticks are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Apart {
    /// A part of a day, counted from midnight.
    Minutes(u32),
    /// Whole days, counted from a Monday.
    Days(i32),
    /// Whole months, counted from January.
    Months(i32),
}

impl Apart {
    /// The shortest first.
    const ALL: [Self; 19] = [
        Self::Minutes(5),
        Self::Minutes(10),
        Self::Minutes(15),
        Self::Minutes(30),
        Self::Minutes(60),
        Self::Minutes(120),
        Self::Minutes(180),
        Self::Minutes(360),
        Self::Minutes(720),
        Self::Days(1),
        Self::Days(2),
        Self::Days(7),
        Self::Days(14),
        Self::Months(1),
        Self::Months(2),
        Self::Months(3),
        Self::Months(6),
        Self::Months(12),
        Self::Months(24),
    ];

    /// The shortest of which there is room for all that a time has.
    fn of(length: TimeDelta) -> Self {
        let fits = |apart: &Self| length <= apart.time() * MOST;
        let mut all = Self::ALL.into_iter();
        all.find(fits).unwrap_or(Self::Months(24))
    }

    /// The least time from one to the next.
    fn time(self) -> TimeDelta {
        match self {
            Self::Minutes(minutes) => TimeDelta::minutes(minutes.into()),
            Self::Days(days) => TimeDelta::days(days.into()),
            Self::Months(months) => TimeDelta::days(28) * months,
        }
    }

    /// Which one of all since long ago begins with a day, if one does.
    fn number(self, day: NaiveDate) -> Option<i32> {
        let (passed, apart) = match self {
            Self::Minutes(_) => (0, 1),
            Self::Days(days) => (day.num_days_from_ce() - 1, days),
            Self::Months(_) if day.day() != 1 => return None,
            Self::Months(months) => (day.year() * 12 + day.month0() as i32, months),
        };
        (passed % apart == 0).then_some(passed / apart)
    }

    /// All of a time, with their numbers.
    fn within(self, axis: Axis, zone: Tz) -> Vec<(DateTime<Tz>, i32)> {
        let [first, last] = [axis.from, axis.to].map(|at| at.with_timezone(&zone).date_naive());
        let minutes = match self {
            Self::Minutes(minutes) => minutes,
            Self::Days(_) | Self::Months(_) => MINUTES_OF_A_DAY,
        };
        let days = first.iter_days().take_while(|day| *day <= last);
        let days = days.filter_map(|day| Some((day.and_time(NaiveTime::MIN), self.number(day)?)));
        let times = days.flat_map(|(midnight, number)| {
            let of_day = (0..MINUTES_OF_A_DAY).step_by(minutes as usize);
            of_day.zip(number..).filter_map(move |(minutes, number)| {
                let local = midnight + TimeDelta::minutes(minutes.into());
                // A clock that is put forward leaves out an hour.
                Some((zone.from_local_datetime(&local).earliest()?, number))
            })
        });
        let is_within =
            |(at, _): &(DateTime<Tz>, i32)| (axis.from..=axis.to).contains(&at.to_utc());
        times.filter(is_within).collect()
    }
}

/// The ticks of a time.
pub(super) fn ticks(axis: Axis, zone: Tz) -> Vec<Tick> {
    let apart = Apart::of(axis.to - axis.from);
    let times = apart.within(axis, zone);
    let are_many = times.len() > MOST_ON_A_PHONE;
    let mut day_before = None;
    let times = times.into_iter();
    times
        .map(|(at, number)| {
            let percent = axis.percent(at.to_utc());
            let day = at.date_naive();
            let pattern = match apart {
                Apart::Minutes(_) if day_before == Some(day) => "%H:%M",
                Apart::Minutes(_) => "%a %H:%M",
                Apart::Days(..7) => "%a %-d",
                Apart::Days(_) => "%-d %b",
                Apart::Months(_) => "%b %Y",
            };
            day_before = Some(day);
            Tick {
                left: format!("{percent:.2}%"),
                anchor: match percent {
                    left if left < AT_THE_END => "start",
                    left if left > 100.0 - AT_THE_END => "end",
                    _ => "middle",
                },
                wide_only: are_many && number % 2 != 0,
                words: at.format(pattern).to_string(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use chrono_tz::America::Toronto;

    use super::*;

    fn words(from: &str, to: &str) -> Vec<String> {
        let [from, to] = [from, to].map(|at| at.parse().unwrap());
        let ticks = ticks(Axis { from, to }, Toronto).into_iter();
        let narrow = |tick: &Tick| if tick.wide_only { "" } else { "*" };
        ticks
            .map(|tick| format!("{}{}", tick.words, narrow(&tick)))
            .collect()
    }

    #[test]
    fn they_stand_at_round_times_of_the_company() {
        let hour = words("2026-11-24T17:02:00Z", "2026-11-24T18:02:00Z");
        let minutes = ["Tue 12:10", "12:20*", "12:30", "12:40*", "12:50", "13:00*"];
        assert_eq!(hour, minutes);
        let day = words("2026-11-23T19:02:00Z", "2026-11-24T19:02:00Z");
        let hours = [
            "Mon 15:00",
            "18:00*",
            "21:00",
            "Tue 00:00*",
            "03:00",
            "06:00*",
            "09:00",
            "12:00*",
        ];
        assert_eq!(day, hours);
        let week = words("2026-11-22T06:55:00Z", "2026-11-29T06:55:00Z");
        let midnights = [
            "Mon 23*", "Tue 24", "Wed 25*", "Thu 26", "Fri 27*", "Sat 28", "Sun 29*",
        ];
        assert_eq!(week, midnights);
        let month = words("2026-10-30T06:55:00Z", "2026-11-29T06:55:00Z");
        let mondays = ["2 Nov*", "9 Nov*", "16 Nov*", "23 Nov*"];
        assert_eq!(month, mondays);
        let year = words("2025-11-29T06:55:00Z", "2026-11-29T06:55:00Z");
        let months = [
            "Jan 2026*",
            "Mar 2026",
            "May 2026*",
            "Jul 2026",
            "Sep 2026*",
            "Nov 2026",
        ];
        assert_eq!(year, months);
        let ten_years = words("2016-11-29T00:00:00Z", "2026-11-29T00:00:00Z");
        let years = ["Jan 2018", "Jan 2020*", "Jan 2022", "Jan 2024*", "Jan 2026"];
        assert_eq!(ten_years, years);
    }

    #[test]
    fn a_clock_that_is_put_forward_or_back_moves_none() {
        let forward = words("2026-03-08T05:00:00Z", "2026-03-08T13:00:00Z");
        let hours = [
            "Sun 00:00*",
            "01:00",
            "03:00",
            "04:00*",
            "05:00",
            "06:00*",
            "07:00",
            "08:00*",
            "09:00",
        ];
        assert_eq!(forward, hours);
        let back = words("2026-10-31T04:00:00Z", "2026-11-03T05:00:00Z");
        let halves = [
            "Sat 00:00*",
            "12:00",
            "Sun 00:00*",
            "12:00",
            "Mon 00:00*",
            "12:00",
            "Tue 00:00*",
        ];
        assert_eq!(back, halves);
    }

    #[test]
    fn at_an_end_they_stand_inside() {
        let [from, to] =
            ["2026-11-23T05:00:00Z", "2026-11-24T05:00:00Z"].map(|at| at.parse().unwrap());
        let ticks = ticks(Axis { from, to }, Toronto);
        let ends = [&ticks[0], &ticks[1], ticks.last().unwrap()];
        let ends = ends.map(|tick| (tick.left.as_str(), tick.anchor));
        assert_eq!(
            ends,
            [("0.00%", "start"), ("12.50%", "middle"), ("100.00%", "end")]
        );
    }
}
