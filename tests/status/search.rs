//! The search box finds what support has in hand.

use serde_json::json;

use super::{app_with_admin, page};
use crate::support::company::{accepted, with};
use crate::support::page::Page;
use crate::support::{Person, TestApp};

fn search(person: &mut Person, text: &str) -> Page {
    let query: String = text.bytes().map(|b| format!("%{b:02x}")).collect();
    page(
        person,
        &format!("/settings/integrations/api-status/search?q={query}"),
    )
}

/// A valid production request and an invalid one, with different people and tickets.
fn traffic() -> (TestApp, Person, [Vec<String>; 2]) {
    let (app, admin) = app_with_admin();
    let body = |ticket: &str, employee: &str, customer: &str| {
        let body = with(accepted(), "/ext_interaction_id", ticket);
        let body = with(body, "/employee", json!({"email": employee}));
        with(body, "/customer", json!({"email": customer}))
    };
    let send = |body| {
        let answer = app.production().requests(&body);
        vec![answer.header("x-request-id").unwrap().to_owned()]
    };
    let valid = send(body(
        "T-1",
        "ada.osei@larkspur.example",
        "valid@acme.example",
    ));
    let invalid = send(body(
        "Case 48 211",
        "Paul.New@larkspur.example",
        "Failed@Acme.example",
    ));
    (app, admin, [valid, invalid])
}

#[test]
fn ids_and_tickets_find_every_request() {
    let (_app, mut admin, [valid, invalid]) = traffic();
    assert_eq!(search(&mut admin, &valid[0]).ids(), valid);
    assert_eq!(
        search(&mut admin, &format!(" {}\n", invalid[0])).ids(),
        invalid
    );
    assert_eq!(search(&mut admin, "T-1").ids(), valid);
    assert_eq!(search(&mut admin, "Case 48 211").ids(), invalid);
}

#[test]
fn a_ticket_id_may_look_like_an_id_of_ours() {
    let (app, mut admin) = app_with_admin();
    let ticket = "01937a5e-4f6b-7abc-8def-0123456789ab";
    app.production()
        .requests(&with(accepted(), "/ext_interaction_id", ticket));
    assert_eq!(search(&mut admin, ticket).ids().len(), 1);
}

#[test]
fn emails_find_the_failed_and_the_test_requests_and_the_page_says_so() {
    let (_app, mut admin, [_, invalid]) = traffic();
    assert_eq!(search(&mut admin, "failed@acme.example").ids(), invalid);
    assert_eq!(
        search(&mut admin, "paul.new@LARKSPUR.example").ids(),
        invalid
    );
    let nothing = search(&mut admin, "valid@acme.example");
    assert!(nothing.ids().is_empty());
    let words = nothing.words();
    assert!(
        words.contains("e-mails and employees the failed and the test ones"),
        "{words}"
    );
}

#[test]
fn a_pasted_log_line_finds_its_request() {
    let (_app, mut admin, [valid, _]) = traffic();
    let line = format!(
        "2026-11-23 10:41:07 WARN POST /v1/requests instance=/r/{} took 12 ms",
        valid[0]
    );
    assert_eq!(search(&mut admin, &line).ids(), valid);
}

#[test]
fn nothing_found_says_what_is_not_stored() {
    let (_app, mut admin, _) = traffic();
    for text in [
        "nobody",
        "01937a5e-4f6b-7abc-8def-0123456789ab",
        "\u{0}",
        "'; --",
        "%",
    ] {
        let words = search(&mut admin, text).words();
        assert!(
            words.contains("403 or 503 are not stored"),
            "{text}: {words}"
        );
    }
    assert!(search(&mut admin, "").words().contains("Find a request"));
}

#[test]
fn many_results_have_pages() {
    let (app, mut admin) = app_with_admin();
    let body = with(accepted(), "/ext_interaction_id", "again");
    for _ in 0..60 {
        app.production().requests(&body);
    }
    let first = search(&mut admin, "again");
    let second = page(&mut admin, &first.link("Older").unwrap());
    assert_eq!((first.ids().len(), second.ids().len()), (50, 10));
}
