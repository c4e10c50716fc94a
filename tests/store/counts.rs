//! The counters: exact at any moment, at every grain.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use api_status_page::domain::filter::Filter;
use api_status_page::domain::window::Window;
use api_status_page::store::{counts, folding};
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use serde_json::json;

use crate::support::load::Load;
use crate::support::{TestApp, TestStore};

fn at(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

/// Charts begin at a company's midnight, to the hour: in UTC, on a Thursday too, in Toronto and in
/// Kolkata. With the hours of a step.
const STEPS: [(&str, i64); 5] = [
    ("2026-10-22T00:00:00Z", 168),
    ("2026-10-23T00:00:00Z", 168),
    ("2026-10-23T00:00:00Z", 24),
    ("2026-10-23T04:00:00Z", 24),
    ("2026-10-23T18:00:00Z", 12),
];

/// Filters that totals can tell, and one that they cannot, with the environments that they let through.
const FILTERS: [(&str, &[i16]); 4] = [
    ("", &[1, 2]),
    ("environment=production", &[2]),
    ("-environment=production&result=invalid", &[1]),
    ("environment=production&channel=email", &[2]),
];

/// Writes deltas: a time, an error mask, a number.
fn add(store: &TestStore, deltas: &[(&str, i16, i64)]) {
    for (time, mask, count) in deltas {
        store.execute(&format!(
            "INSERT INTO request_count_deltas VALUES ({}, '{time}', gen_random_uuid(), 2, 1, 1, \
             'email', '~none', '~unknown', {mask}, {count})",
            store.larkspur.id
        ));
    }
}

/// The requests that the counters have in a window.
fn counted(store: &TestStore, from: &str, to: Option<&str>) -> i64 {
    let window = Window {
        from: at(from),
        to: to.map(at),
    };
    let cube = counts::cube(&mut store.connection(), store.larkspur.id, window).unwrap();
    cube.count(|_| true)
}

#[test]
fn a_window_counts_the_same_before_during_and_after_folding() {
    let store = TestStore::new();
    let deltas = [
        ("2026-11-22T23:55:00Z", 0, 1),
        ("2026-11-23T00:00:00Z", 4, 10),
        ("2026-11-23T00:55:00Z", 0, 100),
        ("2026-11-23T01:00:00Z", 0, 1_000),
        ("2026-11-23T02:10:00Z", 8, 10_000),
        ("2026-11-23T02:15:00Z", 0, 100_000),
        ("2026-11-25T12:00:00Z", 0, 1_000_000),
    ];
    let check = |factor: i64| {
        for (from, to, expected) in [
            ("2026-11-22T00:00:00Z", None, 1_111_111),
            ("2026-11-23T00:00:00Z", None, 1_111_110),
            ("2026-11-23T00:05:00Z", None, 1_111_100),
            (
                "2026-11-22T23:55:00Z",
                Some("2026-11-25T12:05:00Z"),
                1_111_111,
            ),
            (
                "2026-11-22T23:55:00Z",
                Some("2026-11-25T12:00:00Z"),
                111_111,
            ),
            (
                "2026-11-23T00:55:00Z",
                Some("2026-11-25T13:00:00Z"),
                1_111_100,
            ),
            ("2026-11-23T00:00:00Z", Some("2026-11-23T02:15:00Z"), 11_110),
            ("2026-11-23T00:55:00Z", Some("2026-11-23T01:05:00Z"), 1_100),
            ("2026-11-23T02:10:00Z", Some("2026-11-23T02:15:00Z"), 10_000),
            ("2026-11-23T02:11:00Z", Some("2026-11-23T02:14:00Z"), 0),
            ("2026-11-23T01:00:00Z", Some("2026-11-23T02:00:00Z"), 1_000),
            ("2026-11-22T23:55:00Z", Some("2026-11-23T00:00:00Z"), 1),
        ] {
            assert_eq!(
                counted(&store, from, to),
                expected * factor,
                "{from} {to:?}"
            );
        }
    };
    add(&store, &deltas);
    check(1);
    store.fold(store.larkspur.id);
    check(1);
    add(&store, &deltas);
    check(2);
    store.fold(store.larkspur.id);
    check(2);
    assert_eq!(
        store.number("SELECT count(*) FROM request_counts WHERE grain = 60"),
        7
    );
    assert_eq!(
        store.number("SELECT count(*) FROM request_counts WHERE grain = 1440"),
        5
    );
    assert_eq!(
        store.number("SELECT count(*) FROM request_counts WHERE grain = 10080"),
        3
    );
}

/// Requests of five weeks: when they came, in which environment, with which errors, how many.
fn weeks() -> Vec<(DateTime<Utc>, i16, i16, i64)> {
    let begin = at("2026-10-20T00:00:00Z");
    let request = |place: i32| {
        let time = begin + TimeDelta::minutes(395) * place;
        let (environment, mask) = (1 + i16::from(place % 4 > 0), [0, 4, 0, 12, 8]);
        let mask = mask[(place % 5) as usize];
        (time, environment, mask, i64::from(place + 1))
    };
    (0..130).map(request).collect()
}

fn send(store: &TestStore, requests: &[(DateTime<Utc>, i16, i16, i64)]) {
    let company = store.larkspur.id;
    let row = |(time, environment, mask, count): &(DateTime<Utc>, i16, i16, i64)| {
        format!(
            "({company}, '{time}', gen_random_uuid(), {environment}, 1, 1, 'email', '~none', \
              '~unknown', {mask}, {count})"
        )
    };
    let rows: Vec<String> = requests.iter().map(row).collect();
    let rows = rows.join(", ");
    store.execute(&format!("INSERT INTO request_count_deltas VALUES {rows}"));
}

/// Sends the requests in two parts, and checks what has come before and after each is folded, and when
/// there is nothing more to fold; returns what the last check did.
fn at_each_stage<T>(
    store: &TestStore,
    requests: &[(DateTime<Utc>, i16, i16, i64)],
    check: impl Fn(&[(DateTime<Utc>, i16, i16, i64)]) -> T,
) -> T {
    let (half, rest) = requests.split_at(requests.len() / 2);
    send(store, half);
    check(half);
    store.fold(store.larkspur.id);
    check(half);
    send(store, rest);
    check(requests);
    store.fold(store.larkspur.id);
    check(requests);
    store.fold(store.larkspur.id);
    check(requests)
}

/// Windows that begin and end with a week, inside one, inside a day and inside an hour.
fn windows() -> Vec<Window> {
    let from = [
        "2026-10-22T00:00:00Z",
        "2026-10-27T00:00:00Z",
        "2026-10-29T17:00:00Z",
        "2026-11-03T10:05:00Z",
        "2026-11-18T23:55:00Z",
    ];
    let to = [
        "2026-11-04T09:35:00Z",
        "2026-11-05T00:00:00Z",
        "2026-11-19T00:00:00Z",
        "2026-11-21T06:00:00Z",
        "2026-11-24T00:05:00Z",
    ];
    let ends = || to.into_iter().map(at).map(Some).chain([None]);
    let windows = from.into_iter().map(at);
    let windows = windows.flat_map(|from| ends().map(move |to| Window { from, to }));
    let is_one = |window: &Window| window.to.is_none_or(|to| to > window.from);
    windows.filter(is_one).collect()
}

#[test]
fn windows_count_what_came_in_them_wherever_they_begin_and_end() {
    let store = TestStore::new();
    let requests = weeks();
    let check = |requests: &[(DateTime<Utc>, i16, i16, i64)]| {
        let mut connection = store.connection();
        for window in windows() {
            let inside = |time: &DateTime<Utc>| {
                *time >= window.from && window.to.is_none_or(|to| *time < to)
            };
            let inside = || requests.iter().filter(|(time, ..)| inside(time));
            let total: i64 = inside().map(|(.., count)| count).sum();
            let cube = counts::cube(&mut connection, store.larkspur.id, window).unwrap();
            assert_eq!(cube.count(|_| true), total, "{window:?}");
            let production = counts::production(&mut connection, store.larkspur.id, window);
            assert_eq!(production.unwrap(), cube.production(), "{window:?}");
            for (origin, hours) in STEPS {
                for (query, environments) in FILTERS {
                    let (origin, step) = (at(origin), TimeDelta::hours(hours));
                    let mut expected = BTreeMap::new();
                    for (time, environment, mask, count) in inside() {
                        let place = (*time - origin).num_minutes().div_euclid(hours * 60);
                        let bin = (origin + step * place as i32, mask & -mask);
                        if environments.contains(environment) {
                            *expected.entry(bin).or_insert(0) += count;
                        }
                    }
                    let (filter, _) = Filter::from_query(query, chrono_tz::UTC);
                    let company = store.larkspur.id;
                    let bins =
                        counts::series(&mut connection, company, window, origin, step, &filter);
                    let bins = bins.unwrap().into_iter();
                    let bins = bins.map(|bin| ((bin.begins, bin.first_error), bin.count));
                    let bins: BTreeMap<_, _> = bins.collect();
                    assert_eq!(bins, expected, "{window:?} {origin} {hours} {query}");
                }
            }
        }
    };
    at_each_stage(&store, &requests, check);
}

#[test]
fn what_keys_sent_since_any_of_some_times_is_told_to_the_hour() {
    let store = TestStore::new();
    let requests = weeks();
    let since = [
        "2026-10-24T10:20:00Z",
        "2026-11-03T09:05:00Z",
        "2026-11-03T23:59:00Z",
    ];
    let since = since.map(at);
    let check = |requests: &[(DateTime<Utc>, i16, i16, i64)]| {
        let sent = |keys: &[i64]| {
            let connection = &mut store.connection();
            counts::sent_by_keys(connection, store.larkspur.id, keys, &since).unwrap()
        };
        assert_eq!(sent(&[2]), []);
        let sent = sent(&[2, 1]);
        for since in since {
            let told = sent.iter().filter(|sent| sent.begins > since);
            let told: i64 = told.map(|sent| sent.requests).sum();
            let hour = |time: DateTime<Utc>| time.duration_trunc(TimeDelta::hours(1)).unwrap();
            let came = requests.iter().filter(|(at, ..)| hour(*at) > since);
            let came: i64 = came.map(|(.., count)| count).sum();
            assert_eq!(told, came, "{since}");
        }
        sent.len()
    };
    let told = at_each_stage(&store, &requests, check);
    assert!(told < 60, "most of it by the day: {told}");
}

#[test]
fn what_has_gathered_is_folded_in_batches() {
    let store = TestStore::new();
    let company = store.larkspur.id;
    store.execute(&format!(
        "INSERT INTO request_count_deltas (company_id, bucket, id, environment, kind, key_id, channel, \
             brand, language, error_mask, count) \
         SELECT {company}, '2026-11-23T00:00:00Z', gen_random_uuid(), 2, 1, 1, 'email', '~none', '~none', \
                0, 1 FROM generate_series(1, 10001)"
    ));
    let left = || store.number("SELECT count(*) FROM request_count_deltas");
    let mut connection = store.connection();
    let mut fold = || {
        use diesel::Connection;
        let fold = |connection: &mut _| folding::fold(connection, company);
        connection.transaction(fold).unwrap()
    };
    for (there_may_be_more, expected) in [(true, 1), (false, 0), (false, 0)] {
        assert_eq!(fold(), there_may_be_more);
        assert_eq!(left(), expected);
        assert_eq!(counted(&store, "2026-11-23T00:00:00Z", None), 10_001);
    }
}

#[test]
fn folding_beside_ingest_neither_loses_nor_doubles_a_count() {
    const TOTAL: usize = 900;
    let app = TestApp::start();
    let load = Load::of(&app.larkspur);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Two nodes fold at the same time, again and again.
        for _ in 0..2 {
            scope.spawn(|| {
                let mut connection = app.connection();
                while !is_over.load(Ordering::Relaxed) {
                    use diesel::Connection;
                    let fold = |c: &mut _| folding::fold(c, app.larkspur.id);
                    connection.transaction(fold).unwrap();
                }
            });
        }
        scope.spawn(|| {
            // What a page sees never goes back.
            let mut seen = 0;
            while !is_over.load(Ordering::Relaxed) {
                let now = counted(&app, "2020-01-01T00:00:00Z", None);
                assert!(now >= seen, "{now} after {seen}");
                seen = now;
            }
        });
        load.send(app.address, TOTAL, || {});
        is_over.store(true, Ordering::Relaxed);
    });
    load.expect_stored(&app, &app.larkspur);
    let expected = load.expected_counts(TOTAL);
    assert_eq!(app.counts_by_mask(app.larkspur.id, 60), expected);
}

#[test]
fn an_hour_begins_at_the_hour_in_utc_in_every_session_time_zone() {
    let store = TestStore::with("-ctimezone%3DAsia/Kolkata");
    add(
        &store,
        &[
            ("2026-11-23T10:25:00Z", 0, 1),
            ("2026-11-23T10:35:00Z", 0, 1),
        ],
    );
    store.fold(store.larkspur.id);
    let hours = store.rows(
        "SELECT extract(epoch FROM bucket)::bigint AS bucket, count FROM request_counts \
         WHERE grain = 60",
    );
    let hour = at("2026-11-23T10:00:00Z").timestamp();
    assert_eq!(hours, [json!({"bucket": hour, "count": 2})]);
}

#[test]
fn counters_go_when_their_time_is_over() {
    let store = TestStore::new();
    let now = at("2026-11-23T10:00:00Z");
    let fine = now - TimeDelta::days(14);
    add(
        &store,
        &[
            ("2026-11-23T09:55:00Z", 0, 1),
            ("2026-11-09T10:00:00Z", 0, 1),
            ("2026-11-09T09:55:00Z", 0, 1),
            ("2025-10-19T10:00:00Z", 0, 1),
            ("2025-10-19T09:55:00Z", 0, 1),
            ("2025-10-15T23:55:00Z", 0, 1),
        ],
    );
    store.fold(store.larkspur.id);
    let drop = |company| folding::drop_older(&mut store.connection(), company, fine, now).unwrap();
    assert_eq!(drop(store.solo_tea.id), 0, "another company's stay");
    assert_eq!((drop(store.larkspur.id), drop(store.larkspur.id)), (14, 0));
    let left = |grain| {
        ["request_counts", "request_totals"].map(|table| {
            let count = format!("SELECT count(*) FROM {table} WHERE grain = {grain}");
            store.number(&count)
        })
    };
    // The week of the last day stays in all grains.
    let left = [5, 60, 1_440, 10_080].map(left);
    assert_eq!(left, [[2, 2], [5, 5], [3, 3], [3, 3]]);
}

#[test]
fn old_counters_go_in_batches() {
    let store = TestStore::new();
    let now = at("2026-11-23T10:00:00Z");
    store.execute(&format!(
        "INSERT INTO request_counts \
         SELECT {}, 5, '2026-10-01T00:00:00Z'::timestamptz + place * interval '5 minutes', \
                2, 1, 1, 'email', '~none', '~none', 0, 1 \
         FROM generate_series(1, 5100) AS place",
        store.larkspur.id
    ));
    let mut connection = store.connection();
    let mut drop = || folding::drop_older(&mut connection, store.larkspur.id, now, now).unwrap();
    assert_eq!([drop(), drop(), drop()], [5_000, 100, 0]);
}

#[test]
fn a_company_that_cannot_be_folded_keeps_no_other_from_it() {
    let store = TestStore::new();
    // Whichever of the two comes first, its neighbour is folded.
    store.execute(&format!(
        "ALTER TABLE request_counts ADD CONSTRAINT refuse CHECK (company_id <> {})",
        store.larkspur.id
    ));
    for company in [store.larkspur.id, store.solo_tea.id] {
        store.execute(&format!(
            "INSERT INTO request_count_deltas VALUES ({company}, '2026-11-23T10:00:00Z', \
             gen_random_uuid(), 2, 1, 1, 'email', '~none', '~none', 0, 1)"
        ));
    }
    let _app = TestApp::on(&store);
    let left = |company| {
        let left = "SELECT count(*) FROM request_count_deltas WHERE company_id";
        store.number(&format!("{left} = {company}"))
    };
    crate::support::eventually("the other company is folded", || {
        (left(store.solo_tea.id) == 0).then_some(())
    });
    assert_eq!(left(store.larkspur.id), 1);
}

#[test]
fn the_running_program_folds_by_itself() {
    let app = TestApp::start();
    let load = Load::of(&app.solo_tea);
    load.send(app.address, 50, || {});
    crate::support::eventually("the deltas are folded", || {
        let left = app.number("SELECT count(*) FROM request_count_deltas");
        (left == 0).then_some(())
    });
    let counted = "SELECT sum(count) FROM request_counts WHERE grain = 60";
    assert_eq!(app.number(counted), 50);
}
