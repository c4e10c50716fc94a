//! The way back in for who forgot the password: a one-time link by mail.

use std::time::{Duration, Instant};

use api_status_page::domain::user::Role;
use chrono::{DateTime, TimeDelta, Utc};

use crate::support::http::Call;
use crate::support::mail::{Mood, Protection};
use crate::support::people::PASSWORD;
use crate::support::{MailServer, Person, TestApp, TestClock, eventually};

const FORM: &str = "/forgotten-password";
const SAM: &str = "sam@larkspur.example";
const NEW: &str = "four words are better";

fn asks(app: &TestApp, email: &str) -> crate::support::Answer {
    Person::new(app).post(FORM, &[("email", email)])
}

#[test]
fn who_forgot_the_password_gets_a_link_and_chooses_another() {
    let server = MailServer::start(Protection::Plain);
    let app = TestApp::with_mail(&server);
    app.user(&app.larkspur, SAM, Role::Support);
    let mut elsewhere = Person::new(&app);
    elsewhere.sign_in(SAM, PASSWORD);
    assert!(
        app.visitor()
            .get("/sign-in")
            .text()
            .contains("href=\"/forgotten-password\"")
    );
    assert_eq!(
        asks(&app, " Sam@Larkspur.example ").location(),
        "/forgotten-password/sent"
    );
    let letter = server.letter_to(SAM);
    assert_eq!(letter.subject(), "A new password for Larkspur Outdoor");
    assert!(letter.text().contains("If it was not you, do nothing"));
    assert!(elsewhere.is_signed_in(), "asking alone changes nothing");
    let link = letter.link("/password/");
    let mut sam = Person::new(&app);
    let form = [("password", NEW), ("again", NEW)];
    assert_eq!(sam.post(&link, &form).location(), "/");
    assert!(sam.is_signed_in());
    assert!(!elsewhere.is_signed_in());
    assert_eq!(sam.get(&link).status, 404, "it works once");
    let entries = app.rows("SELECT * FROM audit_log WHERE action = 'user.link_asked_for'");
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0]["subject"], SAM);
    assert!(!format!("{entries:?}").contains(link.rsplit('/').next().unwrap()));
}

#[test]
fn a_stranger_learns_nothing_about_who_has_an_account() {
    let server = MailServer::start(Protection::Plain);
    let app = TestApp::with_mail(&server);
    app.user(&app.larkspur, SAM, Role::Support);
    app.user(&app.larkspur, "off@larkspur.example", Role::Support);
    app.execute("UPDATE users SET disabled_at = now() WHERE email LIKE 'off@%'");
    let known = asks(&app, SAM);
    for email in [
        "off@larkspur.example",
        "nobody@larkspur.example",
        "no e-mail",
        "a\0b",
    ] {
        let other = asks(&app, email);
        assert_eq!(other.location(), known.location(), "{email}");
        assert_eq!(other.body, known.body);
    }
    server.letter_to(SAM);
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(server.mailbox().len(), 1);
    assert_eq!(app.number("SELECT count(*) FROM password_links"), 1);
}

#[test]
fn the_answer_does_not_wait_for_the_mail_server() {
    let server = MailServer::start(Protection::Plain);
    let app = TestApp::with_mail(&server);
    app.user(&app.larkspur, SAM, Role::Support);
    // A port that takes connections and never says anything.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let flag = format!(
        "--smtp-url=smtp://{}?tls=none",
        silent.local_addr().unwrap()
    );
    let other = TestApp::configured(app.store(), &app.url, TestClock::default(), &[&flag]);
    let since = Instant::now();
    asks(&other, SAM).location();
    assert!(
        since.elapsed() < Duration::from_secs(5),
        "{:?}",
        since.elapsed()
    );
}

#[test]
fn three_links_an_hour_are_sent_to_an_account_known_or_not() {
    let server = MailServer::start(Protection::Plain);
    let now: DateTime<Utc> = "2026-11-24T10:00:00Z".parse().unwrap();
    let app = TestApp::with_mail_at(&server, now);
    app.user(&app.larkspur, SAM, Role::Support);
    for email in [SAM, "nobody@larkspur.example"] {
        for _ in 0..3 {
            assert_eq!(asks(&app, email).status, 303);
        }
        let fourth = asks(&app, email);
        assert_eq!(fourth.status, 429, "{email}");
        assert_eq!(fourth.header("retry-after"), Some("3600"));
    }
    // It keeps nobody from signing in.
    assert_eq!(Person::new(&app).sign_in(SAM, PASSWORD).status, 303);
    app.clock.stand_at(now + TimeDelta::minutes(61));
    assert_eq!(asks(&app, SAM).status, 303);
    eventually("four letters came", || {
        (server.to(SAM).len() == 4).then_some(())
    });
}

#[test]
fn a_link_that_was_asked_for_works_for_an_hour() {
    let server = MailServer::start(Protection::Plain);
    let now: DateTime<Utc> = "2026-11-24T10:00:00Z".parse().unwrap();
    let app = TestApp::with_mail_at(&server, now);
    app.user(&app.larkspur, SAM, Role::Support);
    asks(&app, SAM).location();
    let link = server.letter_to(SAM).link("/password/");
    app.clock.stand_at(now + TimeDelta::minutes(59));
    assert_eq!(app.visitor().get(&link).status, 200);
    app.clock.stand_at(now + TimeDelta::minutes(61));
    assert_eq!(app.visitor().get(&link).status, 404);
}

#[test]
fn where_no_mail_is_sent_the_page_says_whom_to_ask() {
    let app = TestApp::start();
    app.user(&app.larkspur, SAM, Role::Support);
    let page = app.visitor().get(FORM);
    assert_eq!(page.status, 200);
    assert!(page.text().contains("Ask an admin of your company"));
    assert!(!page.text().contains("<form"));
    assert_eq!(asks(&app, SAM).status, 422);
    assert_eq!(app.number("SELECT count(*) FROM password_links"), 0);
}

#[test]
fn another_site_cannot_ask_and_an_empty_form_is_told_at_its_field() {
    let server = MailServer::start(Protection::Plain);
    let app = TestApp::with_mail(&server);
    let call = Call::new("POST", FORM)
        .header("sec-fetch-site", "cross-site")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("email=sam%40larkspur.example");
    assert_eq!(call.send_to(app.address).status, 400);
    let empty = asks(&app, " ");
    assert_eq!(empty.status, 422);
    assert!(empty.text().contains("id=\"email-problem\""));
}

#[test]
fn links_that_admins_make_are_mailed_and_shown_all_the_same() {
    let server = MailServer::start(Protection::Plain);
    let app = TestApp::with_mail(&server);
    let mut admin = app.admin();
    let form = [("name", "Sam Reyes"), ("email", SAM), ("role", "support")];
    let made = admin.post("/settings/users/new", &form);
    assert!(
        made.text()
            .contains("It is on its way to sam@larkspur.example by mail.")
    );
    let invitation = server.letter_to(SAM);
    assert_eq!(invitation.subject(), "Your invitation to Larkspur Outdoor");
    assert!(invitation.text().starts_with("Ada Osei invites you"));
    let link = invitation.link("/password/");
    assert!(made.text().contains(&link), "it is shown as well");
    let mut sam = Person::new(&app);
    sam.post(&link, &[("password", NEW), ("again", NEW)])
        .location();
    assert!(sam.is_signed_in());

    server.turn(Mood::Gone);
    let id = app.number("SELECT id FROM users WHERE email LIKE 'sam%'");
    let again = admin.post(&format!("/settings/users/{id}/link"), &[]);
    assert_eq!(again.status, 200);
    assert!(again.text().contains("The mail server did not take it:"));
    assert!(again.text().contains("https://status.example/password/"));
}

#[test]
fn who_makes_a_link_waits_ten_seconds_for_a_mail_server_that_takes_its_time() {
    let server = MailServer::start(Protection::Plain);
    let app = TestApp::with_mail(&server);
    server.turn(Mood::Slow(Duration::from_secs(30)));
    let form = [("name", "Sam Reyes"), ("email", SAM), ("role", "support")];
    let mut admin = app.admin();
    let since = Instant::now();
    let made = admin.post("/settings/users/new", &form);
    let took = since.elapsed();
    assert!(took < Duration::from_secs(20), "{took:?}");
    let words = "no answer within 10 seconds, but it may arrive all the same";
    assert!(made.text().contains(words), "{}", made.text());
    assert!(made.text().contains("https://status.example/password/"));
}
