//! The simulator: what the API would say, and nothing recorded.

use api_status_page::web::shell::Role;
use serde_json::Value;

use super::recheck::{ROOT, refused};
use super::{app_with_admin, page};
use crate::support::company::{accepted, accepted_but, with};
use crate::support::page::Page;
use crate::support::people::PASSWORD;
use crate::support::{Person, TestApp};

#[track_caller]
fn simulate(person: &mut Person, kind: &str, environment: &str, body: &str) -> Page {
    let form = [("kind", kind), ("environment", environment), ("body", body)];
    let answer = person.post(&format!("{ROOT}/simulator"), &form);
    assert_eq!(answer.status, 200, "{}", answer.text());
    Page(answer.text().to_owned())
}

/// The answer on the page, as JSON.
fn answer_on(page: &Page) -> Value {
    let (_, rest) = page.0.split_once("id=\"answer\"").unwrap();
    let (_, rest) = rest.split_once("<pre").unwrap();
    let pre = rest
        .split_once('>')
        .unwrap()
        .1
        .split("</pre>")
        .next()
        .unwrap();
    serde_json::from_str(&Page(pre.to_owned()).words()).unwrap()
}

fn without_ids(mut answer: Value) -> Value {
    let answer_object = answer.as_object_mut().unwrap();
    answer_object.remove("instance");
    answer_object.remove("request_id");
    answer
}

#[test]
fn it_says_exactly_what_the_api_would_and_records_nothing() {
    let app = TestApp::start();
    let mut support = app.support();
    for body in [
        accepted(),
        accepted_but("/brand", "nroth"),
        accepted_but("/channel", "phone"),
        with(accepted(), "/do_not_send", "maybe"),
    ] {
        let text = body.to_string();
        let said = simulate(&mut support, "feedback", "production", &text);
        assert_eq!(app.number("SELECT count(*) FROM requests"), 0);
        let answer = app.production().requests(&body);
        assert_eq!(without_ids(answer_on(&said)), without_ids(answer.json()));
        assert!(
            said.words()
                .contains(&format!("{} · application/", answer.status))
        );
        app.execute(
            "DELETE FROM requests; DELETE FROM request_documents; DELETE FROM request_findings",
        );
    }
    for table in [
        "request_rechecks",
        "bulk_runs",
        "audit_log WHERE action LIKE 'request%'",
    ] {
        assert_eq!(
            app.number(&format!("SELECT count(*) FROM {table}")),
            0,
            "{table}"
        );
    }
}

#[test]
fn each_check_shows_what_was_sent_beside_what_is_allowed() {
    let (_app, mut admin) = app_with_admin();
    let body = accepted_but("/channel", "phone").to_string();
    let words = simulate(&mut admin, "feedback", "production", &body).words();
    assert!(words.contains("It would be refused: 1 error"), "{words}");
    assert!(
        words.contains("Channel failed phone email, chat"),
        "{words}"
    );
    assert!(
        words.contains("Five checks: 4 passed, 1 failed, 0 not checked"),
        "{words}"
    );
    let words = simulate(&mut admin, "feedback", "test", &body).words();
    assert!(words.contains("It would be accepted"), "{words}");
    let words = simulate(&mut admin, "recovery", "production", &body).words();
    assert!(words.contains("4 not checked"), "{words}");
}

#[test]
fn suggestions_and_misspelt_fields_are_put_right() {
    let (_app, mut admin) = app_with_admin();
    let body = r#"{"customer": {"email": "a@b.example"}, "employee": {"email": "ada.osei@larkspur.example"}, "channel": "emial", "brand": "larkspur", "langauge": "en"}"#;
    let said = simulate(&mut admin, "feedback", "production", body);
    assert!(
        said.words()
            .contains("The body with every suggestion taken")
    );
    assert!(
        said.words()
            .contains(r#""channel": "email", "brand": "larkspur", "language": "en""#)
    );
    let corrected = body
        .replace("emial", "email")
        .replace("langauge", "language");
    let said = simulate(&mut admin, "feedback", "production", &corrected);
    assert!(
        said.words().contains("It would be accepted"),
        "{}",
        said.words()
    );
    assert!(!said.words().contains("every suggestion taken"));
}

#[test]
fn a_request_fills_it_in() {
    let (app, mut admin) = app_with_admin();
    let id = refused(&app);
    let here = format!("{ROOT}/requests/{id}");
    let link = page(&mut admin, &here)
        .link("Try it in the simulator")
        .unwrap();
    let filled = page(&mut admin, &link);
    assert!(
        filled.words().contains("larkspur-outlet"),
        "{}",
        filled.words()
    );
    app.execute("DELETE FROM request_documents");
    let filled = page(&mut admin, &link).words();
    assert!(
        filled.contains("was deleted with the customer’s data"),
        "{filled}"
    );
}

#[test]
fn what_is_no_json_or_too_large_is_told_as_the_api_tells_it() {
    let (_app, mut admin) = app_with_admin();
    let words = simulate(&mut admin, "feedback", "test", "<xml>").words();
    assert!(words.contains("Malformed request"), "{words}");
    assert!(words.contains("400 · application/problem+json"), "{words}");
    let words = simulate(&mut admin, "feedback", "test", &"x".repeat(300 * 1024)).words();
    assert!(words.contains("413 · application/problem+json"), "{words}");
}

#[test]
fn nothing_of_another_company_fills_it_in() {
    let app = TestApp::start();
    let id = refused(&app);
    app.user(&app.solo_tea, "admin@solotea.example", Role::Admin);
    let mut stranger = Person::new(&app);
    stranger.sign_in("admin@solotea.example", PASSWORD);
    assert_eq!(
        stranger
            .get(&format!("{ROOT}/simulator?request={id}"))
            .status,
        404
    );
    let body = accepted_but("/brand", "larkspur").to_string();
    let words = simulate(&mut stranger, "feedback", "production", &body).words();
    assert!(words.contains("Brand failed larkspur solo"), "{words}");
}
