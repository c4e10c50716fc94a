//! Weekly partitions: no gap at the turn of a week, in any time zone.

use api_status_page::store::partitions::{self, TABLES};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, QueryResult};
use serde_json::{Value, json};

use crate::support::company::accepted;
use crate::support::{TestApp, TestClock, TestStore, eventually};

/// Sessions far from UTC on both sides, one with half an hour, one whose clocks change.
const ZONES: [&str; 4] = [
    "Pacific/Kiritimati",
    "America/Los_Angeles",
    "Asia/Kolkata",
    "Pacific/Pago_Pago",
];

fn at(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

/// The bounds of all partitions of a table, in order.
fn bounds(store: &TestStore, table: &str) -> Vec<Value> {
    store.rows(&format!(
        "SELECT c.relname::text AS name, pg_get_expr(c.relpartbound, c.oid) AS bound \
         FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid \
         WHERE inhparent = '{table}'::regclass ORDER BY 1"
    ))
}

#[test]
fn bounds_are_mondays_at_midnight_utc_in_every_session_time_zone() {
    let store = TestStore::new();
    let mut monday = at("2026-11-23T00:00:00Z");
    for zone in ZONES {
        let mut connection = store.connection();
        let set_zone = format!("SET timezone = '{zone}'");
        connection.batch_execute(&set_zone).unwrap();
        let sunday = monday + TimeDelta::days(7) - TimeDelta::seconds(1);
        partitions::ensure_ahead(&mut connection, sunday).unwrap();
        monday += TimeDelta::weeks(5);
    }
    for table in TABLES {
        let bounds = bounds(&store, table);
        assert_eq!(bounds.len(), 5 * ZONES.len(), "each week and four ahead");
        let mut monday = at("2026-11-23T00:00:00Z");
        for partition in bounds {
            let name = format!("{table}_{}", monday.format("%Y%m%d"));
            let next = monday + TimeDelta::weeks(1);
            let edge = |at: DateTime<Utc>| at.format("%Y-%m-%d %H:%M:%S+00").to_string();
            let (from, to) = (edge(monday), edge(next));
            let bound = format!("FOR VALUES FROM ('{from}') TO ('{to}')");
            assert_eq!(partition, json!({"name": name, "bound": bound}));
            monday = next;
        }
    }
}

#[test]
fn every_partition_is_vacuumed_for_what_is_new_in_it() {
    let store = TestStore::new();
    partitions::ensure_ahead(&mut store.connection(), at("2026-11-23T00:00:00Z")).unwrap();
    let options = store.rows(
        "SELECT DISTINCT c.reloptions::text AS options \
         FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid \
         WHERE inhparent IN ('requests'::regclass, 'request_findings'::regclass) \
               AND c.relkind = 'r'",
    );
    let options: Vec<_> = options.iter().map(|row| row["options"].as_str()).collect();
    let vacuumed_soon = "{autovacuum_vacuum_insert_scale_factor=0,\
                         autovacuum_vacuum_insert_threshold=10000}";
    assert_eq!(options, [Some(vacuumed_soon)]);
}

#[test]
fn requests_of_either_side_of_the_turn_of_a_week_are_taken() {
    for zone in ["Pacific/Kiritimati", "America/Los_Angeles"] {
        let store = TestStore::with(&format!("-ctimezone%3D{zone}"));
        let clock = TestClock::default();
        clock.stand_at(at("2026-11-29T12:00:00Z"));
        let app = TestApp::at(&store, &store.url, clock);
        for (time, partition) in [
            ("2026-11-29T23:59:59.999Z", "requests_20261123"),
            ("2026-11-30T00:00:00Z", "requests_20261130"),
            ("2026-11-30T00:00:00.001Z", "requests_20261130"),
            ("2026-12-27T23:59:59.999Z", "requests_20261221"),
        ] {
            app.clock.stand_at(at(time));
            let answer = app.production().requests(&accepted());
            assert_eq!(answer.status, 200);
            let id = answer.request_id();
            let there = format!("SELECT count(*) FROM {partition} WHERE id = '{id}'");
            assert_eq!(app.number(&there), 1, "{time} in {zone}");
        }
        assert_eq!(bounds(&app, "requests").len(), 5, "nothing had to be made");
    }
}

#[test]
fn making_them_again_or_from_two_nodes_at_once_makes_nothing_new() {
    let store = TestStore::new();
    let now = at("2026-11-23T00:00:00Z");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| partitions::ensure_ahead(&mut store.connection(), now).unwrap());
        }
    });
    partitions::ensure_ahead(&mut store.connection(), now).unwrap();
    for table in TABLES {
        assert_eq!(bounds(&store, table).len(), 5);
    }
}

#[test]
fn less_than_a_week_ahead_is_not_ready() {
    let store = TestStore::new();
    let mut connection = store.connection();
    let now = at("2026-11-25T00:00:00Z");
    partitions::ensure(&mut connection, now, now).unwrap();
    assert!(!partitions::are_ahead(&mut connection, now).unwrap());
    partitions::ensure_ahead(&mut connection, now).unwrap();
    assert!(partitions::are_ahead(&mut connection, now).unwrap());
    let later = now + TimeDelta::weeks(4);
    assert!(!partitions::are_ahead(&mut connection, later).unwrap());
}

#[test]
fn a_partition_goes_when_its_youngest_row_is_too_old() {
    let store = TestStore::new();
    let mut connection = store.connection();
    let first = at("2026-11-02T00:00:00Z");
    partitions::ensure(&mut connection, first, first + TimeDelta::weeks(3)).unwrap();
    let mut drop_before = |time: &str| {
        let older = partitions::older(&mut connection, at(time)).unwrap();
        for partition in &older {
            drop_one(&mut connection, partition).unwrap();
        }
        older.len()
    };
    assert_eq!(drop_before("2026-11-08T23:59:59.999Z"), 0);
    assert_eq!(drop_before("2026-11-09T00:00:00Z"), 3);
    assert_eq!(drop_before("2026-11-09T00:00:00Z"), 0);
    assert_eq!(drop_before("2026-11-25T00:00:00Z"), 6);
    for table in TABLES {
        assert_eq!(
            bounds(&store, table)[0]["name"],
            json!(format!("{table}_20261123"))
        );
        assert_eq!(bounds(&store, table).len(), 1);
    }
}

#[test]
fn dropping_does_not_wait_for_a_slow_page() {
    let store = TestStore::new();
    let mut connection = store.connection();
    let first = at("2026-11-02T00:00:00Z");
    partitions::ensure(&mut connection, first, first).unwrap();
    let mut page = store.connection();
    page.batch_execute("BEGIN; SELECT count(*) FROM requests")
        .unwrap();
    let since = std::time::Instant::now();
    drop_one(&mut connection, "requests_20261102").unwrap_err();
    assert!(since.elapsed().as_secs() < 2);
    page.batch_execute("COMMIT").unwrap();
    drop_one(&mut connection, "requests_20261102").unwrap();
    // Another node was faster.
    drop_one(&mut connection, "requests_20261102").unwrap();
}

#[test]
fn a_partition_that_a_page_reads_keeps_the_running_program_from_no_other() {
    let store = TestStore::new();
    let first = at("2026-01-05T00:00:00Z");
    partitions::ensure(&mut store.connection(), first, first).unwrap();
    let mut page = store.connection();
    page.batch_execute("BEGIN; SELECT count(*) FROM requests_20260105")
        .unwrap();
    let clock = TestClock::default();
    clock.stand_at(at("2026-11-23T12:00:00Z"));
    let _app = TestApp::at(&store, &store.url, clock);
    let is_there = |table: &str| {
        let name = format!("{table}_20260105");
        bounds(&store, table).iter().any(|p| p["name"] == *name)
    };
    eventually("the others are gone", || {
        let others = ["request_documents", "request_findings"];
        (!others.iter().any(|table| is_there(table))).then_some(())
    });
    assert!(is_there("requests"));
    page.batch_execute("COMMIT").unwrap();
}

fn drop_one(connection: &mut PgConnection, partition: &str) -> QueryResult<()> {
    connection.transaction(|connection| partitions::drop_one(connection, partition))
}
