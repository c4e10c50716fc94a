//! The counters of employees: however far they have come, a page with an employee counts the same.

use std::collections::BTreeMap;

use api_status_page::domain::cube::Cube;
use api_status_page::domain::filter::{Filter, Subject, Term};
use api_status_page::domain::window::{Preset, Range, Window};
use api_status_page::store::requests::{self, MAX_COUNT, Selection, Tab};
use api_status_page::store::{employee_counts, partitions, settings};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::Connection;

use crate::support::{TestStore, id_at};

const NOW: &str = "2026-11-23T10:42:00Z";

fn at(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

/// Requests of twelve days, one every 13 minutes: of both environments, good and bad, by an employee's
/// e-mail, by their id, and by both.
fn add_requests(store: &TestStore) {
    let now = at(NOW);
    let mut connection = store.connection();
    partitions::ensure(&mut connection, now - TimeDelta::days(12), now).unwrap();
    let id = id_at("at", "n::text");
    for company in [store.larkspur.id, store.solo_tea.id] {
        store.execute(&format!(
            "INSERT INTO requests (company_id, received_at, id, kind, environment, key_id, http_status, \
                 error_mask, warning_count, settings_version, employee_sent, employee_custom_id, \
                 channel, channel_sent, duration_us) \
             SELECT {company}, at, {id}, 1 + n % 11 % 2, 1 + n % 3 % 2, 10, 400, \
                    (ARRAY[0, 4, 128])[1 + n % 7 % 3], 0, 1, \
                    (ARRAY['ada@larkspur.example', 'L-1', 'paul@larkspur.example', 'l-1', NULL])[1 + n % 5], \
                    CASE n % 5 WHEN 2 THEN (ARRAY['L-1', 'P-2'])[1 + n / 5 % 2] END, \
                    channel, channel, 90 \
             FROM generate_series(0, 12 * 24 * 60, 13) AS n \
             CROSS JOIN LATERAL ( \
                 SELECT '{NOW}'::timestamptz - n * interval '1 minute' AS at, \
                        (ARRAY['email', 'sms', NULL])[1 + n / 3 % 3] AS channel \
             ) AS drawn"
        ));
    }
}

fn of_employees(names: &[&str]) -> Filter {
    let subjects = names.iter().map(|name| Subject::Employee(name.to_string()));
    subjects.fold(Filter::default(), |filter, subject| {
        filter.with(Term::wanted(subject))
    })
}

fn read(store: &TestStore, window: Window, filter: &Filter) -> (Cube, bool) {
    let mut connection = store.connection();
    let company = store.larkspur.id;
    let snapshot = settings::load(&mut connection, company).unwrap();
    let selection = Selection {
        tab: Tab::Invalid,
        window,
        now: at(NOW),
        filter,
        settings: &snapshot.rules,
    };
    connection
        .transaction(|c| requests::cube(c, company, &selection))
        .unwrap()
}

/// How many requests of each kind, environment, error mask and channel.
type Sums = BTreeMap<(i16, i16, i16, String), i64>;

fn sums(cube: &Cube) -> Sums {
    let mut sums = Sums::new();
    for cell in &cube.0 {
        let channel = cell.channel.word().into_owned();
        let (kind, environment) = (cell.kind.number(), cell.environment.number());
        *sums
            .entry((kind, environment, cell.error_mask, channel))
            .or_default() += cell.count;
    }
    sums.retain(|_, count| *count != 0);
    sums
}

/// The same, request by request.
fn expected(store: &TestStore, window: Window, names: &[&str]) -> Sums {
    let to = window.to.unwrap_or(at(NOW) + TimeDelta::hours(1));
    let names = names.join("', '");
    let rows = store.rows(&format!(
        "SELECT kind, environment, error_mask, coalesce(channel, '~none') AS channel, \
                count(*) AS count \
         FROM requests WHERE company_id = {} AND (error_mask <> 0 OR environment = 1) \
              AND (employee_sent IN ('{names}') OR employee_custom_id IN ('{names}')) \
              AND received_at >= '{}' AND received_at < '{to}' \
         GROUP BY 1, 2, 3, 4",
        store.larkspur.id, window.from
    ));
    let small = |value: &serde_json::Value| value.as_i64().unwrap() as i16;
    let sum = |row: &serde_json::Value| {
        let channel = row["channel"].as_str().unwrap().to_owned();
        let key = (
            small(&row["kind"]),
            small(&row["environment"]),
            small(&row["error_mask"]),
            channel,
        );
        (key, row["count"].as_i64().unwrap())
    };
    rows.iter().map(sum).collect()
}

fn windows() -> Vec<Window> {
    let between = |from, to| Range::Between(at(from), at(to)).at(at(NOW));
    let last = Preset::ALL.map(|preset| Range::Last(preset).at(at(NOW)));
    let mut windows = last.to_vec();
    windows.extend([
        between("2026-11-15T13:20:00Z", "2026-11-22T07:35:00Z"),
        between("2026-11-22T10:05:00Z", "2026-11-22T10:55:00Z"),
        between("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"),
        between("2026-11-14T00:00:00Z", "2026-11-21T00:00:00Z"),
        // Early in a day and early in a week: what is before them is taken off.
        between("2026-11-17T04:00:00Z", "2026-11-22T07:35:00Z"),
        between("2026-11-19T07:00:00Z", "2026-11-24T00:00:00Z"),
        between("2026-11-12T02:05:00Z", "2026-11-24T00:00:00Z"),
        between("2026-11-20T03:00:00Z", "2026-11-24T00:00:00Z"),
    ]);
    windows
}

/// With the forms in which they are stored.
const NAMES: [(&[&str], &[&str]); 5] = [
    (&["ada@larkspur.example"], &["ada@larkspur.example"]),
    (&["Ada@Larkspur.example"], &["ada@larkspur.example"]),
    (&["L-1"], &["L-1", "l-1"]),
    (
        &["L-1", "paul@larkspur.example"],
        &["L-1", "l-1", "paul@larkspur.example"],
    ),
    (&["nobody"], &["nobody"]),
];

#[test]
fn an_employees_requests_count_the_same_before_during_and_after_they_are_folded() {
    let store = TestStore::new();
    add_requests(&store);
    let company = store.larkspur.id;
    let check = |state: &str| {
        for window in windows() {
            for (asked, stored) in NAMES {
                let (cube, is_cut) = read(&store, window, &of_employees(asked));
                let expected = expected(&store, window, stored);
                assert_eq!(sums(&cube), expected, "{state}: {asked:?} {window:?}");
                assert!(!is_cut, "{state}: {asked:?} {window:?}");
            }
        }
    };
    store.counted("received_at < '2026-11-19 08:30Z'");
    store.counted("received_at >= '2026-11-19 08:30Z'");
    check("nothing is folded");
    store.execute("DELETE FROM request_count_deltas");
    store.counted(&format!(
        "company_id = {company} AND received_at < '2026-11-19 08:30Z'"
    ));
    store.fold(company);
    store.counted("received_at >= '2026-11-19 08:30Z'");
    check("half is folded");
    store.fold(company);
    check("all is folded");
    let in_grain = |grain| {
        store.number(&format!(
            "SELECT sum(count) FROM employee_counts WHERE grain = {grain}"
        ))
    };
    let all = store.number(&format!(
        "SELECT count(employee_sent) FROM requests \
         WHERE company_id = {company} AND (error_mask <> 0 OR environment = 1)"
    ));
    assert_eq!([in_grain(1_440), in_grain(10_080)], [all, all]);
}

#[test]
fn days_are_counted_however_many_requests_they_have_and_a_part_of_a_day_to_ten_thousand() {
    let store = TestStore::new();
    let company = store.larkspur.id;
    let mut connection = store.connection();
    partitions::ensure(&mut connection, at(NOW), at(NOW)).unwrap();
    let id = id_at("at", "n::text");
    store.execute(&format!(
        "INSERT INTO requests (company_id, received_at, id, kind, environment, key_id, http_status, \
             error_mask, warning_count, settings_version, employee_sent, duration_us) \
         SELECT {company}, at, {id}, 1, 2, 10, 400, 4, 0, 1, 'paul', 90 \
         FROM generate_series(1, 12000) AS n \
         CROSS JOIN LATERAL ( \
             SELECT '2026-11-23 08:00Z'::timestamptz - n * interval '1 second' AS at \
         ) AS drawn; \
         INSERT INTO request_count_deltas (company_id, bucket, id, environment, kind, key_id, \
             channel, brand, language, error_mask, count, employee_sent) \
         SELECT company_id, date_bin('5 minutes', received_at, 'epoch'), (array_agg(id))[1], 2, 1, 10, \
                '~none', '~none', '~none', 4, count(*), 'paul' \
         FROM requests GROUP BY 1, 2"
    ));
    let paul = of_employees(&["paul"]);
    let count = |range: Range| {
        let (cube, is_cut) = read(&store, range.at(at(NOW)), &paul);
        (cube.count(|_| true), is_cut)
    };
    let week = Range::Last(Preset::Week);
    let morning = Range::Between(at("2026-11-23T00:30:00Z"), at("2026-11-23T09:00:00Z"));
    for state in ["not folded", "folded"] {
        assert_eq!(count(week), (12_000, false), "{state}");
        assert_eq!(count(morning), (MAX_COUNT, true), "{state}");
        store.fold(company);
    }
}

#[test]
fn where_there_are_too_many_counters_or_they_do_not_tell_a_name_the_index_does() {
    let store = TestStore::new();
    add_requests(&store);
    let company = store.larkspur.id;
    let long = "é".repeat(200);
    store.execute(&format!(
        "UPDATE requests SET employee_custom_id = '{long}' WHERE employee_custom_id = 'P-2'"
    ));
    store.counted("true");
    store.fold(company);
    let check = |names: &[&str]| {
        let window = Range::Last(Preset::Month).at(at(NOW));
        let (cube, is_cut) = read(&store, window, &of_employees(names));
        assert_eq!(sums(&cube), expected(&store, window, names), "{names:?}");
        assert!(!is_cut);
    };
    check(&[&long]);
    check(&["paul@larkspur.example"]);
    store.execute(&format!(
        "INSERT INTO employee_counts \
         SELECT {company}, 'paul@larkspur.example', 10080, '2026-11-12', 'ticket-' || n, 2, 1, 10, \
                '~none', '~none', '~none', 4, 1 \
         FROM generate_series(1, 20000) AS n"
    ));
    check(&["paul@larkspur.example"]);
}

#[test]
fn the_counters_of_employees_go_with_the_week_of_their_requests() {
    let store = TestStore::new();
    add_requests(&store);
    let company = store.larkspur.id;
    store.counted("true");
    store.fold(company);
    let mut connection = store.connection();
    let mut drop = |before| {
        while employee_counts::drop_older(&mut connection, company, at(before)).unwrap() > 0 {}
        [1_440, 10_080].map(|grain| {
            let first = format!(
                "SELECT min(bucket)::date::text AS day FROM employee_counts WHERE grain = {grain}"
            );
            let mut first = store.rows(&first);
            first.remove(0)["day"].as_str().unwrap().to_owned()
        })
    };
    // Requests go by the week from Monday to Monday, the weeks of counters begin on Thursdays.
    assert_eq!(drop("2026-11-15T23:59:00Z"), ["2026-11-11", "2026-11-05"]);
    assert_eq!(drop("2026-11-22T23:59:00Z"), ["2026-11-16", "2026-11-12"]);
    // Whatever window is still shown has all of its own.
    for from in [
        "2026-11-16T00:00:00Z",
        "2026-11-19T02:00:00Z",
        "2026-11-20T01:00:00Z",
    ] {
        let window = Range::Between(at(from), at(NOW)).at(at(NOW));
        let (cube, _) = read(&store, window, &of_employees(&["L-1"]));
        assert_eq!(sums(&cube), expected(&store, window, &["L-1", "l-1"]));
    }
}
