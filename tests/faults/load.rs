//! Mixed requests over 32 connections: alone, while the program is stopped, and while Postgres is.

use std::time::{Duration, Instant};

use api_status_page::domain::dictionary::ErrorCode;
use api_status_page::web::format::number;

use crate::support::company::accepted;
use crate::support::load::Load;
use crate::support::page::Page;
use crate::support::postgres::Shutdown;
use crate::support::{Cluster, TestApp, TestStore, eventually, within};

fn wait_for(load: &Load, answers: usize) {
    within(Duration::from_secs(60), "enough answers", || {
        (load.answered() >= answers).then_some(())
    });
}

#[test]
fn ten_thousand_requests_are_stored_and_counted_exactly() {
    const TOTAL: usize = 10_000;
    let app = TestApp::start();
    let load = Load::of(&app.larkspur);
    load.send(app.address, TOTAL, || {});
    assert_eq!(load.answered(), TOTAL);
    load.expect_stored(&app, &app.larkspur);
    let expected = load.expected_counts(TOTAL);
    assert_eq!(app.requests_by_mask(app.larkspur.id), expected);
    assert_eq!(app.counts_by_mask(app.larkspur.id, 5), expected);
    assert_eq!(app.counts_by_mask(app.larkspur.id, 60), expected);
    assert!(app.requests_by_mask(app.solo_tea.id).is_empty());
    // The page says the same: both tabs, and every line of the legend.
    let mut admin = app.admin();
    let answer = admin.get("/settings/integrations/api-status/invalid-requests");
    let page = Page(String::from_utf8(answer.body).unwrap());
    let count = |holds: &dyn Fn(i64, i64) -> bool| {
        let cells = expected
            .iter()
            .filter(|((environment, mask), _)| holds(*environment, *mask));
        number(cells.map(|(_, count)| count).sum())
    };
    let invalid = count(&|_, mask| mask != 0);
    let tests = count(&|environment, _| environment == 1);
    assert_eq!(page.tabs(), (invalid, tests));
    for code in ErrorCode::ALL {
        let with_it = count(&|_, mask| mask & i64::from(code.bit()) != 0);
        assert_eq!(page.legend(code.title()), with_it, "{code:?}");
    }
}

#[test]
fn a_stop_under_load_answers_what_is_under_way() {
    let store = TestStore::new();
    let app = TestApp::on(&store);
    let load = Load::of(&store.larkspur);
    let address = app.address;
    let mut took = Duration::ZERO;
    load.send(address, 100_000, || {
        wait_for(&load, 1_000);
        let since = Instant::now();
        app.stop();
        took = since.elapsed();
    });
    assert!(took < Duration::from_secs(10), "stopping took {took:?}");
    assert_eq!(load.with_status(503) + load.with_status(500), 0);
    load.expect_stored(&store, &store.larkspur);
    let answered = load.answered() as i64;
    assert_eq!(
        store.number("SELECT count(*) FROM requests"),
        answered,
        "what was stored was answered"
    );
    // The next start goes on from there.
    let app = TestApp::on(&store);
    let further = Load::of(&store.larkspur);
    further.send(app.address, 90, || {});
    assert_eq!(further.with_status(200), 30);
}

#[test]
fn postgres_restarted_under_load_loses_nothing_that_was_answered() {
    const TOTAL: usize = 2_400;
    let cluster = Cluster::start();
    let store = TestStore::database_in(&cluster);
    let app = TestApp::on(&store);
    let load = Load::of(&store.larkspur);
    load.send(app.address, TOTAL, || {
        wait_for(&load, 500);
        cluster.restart(Shutdown::Fast);
        wait_for(&load, 1_200);
        cluster.restart(Shutdown::Immediate);
    });
    assert_eq!(load.answered(), TOTAL, "each got an answer");
    assert_eq!(load.with_status(500), 0);
    let good = load.with_status(200) + load.with_status(400);
    assert!(good > TOTAL / 4, "only {good} got through");
    // The program recovers by itself: the recorder, the pool and the settings.
    within(Duration::from_secs(3), "the program is ready again", || {
        (app.visitor().get("/readyz").status == 200).then_some(())
    });
    let further = Load::of(&store.solo_tea);
    further.send(app.address, 64, || {});
    assert_eq!(further.with_status(503), 0);
    load.expect_stored(&store, &store.larkspur);
}

#[test]
fn a_node_notices_that_postgres_is_away_and_that_it_is_back() {
    let cluster = Cluster::start();
    let store = TestStore::database_in(&cluster);
    let app = TestApp::on(&store);
    let send = || app.production().requests(&accepted());
    assert_eq!(send().status, 200);
    let start_again = cluster.stop(Shutdown::Fast);
    let answer = send();
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("retry-after"), Some("5"));
    assert_eq!(app.visitor().get("/healthz").status, 200);
    assert_eq!(app.visitor().get("/readyz").status, 503);
    start_again();
    eventually("it takes requests again", || {
        (send().status == 200).then_some(())
    });
    eventually("it is ready again", || {
        (app.visitor().get("/readyz").status == 200).then_some(())
    });
}
