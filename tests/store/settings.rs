//! The settings in memory follow the store on every node.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use actix_web::web::Data;
use api_status_page::clock::Clock;
use api_status_page::domain::api_key;
use api_status_page::probes::readyz;
use api_status_page::store::settings::LiveSettings;
use api_status_page::store::{Scope, Store, partitions};
use diesel::PgConnection;
use diesel::connection::SimpleConnection;
use serde_json::json;
use tokio::time::timeout;

use crate::support::company::{accepted, accepted_but};
use crate::support::contract::expect_example;
use crate::support::{TestApp, TestStore, eventually, on_a_runtime, within};

#[test]
fn a_change_is_followed_by_every_node_within_a_second() {
    let store = TestStore::new();
    let (one, other) = (TestApp::on(&store), TestApp::on(&store));
    let outlet = accepted_but("/brand", "larkspur-outlet");
    for node in [&one, &other] {
        assert_eq!(node.production().requests(&outlet).status, 400);
    }
    let statement = format!(
        "UPDATE brands SET active = true WHERE label = 'larkspur-outlet' AND company_id = {}",
        store.larkspur.id
    );
    let version = store.larkspur.change(&mut store.connection(), &statement);
    for node in [&one, &other] {
        let answer = within(Duration::from_secs(1), "the change is followed", || {
            let answer = node.production().requests(&outlet);
            (answer.status == 200).then_some(answer)
        });
        let row = node.row_of("requests", answer.request_id());
        assert_eq!(row["settings_version"], json!(version));
    }
}

#[test]
fn a_change_made_while_a_node_loads_the_settings_is_not_missed() {
    let store = TestStore::new();
    let app = TestApp::on(&store);
    // The first request makes the node load; it has read the version and waits for the employees.
    let mut lock = store.connection();
    lock.batch_execute("BEGIN; LOCK TABLE employees IN ACCESS EXCLUSIVE MODE")
        .unwrap();
    let outlet = accepted_but("/brand", "larkspur-outlet");
    let sender = app.production();
    let first = std::thread::spawn({
        let (sender, outlet) = (sender.clone(), outlet.clone());
        move || sender.requests(&outlet)
    });
    eventually("the node loads", || {
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted \
                       AND relation = 'employees'::regclass";
        (app.number(waiting) > 0).then_some(())
    });
    let statement = "UPDATE brands SET active = true WHERE label = 'larkspur-outlet'";
    store.larkspur.change(&mut store.connection(), statement);
    // The node hears of the new version, as another company's change shows, and then gets the old
    // settings.
    let statement = "UPDATE channels SET enabled = true WHERE label = 'sms'";
    store.solo_tea.change(&mut store.connection(), statement);
    std::thread::sleep(Duration::from_millis(1_200));
    lock.batch_execute("COMMIT").unwrap();
    first.join().unwrap();
    within(Duration::from_secs(2), "the change is followed", || {
        (sender.requests(&outlet).status == 200).then_some(())
    });
}

#[test]
fn a_node_that_cannot_hear_of_changes_answers_503() {
    let app = TestApp::start();
    assert_eq!(app.production().requests(&accepted()).status, 200);
    let mut lock = app.connection();
    lock.batch_execute("BEGIN; LOCK TABLE companies IN ACCESS EXCLUSIVE MODE")
        .unwrap();
    let answer = eventually("the node is stale", || {
        let answer = app.production().requests(&accepted());
        (answer.status != 200).then_some(answer)
    });
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (503, Some("5"))
    );
    expect_example("/v1/requests", "not_confirmed", &answer);
    assert_eq!(app.visitor().get("/readyz").status, 503);
    let none = format!(
        "SELECT count(*) FROM requests WHERE id = '{}'",
        answer.request_id()
    );
    assert_eq!(app.number(&none), 0);
    lock.batch_execute("COMMIT").unwrap();
    eventually("the node is fresh", || {
        (app.production().requests(&accepted()).status == 200).then_some(())
    });
}

#[test]
fn slow_pages_do_not_keep_a_node_from_hearing_of_changes() {
    let store = TestStore::new();
    on_a_runtime(async {
        let pages = Store::connect(&store.url).unwrap();
        let live = LiveSettings::load(&pages).await.unwrap();
        let second = Duration::from_secs(1);
        let asked = async {
            let refreshed = timeout(second, live.refresh(&pages)).await;
            let snapshot = timeout(second, live.snapshot(&pages, store.larkspur.id)).await;
            (refreshed, snapshot)
        };
        let (refreshed, snapshot) = while_pages_are_slow(&pages, asked).await;
        refreshed.unwrap().unwrap();
        assert_eq!(snapshot.unwrap().unwrap().company, store.larkspur.id);
    });
}

#[test]
fn slow_pages_do_not_keep_a_node_from_being_ready() {
    let store = TestStore::new();
    let clock = Clock::system();
    partitions::ensure_ahead(&mut store.connection(), clock.now()).unwrap();
    on_a_runtime(async {
        let pages = Store::connect(&store.url).unwrap();
        let live = LiveSettings::load(&pages).await.unwrap();
        let asked = readyz(Data::new(pages.clone()), Data::new(live), Data::new(clock));
        let asked = timeout(Duration::from_secs(1), asked);
        let answer = while_pages_are_slow(&pages, asked).await;
        assert_eq!(answer.unwrap().status(), 200);
    });
}

/// Does something while as many pages as there are connections for them come to no end.
async fn while_pages_are_slow<T>(pages: &Store, work: impl Future<Output = T>) -> T {
    let (inside, is_over) = (Arc::<AtomicU32>::default(), Arc::<AtomicBool>::default());
    let slow = || {
        let (pages, inside, is_over) = (pages.clone(), inside.clone(), is_over.clone());
        let read = move |_: &mut PgConnection| {
            inside.fetch_add(1, Ordering::Relaxed);
            while !is_over.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(10));
            }
            Ok(())
        };
        tokio::spawn(async move { pages.read(Scope::Installation, read).await })
    };
    let slow: Vec<_> = (0..10).map(|_| slow()).collect();
    while inside.load(Ordering::Relaxed) < 10 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let done = work.await;
    is_over.store(true, Ordering::Relaxed);
    for page in slow {
        page.await.unwrap().unwrap();
    }
    done
}

#[test]
fn keys_that_were_read_before_a_revocation_do_not_come_back_after_it() {
    let store = TestStore::on_one_server();
    let (company, key) = (store.larkspur.id, &store.larkspur.production_key);
    let lock = format!("({}, {company})", 0x6b65_7973);
    // Whoever reads the key as it was before waits, and has read it so when it goes on.
    store.execute(&format!(
        "ALTER TABLE api_keys RENAME TO kept_keys; \
         CREATE VIEW api_keys AS SELECT * FROM kept_keys \
         WHERE id <> {} OR revoked_at IS NOT NULL \
               OR pg_advisory_xact_lock_shared{lock} IS NOT NULL",
        key.id
    ));
    on_a_runtime(async {
        let pages = Store::connect(&store.url).unwrap();
        let live = LiveSettings::load(&pages).await.unwrap();
        let mut hold = store.connection();
        hold.batch_execute(&format!("BEGIN; SELECT pg_advisory_xact_lock{lock}"))
            .unwrap();
        let reload = || {
            let (live, pages) = (live.clone(), pages.clone());
            tokio::spawn(async move { live.reload(&pages, company).await })
        };
        let before = reload();
        let waiting = format!(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory' \
             AND objid = {company}"
        );
        while store.number(&waiting) < 1 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let revoke = format!(
            "UPDATE kept_keys SET revoked_at = now() WHERE id = {}",
            key.id
        );
        store.execute(&revoke);
        let after = reload();
        tokio::time::sleep(Duration::from_millis(300)).await;
        hold.batch_execute("COMMIT").unwrap();
        before.await.unwrap().unwrap();
        after.await.unwrap().unwrap();
        assert!(live.key(&api_key::hash(&key.text)).unwrap().revoked);
    });
}

#[test]
fn those_who_wait_for_one_load_of_the_settings_hold_no_connection() {
    let store = TestStore::new();
    on_a_runtime(async {
        let pages = Store::connect(&store.url).unwrap();
        let live = LiveSettings::load(&pages).await.unwrap();
        let mut lock = store.connection();
        lock.batch_execute("BEGIN; LOCK TABLE employees IN ACCESS EXCLUSIVE MODE")
            .unwrap();
        let asking = || {
            let (live, pages, company) = (live.clone(), pages.clone(), store.larkspur.id);
            tokio::spawn(async move { live.snapshot(&pages, company).await })
        };
        let waiting: Vec<_> = (0..20).map(|_| asking()).collect();
        let loads = "SELECT count(*) FROM pg_locks WHERE NOT granted \
                     AND relation = 'employees'::regclass";
        while store.number(loads) < 1 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        let refreshed = timeout(Duration::from_secs(1), live.refresh(&pages)).await;
        refreshed.unwrap().unwrap();
        lock.batch_execute("COMMIT").unwrap();
        for snapshot in waiting {
            let snapshot = snapshot.await.unwrap().unwrap();
            assert_eq!(snapshot.company, store.larkspur.id);
        }
    });
}

#[test]
fn a_load_that_fails_fails_for_all_who_wait_and_the_next_one_is_tried() {
    let store = TestStore::new();
    on_a_runtime(async {
        let pages = Store::connect(&store.url).unwrap();
        let live = LiveSettings::load(&pages).await.unwrap();
        store.execute("ALTER TABLE employees RENAME TO away");
        let ask = || live.snapshot(&pages, store.larkspur.id);
        let answers = futures_util::future::join_all((0..5).map(|_| ask())).await;
        assert!(answers.iter().all(Result::is_err));
        store.execute("ALTER TABLE away RENAME TO employees");
        ask().await.unwrap();
    });
}

#[test]
fn settings_that_give_way_to_others_are_read_again_as_they_are_then() {
    let store = TestStore::new();
    on_a_runtime(async {
        let pages = Store::connect(&store.url).unwrap();
        // Not even one company's fit.
        let live = LiveSettings::within(&pages, 500).await.unwrap();
        let (larkspur, solo_tea) = (store.larkspur.id, store.solo_tea.id);
        let version = async |company| {
            let snapshot = live.snapshot(&pages, company).await.unwrap();
            assert_eq!(snapshot.company, company);
            snapshot.rules.version
        };
        version(larkspur).await;
        version(solo_tea).await;
        let rename = format!("UPDATE brands SET name = 'Outlet' WHERE company_id = {larkspur}");
        let after = store.larkspur.change(&mut store.connection(), &rename);
        // Nobody tells of the change: what is in memory would stay as it was.
        let read_again = async {
            while version(larkspur).await != after {
                version(solo_tea).await;
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(Duration::from_secs(5), read_again).await.unwrap();
    });
}
