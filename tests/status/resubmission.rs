//! What would pass now is sent again: once, by an admin, as a new request linked to the old one.

use std::thread;
use std::time::Duration;

use api_status_page::clock::Clock;
use api_status_page::domain::window::Window;
use api_status_page::store::alerts;
use chrono::TimeDelta;
use diesel::connection::SimpleConnection;
use uuid::Uuid;

use super::recheck::{ROOT, activate_outlet, check_all, finished, multiply, refused};
use super::{INVALID, TEST, app_with_admin, page};
use crate::support::company::{accepted, accepted_but};
use crate::support::page::Page;
use crate::support::people::PASSWORD;
use crate::support::{Answer, Person, TestApp};

fn send(admin: &mut Person, ids: &[Uuid]) -> Answer {
    let ids: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    let form: Vec<(&str, &str)> = ids.iter().map(|id| ("id", id.as_str())).collect();
    admin.post(&format!("{ROOT}/resubmissions"), &form)
}

fn sent_again(app: &TestApp) -> i64 {
    app.number("SELECT count(*) FROM resubmissions")
}

#[test]
fn a_request_is_sent_again_and_both_pages_say_so() {
    let (app, mut admin) = app_with_admin();
    let old = refused(&app);
    activate_outlet(&app);
    let before = app.row_of("requests", old);
    let here = format!("{ROOT}/requests/{old}");
    let ask = page(&mut admin, &here).link("Send it again").unwrap();
    let words = page(&mut admin, &ask).words();
    assert!(words.contains("Sends 1 request again."), "{words}");
    let answer = send(&mut admin, &[old]);
    let new = answer.location().rsplit('/').next().unwrap().to_owned();
    let words = page(&mut admin, answer.location()).words();
    assert!(words.contains("Accepted"), "{words}");
    assert!(words.contains("Resubmitted by Ada Osei at"), "{words}");
    assert!(words.contains(&old.to_string()), "{words}");
    let words = page(&mut admin, &here).words();
    assert!(words.contains("Sent again by Ada Osei at"), "{words}");
    assert!(words.contains(&new), "{words}");
    assert!(!words.contains("Send it again …"), "{words}");
    let rows = page(&mut admin, INVALID).rows();
    assert!(rows[0].error.contains("sent again"), "{:?}", rows[0]);
    assert_eq!(app.row_of("requests", old), before);
    let new: Uuid = new.parse().unwrap();
    let row = app.row_of("requests", new);
    for same in [
        "environment",
        "key_id",
        "kind",
        "brand_sent",
        "customer_hash",
    ] {
        assert_eq!(row[same], before[same], "{same}");
    }
    assert_eq!(app.body_of(new), app.body_of(old));
    let log = app.rows("SELECT * FROM audit_log WHERE action = 'request.resubmitted'");
    assert_eq!(log.len(), 1);
    assert_eq!(log[0]["subject"], old.to_string());
    assert_eq!(log[0]["after"]["request"], new.to_string());
}

#[test]
fn what_is_sent_again_is_counted_apart_and_is_no_use_of_the_key() {
    let (app, mut admin) = app_with_admin();
    let old = refused(&app);
    activate_outlet(&app);
    app.fold(app.larkspur.id);
    app.execute("UPDATE api_keys SET last_used_at = NULL");
    send(&mut admin, &[old]).location();
    app.fold(app.larkspur.id);
    let hour = Window {
        from: Clock::system().now() - TimeDelta::hours(1),
        to: None,
    };
    let rate = alerts::rate(&mut app.connection(), app.larkspur.id, hour).unwrap();
    assert_eq!((rate.failed, rate.total), (1, 1), "of senders alone");
    let apart = "SELECT sum(count) FROM request_counts WHERE resubmitted AND grain = 60";
    assert_eq!(app.number(apart), 1);
    assert_eq!(
        app.number("SELECT count(*) FROM api_keys WHERE last_used_at IS NOT NULL"),
        0
    );
    let rows = app.requests_by_mask(app.larkspur.id);
    assert_eq!(app.counts_by_mask(app.larkspur.id, 5), rows);
}

#[test]
fn support_is_not_offered_it_and_is_refused() {
    let app = TestApp::start();
    let mut support = app.support();
    let old = refused(&app);
    activate_outlet(&app);
    for path in [INVALID.to_owned(), format!("{ROOT}/requests/{old}")] {
        let words = page(&mut support, &path).words();
        assert!(!words.contains("Send it again"), "{words}");
        assert!(!words.contains("Send selected again"), "{words}");
    }
    let run = check_all(&mut support, INVALID);
    assert!(!finished(&mut support, &run).contains("again …"));
    assert_eq!(
        support
            .get(&format!("{ROOT}/resubmissions?id={old}"))
            .status,
        403
    );
    assert_eq!(send(&mut support, &[old]).status, 403);
    assert_eq!(sent_again(&app), 0);
}

#[test]
fn no_request_is_sent_again_twice() {
    let (app, mut admin) = app_with_admin();
    let old = refused(&app);
    activate_outlet(&app);
    send(&mut admin, &[old]).location();
    let answer = send(&mut admin, &[old]);
    assert_eq!(answer.status, 409);
    assert!(
        answer.text().contains("Sent again already"),
        "{}",
        answer.text()
    );
    assert!(answer.text().contains("It was not sent."));
    assert_eq!(sent_again(&app), 1);
    assert_eq!(
        app.number("SELECT count(*) FROM requests WHERE environment = 2"),
        2
    );
}

#[test]
fn two_admins_on_two_nodes_at_once_send_it_once() {
    let (app, admin) = app_with_admin();
    let other = TestApp::on(app.store());
    let olds: Vec<Uuid> = (0..8).map(|_| refused(&app)).collect();
    activate_outlet(&app);
    activate_outlet(&other);
    let nodes = [
        admin.clone(),
        admin.clone(),
        admin.at(&other),
        admin.at(&other),
    ];
    let calls = nodes.map(|mut admin| {
        let olds = olds.clone();
        thread::spawn(move || send(&mut admin, &olds).status)
    });
    for call in calls {
        assert_eq!(call.join().unwrap(), 303);
    }
    assert_eq!(sent_again(&app), 8);
    let accepted = "SELECT count(*) FROM requests WHERE environment = 2 AND error_mask = 0";
    assert_eq!(app.number(accepted), 8);
    let rows = app.requests_by_mask(app.larkspur.id);
    assert_eq!(app.counts_by_mask(app.larkspur.id, 5), rows);
}

#[test]
fn a_request_sent_again_before_does_not_lose_its_group() {
    let (app, admin) = app_with_admin();
    let old = refused(&app);
    activate_outlet(&app);
    let mut lock = app.connection();
    let hold = "BEGIN; LOCK TABLE requests IN SHARE MODE";
    lock.batch_execute(hold).unwrap();
    let calls: Vec<_> = (0..30)
        .map(|n| {
            let (sender, mut admin) = (app.production(), admin.clone());
            thread::spawn(move || match n % 10 {
                0 => send(&mut admin, &[old]).status,
                _ => sender.requests(&accepted()).status,
            })
        })
        .collect();
    thread::sleep(Duration::from_millis(800));
    lock.batch_execute("COMMIT").unwrap();
    let statuses: Vec<u16> = calls.into_iter().map(|call| call.join().unwrap()).collect();
    let count = |status| statuses.iter().filter(|s| **s == status).count();
    assert_eq!(
        (count(200), count(303), count(409)),
        (27, 1, 2),
        "{statuses:?}"
    );
    assert_eq!(sent_again(&app), 1);
}

#[test]
fn what_cannot_be_sent_again_says_why() {
    let (app, mut admin) = app_with_admin();
    let deleted = refused(&app);
    app.execute(&format!(
        "DELETE FROM request_documents WHERE id = '{deleted}'"
    ));
    let too_large = vec![b' '; 300 * 1024];
    let cut = app.production().post("/v1/requests").body(too_large).send();
    let cut = cut.request_id();
    let good = app.production().requests(&accepted()).request_id();
    let bad = app.production().requests(&accepted_but("/channel", "fax"));
    let bad = bad.request_id();
    activate_outlet(&app);
    for (id, why) in [
        (deleted, "The body was deleted with the customer’s data"),
        (cut, "only the beginning of the body was kept"),
        (good, "Accepted when it came"),
        (bad, "Still refused by today’s settings."),
    ] {
        let words = page(&mut admin, &format!("{ROOT}/resubmissions?id={id}")).words();
        assert!(words.contains("There is nothing to send."), "{words}");
        assert!(words.contains(why), "{words}");
        let answer = send(&mut admin, &[id]);
        assert_eq!(answer.status, 409, "{why}");
        assert!(answer.text().contains(why), "{}", answer.text());
    }
    assert_eq!(sent_again(&app), 0);
}

#[test]
fn what_our_store_would_not_take_is_not_said_to_fail() {
    let (app, mut admin) = app_with_admin();
    let (old, other) = (refused(&app), refused(&app));
    activate_outlet(&app);
    app.execute(
        "ALTER TABLE requests ADD CONSTRAINT none CHECK (error_mask > 0 OR environment = 1)",
    );
    let answer = send(&mut admin, &[old]);
    assert_eq!(answer.status, 500);
    let words = Page(answer.text().to_owned()).words();
    assert!(words.contains("It was not sent."), "{words}");
    assert!(words.contains("our store would not take it"), "{words}");
    assert!(!words.contains("Still refused"), "{words}");
    send(&mut admin, &[old, other]).location();
    let words = page(&mut admin, INVALID).words();
    let said = "0 requests were sent again. 2 would pass, but our store would not take them";
    assert!(words.contains(said), "{words}");
    assert_eq!(sent_again(&app), 0);
}

#[test]
fn nothing_chosen_leads_back_to_the_list_and_says_what_to_do() {
    let (_app, mut admin) = app_with_admin();
    let answer = admin.get(&format!("{ROOT}/resubmissions?return_to={TEST}"));
    assert_eq!(answer.location(), TEST);
    let words = page(&mut admin, TEST).words();
    assert!(words.contains("Choose requests first"), "{words}");
}

#[test]
fn what_is_older_than_a_week_is_sent_only_when_that_is_said() {
    let (app, mut admin) = app_with_admin();
    let old = refused(&app);
    activate_outlet(&app);
    let now = Clock::system().now();
    app.clock.stand_at(now + TimeDelta::days(8));
    admin.sign_in("admin@larkspur.example", PASSWORD);
    let words = page(&mut admin, &format!("{ROOT}/resubmissions?id={old}")).words();
    assert!(words.contains("older than a week"), "{words}");
    let answer = send(&mut admin, &[old]);
    assert_eq!(answer.status, 422);
    assert_eq!(sent_again(&app), 0);
    let id = old.to_string();
    let form = [("id", id.as_str()), ("old", "yes")];
    admin
        .post(&format!("{ROOT}/resubmissions"), &form)
        .location();
    assert_eq!(sent_again(&app), 1);
}

#[test]
fn of_several_those_that_would_fail_are_left_out() {
    let (app, mut admin) = app_with_admin();
    let good = [refused(&app), refused(&app)];
    let bad = app.production().requests(&accepted_but("/channel", "fax"));
    let all = [good[0], good[1], bad.request_id()];
    activate_outlet(&app);
    let query: Vec<String> = all.iter().map(|id| format!("id={id}")).collect();
    let ask = format!("{ROOT}/resubmissions?{}", query.join("&"));
    let words = page(&mut admin, &ask).words();
    assert!(words.contains("Sends 2 requests again."), "{words}");
    assert!(
        words.contains("1 request left out. Still refused by today’s settings."),
        "{words}"
    );
    send(&mut admin, &all).location();
    let words = page(&mut admin, INVALID).words();
    assert!(
        words.contains("2 requests were sent again. 1 left out."),
        "{words}"
    );
    assert_eq!(sent_again(&app), 2);
}

#[test]
fn a_whole_list_is_sent_again_once_even_when_a_node_dies_in_the_middle() {
    let (app, mut admin) = app_with_admin();
    multiply(&app, refused(&app), 1_499);
    app.production().requests(&accepted_but("/channel", "fax"));
    activate_outlet(&app);
    let run = check_all(&mut admin, INVALID);
    finished(&mut admin, &run);
    let id = run.rsplit('/').next().unwrap();
    let ask = page(&mut admin, &format!("{ROOT}/resubmissions?run={id}")).words();
    assert!(ask.contains("Sends 1,500 requests again."), "{ask}");
    assert!(ask.contains("1 request left out."), "{ask}");
    let sending = admin.post(&format!("{ROOT}/resubmissions"), &[("run", id)]);
    let sending = sending.location().to_owned();
    let words = finished(&mut admin, &sending);
    assert!(words.contains("1,500 sent again"), "{words}");
    assert_eq!(sent_again(&app), 1_500);
    let new = "SELECT count(*) FROM requests WHERE error_mask = 0 AND environment = 2";
    assert_eq!(app.number(new), 1_500);
    // As if the node had died before it wrote down how far it came.
    app.execute(
        "UPDATE bulk_runs SET state = 1, ended_at = NULL, reached = NULL, passing = 0, same = 0, \
                sent = 0, claimed_until = '2000-01-01' WHERE kind = 2",
    );
    let words = finished(&mut admin, &sending);
    assert!(words.contains("1,500 sent again"), "{words}");
    assert_eq!(app.number(new), 1_500);
    let rows = app.requests_by_mask(app.larkspur.id);
    // The copies made by hand were counted nowhere.
    assert_eq!(
        app.counts_by_mask(app.larkspur.id, 5)[&(2, 0)],
        rows[&(2, 0)]
    );
    let log = app.rows("SELECT after FROM audit_log WHERE action = 'request.resubmitted'");
    assert_eq!(log.len(), 1);
    // The list's window as it was, to be read by people.
    let filter = log[0]["after"]["filter"][0].as_str().unwrap();
    assert!(
        filter.starts_with("from=") && filter.contains(':'),
        "{filter}"
    );
}

#[test]
fn a_check_by_older_settings_is_not_acted_on() {
    let (app, mut admin) = app_with_admin();
    refused(&app);
    let run = check_all(&mut admin, INVALID);
    finished(&mut admin, &run);
    activate_outlet(&app);
    let words = page(&mut admin, &run).words();
    assert!(words.contains("The settings changed since"), "{words}");
    let id = run.rsplit('/').next().unwrap();
    let sent = admin.post(&format!("{ROOT}/resubmissions"), &[("run", id)]);
    assert_eq!(sent.status, 400);
    assert_eq!(sent_again(&app), 0);
}

#[test]
fn a_check_that_was_stopped_is_not_acted_on() {
    let (app, mut admin) = app_with_admin();
    refused(&app);
    activate_outlet(&app);
    let run = check_all(&mut admin, INVALID);
    assert!(finished(&mut admin, &run).contains("Send 1 request again"));
    app.execute("UPDATE bulk_runs SET state = 3");
    let words = page(&mut admin, &run).words();
    assert!(!words.contains("Send 1 request again"), "{words}");
    let id = run.rsplit('/').next().unwrap();
    let sent = admin.post(&format!("{ROOT}/resubmissions"), &[("run", id)]);
    assert_eq!(sent.status, 400);
    assert_eq!(sent_again(&app), 0);
}

#[test]
fn sending_a_list_again_ends_when_the_settings_are_no_more_those_agreed_to() {
    let (app, mut admin) = app_with_admin();
    refused(&app);
    activate_outlet(&app);
    let check = check_all(&mut admin, INVALID);
    finished(&mut admin, &check);
    // As if it had been agreed to, and not begun, before the brand was activated.
    app.execute(
        "UPDATE bulk_runs SET kind = 2, state = 1, ended_at = NULL, reached = NULL, passing = 0, \
                settings_version = 1, claimed_until = '2000-01-01'",
    );
    let words = finished(&mut admin, &check);
    assert!(words.contains("stopped early"), "{words}");
    let why = "The settings changed meanwhile. More might pass by them than was agreed to";
    assert!(words.contains(why), "{words}");
    assert_eq!(sent_again(&app), 0);
}

#[test]
fn a_test_request_is_sent_again_in_the_test_environment() {
    let (app, mut admin) = app_with_admin();
    let body = accepted_but("/brand", "larkspur-outlet");
    let old = app.trying_out().requests(&body).request_id();
    activate_outlet(&app);
    let new = send(&mut admin, &[old]).location().to_owned();
    let words = page(&mut admin, &new).words();
    assert!(words.contains("Test"), "{words}");
    let listed = page(&mut admin, TEST).ids();
    assert!(listed.contains(&new.rsplit('/').next().unwrap().to_owned()));
}
