//! The page of one request.

use serde_json::{Value, json};

use super::{app_with_admin, page};
use crate::support::company::{accepted, accepted_but};
use crate::support::page::Page;
use crate::support::{Person, TestApp, eventually};

fn send(app: &TestApp, body: &Value) -> String {
    let answer = app.production().requests(body);
    answer.header("x-request-id").unwrap().to_owned()
}

fn words(person: &mut Person, id: &str) -> String {
    page(
        person,
        &format!("/settings/integrations/api-status/requests/{id}"),
    )
    .words()
}

#[test]
fn the_short_link_in_an_answer_leads_to_the_page() {
    let (app, mut admin) = app_with_admin();
    let id = send(&app, &accepted_but("/brand", "nope"));
    let answer = admin.get(&format!("/r/{id}"));
    assert_eq!(answer.status, 303);
    let location = answer.header("location").unwrap().to_owned();
    assert_eq!(
        location,
        format!("/settings/integrations/api-status/requests/{id}")
    );
    assert_eq!(admin.get(&location).status, 200);
}

#[test]
fn an_invented_an_old_and_an_impossible_id_get_the_same_answer() {
    let (_app, mut admin) = app_with_admin();
    let mut pages = Vec::new();
    for id in [
        "01a209e2-9161-7e9f-8748-07029ae46a46",
        "01637a5e-4f6b-7abc-8def-0123456789ab",
        "ffffffff-ffff-7fff-bfff-ffffffffffff",
        "11111111-1111-4111-8111-111111111111",
        "nonsense",
    ] {
        let answer = admin.get(&format!("/r/{id}"));
        assert_eq!(answer.status, 404, "{id}");
        let page = String::from_utf8(answer.body.clone()).unwrap();
        // Each answer names its own id.
        pages.push(page.replace(answer.header("x-request-id").unwrap(), ""));
    }
    assert!(pages[0].contains("403 or 503"));
    pages.dedup();
    assert_eq!(pages.len(), 1);
}

#[test]
fn every_check_is_passed_failed_or_not_checked() {
    let (app, mut admin) = app_with_admin();
    let body = json!({"channel": "phone", "brand": "Larkspur", "language": ["en"],
        "employee": {"email": "ada.osei@larkspur.example"}, "customer": {"email": "jane@acme.example"}});
    let words = words(&mut admin, &send(&app, &body));
    for said in [
        "Refused: 2 errors",
        "Five checks: 3 passed, 1 failed, 1 not checked",
        "Employee passed ada.osei@larkspur.example the e-mail or custom id of an active employee",
        "Channel failed phone email, chat",
        "Brand passed Larkspur larkspur, larkspur-kids",
        "Language not checked not readable en, fr-CA",
        "Malformed request sender must change",
        "Channel is in manual mode fix in settings",
    ] {
        assert!(words.contains(said), "{said}\n{words}");
    }
}

#[test]
fn a_failed_check_shows_the_value_that_its_rule_is_about() {
    let (app, mut admin) = app_with_admin();
    let name = "www.spam.example";
    let customer = json!({"email": "jane@customer.example", "name": name});
    let named = words(
        &mut admin,
        &send(&app, &accepted_but("/customer", customer)),
    );
    let said = format!(
        "Customer failed {name} a name of 1 to 255 characters, without < or >, control \
         characters or a web address"
    );
    assert!(named.contains(&said), "{named}");
    let customer = json!({"name": "Jane Doe"});
    let id = send(&app, &accepted_but("/customer", customer));
    let said = "Customer failed not sent one well-formed e-mail; a name is optional";
    let words_of_it = words(&mut admin, &id);
    assert!(words_of_it.contains(said), "{words_of_it}");
    app.execute("DELETE FROM request_documents");
    let after = words(&mut admin, &id);
    assert!(
        after.contains(said),
        "it was not sent, as the finding says: {after}"
    );
}

#[test]
fn a_channel_that_is_missing_is_said_not_to_have_been_sent() {
    let (app, mut admin) = app_with_admin();
    for (channel, said) in [(json!(""), "not sent"), (json!(["email"]), "not readable")] {
        let words = words(&mut admin, &send(&app, &accepted_but("/channel", channel)));
        let said = format!("Channel not checked {said} email, chat");
        assert!(words.contains(&said), "{said}\n{words}");
    }
}

#[test]
fn nothing_of_a_body_that_cannot_be_read_is_said_not_to_have_been_sent() {
    let (app, mut admin) = app_with_admin();
    let answer = app.production().post("/v1/requests").body("{").send();
    let words = words(&mut admin, &answer.request_id().to_string());
    assert!(words.contains("Five checks: 0 passed, 0 failed, 5 not checked"));
    // The five checks, the ticket, the employee and the customer among the facts, and the words for
    // a ticket.
    assert_eq!(words.matches("not readable").count(), 9, "{words}");
    assert!(!words.contains("not sent"), "{words}");
}

#[test]
fn what_was_sent_and_answered_is_shown_with_words_for_the_ticket() {
    let (app, mut admin) = app_with_admin();
    let mut body = accepted_but("/brand", "nope");
    body["ext_interaction_id"] = json!("T-77");
    body["external_url"] = json!("crm.example/cases/77");
    body["langauge"] = json!("en");
    let id = send(&app, &body);
    let words = words(&mut admin, &id);
    for said in [
        "POST /v1/requests · application/json",
        "\"brand\":\"nope\"",
        "400 · application/problem+json",
        "1 warning",
        "did you mean `language`?",
        &format!("https://status.example/r/{id}"),
        "Ticket: T-77",
        "YOUR KEY",
        "Same cause: no others in 7 days",
    ] {
        assert!(words.contains(said), "{said}\n{words}");
    }
    assert!(!words.contains("acs_live_"), "a key never leaves");
}

#[test]
fn the_words_for_a_ticket_are_five_lines_always() {
    let (app, mut admin) = app_with_admin();
    let mut copied = |body: &Value| {
        let id = send(&app, body);
        let path = format!("/settings/integrations/api-status/requests/{id}");
        let page = page(&mut admin, &path).0;
        let (_, rest) = page.split_once("Copy for ticket").unwrap();
        let (_, rest) = rest.split_once("<pre tabindex=\"0\">").unwrap();
        let lines = rest.split("</pre>").next().unwrap().lines();
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let valid = copied(&accepted());
    assert_eq!(valid.len(), 5, "{valid:?}");
    assert_eq!(
        valid[1..4],
        ["Accepted", "Ticket: not sent", "Next: nothing to do"]
    );
    let invalid = copied(&accepted_but("/brand", "larkspur-outlet"));
    assert_eq!(invalid.len(), 5, "{invalid:?}");
    assert_eq!(invalid[2], "Ticket: not sent");
    assert!(
        invalid[3].starts_with("To end it: Activate the brand"),
        "{invalid:?}"
    );
}

#[test]
fn an_accepted_request_shows_its_echo() {
    let (app, mut admin) = app_with_admin();
    let words = words(&mut admin, &send(&app, &accepted()));
    assert!(words.contains("Accepted"), "{words}");
    assert!(words.contains("200 · application/json"), "{words}");
    assert!(words.contains("5 passed, 0 failed"), "{words}");
}

#[test]
fn the_same_cause_is_counted_and_listed() {
    let (app, mut admin) = app_with_admin();
    for _ in 0..4 {
        send(&app, &accepted_but("/brand", "nope"));
    }
    send(&app, &accepted_but("/brand", "other"));
    let id = send(&app, &accepted_but("/brand", "nope"));
    let path = format!("/settings/integrations/api-status/requests/{id}");
    let mut others = || page(&mut admin, &path).link("Same cause: 4 others in 7 days");
    let list = others().unwrap();
    eventually("all is folded", || {
        let left = app.number("SELECT count(*) FROM request_count_deltas");
        (left == 0).then_some(())
    });
    assert_eq!(others().unwrap(), list);
    assert_eq!(page(&mut admin, &list).rows().len(), 5);
}

#[test]
fn a_request_with_many_bad_fields_has_a_page_all_the_same() {
    let (app, mut admin) = app_with_admin();
    let mut body = accepted();
    body["custom_properties"] = (0..200).map(|n| (n.to_string(), json!({}))).collect();
    let id = send(&app, &body);
    assert!(words(&mut admin, &id).contains("Malformed request"));
}

#[test]
fn a_body_that_could_act_on_a_terminal_is_not_offered_as_a_command() {
    let (app, mut admin) = app_with_admin();
    let call = app
        .production()
        .post("/v1/requests")
        .body("{\"channel\": \"\u{3}\"}");
    let id = call.send().header("x-request-id").unwrap().to_owned();
    assert!(!words(&mut admin, &id).contains("Copy as curl"));
}

#[test]
fn after_the_expunge_the_facts_stay_and_the_customer_is_gone() {
    let (app, mut admin) = app_with_admin();
    let id = send(
        &app,
        &accepted_but("/customer", json!({"email": "jane@@acme"})),
    );
    app.execute("DELETE FROM request_documents");
    let words = words(&mut admin, &id);
    assert!(!words.contains("jane@@acme"), "{words}");
    assert!(words.contains("Invalid customer"), "{words}");
    assert!(words.contains("has been deleted"), "{words}");
    let list = page(&mut admin, super::INVALID).rows();
    assert_eq!(list[0].about, "deleted");
}

#[test]
fn support_is_told_to_ask_an_admin() {
    let app = TestApp::start();
    let mut support = app.support();
    let id = send(&app, &accepted_but("/brand", "larkspur-outlet"));
    let words = words(&mut support, &id);
    assert!(
        words.contains("Ask an admin of Larkspur Outdoor"),
        "{words}"
    );
}

#[test]
fn the_way_goes_on_through_the_list_that_the_request_was_opened_from() {
    let (app, mut admin) = app_with_admin();
    let mut send = |brand: &str| send(&app, &accepted_but("/brand", brand));
    let [first, _, second, third] = ["nope", "other", "nope", "nope"].map(&mut send);
    let list = page(&mut admin, &format!("{}?brand=nope", super::INVALID));
    let opened = list.rows()[1].url.clone();
    assert!(opened.contains(&second));
    let shown = page(&mut admin, &opened);
    let newer = shown.link("Newer").unwrap();
    let older = shown.link("Older").unwrap();
    assert!(newer.contains(&third) && older.contains(&first));
    assert_eq!(page(&mut admin, &newer).link("Newer"), None);
    let last = page(&mut admin, &older);
    assert_eq!(last.link("Older"), None);
    let back = page(&mut admin, &last.link("The list").unwrap());
    assert_eq!(back.ids(), list.ids());
}

#[test]
fn a_request_opened_from_nowhere_has_no_neighbours() {
    let (app, mut admin) = app_with_admin();
    let id = send(&app, &accepted_but("/brand", "nope"));
    for query in ["", "?list=nowhere", "?channel=sms"] {
        let path = format!("/settings/integrations/api-status/requests/{id}{query}");
        let shown = page(&mut admin, &path);
        assert_eq!(shown.link("The list"), None, "{query}");
    }
}

#[test]
fn the_next_request_is_found_from_here_as_from_the_list() {
    let (app, mut admin) = app_with_admin();
    let id = send(&app, &accepted_but("/brand", "nope"));
    let path = format!("/settings/integrations/api-status/requests/{id}");
    let search = |page: Page| {
        let (_, rest) = page.0.split_once("<form class=\"search\"").unwrap();
        rest.split_once("</form>").unwrap().0.to_owned()
    };
    let here = search(page(&mut admin, &path));
    assert!(here.contains("type=\"search\""), "{here}");
    assert_eq!(here, search(page(&mut admin, super::INVALID)));
}

#[test]
fn bodies_are_coloured_and_long_ones_folded() {
    let (app, mut admin) = app_with_admin();
    let mut shown = |body: &Value| {
        let id = send(&app, body);
        let path = format!("/settings/integrations/api-status/requests/{id}");
        page(&mut admin, &path).0
    };
    let short = shown(&accepted_but("/brand", "nope"));
    let coloured = "<span class=\"json-key\">&#34;brand&#34;</span>:\
                    <span class=\"json-string\">&#34;nope&#34;</span>";
    assert!(short.contains(coloured), "{short}");
    let mut long = accepted_but("/brand", "nope");
    long["custom_properties"] = (0..200)
        .map(|n| (format!("p{n}"), json!("value")))
        .collect();
    assert!(shown(&long).contains("Show all of it: 1 line, "));
}
