//! Mail servers of every kind.

use super::{A_WHILE, OPS};
use crate::support::mail::Protection;
use crate::support::{MailServer, TestApp, TestClock, TestStore, within};

fn one_mail_comes_by_way_of(server: &MailServer) {
    let app = TestApp::with_mail(server);
    app.tells(&app.larkspur, &[OPS]);
    app.receives(0, 20);
    assert!(server.expect(1)[0].subject().contains("100 %"));
}

#[test]
fn mail_goes_out_in_plain_text_where_that_was_asked_for() {
    one_mail_comes_by_way_of(&MailServer::start(Protection::Plain));
}

#[test]
fn mail_goes_out_over_starttls_with_a_password() {
    let user = Some(("ada", "sesame"));
    one_mail_comes_by_way_of(&MailServer::asking_for(Protection::StartTls, user));
}

#[test]
fn mail_goes_out_over_tls_with_a_password() {
    let user = Some(("ada", "sesame"));
    one_mail_comes_by_way_of(&MailServer::asking_for(Protection::Tls, user));
}

/// The reason that the page would show when mail goes out by way of this URL.
fn problem_with(smtp_url: &str) -> String {
    let store = TestStore::new();
    let flag = format!("--smtp-url={smtp_url}");
    let app = TestApp::configured(&store, &store.url, TestClock::default(), &[&flag]);
    app.tells(&app.larkspur, &[OPS]);
    app.receives(0, 20);
    within(A_WHILE, "the mail is tried", || {
        let rows = app.rows("SELECT * FROM alert_mails WHERE problem IS NOT NULL");
        Some(rows.first()?["problem"].as_str()?.to_owned())
    })
}

#[test]
fn a_wrong_password_is_told_as_such_and_is_nowhere_in_the_words() {
    let server = MailServer::asking_for(Protection::StartTls, Some(("ada", "sesame")));
    let problem = problem_with(&server.url().replace("sesame", "open-up"));
    assert_eq!(
        problem,
        "the mail server refused it: 535 Invalid credentials"
    );
    assert_eq!(server.mailbox().len(), 0);
}

#[test]
fn nothing_is_sent_to_a_server_that_cannot_prove_who_it_is() {
    for protection in [Protection::StartTls, Protection::Tls] {
        let server = MailServer::start(protection);
        let (untrusted, _) = server
            .url()
            .split_once("?ca=")
            .map(|(u, c)| (u.to_owned(), c.to_owned()))
            .unwrap();
        let problem = problem_with(&untrusted);
        assert!(problem.contains("invalid peer certificate"), "{problem}");
        assert_eq!(server.mailbox().len(), 0);
    }
}

#[test]
fn nothing_is_sent_in_plain_text_to_a_server_without_starttls() {
    let server = MailServer::start(Protection::Plain);
    let problem = problem_with(&server.url().replace("?tls=none", ""));
    assert!(problem.contains("STARTTLS"), "{problem}");
    assert_eq!(server.mailbox().len(), 0);
}
