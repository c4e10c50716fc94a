//! Filters in the address: each alone, together, negated, and what is not understood.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{INVALID, TEST, app_with_admin, page};
use crate::support::company::{accepted, accepted_but};
use crate::support::{Person, TestApp};

/// Five invalid requests that differ in everything that can be filtered by.
fn traffic() -> (TestApp, Person) {
    let (app, admin) = app_with_admin();
    let production = app.production();
    production.requests(&accepted_but("/brand", "larkspur-outlet"));
    production.requests(&accepted_but("/brand", "nope"));
    production.requests(&accepted_but("/channel", "sms"));
    production.requests(&accepted_but("/language", Value::Null));
    app.trying_out().requests(&accepted_but(
        "/employee",
        json!({"email": "Paul.New@larkspur.example"}),
    ));
    production.requests(&accepted());
    production.recovers(&json!({"employee": {"custom_id": "nobody"}, "ext_interaction_id": "1"}));
    (app, admin)
}

#[test]
fn each_filter_shows_exactly_what_matches_and_counts_it() {
    let (app, mut admin) = traffic();
    let key = app.store().larkspur.test_key.id;
    for (query, expected) in [
        ("", 6),
        ("error=invalid_brand", 2),
        ("error=invalid_brand&error=channel_not_enabled", 3),
        ("-error=invalid_brand", 4),
        ("environment=test", 1),
        ("-environment=test", 5),
        ("channel=sms", 1),
        ("-channel=sms", 5),
        ("channel=email", 4),
        ("brand=larkspur-outlet", 1),
        ("brand=nope", 1),
        ("brand=~unknown", 1),
        ("brand=~none", 1),
        ("language=~none", 2),
        ("language=en&environment=production", 3),
        ("employee=paul.new@larkspur.example", 1),
        ("employee=PAUL.NEW@larkspur.example", 1),
        ("employee=nobody", 1),
        ("kind=recovery", 1),
        ("kind=feedback", 5),
        ("result=invalid", 6),
        ("result=valid", 0),
        (&format!("key={key}"), 1),
        (&format!("-key={key}"), 5),
        ("range=1h", 6),
        ("from=2020-01-01T00:00&to=2020-01-02T00:00", 0),
    ] {
        let list = page(&mut admin, &format!("{INVALID}?{query}"));
        assert_eq!(list.rows().len(), expected, "{query}");
        assert_eq!(list.tabs().0, expected.to_string(), "{query}");
    }
    let tests = page(&mut admin, &format!("{TEST}?result=invalid"));
    assert_eq!(tests.rows().len(), 1);
}

#[test]
fn a_window_of_which_nothing_is_kept_leads_to_none_that_is_turned_round() {
    let (_app, mut admin) = traffic();
    for window in [
        "from=2020-01-01T00:00&to=2020-01-02T00:00",
        "from=2190-01-01T00:00",
    ] {
        let html = page(&mut admin, &format!("{INVALID}?{window}")).0;
        let links = html.split("href=\"").skip(1);
        let links = links.filter_map(|rest| rest.split('"').next());
        for link in links.map(|link| link.replace("&amp;", "&").replace("&#38;", "&")) {
            let Some((_, query)) = link.split_once('?') else {
                continue;
            };
            let parameters: HashMap<String, String> = form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect();
            if let (Some(from), Some(to)) = (parameters.get("from"), parameters.get("to")) {
                assert!(from < to, "{window}: {link}");
            }
        }
    }
}

#[test]
fn a_label_is_meant_however_it_is_written() {
    let (_app, mut admin) = traffic();
    for written in ["Larkspur_Outlet", " larkspur-OUTLET"] {
        let list = page(
            &mut admin,
            &format!("{INVALID}?brand={}", written.replace(' ', "+")),
        );
        assert_eq!(list.rows().len(), 1, "{written}");
        assert_eq!(list.tabs().0, "1", "{written}");
    }
}

#[test]
fn the_legend_counts_also_what_only_the_index_knows() {
    let (_app, mut admin) = traffic();
    let list = page(&mut admin, &format!("{INVALID}?brand=nope"));
    assert_eq!(list.legend("Invalid/inactive brand"), "1");
    assert_eq!(list.legend("Channel not enabled"), "0");
    let other = page(
        &mut admin,
        &format!("{INVALID}?brand=nope&error=channel_not_enabled"),
    );
    assert!(other.rows().is_empty());
    assert_eq!(other.legend("Invalid/inactive brand"), "1");
}

#[test]
fn an_employee_is_found_by_either_name_that_was_sent() {
    let (app, mut admin) = app_with_admin();
    let both = json!({"email": "nobody@larkspur.example", "custom_id": "L-9999"});
    app.production().requests(&accepted_but("/employee", both));
    for name in ["nobody@larkspur.example", "L-9999"] {
        let list = page(&mut admin, &format!("{INVALID}?employee={name}"));
        assert_eq!(list.rows().len(), 1, "{name}");
        let found = format!("/settings/integrations/api-status/search?q={name}");
        assert_eq!(admin.get(&found).status, 303, "{name}");
    }
}

#[test]
fn chips_take_a_term_away_or_turn_it_round() {
    let (_app, mut admin) = traffic();
    let list = page(
        &mut admin,
        &format!("{INVALID}?channel=sms&environment=production"),
    );
    let turned = list.0.split("class=\"turn-round\" href=\"").nth(2).unwrap();
    let turned = turned.split('"').next().unwrap().replace("&#38;", "&");
    assert!(turned.contains("-channel=sms") && turned.contains("environment=production"));
    assert_eq!(page(&mut admin, &turned).rows().len(), 4);
    let cleared = list.link("Clear all").unwrap();
    assert_eq!(page(&mut admin, &cleared).rows().len(), 6);
}

#[test]
fn a_line_of_the_legend_is_its_filter_and_takes_it_off_again() {
    let (_app, mut admin) = traffic();
    let list = page(&mut admin, &format!("{INVALID}?environment=production"));
    let only = list.link("Invalid/inactive brand signifier 2").unwrap();
    let chosen = page(&mut admin, &only);
    assert_eq!(chosen.rows().len(), 2);
    assert_eq!(
        chosen.legend("Channel not enabled"),
        "1",
        "the legend keeps its other counts"
    );
    let off = chosen.link("Invalid/inactive brand signifier 2").unwrap();
    assert_eq!(off, format!("{INVALID}?environment=production"));
}

#[test]
fn what_is_not_understood_is_named_and_the_rest_applies() {
    let (_app, mut admin) = traffic();
    let list = page(
        &mut admin,
        &format!("{INVALID}?channel=sms&foo=bar&error=none&range=soon&older=x"),
    );
    assert_eq!(list.rows().len(), 1);
    let words = list.words();
    for left_out in ["foo=bar", "error=none", "range=soon", "older=x"] {
        assert!(words.contains(left_out), "{left_out}");
    }
}

#[test]
fn hostile_values_are_harmless() {
    let (_app, mut admin) = traffic();
    for query in [
        "brand=%27;drop%20table%20requests;--",
        "brand=%00",
        "employee=%00%27%22",
        "key=99999999999999999999",
        "from=-1&to=9999999999-01-01T00:00",
        "from=2026-11-01T00:00Z&to=2199-01-01T00:00Z",
        "older=ffffffff-ffff-7fff-bfff-ffffffffffff",
        "newer=00000000-0000-7000-8000-000000000000",
        "%ff=%fe",
    ] {
        page(&mut admin, &format!("{INVALID}?{query}"));
    }
    let many = format!("{INVALID}?{}", "brand=x&".repeat(2_000));
    page(&mut admin, &many);
}

#[test]
fn tabs_share_the_window() {
    let (_app, mut admin) = traffic();
    let list = page(&mut admin, INVALID);
    let tests = list.link("Test Requests").unwrap();
    assert_eq!(tests, format!("{TEST}?range=24h"));
    assert_eq!(page(&mut admin, &tests).tabs(), list.tabs());
}
