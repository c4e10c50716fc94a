//! What happens to a mail that cannot be sent.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{A_WHILE, OPS, a_round_passes};
use crate::support::mail::{Mail, Mood, Protection};
use crate::support::{MailServer, TestApp, TestClock, TestStore, within};

const LEAD: &str = "lead@larkspur.example";

/// An app whose clock stands, with a mail server, and Larkspur's alert e-mails.
fn app_at(server: &MailServer, at: DateTime<Utc>, addresses: &[&str]) -> TestApp {
    let app = TestApp::with_mail_at(server, at);
    app.tells(&app.larkspur, addresses);
    app
}

fn then() -> DateTime<Utc> {
    "2026-11-24T10:41:00Z".parse().unwrap()
}

/// Waits until every mail that the alert opened has failed and is tried again at `next`.
#[track_caller]
fn all_are_tried_again_at(app: &TestApp, next: DateTime<Utc>) {
    let others = format!(
        "SELECT count(*) FROM alert_mails \
         WHERE event = 1 AND (problem IS NULL OR due_at <> '{next}')"
    );
    within(A_WHILE, "the mails are tried", || {
        (app.number(&others) == 0).then_some(())
    });
}

/// The clock goes on to `now`, when every such mail is due; waits until each has failed then too and is
/// tried again at `next`.
#[track_caller]
fn all_fail_once_more_at(app: &TestApp, now: DateTime<Utc>, next: DateTime<Utc>) {
    // A mail that is being sent may be due at `next` as well: only the new problem says that it failed.
    app.execute("UPDATE alert_mails SET problem = NULL");
    app.clock.stand_at(now);
    all_are_tried_again_at(app, next);
}

fn minutes(minutes: i64) -> TimeDelta {
    TimeDelta::minutes(minutes)
}

#[test]
fn a_mail_waits_while_the_mail_server_is_gone_and_comes_once_when_it_is_back() {
    let server = MailServer::start(Protection::Plain);
    server.turn(Mood::Gone);
    let app = app_at(&server, then(), &[OPS, LEAD]);
    app.receives(0, 20);
    app.alert_opens();
    all_are_tried_again_at(&app, then() + minutes(1));
    let page = app.admin().get("/settings/integrations");
    assert!(
        page.text().contains("tried again at 10:42"),
        "{}",
        page.text()
    );
    all_fail_once_more_at(&app, then() + minutes(1), then() + minutes(3));
    server.turn(Mood::Takes);
    app.clock.stand_at(then() + minutes(3));
    let mails = server.expect(2);
    assert_eq!(mails[0].text(), mails[1].text());
    app.clock.stand_at(then() + minutes(40));
    a_round_passes();
    server.expect(2);
}

#[test]
fn an_address_that_is_refused_keeps_no_other_from_being_told() {
    let server = MailServer::start(Protection::Plain);
    server.refuse("gone@larkspur.example");
    let app = TestApp::with_mail(&server);
    app.tells(&app.larkspur, &["gone@larkspur.example", OPS]);
    app.receives(0, 20);
    app.alert_opens();
    assert_eq!(server.letter_to(OPS).to, OPS);
    let rows = within(A_WHILE, "the other is tried", || {
        let rows = app.rows("SELECT * FROM alert_mails WHERE problem IS NOT NULL");
        (!rows.is_empty()).then_some(rows)
    });
    assert_eq!(rows[0]["address"], json!("gone@larkspur.example"));
    let problem = rows[0]["problem"].as_str().unwrap();
    assert_eq!(
        problem,
        "the mail server refused it: 550 Mailbox unavailable"
    );
}

#[test]
fn a_mail_whose_receipt_was_lost_is_sent_again_under_the_same_id() {
    let server = MailServer::start(Protection::Plain);
    server.turn(Mood::HangsUp);
    let app = app_at(&server, then(), &[OPS]);
    app.receives(0, 20);
    app.alert_opens();
    all_are_tried_again_at(&app, then() + minutes(1));
    server.turn(Mood::Takes);
    app.clock.stand_at(then() + minutes(1));
    let mails = server.expect(2);
    assert_eq!(mails[0].header("message-id"), mails[1].header("message-id"));
}

#[test]
fn a_mail_server_that_takes_its_time_gets_a_mail_once() {
    let server = MailServer::start(Protection::Plain);
    server.turn(Mood::Slow(Duration::from_secs(12)));
    let app = TestApp::with_mail(&server);
    app.tells(&app.larkspur, &[OPS]);
    app.receives(0, 20);
    server.expect(1);
    let tried = "SELECT count(*) FROM alert_mails WHERE sent_at IS NOT NULL OR problem IS NOT NULL";
    within(A_WHILE, "the server has answered", || {
        (app.number(tried) == 1).then_some(())
    });
    assert_eq!(
        app.number("SELECT count(*) FROM alert_mails WHERE problem IS NOT NULL"),
        0
    );
}

#[test]
fn a_node_that_is_to_stop_leaves_a_mail_that_takes_too_long_to_another() {
    let server = MailServer::start(Protection::Plain);
    server.turn(Mood::Slow(Duration::from_secs(40)));
    let app = app_at(&server, then(), &[OPS]);
    app.receives(0, 20);
    server.expect(1);
    let (store, clock) = (app.store().clone(), app.clock.clone());
    let since = Instant::now();
    app.stop();
    let took = since.elapsed();
    // Ten seconds for the mail, and what the rest takes on a busy machine.
    assert!(took < Duration::from_secs(20), "{took:?}");
    let due = "SELECT count(*) FROM alert_mails \
               WHERE due_at IS NOT NULL AND sent_at IS NULL AND problem IS NULL";
    assert_eq!(store.number(due), 1);
    server.turn(Mood::Takes);
    clock.stand_at(then() + minutes(2));
    let other = TestApp::sending_on(&store, &server, clock);
    let mails = server.expect(2);
    assert_eq!(mails[0].header("message-id"), mails[1].header("message-id"));
    drop(other);
}

#[test]
fn a_company_with_many_to_tell_does_not_keep_another_waiting() {
    let server = MailServer::start(Protection::Plain);
    let store = TestStore::new();
    // This node opens the alerts and cannot tell.
    let node = TestApp::on(&store);
    for company in [&node.larkspur, &node.solo_tea] {
        let addresses = [1, 2, 3].map(|number| format!("{number}@{}.example", company.id));
        node.tells(company, &addresses.each_ref().map(String::as_str));
    }
    node.receives(0, 20);
    let solo = node.sender(&node.solo_tea.production_key);
    let bad = json!({"channel": "email", "employee": {"custom_id": "S-1"},
                     "customer": {"email": "jane@acme.example"}, "language": "de"});
    for _ in 0..20 {
        assert_eq!(solo.requests(&bad).status, 400);
    }
    within(A_WHILE, "both alerts open", || {
        (node.open_alerts() == 2).then_some(())
    });
    node.stop();
    let other = TestApp::sending_on(&store, &server, TestClock::default());
    let mails = server.expect(6);
    for in_turn in mails.chunks(2) {
        let company = |mail: &Mail| mail.to.split('@').nth(1).map(str::to_owned);
        assert_ne!(company(&in_turn[0]), company(&in_turn[1]), "{mails:#?}");
    }
    drop(other);
}

#[test]
fn what_a_node_that_died_had_claimed_is_sent_by_another() {
    let server = MailServer::start(Protection::Plain);
    let (store, clock) = (TestStore::new(), TestClock::default());
    clock.stand_at(then());
    // This node opens the alert and cannot tell.
    let node = TestApp::configured(&store, &store.url, clock.clone(), &[]);
    node.tells(&node.larkspur, &[OPS]);
    node.receives(0, 20);
    node.alert_opens();
    // As if one had claimed the mail and died then.
    store.execute(&format!(
        "UPDATE alert_mails SET attempts = 1, due_at = '{}'",
        then() + minutes(1)
    ));
    node.stop();
    let other = TestApp::sending_on(&store, &server, clock.clone());
    a_round_passes();
    server.expect(0);
    clock.stand_at(then() + minutes(1));
    server.expect(1);
    drop(other);
}

#[test]
fn who_was_not_told_that_it_opened_is_not_told_first_that_it_closed() {
    let server = MailServer::start(Protection::Plain);
    server.turn(Mood::Fails);
    let app = app_at(&server, then(), &[OPS]);
    app.receives(0, 20);
    app.alert_opens();
    all_are_tried_again_at(&app, then() + minutes(1));
    // The mail that it opened is due at 10:42, and then at 10:44.
    all_fail_once_more_at(&app, then() + minutes(1), then() + minutes(3));
    app.receives(480, 0);
    app.alert_closes();
    server.turn(Mood::Takes);
    a_round_passes();
    server.expect(0);
    app.clock.stand_at(then() + minutes(3));
    let subjects: Vec<String> = server.expect(2).iter().map(|m| m.subject()).collect();
    assert!(
        subjects[0].contains("100 % of production requests fail"),
        "{subjects:?}"
    );
    assert!(subjects[1].contains("Alert over"), "{subjects:?}");
}

#[test]
fn a_mail_is_given_up_after_a_day_and_the_page_says_so() {
    let server = MailServer::start(Protection::Plain);
    server.turn(Mood::Gone);
    let app = app_at(&server, then(), &[OPS]);
    app.receives(0, 20);
    app.alert_opens();
    all_are_tried_again_at(&app, then() + minutes(1));
    // Keeps the alert open over the day.
    app.clock.stand_at(then() + TimeDelta::hours(25));
    app.receives(0, 20);
    within(A_WHILE, "the mail is given up", || {
        (app.number("SELECT count(*) FROM alert_mails WHERE due_at IS NOT NULL") == 0).then_some(())
    });
    server.turn(Mood::Takes);
    a_round_passes();
    server.expect(0);
}

#[test]
fn those_who_are_told_that_it_closed_are_those_who_were_told_and_still_want_to_be() {
    let server = MailServer::start(Protection::Plain);
    let app = TestApp::with_mail(&server);
    app.tells(&app.larkspur, &[OPS, LEAD]);
    app.receives(0, 20);
    app.alert_opens();
    server.expect(2);
    app.tells(&app.larkspur, &[OPS, "new@larkspur.example"]);
    app.receives(480, 0);
    app.alert_closes();
    server.expect(3);
    assert_eq!(server.to(OPS).len(), 2);
    assert_eq!(server.to("new@larkspur.example").len(), 0);
}
