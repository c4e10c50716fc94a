//! The schema's steps, in both directions.

use std::sync::Arc;
use std::time::Duration;

use api_status_page::store::migrations::{self, MIGRATIONS};
use api_status_page::store::{connect, partitions};
use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel_migrations::MigrationHarness;
use serde_json::{Value, json};

use crate::support::{Cluster, TestStore, id_at};

/// Everything in the schema, in words.
fn schema(store: &TestStore) -> Vec<Value> {
    store.rows(
        "SELECT table_name::text AS table, column_name::text AS column, data_type::text AS type, \
                is_nullable::text AS nullable, col_description(c.oid, ordinal_position) AS comment \
         FROM information_schema.columns JOIN pg_class c ON c.relname = table_name \
              AND c.relnamespace = 'public'::regnamespace \
         WHERE table_schema = 'public' ORDER BY 1, 2",
    )
}

#[test]
fn all_steps_go_up_and_down_and_up_again() {
    let store = TestStore::database_in(Cluster::single());
    let mut connection = connect(&store.url).unwrap();
    let now = "2026-11-23T10:00:00Z".parse().unwrap();
    let before = schema(&store);
    assert!(before.len() > 100);
    assert_eq!(
        migrations::run(&mut connection).unwrap(),
        0,
        "a second start"
    );
    // With partitions and rows in it as well.
    partitions::ensure_ahead(&mut connection, now).unwrap();
    let undone = connection.revert_all_migrations(MIGRATIONS).unwrap().len();
    let left = store.rows(
        "SELECT relname::text AS name FROM pg_class \
         WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S', 'v') \
               AND relname <> '__diesel_schema_migrations'",
    );
    assert_eq!(left, Vec::<Value>::new());
    assert_eq!(migrations::run(&mut connection).unwrap(), undone);
    assert_eq!(schema(&store), before);
}

#[test]
fn every_table_and_column_says_what_it_is() {
    let store = TestStore::database_in(Cluster::single());
    let without: Vec<Value> = schema(&store)
        .into_iter()
        .filter(|column| column["comment"] == Value::Null)
        .filter(|column| column["table"] != json!("__diesel_schema_migrations"))
        .collect();
    assert_eq!(without, Vec::<Value>::new());
    let tables = store.rows(
        "SELECT relname::text AS name FROM pg_class \
         WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') \
               AND relname <> '__diesel_schema_migrations' \
               AND obj_description(oid, 'pg_class') IS NULL",
    );
    assert_eq!(tables, Vec::<Value>::new());
}

#[test]
fn nodes_that_start_at_once_do_not_both_migrate() {
    let store = TestStore::database_in(Cluster::single());
    let mut connection = store.connection();
    let steps = connection.revert_all_migrations(MIGRATIONS).unwrap().len();
    let start = || {
        std::thread::spawn({
            let url = store.url.clone();
            move || migrations::run(&mut connect(&url).unwrap()).unwrap()
        })
    };
    let nodes = [start(), start(), start()];
    let mut applied = nodes.map(|node| node.join().unwrap());
    applied.sort_unstable();
    assert_eq!(applied, [0, 0, steps]);
    diesel::sql_query("SELECT 1 FROM requests")
        .execute(&mut connection)
        .unwrap();
}

#[test]
fn a_step_waits_longer_than_the_statements_of_its_role_may() {
    let store = TestStore::database_in(Cluster::single());
    let mut connection = connect(&store.url).unwrap();
    back_before(&mut connection, "20261130001000");
    connection
        .batch_execute("SET lock_timeout = '50ms'; SET statement_timeout = '200ms'")
        .unwrap();
    let mut reader = store.connection();
    reader
        .batch_execute("BEGIN; LOCK TABLE cause_counts IN ACCESS SHARE MODE")
        .unwrap();
    let reading = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(500));
        reader.batch_execute("COMMIT").unwrap();
    });
    assert!(migrations::run(&mut connection).unwrap() > 0);
    reading.join().unwrap();
}

/// A store whose counters are folded; what the steps below made of them must be the same.
fn with_counters() -> Arc<TestStore> {
    let store = TestStore::database_in(Cluster::single());
    store.execute(&format!(
        "INSERT INTO request_count_deltas \
         SELECT {}, '2026-10-20T00:00:00Z'::timestamptz + place * interval '7 hours', \
                gen_random_uuid(), 1 + place % 2, 1, 1, CASE place % 5 WHEN 0 THEN 'chat' ELSE 'email' END, \
                '~none', '~none', place % 3, place \
         FROM generate_series(1, 100) AS place",
        store.larkspur.id
    ));
    store.fold(store.larkspur.id);
    store
}

#[test]
fn counters_by_the_week_come_and_go_with_their_step() {
    let store = with_counters();
    let weeks = || {
        store.rows(
            "SELECT * FROM request_counts WHERE grain = 10080 \
             ORDER BY bucket, environment, channel, error_mask",
        )
    };
    let folded = weeks();
    assert!(folded.len() > 10);
    let mut connection = connect(&store.url).unwrap();
    back_before(&mut connection, "20261124000620");
    assert_eq!(weeks(), Vec::<Value>::new());
    migrations::run(&mut connection).unwrap();
    assert_eq!(weeks(), folded);
}

#[test]
fn totals_are_made_of_the_counters_that_are_there() {
    let store = with_counters();
    let totals = || {
        store.rows("SELECT * FROM request_totals ORDER BY grain, bucket, environment, error_mask")
    };
    let folded = totals();
    assert!(folded.len() > 200);
    let mut connection = connect(&store.url).unwrap();
    back_before(&mut connection, "20261124000621");
    migrations::run(&mut connection).unwrap();
    assert_eq!(totals(), folded);
}

#[test]
fn coarser_counters_of_causes_are_made_of_those_that_are_there() {
    let store = TestStore::database_in(Cluster::single());
    let company = store.larkspur.id;
    let mut connection = connect(&store.url).unwrap();
    let at = |time: &str| -> DateTime<Utc> { time.parse().unwrap() };
    let (first, now) = (at("2026-10-01T00:00:00Z"), at("2026-11-23T10:00:00Z"));
    partitions::ensure(&mut connection, first, now).unwrap();
    let id = id_at("at", "n::text");
    store.execute(&format!(
        "INSERT INTO request_findings \
         SELECT {company}, at, {id}, \
                0, 128, 81, '/brand', 'outlet-' || n % 3, 1 + n % 2, 10 \
         FROM generate_series(1, 150) AS n \
         CROSS JOIN LATERAL (SELECT '{first}'::timestamptz + n * interval '8 hours' AS at) AS drawn"
    ));
    store.failed("true");
    store.fold(company);
    let coarser = || {
        store.rows(
            "SELECT * FROM cause_counts WHERE grain IN (360, 5040, 40320) \
             ORDER BY grain, bucket, value, environment",
        )
    };
    let folded = coarser();
    assert!(folded.len() > 200);
    back_before(&mut connection, "20261128000650");
    assert_eq!(coarser(), Vec::<Value>::new());
    migrations::run(&mut connection).unwrap();
    assert_eq!(coarser(), folded);
}

#[test]
fn counters_of_employees_are_made_of_the_requests_that_are_there() {
    let store = TestStore::database_in(Cluster::single());
    let company = store.larkspur.id;
    let mut connection = connect(&store.url).unwrap();
    let at = |time: &str| -> DateTime<Utc> { time.parse().unwrap() };
    let (first, now) = (at("2026-10-01T00:00:00Z"), at("2026-11-23T10:00:00Z"));
    partitions::ensure(&mut connection, first, now).unwrap();
    let id = id_at("at", "n::text");
    store.execute(&format!(
        "INSERT INTO requests (company_id, received_at, id, kind, environment, key_id, http_status, \
             error_mask, warning_count, settings_version, employee_sent, employee_custom_id, duration_us) \
         SELECT {company}, at, {id}, 1, 1 + n % 2, 10, 400, 4 * (n % 3), 0, 1, \
                CASE WHEN n % 4 <> 0 THEN 'ada-' || n % 3 END, CASE n % 4 WHEN 1 THEN 'A-1' END, 90 \
         FROM generate_series(1, 150) AS n \
         CROSS JOIN LATERAL (SELECT '{first}'::timestamptz + n * interval '8 hours' AS at) AS drawn"
    ));
    let of_employees = || {
        store.rows(
            "SELECT * FROM employee_counts \
             ORDER BY grain, bucket, employee_sent, employee_custom_id, environment, error_mask",
        )
    };
    store.counted("true");
    store.fold(company);
    let folded = of_employees();
    assert!(folded.len() > 80);
    back_before(&mut connection, "20261130001100");
    migrations::run(&mut connection).unwrap();
    assert_eq!(of_employees(), folded);
}

#[test]
fn findings_that_were_too_young_to_be_counted_are_folded_after_the_step() {
    let store = TestStore::database_in(Cluster::single());
    let company = store.larkspur.id;
    let mut connection = connect(&store.url).unwrap();
    back_before(&mut connection, "20261129000900");
    let at = |time: &str| -> DateTime<Utc> { time.parse().unwrap() };
    let now = at("2026-11-23T10:00:00Z");
    partitions::ensure(&mut connection, now, now).unwrap();
    let id = id_at("at", "n::text");
    // Each has two errors, and one of them is counted in its own name already.
    store.execute(&format!(
        "INSERT INTO request_findings \
         SELECT {company}, at, {id}, error - 1, 64 * error, 60 + 10 * error, '/brand', 'outlet', 2, 10 \
         FROM generate_series(1, 90) AS n, generate_series(1, 2) AS error \
         CROSS JOIN LATERAL (SELECT '{now}'::timestamptz - n * interval '1 minute' AS at) AS drawn; \
         UPDATE cause_folds SET until = '2026-11-23 09:30Z'; \
         INSERT INTO request_count_deltas \
         SELECT company_id, date_bin('5 minutes', received_at, 'epoch'), id, 2, 1, 10, 'email', 'outlet', \
                'en', 192, 1, false \
         FROM request_findings WHERE received_at = '2026-11-23 09:40Z' AND position = 0"
    ));
    migrations::run(&mut connection).unwrap();
    store.fold(company);
    let sums =
        "SELECT sum(count)::bigint AS count FROM cause_counts WHERE grain = 60 GROUP BY reason";
    assert_eq!(store.rows(sums), vec![json!({"count": 30}); 2]);
    let requests = "SELECT sum(count)::bigint AS count FROM request_counts WHERE grain = 60";
    assert_eq!(store.rows(requests), [json!({"count": 1})]);
}

/// Takes back a step and those after it.
fn back_before(connection: &mut PgConnection, step: &str) {
    let is_there = |connection: &mut PgConnection| {
        let applied = connection.applied_migrations().unwrap();
        applied.iter().any(|version| version.to_string() == step)
    };
    assert!(is_there(connection));
    while is_there(connection) {
        connection.revert_last_migration(MIGRATIONS).unwrap();
    }
}
