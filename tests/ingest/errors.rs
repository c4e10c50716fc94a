//! Each of the eleven errors: sent as JSON, answered, stored, counted.

use serde_json::{Value, json};

use crate::support::company::{accepted, accepted_but, with};
use crate::support::{Answer, Sender, TestApp};

/// The reasons by their number in the store, with code, variant and title. The rule is the number's
/// tens.
const REASONS: [(i64, &str, Option<&str>, &str); 20] = [
    (
        10,
        "employee_profile_not_complete",
        None,
        "Employee profile not complete",
    ),
    (20, "deactivated_employee", None, "Deactivated employee"),
    (
        30,
        "employee_not_found",
        Some("unknown"),
        "Employee not found",
    ),
    (
        31,
        "employee_not_found",
        Some("not_sent"),
        "Employee not found",
    ),
    (
        40,
        "invalid_customer",
        Some("email_missing"),
        "Invalid customer",
    ),
    (
        41,
        "invalid_customer",
        Some("email_format"),
        "Invalid customer",
    ),
    (
        42,
        "invalid_customer",
        Some("name_format"),
        "Invalid customer",
    ),
    (
        50,
        "channel_not_enabled",
        Some("unknown"),
        "Channel not enabled for company",
    ),
    (
        51,
        "channel_not_enabled",
        Some("not_enabled"),
        "Channel not enabled for company",
    ),
    (
        60,
        "channel_in_manual_mode",
        None,
        "Channel is in manual mode",
    ),
    (
        70,
        "brand_not_provided",
        None,
        "Brand signifier not provided",
    ),
    (
        80,
        "invalid_brand",
        Some("unknown"),
        "Invalid/inactive brand signifier",
    ),
    (
        81,
        "invalid_brand",
        Some("inactive"),
        "Invalid/inactive brand signifier",
    ),
    (90, "language_not_specified", None, "Language not specified"),
    (
        100,
        "language_not_available",
        Some("unknown"),
        "Language not available/active",
    ),
    (
        101,
        "language_not_available",
        Some("inactive"),
        "Language not available/active",
    ),
    (
        110,
        "malformed_request",
        Some("not_json"),
        "Malformed request",
    ),
    (
        111,
        "malformed_request",
        Some("too_large"),
        "Malformed request",
    ),
    (
        112,
        "malformed_request",
        Some("wrong_type"),
        "Malformed request",
    ),
    (
        113,
        "malformed_request",
        Some("missing"),
        "Malformed request",
    ),
];

/// An error that is expected: its number, pointer and value.
type Expected<'a> = (i64, &'a str, Option<&'a str>);

/// Sends a body and expects exactly these errors, in the answer and in the store.
#[track_caller]
fn expect(app: &TestApp, sender: &Sender, body: &Value, expected: &[Expected<'_>]) -> Answer {
    let answer = sender.requests(body);
    expect_answer(&answer, expected);
    expect_stored(app, &answer, body, expected);
    answer
}

#[track_caller]
fn expect_answer(answer: &Answer, expected: &[Expected<'_>]) {
    assert_eq!(answer.status, 400, "{}", answer.text());
    let content_type = answer.header("content-type");
    assert_eq!(content_type, Some("application/problem+json"));
    let (id, problem) = (answer.request_id(), answer.json());
    let (_, code, _, title) = reason(expected[0].0);
    let url = |code: &str| format!("https://status.example/errors/{code}");
    assert_eq!(problem["type"], json!(url(code)));
    assert_eq!(problem["title"], json!(title));
    assert_eq!(problem["status"], json!(400));
    assert_eq!(problem["instance"], json!(format!("/r/{id}")));
    assert_eq!(problem["request_id"], json!(id));
    assert!(problem["warnings"].is_array());
    let errors = problem["errors"].as_array().unwrap();
    assert_eq!(errors.len(), expected.len(), "{}", answer.text());
    for (error, (number, pointer, value)) in errors.iter().zip(expected) {
        let (_, code, variant, title) = reason(*number);
        assert_eq!(error["code"], json!(code));
        assert_eq!(error.get("variant"), Some(&json!(variant)));
        assert_eq!(error["title"], json!(title));
        assert_eq!(error["pointer"], json!(pointer));
        assert_eq!(error["value"], json!(value));
        assert_eq!(error["documentation_url"], json!(url(code)));
        assert!(error["detail"].as_str().unwrap().len() > 20);
    }
    match errors.as_slice() {
        [only] => assert_eq!(problem["detail"], only["detail"]),
        several => {
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.starts_with(&format!("{} errors: ", several.len())));
        }
    }
}

#[track_caller]
fn expect_stored(app: &TestApp, answer: &Answer, body: &Value, expected: &[Expected<'_>]) {
    let id = answer.request_id();
    let mask = expected.iter().fold(0, |m, (n, ..)| m | bit(*n));
    let request = app.row_of("requests", id);
    assert_eq!(request["http_status"], json!(400));
    assert_eq!(request["error_mask"], json!(mask));
    let document = app.row_of("request_documents", id);
    assert_eq!(document["answer"], json!(answer.text()));
    assert_eq!(app.body_of(id), body.to_string().into_bytes());
    let findings = app.findings_of(id);
    assert_eq!(findings.len(), expected.len());
    for ((place, finding), (number, pointer, value)) in findings.iter().enumerate().zip(expected) {
        assert_eq!(finding["position"], json!(place));
        assert_eq!(finding["reason"], json!(number));
        assert_eq!(finding["code"], json!(bit(*number)));
        // What is the sender's own, such as a property's name, must go with the document too.
        let kept = match pointer.starts_with("/custom_properties/") {
            true => "/custom_properties",
            false => pointer,
        };
        assert_eq!(finding["pointer"], json!(kept));
        let value = match number {
            // What a customer's data is must go with the document.
            40..50 => json!(null),
            // Of a malformed field it is the name.
            112 | 113 => json!(kept[1..].replace('/', ".")),
            _ => json!(value),
        };
        // How it was spelled is kept beside the form in which it is matched.
        let spelled = ["sent", "value"].map(|column| &finding[column]);
        let spelled = spelled.into_iter().find(|sent| !sent.is_null());
        assert_eq!(spelled.unwrap_or(&json!(null)), &value);
        for same in ["company_id", "received_at", "environment", "key_id"] {
            assert_eq!(finding[same], request[same]);
        }
    }
}

/// After all requests of a test: deltas, all grains and the rows say the same.
#[track_caller]
fn expect_counted(app: &TestApp) {
    let company = app.larkspur.id;
    let rows = app.requests_by_mask(company);
    assert!(!rows.is_empty());
    assert_eq!(app.counts_by_mask(company, 5), rows);
    app.fold(company);
    for grain in [5, 60, 1_440, 10_080] {
        assert_eq!(app.counts_by_mask(company, grain), rows, "{grain}");
    }
}

fn reason(number: i64) -> (i64, &'static str, Option<&'static str>, &'static str) {
    *REASONS.iter().find(|(n, ..)| *n == number).unwrap()
}

fn bit(number: i64) -> i64 {
    1 << (number / 10 - 1)
}

#[test]
fn an_employee_whose_profile_is_not_complete() {
    let app = TestApp::start();
    let email = "chen.wei@larkspur.example";
    let body = accepted_but("/employee/email", email);
    let expected = [(10, "/employee/email", Some(email))];
    let answer = expect(&app, &app.production(), &body, &expected);
    let row = app.row_of("requests", answer.request_id());
    assert_eq!(row["employee_sent"], json!(email));
    assert!(row["employee_id"].is_i64(), "found, whatever the status");
    expect(&app, &app.trying_out(), &body, &expected);
    expect_counted(&app);
}

#[test]
fn an_employee_who_was_deactivated() {
    let app = TestApp::start();
    let body = accepted_but("/employee", json!({"custom_id": "L-1002"}));
    let expected = [(20, "/employee/custom_id", Some("L-1002"))];
    let answer = expect(&app, &app.production(), &body, &expected);
    let row = app.row_of("requests", answer.request_id());
    assert_eq!(row["employee_sent"], json!("L-1002"));
    expect_counted(&app);
}

#[test]
fn an_employee_whom_nobody_knows_or_who_was_not_sent() {
    let app = TestApp::start();
    let body = accepted_but("/employee/email", "Nobody@Larkspur.example");
    let expected = [(30, "/employee/email", Some("Nobody@Larkspur.example"))];
    let answer = expect(&app, &app.production(), &body, &expected);
    let row = app.row_of("requests", answer.request_id());
    assert_eq!(row["employee_sent"], json!("nobody@larkspur.example"));
    assert_eq!(row["employee_id"], Value::Null);
    let problem = answer.json();
    assert_eq!(problem["errors"][0].get("suggestion"), None);
    let body = accepted_but("/employee", json!({"custom_id": "l-1001"}));
    let expected = [(30, "/employee/custom_id", Some("l-1001"))];
    expect(&app, &app.production(), &body, &expected);
    for nobody in [
        Value::Null,
        json!({}),
        json!({"email": " ", "custom_id": null}),
    ] {
        let body = accepted_but("/employee", nobody);
        expect(&app, &app.production(), &body, &[(31, "/employee", None)]);
    }
    expect_counted(&app);
}

#[test]
fn a_customer_who_cannot_be_asked() {
    let app = TestApp::start();
    let body = accepted_but("/customer/email", Value::Null);
    let missing = [(40, "/customer/email", None)];
    let answer = expect(&app, &app.production(), &body, &missing);
    let row = app.row_of("requests", answer.request_id());
    assert_eq!(row["customer_hash"], Value::Null);
    for email in ["jane", "Jane <jane@customer.example>", "jane@localhost"] {
        let body = accepted_but("/customer/email", email);
        let expected = [(41, "/customer/email", Some(email))];
        let answer = expect(&app, &app.production(), &body, &expected);
        let document = app.row_of("request_documents", answer.request_id());
        assert_eq!(document["customer_email"], json!(email));
        assert_eq!(document["customer_name"], json!("Jane Doe"));
    }
    for name in [
        "<b>Jane</b>",
        "www.winner.example",
        "see http://x",
        "Ja\u{7}ne",
    ] {
        let body = accepted_but("/customer/name", name);
        let expected = [(42, "/customer/name", Some(name))];
        expect(&app, &app.production(), &body, &expected);
    }
    expect_counted(&app);
}

#[test]
fn a_channel_that_is_unknown_or_not_enabled() {
    let app = TestApp::start();
    let body = accepted_but("/channel", "emial");
    let expected = [(50, "/channel", Some("emial"))];
    let answer = expect(&app, &app.production(), &body, &expected);
    assert_eq!(answer.json()["errors"][0]["suggestion"], json!("email"));
    let row = app.row_of("requests", answer.request_id());
    assert_eq!(
        (&row["channel_sent"], &row["channel"]),
        (&json!("emial"), &Value::Null)
    );
    let body = accepted_but("/channel", "SMS");
    let expected = [(51, "/channel", Some("SMS"))];
    let answer = expect(&app, &app.trying_out(), &body, &expected);
    let row = app.row_of("requests", answer.request_id());
    assert_eq!(
        (&row["channel_sent"], &row["channel"]),
        (&json!("SMS"), &json!("sms"))
    );
    expect_counted(&app);
    let counted = |channel: &str| {
        app.number(&format!(
            "SELECT sum(count) FROM request_counts WHERE grain = 5 AND channel = '{channel}'"
        ))
    };
    assert_eq!((counted("~unknown"), counted("sms")), (1, 1));
}

#[test]
fn a_channel_in_manual_mode_is_refused_in_production_only() {
    let app = TestApp::start();
    let body = accepted_but("/channel", "phone");
    let expected = [(60, "/channel", Some("phone"))];
    expect(&app, &app.production(), &body, &expected);
    assert_eq!(app.trying_out().requests(&body).status, 200);
    expect_counted(&app);
}

#[test]
fn a_brand_that_was_not_provided() {
    let app = TestApp::start();
    let body = accepted_but("/brand", Value::Null);
    expect(&app, &app.production(), &body, &[(70, "/brand", None)]);
    expect_counted(&app);
    let counted = "SELECT sum(count) FROM request_counts WHERE grain = 60 AND brand = '~none'";
    assert_eq!(app.number(counted), 1);
}

#[test]
fn a_brand_that_is_unknown_or_inactive() {
    let app = TestApp::start();
    let body = accepted_but("/brand", "larkspur-kid");
    let expected = [(80, "/brand", Some("larkspur-kid"))];
    let answer = expect(&app, &app.production(), &body, &expected);
    let suggestion = &answer.json()["errors"][0]["suggestion"];
    assert_eq!(suggestion, &json!("larkspur-kids"));
    let body = accepted_but("/brand", "Larkspur_Outlet");
    let expected = [(81, "/brand", Some("Larkspur_Outlet"))];
    let answer = expect(&app, &app.production(), &body, &expected);
    let row = app.row_of("requests", answer.request_id());
    assert_eq!(row["brand"], json!("larkspur-outlet"));
    expect_counted(&app);
}

#[test]
fn a_language_that_was_not_specified() {
    let app = TestApp::start();
    let body = accepted_but("/language", "");
    expect(&app, &app.production(), &body, &[(90, "/language", None)]);
    expect_counted(&app);
}

#[test]
fn a_language_that_is_unknown_or_inactive() {
    let app = TestApp::start();
    let body = accepted_but("/language", "en-US");
    let expected = [(100, "/language", Some("en-US"))];
    let answer = expect(&app, &app.production(), &body, &expected);
    assert_eq!(answer.json()["errors"][0]["suggestion"], json!("en"));
    let body = accepted_but("/language", "DE");
    let expected = [(101, "/language", Some("DE"))];
    expect(&app, &app.production(), &body, &expected);
    expect_counted(&app);
}

#[test]
fn a_field_of_the_wrong_type_or_missing() {
    let app = TestApp::start();
    let sender = app.production();
    let body = accepted_but("/channel", Value::Null);
    expect(&app, &sender, &body, &[(113, "/channel", None)]);
    let body = accepted_but("/brand", json!(["larkspur"]));
    expect(&app, &sender, &body, &[(112, "/brand", None)]);
    // The pointers are in order, and only the aspect of a broken field is not checked.
    let body = with(body, "/tags", json!({"a": 1}));
    let body = with(body, "/custom_properties", json!({"a": {"b": "c"}}));
    let body = with(body, "/employee/email", "nobody@larkspur.example");
    let expected = [
        (112, "/brand", None),
        (112, "/custom_properties/a", None),
        (112, "/tags", None),
        (30, "/employee/email", Some("nobody@larkspur.example")),
    ];
    expect(&app, &sender, &body, &expected);
    expect_counted(&app);
}

#[test]
fn what_is_no_json_object_has_this_one_error() {
    let app = TestApp::start();
    for body in [json!([]), json!("text"), json!(null), json!(1)] {
        let answer = expect(&app, &app.production(), &body, &[(110, "", None)]);
        let row = app.row_of("requests", answer.request_id());
        assert_eq!(row["channel_sent"], Value::Null);
    }
    expect_counted(&app);
}

#[test]
fn all_errors_of_a_request_are_reported_in_rule_order() {
    let app = TestApp::start();
    let body = json!({
        "language": "xx",
        "brand": "nowhere",
        "channel": "fax",
        "customer": {"email": "jane"},
        "employee": {"email": "nobody@larkspur.example"},
        "external_url": {},
    });
    let expected = [
        (112, "/external_url", None),
        (30, "/employee/email", Some("nobody@larkspur.example")),
        (41, "/customer/email", Some("jane")),
        (50, "/channel", Some("fax")),
        (80, "/brand", Some("nowhere")),
        (100, "/language", Some("xx")),
    ];
    let answer = expect(&app, &app.production(), &body, &expected);
    assert_eq!(
        answer.json()["detail"],
        json!(
            "6 errors: Malformed request, Employee not found, Invalid customer, Channel not \
             enabled for company, Invalid/inactive brand signifier, Language not available/active."
        )
    );
    expect_counted(&app);
}

#[test]
fn a_problem_document_to_the_letter() {
    let app = TestApp::start();
    let body = with(accepted_but("/brand", "larkspr"), "/langauge", "en");
    let answer = app.trying_out().requests(&body);
    let id = answer.request_id();
    let expected = format!(
        concat!(
            r#"{{"type":"https://status.example/errors/invalid_brand","#,
            r#""title":"Invalid/inactive brand signifier","status":400,"#,
            r#""detail":"The label matches no brand. Did you mean `larkspur`? Send the label of an "#,
            r#"active brand, or add this one under Settings > Company Info > Brands.","#,
            r#""instance":"/r/{id}","request_id":"{id}","errors":[{{"code":"invalid_brand","#,
            r#""variant":"unknown","title":"Invalid/inactive brand signifier","#,
            r#""detail":"The label matches no brand. Did you mean `larkspur`? Send the label of an "#,
            r#"active brand, or add this one under Settings > Company Info > Brands.","#,
            r#""pointer":"/brand","value":"larkspr","suggestion":"larkspur","#,
            r#""documentation_url":"https://status.example/errors/invalid_brand"}}],"#,
            r#""warnings":[{{"code":"unknown_field","pointer":"/langauge","#,
            r#""detail":"unknown field, ignored; did you mean `language`?"}}]}}"#,
        ),
        id = id
    );
    assert_eq!(answer.text(), expected);
    assert_eq!(answer.header("x-request-warnings"), None);
}

#[test]
fn a_recovery_is_judged_by_its_employee_alone() {
    let app = TestApp::start();
    let body = json!({
        "employee": {"email": "ben.ruiz@larkspur.example"},
        "ext_interaction_id": "77",
    });
    let answer = app.production().recovers(&body);
    let expected = [(20, "/employee/email", Some("ben.ruiz@larkspur.example"))];
    expect_answer(&answer, &expected);
    expect_stored(&app, &answer, &body, &expected);
    let row = app.row_of("requests", answer.request_id());
    assert_eq!(row["kind"], json!(2));
    let answer = app.production().recovers(&json!({}));
    expect_answer(&answer, &[(31, "/employee", None)]);
    assert_eq!(answer.json()["warnings"][0]["code"], json!("not_linked"));
    expect_counted(&app);
}

#[test]
fn the_verdict_says_by_which_settings_it_was_given() {
    let app = TestApp::start();
    let before = app.production().requests(&accepted());
    let row = app.row_of("requests", before.request_id());
    assert_eq!(row["settings_version"], json!(1));
    assert_eq!(row["key_id"], json!(app.larkspur.production_key.id));
    assert_eq!(row["company_id"], json!(app.larkspur.id.0));
}
