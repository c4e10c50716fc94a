//! Several nodes on one store, which is all that they share.

use std::time::Duration;

use api_status_page::store::{maintenance, partitions};
use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;

use crate::support::company::{accepted, larkspur};
use crate::support::load::Load;
use crate::support::{Cluster, Company, Person, TestApp, TestClock, TestStore, eventually};

fn at(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

#[test]
fn what_two_nodes_take_while_both_do_upkeep_is_all_there_and_counted_exactly() {
    let store = TestStore::new();
    let other_company = Company::create(&mut store.connection(), "Fernhill", &larkspur());
    let long_ago = at("2026-01-05T00:00:00Z");
    partitions::ensure(&mut store.connection(), long_ago, long_ago).unwrap();
    let (one, other) = (TestApp::on(&store), TestApp::on(&store));
    let loads = [Load::of(&store.larkspur), Load::of(&other_company)];
    // First a company on each node, then the other way round; upkeep begins after two seconds.
    for (total, nodes) in [(900, [&one, &other]), (1_800, [&other, &one])] {
        loads[0].send(nodes[0].address, total, || {
            loads[1].send(nodes[1].address, total, || {
                std::thread::sleep(Duration::from_secs(2));
            });
        });
    }
    eventually("the old partition is gone", || {
        let left = "SELECT count(*) FROM pg_inherits \
                    WHERE inhrelid = to_regclass('requests_20260105')";
        (store.number(left) == 0).then_some(())
    });
    for (load, company) in loads.iter().zip([&store.larkspur, &other_company]) {
        assert_eq!(load.with_status(503) + load.with_status(500), 0);
        load.expect_stored(&store, company);
    }
}

#[test]
fn who_signs_in_at_one_node_is_known_at_the_other_and_signs_out_of_both() {
    let store = TestStore::new();
    let (one, other) = (TestApp::on(&store), TestApp::on(&store));
    let mut here = one.admin();
    let mut there = Person::new(&other);
    there.cookie = here.cookie.clone();
    assert!(there.is_signed_in());
    assert_eq!(there.post("/sign-out", &[]).status, 303);
    assert!(!here.is_signed_in());
}

#[test]
fn a_node_leaves_upkeep_to_the_one_that_is_at_it() {
    // The lock is the database's: in a shared one the nodes of other tests would take it too.
    let store = TestStore::database_in(Cluster::shared());
    let clock = TestClock::default();
    clock.stand_at(at("2026-10-01T12:00:00Z"));
    // Before the node is there: its first upkeep comes after two seconds.
    let mut busy = store.connection();
    busy.batch_execute("BEGIN").unwrap();
    assert!(maintenance::try_lock(&mut busy).unwrap());
    let app = TestApp::at(&store, &store.url, clock);
    assert_eq!(app.production().requests(&accepted()).status, 200);
    app.clock.stand_at(at("2026-11-23T12:00:00Z"));
    let documents = || store.number("SELECT count(*) FROM request_documents");
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(documents(), 1, "another node has the lock");
    busy.batch_execute("COMMIT").unwrap();
    let _second = TestApp::at(&store, &store.url, app.clock.clone());
    eventually("whoever comes next does it", || {
        (documents() == 0).then_some(())
    });
}
