//! Each error, from the sender's JSON to the page: the right tab, the right value in the adjacent
//! column, the count in the legend.

use api_status_page::domain::dictionary::ErrorCode;
use serde_json::{Value, json};

use super::{INVALID, TEST, app_with_admin, page};
use crate::support::company::{accepted, accepted_but};

/// For each error a body that raises it, and what the adjacent column says.
fn faults() -> Vec<(ErrorCode, Value, &'static str)> {
    let employee = |email: &str| accepted_but("/employee", json!({"email": email}));
    vec![
        (
            ErrorCode::EmployeeProfileNotComplete,
            employee("chen.wei@larkspur.example"),
            "chen.wei@larkspur.example",
        ),
        (
            ErrorCode::DeactivatedEmployee,
            employee("ben.ruiz@larkspur.example"),
            "ben.ruiz@larkspur.example",
        ),
        (
            ErrorCode::EmployeeNotFound,
            employee(" Paul.New@larkspur.example"),
            "Paul.New@larkspur.example",
        ),
        (
            ErrorCode::InvalidCustomer,
            accepted_but("/customer", json!({"email": "jane@@acme"})),
            "jane@@acme",
        ),
        (
            ErrorCode::ChannelNotEnabled,
            accepted_but("/channel", "sms"),
            "sms",
        ),
        (
            ErrorCode::ChannelInManualMode,
            accepted_but("/channel", "phone"),
            "phone",
        ),
        (
            ErrorCode::BrandNotProvided,
            accepted_but("/brand", Value::Null),
            "not sent",
        ),
        (
            ErrorCode::InvalidBrand,
            accepted_but("/brand", "larkspur-outlet"),
            "larkspur-outlet",
        ),
        (
            ErrorCode::LanguageNotSpecified,
            accepted_but("/language", ""),
            "not sent",
        ),
        (
            ErrorCode::LanguageNotAvailable,
            accepted_but("/language", "en-US"),
            "en-US",
        ),
        (
            ErrorCode::MalformedRequest,
            accepted_but("/customer", "jane@acme.example"),
            "/customer",
        ),
    ]
}

#[test]
fn each_error_is_seen_on_its_tab_with_its_value_and_counted_in_the_legend() {
    let (app, mut admin) = app_with_admin();
    for (code, body, value) in faults() {
        let answer = app.production().requests(&body);
        assert_eq!(answer.status, 400, "{code:?}");
        let id = answer.header("x-request-id").unwrap().to_owned();
        let invalid = page(&mut admin, INVALID);
        let row = &invalid.rows()[0];
        assert!(row.url.contains(&id), "{code:?}: {}", row.url);
        assert!(
            row.error.starts_with(code.title()),
            "{code:?}: {}",
            row.error
        );
        assert_eq!(row.about, value, "{code:?}");
        assert!(row.source.starts_with("Production"), "{}", row.source);
        assert_eq!(invalid.legend(code.title()), "1", "{code:?}");
    }
    let all = page(&mut admin, INVALID);
    assert_eq!(all.tabs(), ("11".to_owned(), "0".to_owned()));
    for (code, ..) in faults() {
        assert_eq!(all.legend(code.title()), "1", "{code:?}");
        let filtered = page(&mut admin, &format!("{INVALID}?error={}", code.as_str()));
        assert_eq!(filtered.rows().len(), 1, "{code:?}");
        assert_eq!(filtered.tabs().0, "1", "{code:?}");
    }
}

#[test]
fn a_failed_test_request_is_on_both_tabs_and_a_good_one_on_the_second() {
    let (app, mut admin) = app_with_admin();
    app.trying_out().requests(&accepted());
    app.trying_out().requests(&accepted_but("/brand", "nope"));
    app.production().requests(&accepted());
    let invalid = page(&mut admin, INVALID);
    assert_eq!(invalid.rows().len(), 1);
    let tests = page(&mut admin, TEST);
    let results: Vec<_> = tests.rows().into_iter().map(|row| row.error).collect();
    assert_eq!(results.len(), 2);
    assert!(results[0].starts_with(ErrorCode::InvalidBrand.title()));
    assert_eq!(results[1], "Valid");
    assert_eq!(tests.tabs(), ("1".to_owned(), "2".to_owned()));
}

#[test]
fn a_row_tells_how_many_more_errors_there_are_and_who_ends_the_first() {
    let (app, mut admin) = app_with_admin();
    let body = json!({"channel": "sms", "brand": "larkspur-outlet", "language": "en",
        "employee": {"custom_id": "L-1002"}, "customer": {"email": "jane@acme.example"}});
    app.production().requests(&body);
    let invalid = page(&mut admin, INVALID);
    let row = &invalid.rows()[0];
    assert_eq!(row.error, "Deactivated employee +2 fix in settings");
    assert_eq!(row.about, "L-1002");
    assert_eq!(row.context, "sms larkspur-outlet en");
    assert_eq!(invalid.legend("Channel not enabled"), "1");
    assert_eq!(invalid.legend("Invalid/inactive brand"), "1");
}

#[test]
fn a_test_key_is_not_told_of_manual_mode() {
    let (app, mut admin) = app_with_admin();
    let answer = app
        .trying_out()
        .requests(&accepted_but("/channel", "phone"));
    assert_eq!(answer.status, 200);
    assert!(page(&mut admin, INVALID).rows().is_empty());
    assert_eq!(page(&mut admin, TEST).rows().len(), 1);
}

#[test]
fn what_a_sender_writes_never_becomes_markup() {
    let (app, mut admin) = app_with_admin();
    let script = "<script>alert(1)</script>";
    let body = json!({"channel": script, "brand": script, "language": script,
        "employee": {"email": script}, "customer": {"name": script, "email": script},
        "ext_interaction_id": script, "tags": [script], "external_url": "javascript:alert(1)"});
    // Twice, for what a search finds alone is opened.
    app.production().requests(&body);
    let answer = app.production().requests(&body);
    let id = answer.header("x-request-id").unwrap().to_owned();
    for path in [
        INVALID.to_owned(),
        format!("/settings/integrations/api-status/requests/{id}"),
        "/settings/integrations/api-status/search?q=%3Cscript%3Ealert(1)%3C/script%3E".to_owned(),
        format!("{INVALID}?channel=%3Cscript%3Ealert(1)%3C/script%3E"),
    ] {
        let html = page(&mut admin, &path).0;
        assert!(!html.contains("<script>alert"), "{path}");
        assert!(!html.contains("href=\"javascript:"), "{path}");
    }
}
