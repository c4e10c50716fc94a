//! Keys and who gets mail.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::company::{Key, accepted, accepted_but};
use crate::support::mail::{Mood, Protection};
use crate::support::{MailServer, TestApp, within};

const NEW: &str = "/settings/integrations/keys/new";

#[test]
fn a_key_is_shown_once_and_works_at_once() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let form = [("name", "Zendesk"), ("environment", "production")];
    let seen = admin.get(NEW).hidden("version").unwrap();
    let made = admin.fill_in(NEW, &form);
    assert_eq!(made.status, 200);
    let key = key_on(made.text());
    assert!(key.starts_with("acs_live_"));
    let sender = app.sender(&Key {
        id: 0,
        text: key.clone(),
    });
    assert_eq!(sender.requests(&accepted()).status, 200);
    // The old one lives on: a sender changes over without a gap.
    assert_eq!(app.production().requests(&accepted()).status, 200);
    let list = admin.get("/settings/integrations");
    assert!(!list.text().contains(&key));
    assert!(
        list.text()
            .contains(&format!("acs_live_…{}", &key[key.len() - 4..]))
    );
    // The same form once more makes no second key.
    let mut again = form.to_vec();
    again.push(("version", &seen));
    assert_eq!(admin.post(NEW, &again).status, 409);
    let keys = "SELECT count(*) FROM api_keys WHERE name = 'Zendesk'";
    assert_eq!(app.number(keys), 1);
    let stored = app.rows("SELECT * FROM audit_log WHERE action = 'api_key.created'");
    assert!(!format!("{stored:?}").contains(&key));
}

fn key_on(page: &str) -> String {
    let (_, rest) = page.split_once("id=\"key\">").unwrap();
    rest.split_once('<').unwrap().0.to_owned()
}

#[test]
fn a_revoked_key_is_refused_from_the_next_call_on() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let old = app.larkspur.production_key.clone();
    for _ in 0..7 {
        assert_eq!(app.production().requests(&accepted()).status, 200);
    }
    let path = format!("/settings/integrations/keys/{}/revocation", old.id);
    let page = admin.get(&path);
    assert!(
        page.text()
            .contains("This would refuse about 1 request a day"),
        "{}",
        page.text()
    );
    admin.fill_in(&path, &[]).location();
    assert_eq!(app.production().requests(&accepted()).status, 403);
    admin.fill_in(&path, &[]).location();
    assert_eq!(
        app.number("SELECT count(*) FROM audit_log WHERE action = 'api_key.revoked'"),
        1
    );
    // Another company's is nobody's.
    let other = app.solo_tea.production_key.id;
    let path = format!("/settings/integrations/keys/{other}/revocation");
    assert_eq!(admin.get(&path).status, 404);
    assert_eq!(admin.post(&path, &[("version", "1")]).status, 404);
}

#[test]
fn a_sender_changes_its_key_without_a_refused_request() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let old = app.larkspur.production_key.clone();
    let current = Mutex::new(old.clone());
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (app, current, stop) = (&app, &current, &stop);
        let sender = || {
            let mut sent = 0;
            while !stop.load(Ordering::Relaxed) {
                let key = current.lock().unwrap();
                assert_eq!(app.sender(&key).requests(&accepted()).status, 200);
                sent += 1;
            }
            sent
        };
        let sender = scope.spawn(sender);
        let made = admin.fill_in(NEW, &[("name", "New"), ("environment", "production")]);
        let text = key_on(made.text());
        // Both live side by side until the sender has changed over.
        assert_eq!(app.sender(&old).requests(&accepted()).status, 200);
        *current.lock().unwrap() = Key { id: 0, text };
        let path = format!("/settings/integrations/keys/{}/revocation", old.id);
        admin.fill_in(&path, &[]).location();
        assert_eq!(app.sender(&old).requests(&accepted()).status, 403);
        let counted = "SELECT count(DISTINCT key_id) FROM requests";
        crate::support::eventually("both keys are used", || {
            (app.number(counted) == 2).then_some(())
        });
        stop.store(true, Ordering::Relaxed);
        assert!(sender.join().unwrap() > 1);
    });
}

#[test]
fn a_key_that_was_used_says_when() {
    let app = TestApp::start();
    let mut admin = app.admin();
    assert!(admin.get("/settings/integrations").text().contains("never"));
    assert_eq!(app.production().requests(&accepted()).status, 200);
    assert_eq!(app.trying_out().requests(&accepted()).status, 200);
    app.fold(app.larkspur.id);
    let unused = "SELECT count(*) FROM api_keys WHERE last_used_at IS NULL AND company_id = ";
    assert_eq!(app.number(&format!("{unused}{}", app.larkspur.id)), 0);
    assert!(
        admin
            .get("/settings/integrations")
            .text()
            .contains(" today")
    );
}

#[test]
fn who_gets_mail_is_kept_and_its_effect_is_not_pretended() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let page = "/settings/integrations";
    assert!(admin.get(page).text().contains("nobody is told"));
    let alert = "ops@larkspur.example\r\n\r\n ada@larkspur.example, ops@larkspur.example";
    let form = [
        ("test_email", "dev@larkspur.example"),
        ("alert_emails", alert),
    ];
    assert_eq!(
        admin.fill_in(page, &form).location(),
        "/settings/integrations#mail"
    );
    let kept = app.rows("SELECT test_email, alert_emails FROM companies WHERE name LIKE 'Lark%'");
    assert_eq!(kept[0]["test_email"], "dev@larkspur.example");
    let alerts = serde_json::json!(["ops@larkspur.example", "ada@larkspur.example"]);
    assert_eq!(kept[0]["alert_emails"], alerts);
    let wrong = admin.fill_in(
        page,
        &[("test_email", "dev"), ("alert_emails", "a@b.example\nops")],
    );
    assert_eq!(wrong.status, 422);
    assert!(
        wrong
            .text()
            .contains("“ops” is not one plain e-mail address.")
    );
    assert!(wrong.text().contains("id=\"test_email-problem\""));
}

#[test]
fn a_test_mail_names_who_was_sent_to_who_was_not_and_who_was_not_tried() {
    let server = MailServer::start(Protection::Plain);
    let app = TestApp::with_mail(&server);
    let mut admin = app.admin();
    let path = "/settings/integrations/test-mail";
    let three = "ops@larkspur.example\nlead@larkspur.example\nboss@larkspur.example";
    admin.fill_in(PAGE, &[("alert_emails", three)]).location();
    server.turn(Mood::Gone);
    let gone = admin.post(path, &[]);
    assert!(gone.text().contains("The mail server took no test mail."));
    let words = "Not tried: lead@larkspur.example, boss@larkspur.example.";
    assert!(gone.text().contains(words), "{}", gone.text());
    server.turn(Mood::Takes);
    server.refuse("lead@larkspur.example");
    let refused = admin.post(path, &[]);
    assert_eq!(refused.status, 422);
    let words = "The mail server took a test mail to ops@larkspur.example, boss@larkspur.example only. \
                 lead@larkspur.example: the mail server refused it";
    assert!(refused.text().contains(words), "{}", refused.text());
    assert!(!refused.text().contains("Not tried"));
    server.letter_to("boss@larkspur.example");
}

/// What the page says of a test mail to three addresses when each takes so many seconds.
fn words_when_each_takes(seconds: u64) -> String {
    let server = MailServer::start(Protection::Plain);
    let app = TestApp::with_mail(&server);
    let mut admin = app.admin();
    let three = "ops@larkspur.example\nlead@larkspur.example\nboss@larkspur.example";
    admin.fill_in(PAGE, &[("alert_emails", three)]).location();
    server.turn(Mood::Slow(Duration::from_secs(seconds)));
    let since = Instant::now();
    let page = admin.post("/settings/integrations/test-mail", &[]);
    let took = since.elapsed();
    assert!(took < Duration::from_secs(20), "{took:?}");
    assert_eq!(page.status, 422);
    page.text().to_owned()
}

#[test]
fn a_test_mail_to_many_addresses_keeps_nobody_waiting_for_each() {
    let page = words_when_each_takes(5);
    let words = "The mail server took a test mail to ops@larkspur.example, lead@larkspur.example \
                 only. Not tried: boss@larkspur.example.";
    assert!(page.contains(words), "{page}");
}

#[test]
fn a_test_mail_that_gets_no_answer_in_the_time_that_is_left_may_arrive_all_the_same() {
    let page = words_when_each_takes(7);
    let taken = "The mail server took a test mail to ops@larkspur.example only. \
                 lead@larkspur.example: no answer within ";
    assert!(page.contains(taken), "{page}");
    let rest = "seconds, but it may arrive all the same. Not tried: boss@larkspur.example.";
    assert!(page.contains(rest), "{page}");
}

const PAGE: &str = "/settings/integrations";

#[test]
fn the_page_says_when_alert_mails_are_told_and_that_without_a_mail_server_nobody_is() {
    let app = TestApp::start();
    for page in [app.admin().get(PAGE), app.support().get(PAGE)] {
        assert!(
            page.text()
                .contains("This installation sends no mail, so nobody is told of an alert.")
        );
        assert!(!page.text().contains("test-mail"));
    }
    let server = MailServer::start(Protection::Plain);
    let app = TestApp::with_mail(&server);
    let page = app.admin().get(PAGE);
    assert!(page.text().contains("more than 5 % of a rolling hour"));
    assert!(!page.text().contains("nobody is told"));
}

#[test]
fn an_open_alert_is_on_both_pages_with_who_was_told() {
    let server = MailServer::start(Protection::Plain);
    let app = TestApp::with_mail(&server);
    app.execute("UPDATE companies SET alert_emails = '{ops@larkspur.example}'");
    let mut support = app.support();
    let bad = accepted_but("/brand", "larkspur-outlet");
    for _ in 0..20 {
        app.production().requests(&bad);
    }
    let sent = "SELECT count(*) FROM alert_mails WHERE sent_at IS NOT NULL";
    within(Duration::from_secs(40), "the mail is noted as sent", || {
        (app.number(sent) == 1).then_some(())
    });
    for (path, words) in [
        ("/settings/integrations", "An alert is open since"),
        (
            "/settings/integrations/api-status/invalid-requests",
            "Alert open since",
        ),
        (
            "/settings/integrations/api-status/invalid-requests/causes",
            "Alert open since",
        ),
    ] {
        let page = support.get(path);
        assert!(page.text().contains(words), "{path}");
        assert!(
            page.text()
                .to_lowercase()
                .contains("told ops@larkspur.example"),
            "{path}"
        );
    }
    let closed = "UPDATE alerts SET closed_at = now(), closed_failed = 0, closed_total = 0";
    app.execute(&format!(
        "DELETE FROM request_count_deltas; DELETE FROM request_counts; \
         DELETE FROM request_totals; {closed}"
    ));
    let page = support.get(PAGE);
    assert!(page.text().contains("The last alert was open from"));
    let status = support.get("/settings/integrations/api-status/invalid-requests");
    assert!(!status.text().contains("Alert open since"));
}

#[test]
fn a_test_mail_goes_to_every_alert_mail_and_says_how_that_went() {
    let server = MailServer::start(Protection::Plain);
    let app = TestApp::with_mail(&server);
    let (mut admin, mut support) = (app.admin(), app.support());
    let path = "/settings/integrations/test-mail";
    assert!(
        !admin.get(PAGE).text().contains(path),
        "there is nobody to send one to"
    );
    let nobody = admin.post(path, &[]);
    assert_eq!(nobody.status, 422);
    assert!(nobody.text().contains("save one first"));
    let form = [(
        "alert_emails",
        "ops@larkspur.example\nlead@larkspur.example",
    )];
    admin.fill_in(PAGE, &form).location();
    assert!(admin.get(PAGE).text().contains(path));
    assert_eq!(admin.post(path, &[]).location(), PAGE);
    assert!(admin.get(PAGE).text().contains(
        "The mail server took a test mail to ops@larkspur.example, lead@larkspur.example."
    ));
    let letter = server.letter_to("lead@larkspur.example");
    assert_eq!(letter.subject(), "[Larkspur Outdoor] Test mail");
    assert!(
        letter
            .text()
            .starts_with("This is a test mail: nothing is wrong.")
    );

    server.refuse("lead@larkspur.example");
    let refused = admin.post(path, &[]);
    assert_eq!(refused.status, 422);
    assert!(
        refused.text().contains(
            "lead@larkspur.example: the mail server refused it: 550 Mailbox unavailable."
        )
    );
    server.turn(Mood::Gone);
    let gone = admin.post(path, &[]);
    assert_eq!(gone.status, 422);
    assert!(gone.text().contains("the mail server could not be reached"));
    assert_eq!(
        app.number("SELECT count(*) FROM audit_log WHERE action = 'mail.tested'"),
        4
    );
    assert_eq!(support.post(path, &[]).status, 403);
}
