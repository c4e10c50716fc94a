//! What the mails say.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::OPS;
use crate::support::company::{accepted, accepted_but, with};
use crate::support::mail::{Mail, Protection};
use crate::support::page::Page;
use crate::support::{MailServer, TestApp};

fn then() -> DateTime<Utc> {
    "2026-11-24T15:41:00Z".parse().unwrap()
}

/// The mail after an hour in which many things went wrong.
fn letter(server: &MailServer, app: &TestApp) -> Mail {
    app.clock.stand_at(then());
    app.tells(&app.larkspur, &[OPS]);
    let production = app.production();
    let nobody = accepted_but("/employee", json!({"email": "paul@larkspur.example"}));
    let no_customer = accepted_but(
        "/customer",
        json!({"name": "Zoltan Quill", "email": "zoltan quill"}),
    );
    let secret = with(
        accepted_but("/brand", "larkspur-outlet"),
        "/customer",
        json!({"name": "Wendel Xu", "email": "wendel@xu.example"}),
    );
    for (body, count) in [
        (accepted(), 70),
        (secret, 14),
        (nobody, 9),
        (no_customer, 5),
        (accepted_but("/channel", "phone"), 2),
    ] {
        for _ in 0..count {
            production.requests(&body);
        }
    }
    app.alert_opens();
    server.letter_to(OPS)
}

fn app_with(server: &MailServer) -> TestApp {
    let app = TestApp::with_mail_at(server, then());
    app.execute("UPDATE companies SET time_zone = 'America/Toronto'");
    app
}

#[test]
fn the_first_line_says_the_rate_the_top_cause_and_the_window() {
    let server = MailServer::start(Protection::Plain);
    let app = app_with(&server);
    let letter = letter(&server, &app);
    let text = letter.text();
    let first_line = text.lines().next().unwrap();
    assert!(first_line.contains(" % of production requests failed, most with Invalid/inactive brand signifier, larkspur-outlet, between 09:40 and 10:41 (Toronto): "), "{first_line}");
    assert!(letter.subject().starts_with("[Larkspur Outdoor] "));
    assert!(letter.subject().ends_with(" % of production requests fail"));
}

#[test]
fn three_causes_follow_with_their_remedies_and_a_link_that_shows_them() {
    let server = MailServer::start(Protection::Plain);
    let app = app_with(&server);
    let letter = letter(&server, &app);
    let text = letter.text();
    let causes: Vec<&str> = text.lines().filter(|line| line.starts_with("* ")).collect();
    assert!(causes.len() <= 3, "{text}");
    assert!(
        causes[0].starts_with("* Invalid/inactive brand signifier, larkspur-outlet: "),
        "{text}"
    );
    assert!(text.contains("Activate the brand under Settings > Company Info > Brands"));
    let page = app
        .admin()
        .get(&letter.link("/settings/integrations/api-status"));
    assert_eq!(page.status, 200);
    assert!(
        Page(page.text().to_owned())
            .words()
            .contains("larkspur-outlet")
    );
    letter.link("/settings/integrations#mail");
}

#[test]
fn no_customer_is_in_a_mail() {
    let server = MailServer::start(Protection::Plain);
    let app = app_with(&server);
    let letter = letter(&server, &app);
    for secret in ["zoltan", "quill", "wendel", "xu.example"] {
        let all = format!("{}{}", letter.raw, letter.text()).to_lowercase();
        assert!(!all.contains(secret), "{secret}");
    }
}

#[test]
fn it_is_plain_text_that_nobody_answers_by_machine() {
    let server = MailServer::start(Protection::Plain);
    let app = app_with(&server);
    let letter = letter(&server, &app);
    assert_eq!(letter.header("auto-submitted"), "auto-generated");
    assert_eq!(
        letter.header("from"),
        "\"API Status Page\" <api-status-page@status.example>"
    );
    assert_eq!(letter.header("to"), OPS);
    assert!(letter.header("date").starts_with("Tue, 24 Nov 2026"));
    assert!(letter.header("message-id").ends_with("@status.example>"));
    assert!(letter.header("content-type").starts_with("text/plain"));
}

#[test]
fn no_name_and_no_value_can_add_a_header_or_a_line() {
    let server = MailServer::start(Protection::Plain);
    let app = app_with(&server);
    app.execute(
        "UPDATE companies SET name = E'Größe\\r\\nBcc: all@acme.example\\r\\n\\r\\nHello' \
         WHERE name = 'Larkspur Outdoor'",
    );
    app.tells(&app.larkspur, &[OPS]);
    let bad = accepted_but("/channel", "fax\r\nBcc: all@acme.example\r\n.\r\nQUIT");
    for _ in 0..20 {
        app.production().requests(&bad);
    }
    app.alert_opens();
    let letter = server.expect(1).remove(0);
    assert!(
        letter
            .subject()
            .starts_with("[Größe Bcc: all@acme.example Hello] 100 %")
    );
    assert!(letter.headers().iter().all(|(name, _)| name != "bcc"));
    assert!(
        letter
            .text()
            .lines()
            .all(|line| !line.starts_with("Bcc") && line != ".")
    );
    assert!(letter.text().contains("fax"));
}
