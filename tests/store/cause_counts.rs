//! The counters of causes: however far they have come, a list of causes reads the same.

use api_status_page::domain::company::CompanyId;
use api_status_page::domain::dictionary::ErrorCode;
use api_status_page::domain::filter::{Filter, Subject, Term};
use api_status_page::domain::paging::Shown;
use api_status_page::domain::request::Environment;
use api_status_page::domain::window::{Preset, Range, Window};
use api_status_page::store::causes::{Causes, causes};
use api_status_page::store::requests::{Selection, Tab};
use api_status_page::store::{cause_counts, partitions, settings};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::Connection;
use serde_json::json;

use crate::support::company::{accepted, accepted_but};
use crate::support::{TestApp, TestStore, eventually, id_at};

const NOW: &str = "2026-11-23T10:42:00Z";

fn at(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

/// Findings from so many minutes ago until now, one every five: three errors, two environments with a
/// key each, some values, and now and then one that is there twice.
fn add_findings(store: &TestStore, company: CompanyId, minutes: i64) {
    let now = at(NOW);
    let mut connection = store.connection();
    partitions::ensure(&mut connection, now - TimeDelta::days(9), now).unwrap();
    let id = id_at("at", "n::text");
    store.execute(&format!(
        "INSERT INTO request_findings \
         SELECT {company}, at, {id}, \
                position, code, reason, '/field', value, environment, environment * 10 \
         FROM generate_series(0, {minutes}, 5) AS n \
         CROSS JOIN LATERAL ( \
             SELECT '{NOW}'::timestamptz - n * interval '61 seconds' AS at, \
                    1 + n / 5 % 3 % 2 AS environment, \
                    (ARRAY[4, 128, 1024])[1 + n / 5 % 3] AS code, \
                    (ARRAY[30, 81, 112])[1 + n / 5 % 3] AS reason, \
                    (ARRAY['paul', 'outlet', NULL, 'ann'])[1 + n / 5 % 4] AS value \
         ) AS drawn \
         CROSS JOIN generate_series(0, CASE WHEN n % 7 = 0 THEN 1 ELSE 0 END) AS position"
    ));
}

/// Counts all of Larkspur's findings.
fn count(store: &TestStore) {
    let company = store.larkspur.id;
    store.failed(&format!("company_id = {company}"));
    store.fold(company);
}

fn read(store: &TestStore, tab: Tab, window: Window, filter: &Filter) -> Causes {
    read_at(at(NOW), store, tab, window, filter)
}

fn read_at(
    now: DateTime<Utc>,
    store: &TestStore,
    tab: Tab,
    window: Window,
    filter: &Filter,
) -> Causes {
    let mut connection = store.connection();
    let company = store.larkspur.id;
    let snapshot = settings::load(&mut connection, company).unwrap();
    let selection = Selection {
        tab,
        window,
        now,
        filter,
        settings: &snapshot.rules,
    };
    connection
        .transaction(|c| causes(c, company, &selection, Shown::default(), now))
        .unwrap()
}

fn windows() -> Vec<Window> {
    let between = |from, to| Range::Between(at(from), at(to)).at(at(NOW));
    let last = Preset::ALL.map(|preset| Range::Last(preset).at(at(NOW)));
    let mut windows = last.to_vec();
    windows.extend([
        between("2026-11-16T00:00:00Z", "2026-11-20T00:00:00Z"),
        between("2026-11-15T13:20:00Z", "2026-11-22T07:35:00Z"),
        between("2026-11-22T10:00:00Z", "2026-11-22T23:00:00Z"),
        between("2026-11-22T10:05:00Z", "2026-11-22T10:55:00Z"),
        between("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"),
        between("2026-10-20T10:00:00Z", "2026-11-22T07:35:00Z"),
        // Early in a day, early in a week, and that week goes on.
        between("2026-11-17T04:00:00Z", "2026-11-22T07:35:00Z"),
        between("2026-11-19T07:00:00Z", "2026-11-24T00:00:00Z"),
        between("2026-11-20T10:00:00Z", "2026-11-24T00:00:00Z"),
    ]);
    windows
}

fn filters() -> Vec<Filter> {
    let none = Filter::default();
    let error = Subject::Error(ErrorCode::InvalidBrand);
    let test = Subject::Environment(Environment::Test);
    vec![
        none.clone(),
        none.with(Term::wanted(error.clone())),
        none.with(Term {
            subject: error,
            negated: true,
        }),
        none.with(Term::wanted(test)),
        none.with(Term {
            subject: Subject::Key(20),
            negated: true,
        }),
    ]
}

#[test]
fn causes_read_the_same_before_during_and_after_they_are_counted() {
    let store = TestStore::new();
    let minutes = 9 * 24 * 60;
    add_findings(&store, store.larkspur.id, minutes);
    add_findings(&store, store.solo_tea.id, minutes);
    // Once, at the beginning of a week.
    store.execute(&format!(
        "UPDATE request_findings SET value = 'once' WHERE (received_at, id) = ( \
             SELECT received_at, id FROM request_findings \
             WHERE company_id = {} AND received_at >= '2026-11-19 02:00Z' \
             ORDER BY received_at, id LIMIT 1)",
        store.larkspur.id
    ));
    let all = || -> Vec<String> {
        let mut all = Vec::new();
        for tab in [Tab::Invalid, Tab::Test] {
            for window in windows() {
                for filter in filters() {
                    let causes = read(&store, tab, window, &filter);
                    all.push(format!("{tab:?} {window:?} {filter:?} {causes:#?}"));
                }
            }
        }
        all
    };
    // None is folded yet.
    store.failed("true");
    let before = all();
    assert!(before.iter().any(|read| read.contains("outlet")));
    assert!(before.iter().any(|read| read.contains("once")));
    let company = store.larkspur.id;
    for window in windows() {
        let to = window.to.unwrap_or(at(NOW) + TimeDelta::hours(1));
        let counts = store.rows(&format!(
            "SELECT count(DISTINCT id) AS count FROM request_findings \
             WHERE company_id = {company} AND received_at >= '{}' AND received_at < '{to}' \
             GROUP BY reason, value ORDER BY 1 DESC",
            window.from
        ));
        let causes = read(&store, Tab::Invalid, window, &Filter::default()).causes;
        let counted = causes.iter().map(|cause| json!({"count": cause.count}));
        let read: Vec<_> = counted.collect();
        assert_eq!(read, counts, "{window:?}");
    }
    // They are folded in any order: of two nodes the slower one may have had what came first.
    let mut left = vec![
        "received_at < '2026-11-18 07:30Z'",
        "received_at >= '2026-11-18 07:30Z' AND received_at < '2026-11-22 03:10Z'",
        "received_at >= '2026-11-22 03:10Z'",
    ];
    for place in [1, 1, 0] {
        store.execute(&format!(
            "DELETE FROM request_count_deltas WHERE company_id = {company}"
        ));
        store.failed(&format!(
            "company_id = {company} AND {}",
            left.remove(place)
        ));
        store.fold(company);
        for part in &left {
            store.failed(&format!("company_id = {company} AND {part}"));
        }
        for (read, before) in all().iter().zip(&before) {
            assert_eq!(read, before, "not folded: {left:?}");
        }
    }
    let sum = |grain| {
        store.number(&format!(
            "SELECT sum(count) FROM cause_counts WHERE grain = {grain}"
        ))
    };
    for grain in [360, 1_440, 5_040, 10_080] {
        assert_eq!(sum(60), sum(grain), "{grain}");
    }
    assert_eq!(4 * sum(60), sum(40_320), "they lie over one another");
    let all = "SELECT count(DISTINCT id) FROM request_findings WHERE company_id =";
    assert_eq!(sum(60), store.number(&format!("{all} {company}")));
}

#[test]
fn a_cause_of_every_hour_is_told_whole_while_its_week_has_few_hours() {
    let store = TestStore::new();
    let company = store.larkspur.id;
    let now = at("2026-11-20T22:07:00Z");
    let mut connection = store.connection();
    partitions::ensure(&mut connection, now, now).unwrap();
    let id = id_at("at", "at::text");
    store.execute(&format!(
        "INSERT INTO request_findings \
         SELECT {company}, at, {id}, \
                0, 128, 81, '/brand', 'outlet', 2, 20 \
         FROM generate_series('2026-11-19 00:30Z'::timestamptz, '2026-11-20 22:00Z', '1 hour') AS at"
    ));
    // From the very beginning of a week of counters.
    let window = Range::Between(at("2026-11-19T00:00:00Z"), at("2026-11-20T22:08:00Z")).at(now);
    let read = || {
        let causes = read_at(now, &store, Tab::Invalid, window, &Filter::default()).causes;
        causes.iter().map(|c| c.count).collect::<Vec<_>>()
    };
    store.failed("true");
    assert_eq!(read(), [46]);
    store.fold(company);
    assert_eq!(read(), [46]);
}

/// Counters of a day, of its week and of the four weeks that hold it, one per value.
fn add_counters(store: &TestStore, day: &str, values: &str, count: i64) {
    let company = store.larkspur.id;
    let id = id_at("at", "value");
    store.execute(&format!(
        "INSERT INTO cause_counts \
         SELECT {company}, grain, \
                date_bin(least(grain, 10080) * interval '1 minute', '{day}', 'epoch') \
                - weeks * interval '168 hours', \
                128, 81, value, 2, 20, {count}, at, at, \
                {id} \
         FROM {values} AS drawn (value), (VALUES (1440), (10080), (40320)) AS grains (grain), \
              generate_series(0, CASE grain WHEN 40320 THEN 3 ELSE 0 END) AS weeks, \
              (VALUES ('{day}'::timestamptz + interval '1 hour')) AS times (at) \
         ON CONFLICT (company_id, grain, reason, value, bucket, environment, key_id) \
         DO UPDATE SET count = cause_counts.count + excluded.count"
    ));
}

#[test]
fn of_too_many_counters_the_latest_are_read_and_it_is_said() {
    let store = TestStore::new();
    let ever = "unnest(ARRAY['outlet', 'nobody'])";
    add_counters(&store, "2026-11-10", ever, 9_000);
    add_counters(&store, "2026-11-20", ever, 7);
    let month = Range::Last(Preset::Month).at(at(NOW));
    let read = || read(&store, Tab::Invalid, month, &Filter::default());
    let counts = |found: &Causes| -> Vec<i64> {
        let causes = found.causes.iter().take(3);
        causes.map(|cause| cause.count).collect()
    };
    let all = read();
    assert_eq!((counts(&all), all.total), (vec![9_007; 2], 2));
    assert!(!all.is_cut);
    let never_twice = "(SELECT 'typo-' || n FROM generate_series(1, 100000) AS n)";
    add_counters(&store, "2026-11-18", never_twice, 3);
    let cut = read();
    assert_eq!(
        (counts(&cut), cut.total),
        (vec![9_007, 9_007, 3], 100_000),
        "ordered without the oldest week, and told with it"
    );
    assert!(cut.is_cut);
}

#[test]
fn what_failed_is_counted_with_what_is_folded() {
    let app = TestApp::start();
    let company = app.larkspur.id;
    let unknown = accepted_but("/brand", "nobody");
    for body in [&unknown, &unknown, &accepted()] {
        app.production().requests(body);
    }
    eventually("all is folded", || {
        let left = app.number("SELECT count(*) FROM request_count_deltas");
        (left == 0).then_some(())
    });
    let counted = app.rows(&format!(
        "SELECT reason, value, count, \
                latest_id = (SELECT id FROM request_findings ORDER BY received_at DESC LIMIT 1) AS is_last \
         FROM cause_counts WHERE company_id = {company} AND grain = 60"
    ));
    assert_eq!(counted.len(), 1);
    let expected = json!({"reason": 80, "value": "nobody", "count": 2, "is_last": true});
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(counted[0][name], *value, "{name}");
    }
}

#[test]
fn the_counters_of_causes_go_with_the_week_of_their_requests() {
    let store = TestStore::new();
    add_findings(&store, store.larkspur.id, 9 * 24 * 60);
    count(&store);
    // Of the half week that it begins in, more than a day is before it.
    let first_week = Range::Between(at("2026-11-16T05:00:00Z"), at(NOW)).at(at(NOW));
    let read = || read(&store, Tab::Invalid, first_week, &Filter::default());
    let before = format!("{:#?}", read());
    let mut connection = store.connection();
    let mut drop = |before| {
        while cause_counts::drop_older(&mut connection, store.larkspur.id, at(before)).unwrap() > 0
        {
        }
        [60, 360, 1_440, 5_040, 10_080, 40_320].map(|grain| {
            store
                .rows(&format!(
                    "SELECT min(bucket)::date::text AS day FROM cause_counts WHERE grain = {grain}"
                ))
                .remove(0)["day"]
                .as_str()
                .unwrap()
                .to_owned()
        })
    };
    // The requests of a week, from Monday to Monday, are there until its last is old enough; the
    // weeks of counters begin on Thursdays.
    let (first, second) = ("2026-11-16", "2026-11-23");
    assert_eq!(
        drop("2026-11-22T23:59:00Z"),
        [
            "2026-11-15",
            "2026-11-15",
            first,
            "2026-11-15",
            "2026-11-12",
            "2026-10-22"
        ]
    );
    assert_eq!(format!("{:#?}", read()), before);
    assert_eq!(
        drop("2026-11-23T00:00:00Z"),
        [
            "2026-11-22",
            "2026-11-22",
            second,
            "2026-11-22",
            "2026-11-19",
            "2026-10-29"
        ]
    );
}
