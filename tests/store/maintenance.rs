//! Upkeep: what is personal goes in time, and nothing else does.

use api_status_page::clock::Clock;
use api_status_page::store::{maintenance, partitions};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::Connection;

use crate::support::company::{accepted, accepted_but};
use crate::support::{Cluster, Sender, TestApp, TestStore, eventually};

#[test]
fn after_the_threshold_documents_go_and_facts_findings_and_counts_stay() {
    let app = TestApp::start();
    let received: DateTime<Utc> = "2026-10-01T12:00:00Z".parse().unwrap();
    app.clock.stand_at(received);
    let bad = accepted_but("/customer/email", "jane at home");
    let old = app.production().requests(&bad).request_id();
    let other = Sender::with_header(app.address, &app.solo_tea.test_key);
    let others = other.requests(&accepted()).request_id();
    app.clock.stand_at(received + TimeDelta::milliseconds(1));
    let young = app.production().requests(&accepted()).request_id();

    let mut connection = app.connection();
    let now = received + TimeDelta::days(30) + TimeDelta::milliseconds(1);
    let due = maintenance::due_for_expunge(&mut connection, 90, now).unwrap();
    let (_, before) = due.iter().find(|(id, _)| *id == app.larkspur.id).unwrap();
    assert_eq!(*before, received + TimeDelta::milliseconds(1));
    let expunge = |connection: &mut _| maintenance::expunge(connection, app.larkspur.id, *before);
    assert_eq!(expunge(&mut connection).unwrap(), 1);
    assert_eq!(expunge(&mut connection).unwrap(), 0);

    let documents = app.rows("SELECT id FROM request_documents");
    let has = |id: uuid::Uuid| documents.iter().any(|row| row["id"] == id.to_string());
    assert_eq!((has(old), has(young), has(others)), (false, true, true));
    assert_eq!(app.row_of("requests", old)["error_mask"], 1 << 3);
    assert_eq!(app.findings_of(old).len(), 1);
    let rows = app.requests_by_mask(app.larkspur.id);
    assert_eq!(app.counts_by_mask(app.larkspur.id, 5), rows);
    // Nothing of what stays has the customer in it.
    for table in [
        "requests",
        "request_findings",
        "request_counts",
        "request_totals",
    ] {
        let rows = app.rows(&format!("SELECT * FROM {table}"));
        let text = serde_json::to_string(&rows).unwrap();
        assert!(!text.contains("jane"), "{table}: {text}");
        assert!(!text.contains("Jane"), "{table}: {text}");
    }
}

#[test]
fn what_was_noted_about_requests_goes_with_them() {
    let store = TestStore::new();
    let (old, young) = ("2026-08-01 00:00Z", "2026-09-01 00:00Z");
    for (company, at) in [
        (store.larkspur.id, old),
        (store.larkspur.id, young),
        (store.solo_tea.id, old),
    ] {
        store.execute(&format!(
            "INSERT INTO request_rechecks VALUES \
                 ({company}, '{at}', gen_random_uuid(), 1, 1, false, 0, '{young}'); \
             INSERT INTO resubmissions VALUES \
                 ({company}, gen_random_uuid(), gen_random_uuid(), '{at}', 1, 'Ada'); \
             INSERT INTO bulk_runs (company_id, id, kind, user_id, actor, tab, filter, total, \
                                    settings_version, state, claimed_until, ended_at) \
             VALUES ({company}, gen_random_uuid(), 1, 1, 'Ada', 1, '', 0, 1, 2, '{at}', '{at}')"
        ));
    }
    let before: DateTime<Utc> = "2026-08-15T00:00:00Z".parse().unwrap();
    let mut connection = store.connection();
    let mut drop = || {
        let company = store.larkspur.id;
        maintenance::drop_old_notes(&mut connection, company, before).unwrap()
    };
    assert_eq!((drop(), drop()), (3, 0));
    for table in ["request_rechecks", "resubmissions", "bulk_runs"] {
        assert_eq!(
            store.number(&format!("SELECT count(*) FROM {table}")),
            2,
            "{table}"
        );
    }
}

#[test]
fn no_document_is_kept_longer_than_its_request() {
    let store = TestStore::new();
    store.execute(&format!(
        "UPDATE companies SET expunge_after_days = 60 WHERE id = {}",
        store.larkspur.id
    ));
    let now: DateTime<Utc> = "2026-11-23T12:00:00Z".parse().unwrap();
    let days_of_larkspur = |retention_days| {
        let mut connection = store.connection();
        let due = maintenance::due_for_expunge(&mut connection, retention_days, now).unwrap();
        let (_, before) = due.iter().find(|(id, _)| *id == store.larkspur.id).unwrap();
        (now - *before).num_days()
    };
    assert_eq!((days_of_larkspur(90), days_of_larkspur(45)), (60, 45));
}

#[test]
fn many_documents_go_in_batches() {
    let app = TestApp::start();
    app.clock.stand_at("2026-10-01T12:00:00Z".parse().unwrap());
    let id = app.production().requests(&accepted()).request_id();
    app.execute(&format!(
        "INSERT INTO request_documents (company_id, received_at, id, body, body_cut) \
         SELECT company_id, received_at, gen_random_uuid(), body, false \
         FROM request_documents, generate_series(1, 2099) WHERE id = '{id}'"
    ));
    let before = "2026-10-02T00:00:00Z".parse().unwrap();
    let mut connection = app.connection();
    let mut expunge = || maintenance::expunge(&mut connection, app.larkspur.id, before).unwrap();
    assert_eq!(
        [expunge(), expunge(), expunge(), expunge()],
        [1_000, 1_000, 100, 0]
    );
}

#[test]
fn calls_with_revoked_keys_go_after_90_days_and_changes_after_two_years() {
    let store = TestStore::new();
    let now: DateTime<Utc> = "2026-11-23T12:00:00Z".parse().unwrap();
    for company in [store.larkspur.id, store.solo_tea.id] {
        store.execute(&format!(
            "INSERT INTO revoked_key_calls VALUES \
                 ({company}, 1, '2026-08-25T11:00:00Z', 1, '2026-08-25T11:00:00Z'), \
                 ({company}, 1, '2026-08-25T12:00:00Z', 1, '2026-08-25T12:00:00Z'); \
             INSERT INTO audit_log (company_id, at, actor, action, subject) VALUES \
                 ({company}, '2024-11-23T11:59:59Z', 'Ada', 'brand.created', 'old'), \
                 ({company}, '2024-11-23T12:00:00Z', 'Ada', 'brand.created', 'young')"
        ));
    }
    let mut connection = store.connection();
    let mut drop =
        || maintenance::drop_old_history(&mut connection, store.larkspur.id, now).unwrap();
    assert_eq!([drop(), drop()], [2, 0]);
    let left = |table: &str, company| {
        let count = format!("SELECT count(*) FROM {table} WHERE company_id = {company}");
        store.number(&count)
    };
    for table in ["revoked_key_calls", "audit_log"] {
        assert_eq!(left(table, store.larkspur.id), 1, "{table}");
        assert_eq!(left(table, store.solo_tea.id), 2, "{table}");
    }
}

#[test]
fn a_stop_does_not_wait_for_all_that_is_to_be_expunged() {
    // A database of its own: in a shared one another test's node may have the lock of upkeep.
    let store = TestStore::database_in(Cluster::single());
    partitions::ensure(
        &mut store.connection(),
        "2026-10-01T12:00:00Z".parse().unwrap(),
        "2026-10-01T12:00:00Z".parse().unwrap(),
    )
    .unwrap();
    // Each batch takes a tenth of a second, all of them ten.
    store.execute(&format!(
        "INSERT INTO request_documents (company_id, received_at, id, body, body_cut) \
         SELECT {}, '2026-10-01T12:00:00Z', gen_random_uuid(), '', false \
         FROM generate_series(1, 100000); \
         CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             PERFORM pg_sleep(0.1); RETURN NULL; END $$; \
         CREATE TRIGGER slowly AFTER DELETE ON request_documents \
             FOR EACH STATEMENT EXECUTE FUNCTION slowly()",
        store.larkspur.id
    ));
    let app = TestApp::on(&store);
    app.clock.stand_at("2026-11-23T12:00:00Z".parse().unwrap());
    let left = || store.number("SELECT count(*) FROM request_documents");
    let begun = eventually("expunging has begun", || {
        Some(left()).filter(|left| *left < 100_000)
    });
    app.stop();
    let left = left();
    assert!(
        begun - left < 30_000,
        "the stop waited: {begun}, then {left}"
    );
    assert!(left > 0);
}

#[test]
fn alerts_that_are_over_go_after_two_years_with_their_mails() {
    let store = TestStore::new();
    let company = store.larkspur.id;
    store.execute(&format!(
        "INSERT INTO alerts VALUES \
             ({company}, '2024-11-01Z', 1, 20, '2024-11-02Z', 0, 20), \
             ({company}, '2024-12-01Z', 1, 20, '2024-12-02Z', 0, 20), \
             ({company}, '2024-12-03Z', 1, 20, NULL, NULL, NULL); \
         INSERT INTO alert_mails (company_id, opened_at, event, address, made_at) \
             SELECT company_id, opened_at, 1, 'ops@larkspur.example', opened_at FROM alerts"
    ));
    let drop_old = |now: &str| {
        let now: DateTime<Utc> = now.parse().unwrap();
        maintenance::drop_old_history(&mut store.connection(), company, now).unwrap()
    };
    assert_eq!(drop_old("2026-11-03T00:00:00Z"), 1);
    assert_eq!(store.number("SELECT count(*) FROM alert_mails"), 2);
    assert_eq!(drop_old("2027-11-03T00:00:00Z"), 1, "an open one stays");
}

#[test]
fn statistics_of_partitioned_tables_are_gathered_once_a_day() {
    let app = TestApp::start();
    app.production().requests(&accepted());
    let mut connection = app.connection();
    let now = Clock::system().now();
    let mut analyze = |since| {
        connection
            .transaction(|connection| maintenance::analyze(connection, "requests", since))
            .unwrap()
    };
    assert!(analyze(now - TimeDelta::days(1)));
    assert!(!analyze(now - TimeDelta::days(1)));
    assert!(analyze(now + TimeDelta::days(1)));
    // A coordinator has no rows of its own to know of.
    if !Cluster::shared().is_spread() {
        let known = "SELECT count(*) FROM pg_stats WHERE tablename = 'requests' AND inherited \
                     AND schemaname = current_schema() AND attname = 'company_id'";
        assert_eq!(app.number(known), 1);
    }
}
