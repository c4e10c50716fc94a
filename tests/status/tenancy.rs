//! With the keys, sessions and ids of one company nothing of another can be read, on any route.

use api_status_page::web::shell::Role;
use serde_json::json;

use super::{INVALID, TEST, page};
use crate::support::company::{accepted_but, with};
use crate::support::people::PASSWORD;
use crate::support::{Person, TestApp};

/// Words that only Larkspur's request has.
const SECRETS: [&str; 4] = ["secret-brand", "secret-ticket", "secret@", "T0P-SECRET"];

#[test]
fn a_stranger_from_another_company_finds_nothing_anywhere() {
    let app = TestApp::start();
    let body = accepted_but("/brand", "secret-brand");
    let body = with(body, "/ext_interaction_id", "secret-ticket");
    let body = with(
        body,
        "/customer",
        json!({"name": "T0P-SECRET", "email": "secret@acme.example"}),
    );
    let body = with(
        body,
        "/employee",
        json!({"email": "secret@larkspur.example"}),
    );
    let answer = app.production().requests(&body);
    let id = answer.header("x-request-id").unwrap().to_owned();
    let solo = &app.store().solo_tea;
    app.user(solo, "admin@solotea.example", Role::Admin);
    let mut stranger = Person::new(&app);
    assert_eq!(
        stranger.sign_in("admin@solotea.example", PASSWORD).status,
        303
    );

    for path in [
        format!("/r/{id}"),
        format!("/settings/integrations/api-status/requests/{id}"),
    ] {
        assert_eq!(stranger.get(&path).status, 404, "{path}");
    }
    let newer = "newer?range=90d&newer=00000000-0000-7000-8000-000000000000";
    let answer = stranger.get(&format!("{INVALID}/{newer}"));
    assert!(answer.text().contains(r#""count":0"#), "{}", answer.text());
    let key = app.store().larkspur.production_key.id;
    let search = "/settings/integrations/api-status/search?q=";
    for path in [
        INVALID.to_owned(),
        TEST.to_owned(),
        format!("{INVALID}?range=90d"),
        format!("{INVALID}?key={key}"),
        format!("{INVALID}?-key={key}"),
        format!("{INVALID}?newer=00000000-0000-7000-8000-000000000000"),
        format!("{search}{id}"),
        format!("{search}secret-ticket"),
        format!("{search}secret%40acme.example"),
        format!("{search}secret%40larkspur.example"),
        "/settings".to_owned(),
        "/settings/integrations".to_owned(),
    ] {
        let html = page(&mut stranger, &path).0;
        // What was asked for may be said back; nothing else may.
        let asked = path.replace("%40", "@");
        for secret in SECRETS.into_iter().filter(|secret| !asked.contains(secret)) {
            assert!(!html.contains(secret), "{path}: {secret}");
        }
        assert!(!html.contains("<tr data-open"), "{path}");
    }
}

#[test]
fn a_key_speaks_for_its_own_company_only() {
    let app = TestApp::start();
    let mut admin = app.admin();
    let solo = app.sender(&app.store().solo_tea.production_key);
    // Larkspur's employee is nobody at Solo Tea.
    let answer = solo.requests(&with(
        accepted_but("/brand", "solo"),
        "/employee",
        json!({"custom_id": "L-1001"}),
    ));
    assert_eq!(answer.status, 400);
    assert!(page(&mut admin, INVALID).rows().is_empty());
}
