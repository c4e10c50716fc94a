//! Moments as addresses say them.

use api_status_page::domain::window::{Preset, Range, parse_moment};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[test]
fn a_local_time_that_comes_twice_is_the_first() {
    let repeated = parse_moment("2026-11-01T01:30", Tz::America__Toronto);
    assert_eq!(repeated, Some(at("2026-11-01T05:30:00Z")));
}

#[test]
fn years_that_no_request_can_have_are_no_moments() {
    for text in [
        "+262142-12-31T23:59",
        "-262143-01-01T00:00",
        "9999-12-31T23:59:59Z",
        "1969-12-31T23:59",
        "0000-01-01T00:00:00Z",
        "2200-01-01T00:00",
    ] {
        for zone in [Tz::UTC, Tz::Pacific__Apia, Tz::America__Adak] {
            assert_eq!(parse_moment(text, zone), None, "{text}");
        }
    }
}

#[test]
fn a_window_goes_on_while_its_last_grain_does() {
    let now = at("2026-11-23T18:27:31Z");
    let to_now = Range::Between(at("2026-11-23T17:00:00Z"), at("2026-11-23T18:26:00Z")).at(now);
    assert_eq!(to_now.to, None);
    let past = Range::Between(at("2026-11-23T17:00:00Z"), at("2026-11-23T18:25:00Z")).at(now);
    assert_eq!(past.to, Some(at("2026-11-23T18:25:00Z")));
}

#[test]
fn old_windows_lie_on_whole_hours() {
    let now = at("2026-11-23T18:27:31Z");
    let old = Range::Between(at("2026-10-01T10:20:00Z"), at("2026-10-01T11:20:00Z")).at(now);
    assert_eq!(old.from, at("2026-10-01T10:00:00Z"));
    assert_eq!(old.to, Some(at("2026-10-01T12:00:00Z")));
}

#[test]
fn before_a_window_in_the_future_there_is_nothing() {
    let now = at("2026-11-23T18:27:31Z");
    let ahead = Range::Between(at("2027-01-01T00:00:00Z"), at("2027-01-02T00:00:00Z")).at(now);
    let before = ahead.before(now);
    assert_eq!((before.from, before.to), (ahead.from, Some(ahead.from)));
}

#[test]
fn presets_are_read_back() {
    for preset in Preset::ALL {
        assert_eq!(Preset::parse(preset.as_str()), Some(preset));
    }
}
