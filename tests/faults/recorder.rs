//! Each way in which writing a group can fail.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use serde_json::Value;

use crate::support::company::{accepted, with};
use crate::support::proxy::{Cut, Proxy};
use crate::support::{Answer, Cluster, TestApp, TestClock, TestStore, eventually, within};

/// Sends accepted requests with these tickets, all at once.
fn send_all(app: &TestApp, tickets: impl IntoIterator<Item = String>) -> Vec<JoinHandle<Answer>> {
    let send = |ticket: String| {
        let sender = app.production();
        std::thread::spawn(move || {
            sender.requests(&with(accepted(), "/ext_interaction_id", ticket))
        })
    };
    tickets.into_iter().map(send).collect()
}

fn answers(calls: Vec<JoinHandle<Answer>>) -> Vec<Answer> {
    calls.into_iter().map(|call| call.join().unwrap()).collect()
}

/// Holds up the recorder with a lock while `calls` are made, so that they come in one group.
fn in_one_group(
    app: &TestApp,
    calls: impl FnOnce() -> Vec<JoinHandle<Answer>>,
) -> (Answer, Vec<Answer>) {
    let mut lock = app.connection();
    lock.batch_execute("BEGIN; LOCK TABLE requests IN SHARE MODE")
        .unwrap();
    let mut first = send_all(app, ["first".to_owned()]);
    wait_until_held_up(app);
    let calls = calls();
    wait_until_waiting(calls.len());
    lock.batch_execute("COMMIT").unwrap();
    (answers(first.split_off(0)).remove(0), answers(calls))
}

fn wait_until_held_up(app: &TestApp) {
    eventually("the recorder waits for the lock", || {
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted \
                       AND relation = 'requests'::regclass";
        (app.number(waiting) > 0).then_some(())
    });
}

/// The queue is not to be seen from outside; a call needs far less time than this to get there.
fn wait_until_waiting(calls: usize) {
    std::thread::sleep(Duration::from_millis(300 + calls as u64));
}

fn statuses(answers: &[Answer]) -> Vec<u16> {
    answers.iter().map(|answer| answer.status).collect()
}

fn stored(store: &TestStore, ticket: &str) -> i64 {
    store.number(&format!(
        "SELECT count(*) FROM requests WHERE ticket_id = '{ticket}'"
    ))
}

#[test]
fn a_row_that_postgres_refuses_gets_500_and_its_neighbours_are_stored() {
    let app = TestApp::start();
    app.execute("ALTER TABLE requests ADD CONSTRAINT marked CHECK (ticket_id <> 'marked')");
    let tickets = (0..40).map(|n| match n {
        17 => "marked".to_owned(),
        n => format!("neighbour {n}"),
    });
    let (first, answers) = in_one_group(&app, || send_all(&app, tickets));
    assert_eq!(first.status, 200);
    for (n, answer) in answers.iter().enumerate() {
        let expected = if n == 17 { 500 } else { 200 };
        assert_eq!(answer.status, expected, "{n}: {}", answer.text());
    }
    let refused = answers[17].json();
    assert_eq!(refused["request_id"], answers[17].request_id().to_string());
    assert!(!answers[17].text().contains("CHECK"), "opaque outside");
    assert_eq!(stored(&app, "marked"), 0);
    assert_eq!(app.number("SELECT count(*) FROM requests"), 40);
    let rows = app.requests_by_mask(app.larkspur.id);
    assert_eq!(app.counts_by_mask(app.larkspur.id, 5), rows);
}

#[test]
fn a_row_that_is_refused_only_at_the_commit_is_found_as_well() {
    let app = TestApp::on(&TestStore::on_one_server());
    app.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             IF NEW.ticket_id = 'marked' THEN RAISE 'refused'; END IF; RETURN NEW; END $$; \
         CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON requests \
             DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()",
    );
    let tickets = ["a", "b", "marked", "c"].map(str::to_owned);
    let (_, answers) = in_one_group(&app, || send_all(&app, tickets));
    assert_eq!(statuses(&answers), [200, 200, 500, 200]);
    assert_eq!(app.number("SELECT count(*) FROM requests"), 4);
}

#[test]
fn a_store_that_refuses_everything_is_at_fault_itself() {
    let app = TestApp::start();
    app.execute("ALTER TABLE requests ADD CONSTRAINT all_of_them CHECK (ticket_id = 'first')");
    let tickets = (0..40).map(|n| format!("{n}"));
    let (first, answers) = in_one_group(&app, || send_all(&app, tickets));
    assert_eq!(first.status, 200);
    let count = |status| answers.iter().filter(|a| a.status == status).count();
    assert_eq!((count(500), count(503)), (1, 39));
    assert!(
        answers
            .iter()
            .all(|a| a.status != 503 || a.header("retry-after") == Some("5"))
    );
    assert_eq!(app.number("SELECT count(*) FROM requests"), 1);
    app.execute("ALTER TABLE requests DROP CONSTRAINT all_of_them");
    assert_eq!(answers_again(&app), 200);
    assert_eq!(app.number("SELECT count(*) FROM requests"), 2);
}

#[test]
fn a_store_that_refuses_lone_requests_is_at_fault_from_the_second_on() {
    let app = TestApp::start();
    app.execute("ALTER TABLE requests ADD CONSTRAINT no_row CHECK (false)");
    let answers = [(); 4].map(|()| answers_again(&app));
    assert_eq!(answers, [500, 503, 503, 503]);
    app.execute("ALTER TABLE requests DROP CONSTRAINT no_row");
    assert_eq!(answers_again(&app), 200);
    assert_eq!(app.number("SELECT count(*) FROM requests"), 1);
}

#[test]
fn a_row_that_is_sent_and_refused_again_and_again_turns_no_other_away() {
    let app = TestApp::start();
    app.execute("ALTER TABLE requests ADD CONSTRAINT marked CHECK (ticket_id <> 'marked')");
    let marked = || answers(send_all(&app, ["marked".to_owned()]))[0].status;
    assert_eq!([marked(), marked(), marked()], [500, 503, 503]);
    let tickets = (0..10).map(|n| match n {
        3 => "marked".to_owned(),
        n => format!("neighbour {n}"),
    });
    let answers = answers(send_all(&app, tickets));
    let taken = answers.iter().filter(|answer| answer.status == 200);
    assert_eq!(taken.count(), 9);
}

fn answers_again(app: &TestApp) -> u16 {
    app.production().requests(&accepted()).status
}

/// A program whose connections to Postgres go through a proxy.
fn behind_a_proxy() -> (Arc<TestStore>, Proxy, TestApp) {
    let store = TestStore::new();
    let socket = Cluster::shared().socket();
    let folder = socket.parent().unwrap().display().to_string();
    let proxy = Proxy::to(socket);
    let port = proxy.address.port();
    let url = store.url.replace(
        &format!("host={folder}"),
        &format!("host=127.0.0.1&port={port}&sslmode=disable&gssencmode=disable"),
    );
    let app = TestApp::at(&store, &url, TestClock::default());
    (store, proxy, app)
}

#[test]
fn a_commit_that_the_server_never_got_is_written_again() {
    let (store, proxy, app) = behind_a_proxy();
    proxy.cut_next(Cut::BeforeCommit);
    let answers = answers(send_all(&app, (0..20).map(|n| n.to_string())));
    assert_eq!(statuses(&answers), [200; 20]);
    assert_eq!(proxy.cuts(), 1);
    assert_eq!(
        store.number("SELECT count(DISTINCT ticket_id) FROM requests"),
        20
    );
    assert_eq!(store.number("SELECT count(*) FROM requests"), 20);
    let rows = store.requests_by_mask(store.larkspur.id);
    assert_eq!(store.counts_by_mask(store.larkspur.id, 5), rows);
}

#[test]
fn a_commit_whose_answer_was_lost_is_looked_up_and_not_written_twice() {
    let (store, proxy, app) = behind_a_proxy();
    proxy.cut_next(Cut::AfterCommit);
    let answers = answers(send_all(&app, (0..20).map(|n| n.to_string())));
    assert_eq!(statuses(&answers), [200; 20]);
    assert_eq!(proxy.cuts(), 1);
    assert_eq!(
        store.number("SELECT count(DISTINCT ticket_id) FROM requests"),
        20
    );
    assert_eq!(store.number("SELECT count(*) FROM requests"), 20);
    let rows = store.requests_by_mask(store.larkspur.id);
    assert_eq!(store.counts_by_mask(store.larkspur.id, 5), rows);
}

#[test]
fn a_missing_partition_is_made_when_a_request_needs_it() {
    let app = TestApp::start();
    let time = "2031-07-07T00:00:00Z";
    app.clock.stand_at(time.parse().unwrap());
    let missing = "SELECT count(*) FROM pg_class WHERE relname = 'requests_20310707' \
                   AND relnamespace = current_schema()::regnamespace";
    assert_eq!(app.number(missing), 0);
    let answers = answers(send_all(&app, (0..20).map(|n| n.to_string())));
    assert_eq!(statuses(&answers), [200; 20]);
    assert_eq!(app.number(missing), 1);
    assert_eq!(app.number("SELECT count(*) FROM requests_20310707"), 20);
    assert_eq!(
        app.number("SELECT count(*) FROM request_documents_20310707"),
        20
    );
}

#[test]
fn a_store_that_is_held_up_is_answered_503_and_never_written_late() {
    let app = TestApp::start();
    let mut lock = app.connection();
    lock.batch_execute("BEGIN; LOCK TABLE requests IN SHARE MODE")
        .unwrap();
    let since = Instant::now();
    let first = send_all(&app, ["first".to_owned()]);
    wait_until_held_up(&app);
    let calls = send_all(&app, (0..30).map(|n| n.to_string()));
    let answers = [answers(first), answers(calls)].concat();
    let took = since.elapsed();
    assert_eq!(statuses(&answers), [503; 31]);
    assert!(answers.iter().all(|a| a.header("retry-after") == Some("5")));
    assert!(took < Duration::from_secs(11), "{took:?}");
    lock.batch_execute("COMMIT").unwrap();
    eventually("it takes requests again", || {
        (answers_again(&app) == 200).then_some(())
    });
    assert_eq!(
        app.number("SELECT count(*) FROM requests WHERE ticket_id IS NOT NULL"),
        0,
        "written after its sender was told 503"
    );
}

#[test]
fn a_standby_is_left_for_the_primary() {
    let store = TestStore::database_in(Cluster::shared());
    let app = TestApp::on(&store);
    let database = store.rows("SELECT current_database() AS name")[0]["name"].clone();
    let database = database.as_str().unwrap();
    let become_ = |read_only: &str| {
        let mut connection = store.connection();
        let alter =
            format!("ALTER DATABASE {database} SET default_transaction_read_only = {read_only}");
        for statement in ["SET default_transaction_read_only = off", &alter] {
            connection.batch_execute(statement).unwrap();
        }
    };
    become_("on");
    store.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND application_name LIKE '%recorder'",
    );
    // The first call finds the connection gone, the second one the standby.
    let answers = [
        answers_again(&app),
        answers_again(&app),
        answers_again(&app),
    ];
    assert_eq!(answers, [503; 3]);
    become_("off");
    eventually("it takes requests again", || {
        (answers_again(&app) == 200).then_some(())
    });
}

#[test]
fn a_full_queue_is_answered_503_at_once() {
    let cluster = Cluster::start();
    let store = TestStore::database_in(&cluster);
    let app = TestApp::on(&store);
    assert_eq!(answers_again(&app), 200);
    let frozen = cluster.freeze(&store.sessions());
    // A group of a few goes to the server, which does not answer; then the queue fills.
    let mut body = with(accepted(), "/ext_interaction_id", "large").to_string();
    body.push_str(&" ".repeat(250 * 1024));
    let calls: Vec<_> = (0..170)
        .map(|_| {
            let call = app.production().post("/v1/requests").body(body.clone());
            let since = Instant::now();
            std::thread::spawn(move || (call.send(), since.elapsed()))
        })
        .collect();
    let outcomes: Vec<(Answer, Duration)> =
        calls.into_iter().map(|call| call.join().unwrap()).collect();
    assert!(outcomes.iter().all(|(answer, _)| answer.status == 503));
    let at_once = outcomes
        .iter()
        .filter(|(_, took)| *took < Duration::from_secs(4));
    let at_once = at_once.count();
    assert!(
        (1..=60).contains(&at_once),
        "{at_once} found the queue full"
    );
    for (answer, took) in &outcomes {
        assert_eq!(answer.header("retry-after"), Some("5"));
        assert!(*took < Duration::from_secs(20), "{took:?}");
    }
    drop(frozen);
    within(Duration::from_secs(15), "it takes requests again", || {
        (answers_again(&app) == 200).then_some(())
    });
    // The group that was on its way when the server stopped may have held; nothing else.
    let late = store.number("SELECT count(*) FROM requests WHERE ticket_id = 'large'");
    assert!(late <= 17, "{late} were written after they were answered");
    let rows: Vec<Value> = store.rows("SELECT id FROM requests GROUP BY id HAVING count(*) > 1");
    assert_eq!(rows, Vec::<Value>::new());
}
