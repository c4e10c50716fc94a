//! The search box finds what support has in hand.

use serde_json::json;

use super::{app_with_admin, page};
use crate::support::company::{accepted, with};
use crate::support::page::Page;
use crate::support::{Person, TestApp};

const ROOT: &str = "/settings/integrations/api-status";

fn address(text: &str) -> String {
    let query: String = text.bytes().map(|b| format!("%{b:02x}")).collect();
    format!("{ROOT}/search?q={query}")
}

/// The page of what is found, when it is not one request alone.
#[track_caller]
fn search(person: &mut Person, text: &str) -> Page {
    page(person, &address(text))
}

/// The only request found, which is opened.
#[track_caller]
fn opened(person: &mut Person, text: &str) -> Vec<String> {
    let answer = person.get(&address(text));
    assert_eq!(answer.status, 303, "{text}");
    let location = answer.header("location").unwrap();
    vec![
        location
            .strip_prefix(&format!("{ROOT}/requests/"))
            .unwrap()
            .to_owned(),
    ]
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
    assert_eq!(opened(&mut admin, &valid[0]), valid);
    assert_eq!(opened(&mut admin, &format!(" {}\n", invalid[0])), invalid);
    assert_eq!(opened(&mut admin, "T-1"), valid);
    assert_eq!(opened(&mut admin, "Case 48 211"), invalid);
}

#[test]
fn a_ticket_id_may_look_like_an_id_of_ours() {
    let (app, mut admin) = app_with_admin();
    let ticket = "01937a5e-4f6b-7abc-8def-0123456789ab";
    app.production()
        .requests(&with(accepted(), "/ext_interaction_id", ticket));
    assert_eq!(opened(&mut admin, ticket).len(), 1);
}

#[test]
fn a_ticket_id_may_look_like_an_email() {
    let (app, mut admin) = app_with_admin();
    for ticket in ["INC-4711@Acme", "<CAF2a.9@Mail.acme.example>"] {
        let body = with(accepted(), "/ext_interaction_id", ticket);
        let id = app.production().requests(&body).request_id().to_string();
        assert_eq!(opened(&mut admin, ticket), [id]);
    }
    assert_eq!(search(&mut admin, "INC-4711@Ac").ids().len(), 1);
    assert!(search(&mut admin, "inc-4711@Ac").ids().is_empty());
}

#[test]
fn emails_find_the_failed_and_the_test_requests_and_the_page_says_so() {
    let (_app, mut admin, [_, invalid]) = traffic();
    assert_eq!(opened(&mut admin, "failed@acme.example"), invalid);
    assert_eq!(opened(&mut admin, "paul.new@LARKSPUR.example"), invalid);
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
    assert_eq!(opened(&mut admin, &line), valid);
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

#[test]
fn what_begins_so_is_found_where_nothing_is_called_so() {
    let (_app, mut admin, [valid, invalid]) = traffic();
    let found = search(&mut admin, "Case");
    assert_eq!(found.ids(), invalid);
    assert!(
        found.words().contains("1 request beginning with"),
        "{}",
        found.words()
    );
    for beginning in ["paul.new@", "Paul.New@L"] {
        assert_eq!(search(&mut admin, beginning).ids(), invalid);
    }
    let id = &valid[0];
    let both = search(&mut admin, &id[..9]).ids();
    assert!(both.contains(id), "{both:?}");
    let short = search(&mut admin, "T-");
    assert!(short.ids().is_empty());
    assert!(short.words().contains("Type three characters or more"));
    let long = search(&mut admin, "T-9");
    assert!(!long.words().contains("Type three characters or more"));
    assert!(search(&mut admin, "T-1%").ids().is_empty());
}

#[test]
fn a_brand_and_a_key_lead_to_their_lists() {
    let (app, mut admin, _) = traffic();
    let key = app.larkspur.production_key.clone();
    let brand = search(&mut admin, "Larkspur_Outlet");
    assert!(brand.words().contains("What “Larkspur_Outlet” names"));
    let list = brand
        .link("Failures that name the brand larkspur-outlet")
        .unwrap();
    assert!(list.ends_with("?range=30d&brand=larkspur-outlet"), "{list}");
    let of_key = format!("range=30d&key={}", key.id);
    let tail = &key.text[key.text.len() - 4..];
    for text in [key.text.as_str(), tail, &format!("…{tail}")] {
        let found = search(&mut admin, text);
        let list = found.link("Requests with the key").unwrap();
        assert!(list.ends_with(&of_key), "{list}");
    }
}

#[test]
fn a_label_that_the_company_does_not_have_finds_what_was_sent_with_it() {
    let (app, mut admin) = app_with_admin();
    let send = |pointer: &str, label: &str| {
        let answer = app.production().requests(&with(accepted(), pointer, label));
        answer.header("x-request-id").unwrap().to_owned()
    };
    let one = send("/channel", "fax");
    assert_eq!(opened(&mut admin, "fax"), [one]);
    let of_brand = [send("/brand", "Larkspur Shoes"), send("/language", "nl")];
    assert_eq!(opened(&mut admin, "Larkspur Shoes"), of_brand[..1]);
    assert_eq!(opened(&mut admin, "LARKSPURshoes"), of_brand[..1]);
    let again = send("/language", "nl");
    assert_eq!(search(&mut admin, "nl").ids(), [&again[..], &of_brand[1]]);
}

#[test]
fn the_beginning_of_a_key_leads_to_the_keys_that_begin_so() {
    let (app, mut admin, _) = traffic();
    let (test, production) = (&app.larkspur.test_key, &app.larkspur.production_key);
    for beginning in ["acs_test_", "acs_test_zb"] {
        let found = search(&mut admin, beginning);
        let words = found.words();
        assert!(words.contains("The test keys"), "{words}");
        assert!(words.contains(&format!("acs_test_…{}", &test.text[test.text.len() - 4..])));
        assert!(!words.contains("403 or 503 are not stored"), "{words}");
        let list = found.link("Requests").unwrap();
        assert!(list.ends_with(&format!("test-requests?range=30d&key={}", test.id)));
    }
    // As Integrations shows it, it is that key alone.
    let shown = format!(
        "acs_live_…{}",
        &production.text[production.text.len() - 4..]
    );
    let found = search(&mut admin, &shown);
    assert!(found.words().contains("The key "), "{}", found.words());
    let list = found.link("Requests with the key").unwrap();
    assert!(list.ends_with(&format!("invalid-requests?range=30d&key={}", production.id)));
}

#[test]
fn a_whole_key_is_recognised_and_not_shown_again() {
    let (app, mut admin, [valid, _]) = traffic();
    let own = &app.larkspur.production_key.text;
    let theirs = &app.solo_tea.production_key.text;
    let mistyped = own.replace("acs_live_", "acs_test_");
    for (text, told) in [
        (own.clone(), "The key "),
        (format!("curl -H 'x-api-key: {own}' failed"), "The key "),
        (theirs.clone(), "Not a key of this company"),
        (mistyped.clone(), "it was mistyped or cut"),
    ] {
        let answer = admin.get(&address(&text));
        for key in [own, theirs, &mistyped] {
            assert!(!answer.text().contains(key.as_str()), "{text}");
        }
        let words = search(&mut admin, &text).words();
        assert!(words.contains(told), "{text}: {words}");
        let is_whole = text != mistyped;
        assert_eq!(
            words.contains("A whole key was pasted"),
            is_whole,
            "{words}"
        );
    }
    assert_eq!(
        search(&mut admin, theirs).link("Requests with the key"),
        None
    );
    // A line that names a request besides is about that.
    let line = format!("{} with {own}", valid[0]);
    let found = search(&mut admin, &line);
    assert_eq!(found.ids(), valid);
    assert!(found.link("Requests with the key").is_some());
}
