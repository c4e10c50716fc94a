//! When an alert opens and closes.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{OPS, a_round_passes};
use crate::support::company::accepted_but;
use crate::support::mail::Protection;
use crate::support::{MailServer, TestApp, TestClock, TestStore, on_a_runtime};

use api_status_page::clock::Clock;
use api_status_page::domain::alert;
use api_status_page::domain::cube::Rate;
use api_status_page::store::{Store, alerts};

#[test]
fn one_mail_comes_when_the_alert_opens_and_one_when_it_closes() {
    let server = MailServer::start(Protection::Plain);
    let app = TestApp::with_mail(&server);
    app.tells(&app.larkspur, &[OPS]);
    app.receives(18, 2);
    app.alert_opens();
    let opened = &server.expect(1)[0];
    assert_eq!(opened.to, OPS);
    assert_eq!(
        opened.subject(),
        "[Larkspur Outdoor] 10 % of production requests fail"
    );
    // More of the same tells nobody again.
    app.receives(0, 1);
    a_round_passes();
    server.expect(1);
    // Three of 76 are 3.9 %.
    app.receives(55, 0);
    app.alert_closes();
    let closed = &server.expect(2)[1];
    assert_eq!(
        closed.subject(),
        "[Larkspur Outdoor] Alert over: 3.9 % of production requests fail"
    );
}

#[test]
fn nineteen_requests_five_percent_and_test_requests_open_nothing() {
    let app = TestApp::start();
    app.receives(0, 19);
    let bad = accepted_but("/brand", "larkspur-outlet");
    for _ in 0..30 {
        assert_eq!(app.trying_out().requests(&bad).status, 400);
    }
    // The same of another company is another company's.
    let solo = app.sender(&app.solo_tea.production_key);
    for number in 0..20 {
        let bad = json!({"channel": "email", "employee": {"custom_id": "S-1"},
                         "customer": {"email": "jane@acme.example"},
                         "language": if number == 0 { "de" } else { "en" }});
        assert_eq!(
            solo.requests(&bad).status,
            if number == 0 { 400 } else { 200 }
        );
    }
    a_round_passes();
    assert_eq!(app.number("SELECT count(*) FROM alerts"), 0);
    app.receives(0, 1);
    app.alert_opens();
    let opened = app.rows("SELECT * FROM alerts");
    assert_eq!(opened[0]["company_id"], json!(app.larkspur.id.0));
    assert_eq!(opened[0]["opened_total"], json!(20));
}

#[test]
fn an_alert_closes_when_an_hour_without_requests_has_passed() {
    let server = MailServer::start(Protection::Plain);
    let opened: DateTime<Utc> = "2026-11-24T10:41:00Z".parse().unwrap();
    let app = TestApp::with_mail_at(&server, opened);
    app.tells(&app.larkspur, &[OPS]);
    app.receives(0, 20);
    app.alert_opens();
    server.expect(1);
    app.clock.stand_at(opened + TimeDelta::minutes(70));
    app.alert_closes();
    let closed = &server.expect(2)[1];
    assert_eq!(
        closed.subject(),
        "[Larkspur Outdoor] Alert over: no production requests"
    );
    let first_line = closed.text().lines().next().unwrap().to_owned();
    assert!(
        first_line.contains("no production request came between 10:50 and 11:51"),
        "{first_line}"
    );
    assert!(closed.text().contains("was open for 70 minutes"));
}

#[test]
fn a_rate_is_the_same_before_and_after_counters_are_folded() {
    let app = TestApp::start();
    app.receives(3, 2);
    let company = app.larkspur.id;
    let url = app.url.clone();
    let measure = || {
        let url = url.clone();
        let mut measured = Rate::default();
        on_a_runtime(async {
            let store = Store::connect(&url).unwrap();
            let hour = alert::hour(Clock::system().now());
            let rate = store.read(company, move |connection| {
                alerts::rate(connection, company, hour)
            });
            measured = rate.await.unwrap();
        });
        measured
    };
    let before = measure();
    app.fold(company);
    assert_eq!(
        before,
        Rate {
            failed: 2,
            total: 5
        }
    );
    assert_eq!(measure(), before);
}

#[test]
fn of_two_nodes_one_opens_the_alert_and_tells_once() {
    let server = MailServer::start(Protection::Plain);
    let store = TestStore::new();
    let nodes = [
        TestApp::sending_on(&store, &server, TestClock::default()),
        TestApp::sending_on(&store, &server, TestClock::default()),
    ];
    store.tells(&store.larkspur, &[OPS, "lead@larkspur.example"]);
    nodes[0].receives(0, 20);
    nodes[1].alert_opens();
    server.expect(2);
    a_round_passes();
    server.expect(2);
    assert_eq!(server.to(OPS).len(), 1);
    assert_eq!(store.number("SELECT count(*) FROM alerts"), 1);
}
