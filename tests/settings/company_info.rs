//! Name, zone and expunge threshold, and what happens when two admins edit them.

use serde_json::json;

use crate::support::{TestApp, TestClock, TestStore};

const PAGE: &str = "/settings/company-info";

fn facts<'a>(name: &'a str, zone: &'a str, expunge: &'a str) -> [(&'a str, &'a str); 3] {
    [("name", name), ("zone", zone), ("expunge", expunge)]
}

#[test]
fn an_admin_changes_them_and_it_is_logged_with_its_version() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let saved = admin.fill_in(PAGE, &facts("Larkspur Inc", "America/Toronto", "14"));
    assert_eq!(saved.location(), PAGE);
    let page = admin.get(PAGE);
    assert!(page.text().contains("The company’s facts are saved."));
    assert!(page.text().contains("value=\"Larkspur Inc\""));
    assert!(!admin.get(PAGE).text().contains("facts are saved"), "once");

    let entries = app.rows("SELECT * FROM audit_log WHERE action = 'company.changed'");
    let [entry] = &entries[..] else {
        panic!("{entries:?}");
    };
    assert_eq!(entry["before"]["expunge_after_days"], json!(30));
    assert_eq!(entry["after"]["expunge_after_days"], json!(14));
    assert_eq!(entry["settings_version"], json!(2));
    let version = "SELECT settings_version FROM companies WHERE name = 'Larkspur Inc'";
    assert_eq!(app.number(version), 2);
}

#[test]
fn what_is_wrong_stands_at_its_field_and_what_was_typed_stays() {
    let app = TestApp::start();
    let mut admin = app.admin();
    for (form, field, words) in [
        (facts(" ", "UTC", "30"), "name", "Type a name."),
        (facts("L", "Mars/Base", "30"), "zone", "Choose one"),
        (facts("L", "UTC", "91"), "expunge", "At most 90 days"),
        (facts("L", "UTC", "0"), "expunge", "at least 1"),
        (facts("L", "UTC", "soon"), "expunge", "at least 1"),
        (facts("Solo TEA", "UTC", "30"), "name", "Another company"),
    ] {
        let answer = admin.fill_in(PAGE, &form);
        assert_eq!(answer.status, 422, "{form:?}");
        let page = answer.text();
        assert!(page.contains(words), "{form:?}");
        assert!(
            page.contains(&format!("id=\"{field}-problem\"")),
            "{form:?}"
        );
        let typed = form.iter().find(|(name, _)| *name == "expunge").unwrap().1;
        assert!(page.contains(&format!("value=\"{typed}\"")), "{form:?}");
    }
    assert_eq!(
        app.number("SELECT count(*) FROM audit_log WHERE action LIKE 'company.%'"),
        0
    );
}

#[test]
fn a_threshold_longer_than_the_retention_is_shown_as_that_and_in_no_one_s_way() {
    let store = TestStore::new();
    let flags = ["--retention-days", "14"];
    let app = TestApp::configured(&store, &store.url, TestClock::default(), &flags);
    let mut admin = app.admin();
    let page = admin.get(PAGE);
    let shown = "name=\"expunge\" inputmode=\"numeric\" value=\"14\"";
    assert!(page.text().contains(shown), "{}", page.text());
    admin
        .fill_in(PAGE, &facts("Larkspur Inc", "UTC", "14"))
        .location();
}

#[test]
fn the_second_of_two_admins_is_told_and_overwrites_nothing() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let seen = admin.get(PAGE).hidden("version").unwrap();
    admin.fill_in(PAGE, &facts("First", "UTC", "30")).location();

    let mut form = facts("Second", "UTC", "30").to_vec();
    form.push(("version", &seen));
    let answer = admin.post(PAGE, &form);
    assert_eq!(answer.status, 409);
    assert!(answer.text().contains("changed this at"));
    assert!(answer.text().contains("Now it is: First, UTC, 30 days"));
    assert!(answer.text().contains("value=\"Second\""));
    let named = "SELECT count(*) FROM companies WHERE name = 'First'";
    assert_eq!(app.number(named), 1);

    // Who has seen it may go on.
    let seen = answer.hidden("version").unwrap();
    form.pop();
    form.push(("version", &seen));
    admin.post(PAGE, &form).location();
    let named = "SELECT count(*) FROM companies WHERE name = 'Second'";
    assert_eq!(app.number(named), 1);
}

#[test]
fn a_change_of_something_else_is_in_nobodys_way() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let seen = admin.get(PAGE).hidden("version").unwrap();
    let brand = "/settings/company-info/brands/larkspur-kids/deactivation";
    admin.fill_in(brand, &[]).location();
    let mut form = facts("Larkspur", "UTC", "30").to_vec();
    form.push(("version", &seen));
    admin.post(PAGE, &form).location();
}
