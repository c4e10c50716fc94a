//! What is accepted: the echo, the recovery's answer, and the warnings of sloppy senders.

use serde_json::{Value, json};

use crate::support::company::{accepted, accepted_but, with};
use crate::support::{Sender, TestApp};

#[test]
fn a_request_with_every_field_is_echoed_and_stored() {
    let app = TestApp::start();
    let body = json!({
        "customer": {"name": "Jane Doe", "email": "Jane@Customer.example", "custom_id": "C-7"},
        "employee": {"email": "Ada.Osei@Larkspur.example", "custom_id": "L-1001"},
        "channel": "Chat",
        "ext_interaction_id": "4711",
        "external_url": "crm.example/cases/4711",
        "tags": ["vip", "return"],
        "do_not_send": true,
        "brand": "Larkspur_Kids",
        "language": "FR-ca",
        "country": "us",
        "custom_properties": {"order": "100", "reason": "size"},
    });
    let call = app.production().post("/v1/requests").json(&body);
    let call = call.header("user-agent", "helpdesk/2.1");
    let answer = call.header("x-request-id", "theirs-55").send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("x-request-warnings"), None);
    assert_eq!(answer.json(), body, "labels as sent");

    let row = app.row_of("requests", answer.request_id());
    let ada = "SELECT id FROM employees WHERE custom_id = 'L-1001'";
    for (column, value) in [
        ("company_id", json!(app.larkspur.id.0)),
        ("kind", json!(1)),
        ("environment", json!(2)),
        ("key_id", json!(app.larkspur.production_key.id)),
        ("http_status", json!(200)),
        ("error_mask", json!(0)),
        ("warning_count", json!(0)),
        ("employee_id", json!(app.number(ada))),
        ("employee_sent", json!("ada.osei@larkspur.example")),
        ("channel_sent", json!("Chat")),
        ("channel", json!("chat")),
        ("brand_sent", json!("Larkspur_Kids")),
        ("brand", json!("larkspur-kids")),
        ("language_sent", json!("FR-ca")),
        ("language", json!("fr-CA")),
        ("ticket_id", json!("4711")),
        ("correlation_id", json!("theirs-55")),
    ] {
        assert_eq!(row[column], value, "{column}");
    }
    assert_eq!(row["customer_hash"].as_str().unwrap().len(), 2 + 2 * 16);
    assert!(row["duration_us"].as_i64().unwrap() > 0);
    let document = app.row_of("request_documents", answer.request_id());
    for (column, value) in [
        ("body_cut", json!(false)),
        ("content_type", json!("application/json")),
        ("answer", Value::Null),
        ("warnings", Value::Null),
        ("customer_name", json!("Jane Doe")),
        ("customer_email", json!("Jane@Customer.example")),
        ("address", json!("127.0.0.1")),
        ("user_agent", json!("helpdesk/2.1")),
    ] {
        assert_eq!(document[column], value, "{column}");
    }
    assert_eq!(
        app.body_of(answer.request_id()),
        body.to_string().into_bytes()
    );
    assert_eq!(app.findings_of(answer.request_id()), Vec::<Value>::new());
}

#[test]
fn the_time_of_a_request_is_in_its_id() {
    let app = TestApp::start();
    let at = "2026-03-04T05:06:07.891Z".parse().unwrap();
    app.clock.stand_at(at);
    let answer = app.production().requests(&accepted());
    let row = app.row_of("requests", answer.request_id());
    assert_eq!(row["received_at"], json!("2026-03-04T05:06:07.891+00:00"));
    let (seconds, _) = answer.request_id().get_timestamp().unwrap().to_unix();
    assert_eq!(seconds, 1_772_600_767);
}

#[test]
fn absent_fields_stay_absent_in_the_echo() {
    let app = TestApp::start();
    let body = json!({
        "customer": {"email": "jane@customer.example", "name": null},
        "employee": {"custom_id": " L-1001 "},
        "channel": "email",
        "brand": "larkspur",
        "language": "en",
        "tags": [],
        "country": "",
        "custom_properties": {"empty": "", "kept": " x "},
        "colour": "blue",
    });
    let answer = app.production().requests(&body);
    let echo = concat!(
        r#"{"customer":{"email":"jane@customer.example"},"employee":{"custom_id":"L-1001"},"#,
        r#""channel":"email","tags":[],"brand":"larkspur","language":"en","#,
        r#""custom_properties":{"kept":"x"}}"#
    );
    assert_eq!(answer.text(), echo);
    let warnings = app.row_of("request_documents", answer.request_id())["warnings"].clone();
    let warnings = warnings.as_array().unwrap();
    let count = warnings.len().to_string();
    assert_eq!(answer.header("x-request-warnings"), Some(count.as_str()));
    let row = app.row_of("requests", answer.request_id());
    assert_eq!(row["warning_count"], json!(warnings.len()));
    let has = |code: &str, pointer: &str| {
        let is = |w: &&Value| w["code"] == json!(code) && w["pointer"] == json!(pointer);
        assert!(
            warnings.iter().any(|w| is(&w)),
            "{code} {pointer}: {warnings:?}"
        );
    };
    has("null", "/customer/name");
    has("surrounding_space", "/employee/custom_id");
    has("empty", "/country");
    has("empty", "/custom_properties/empty");
    has("surrounding_space", "/custom_properties/kept");
    has("unknown_field", "/colour");
}

#[test]
fn each_sloppiness_is_accepted_with_a_warning() {
    let app = TestApp::start();
    let sender = app.production();
    let warned = |body: &[u8], code: &str| {
        let call = sender.post("/v1/requests").body(body);
        let answer = call.header("content-type", "application/json").send();
        assert_eq!(answer.status, 200, "{code}: {}", answer.text());
        assert_eq!(answer.header("x-request-warnings"), Some("1"), "{code}");
        let document = app.row_of("request_documents", answer.request_id());
        assert_eq!(document["warnings"][0]["code"], json!(code));
        answer.json()
    };
    let json = |body: Value| body.to_string().into_bytes();
    warned(
        &json(accepted_but("/brand", " larkspur")),
        "surrounding_space",
    );
    warned(&json(with(accepted(), "/country", " ")), "empty");
    let echo = warned(
        &json(with(accepted(), "/do_not_send", "true")),
        "not_boolean",
    );
    assert_eq!(echo["do_not_send"], json!(true));
    let echo = warned(
        &json(with(accepted(), "/ext_interaction_id", 12.50)),
        "not_text",
    );
    assert_eq!(echo["ext_interaction_id"], json!("12.5"));
    let echo = warned(
        &json(with(accepted(), "/tags", json!([{"id": 1}]))),
        "object_tag",
    );
    assert_eq!(echo["tags"], json!([r#"{"id":1}"#]));
    let tags: Vec<String> = (0..25).map(|n| n.to_string()).collect();
    let echo = warned(&json(with(accepted(), "/tags", tags)), "too_many_tags");
    assert_eq!(echo["tags"].as_array().unwrap().len(), 20);
    let long = "é".repeat(2_001);
    let echo = warned(&json(with(accepted(), "/tags", vec![long])), "cut");
    assert_eq!(echo["tags"][0].as_str().unwrap().chars().count(), 2_000);
    let marked = [b"\xEF\xBB\xBF", accepted().to_string().as_bytes()].concat();
    warned(&marked, "byte_order_mark");
    let twice = accepted()
        .to_string()
        .replacen('{', r#"{"brand":"nowhere","#, 1);
    let echo = warned(twice.as_bytes(), "duplicate_key");
    assert_eq!(echo["brand"], json!("larkspur"));
}

#[test]
fn a_body_without_or_with_another_content_type_is_read_all_the_same() {
    let app = TestApp::start();
    let call = app.production().post("/v1/requests");
    let call = call.body(accepted().to_string());
    let without = call.send();
    assert_eq!(
        (without.status, without.header("x-request-warnings")),
        (200, Some("1"))
    );
    let form = call
        .header("content-type", "application/x-www-form-urlencoded")
        .send();
    assert_eq!(
        (form.status, form.header("x-request-warnings")),
        (200, Some("1"))
    );
    let document = app.row_of("request_documents", form.request_id());
    assert_eq!(document["warnings"][0]["code"], json!("content_type"));
    assert_eq!(
        document["content_type"],
        json!("application/x-www-form-urlencoded")
    );
}

#[test]
fn at_most_twenty_warnings_are_kept() {
    let app = TestApp::start();
    let body = (0..50).fold(accepted(), |body, n| {
        with(body, &format!("/unknown_{n}"), n)
    });
    let answer = app.production().requests(&body);
    assert_eq!(
        (answer.status, answer.header("x-request-warnings")),
        (200, Some("20"))
    );
    let document = app.row_of("request_documents", answer.request_id());
    assert_eq!(document["warnings"].as_array().unwrap().len(), 20);
}

#[test]
fn a_recovery_is_answered_with_its_id() {
    let app = TestApp::start();
    let body = json!({
        "employee": {"custom_id": "L-1001"},
        "initial_feedback_request_id": "anything at all",
        "tags": ["recovered"],
        "do_not_send": false,
    });
    let answer = app.production().recovers(&body);
    let id = answer.request_id();
    assert_eq!(answer.text(), format!(r#"{{"request_id":"{id}"}}"#));
    assert_eq!(
        (answer.status, answer.header("x-request-warnings")),
        (200, None)
    );
    let row = app.row_of("requests", id);
    assert_eq!((&row["kind"], &row["error_mask"]), (&json!(2), &json!(0)));
}

#[test]
fn every_endpoint_takes_either_form_of_the_key_and_a_trailing_slash() {
    let app = TestApp::start();
    let key = &app.solo_tea.test_key;
    let body = json!({
        "customer": {"email": "jane@customer.example"},
        "employee": {"custom_id": "S-1"},
        "channel": "email",
        "ext_interaction_id": "1",
    });
    let recovery = json!({"employee": {"custom_id": "S-1"}, "ext_interaction_id": "1"});
    for sender in [
        Sender::with_header(app.address, key),
        Sender::with_basic(app.address, "", key),
        Sender::with_basic(app.address, "connect", key),
    ] {
        for (path, body) in [
            ("/v1/requests", &body),
            ("/v1/requests/", &body),
            ("/v1/auth", &body),
            ("/v1/auth/", &body),
            ("/v1/recoveries", &recovery),
            ("/v1/recoveries/", &recovery),
        ] {
            let answer = sender.post(path).json(body).send();
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            let row = app.row_of("requests", answer.request_id());
            assert_eq!(row["environment"], json!(1));
            assert_eq!(row["company_id"], json!(app.solo_tea.id.0));
        }
    }
    assert_eq!(app.number("SELECT count(*) FROM requests"), 18);
}

#[test]
fn long_texts_and_nul_are_stored_as_far_as_columns_go_and_whole_in_the_body() {
    let app = TestApp::start();
    let ticket = format!("a\u{0}{}", "ü".repeat(1_000));
    let body = with(accepted(), "/ext_interaction_id", ticket.as_str());
    let body = with(body, "/customer/name", "n".repeat(300));
    let body = with(body, "/external_url", "\u{0}");
    let answer = app.production().requests(&body);
    assert_eq!(answer.status, 400, "the name is too long");
    let row = app.row_of("requests", answer.request_id());
    let kept = row["ticket_id"].as_str().unwrap();
    assert!(kept.starts_with("a\u{FFFD}ü"));
    assert_eq!(kept.chars().count(), 255);
    assert_eq!(
        app.body_of(answer.request_id()),
        body.to_string().into_bytes()
    );
}

#[test]
fn equal_customers_of_two_companies_have_different_hashes() {
    let app = TestApp::start();
    let sender = |key| app.sender(key);
    let one = sender(&app.larkspur.test_key).requests(&accepted());
    let same = accepted_but("/customer/email", " JANE@customer.example");
    let again = sender(&app.larkspur.test_key).requests(&same);
    let other = sender(&app.solo_tea.test_key).requests(&accepted());
    let hash = |id| app.row_of("requests", id)["customer_hash"].clone();
    assert_eq!(hash(one.request_id()), hash(again.request_id()));
    assert_ne!(hash(one.request_id()), hash(other.request_id()));
}
