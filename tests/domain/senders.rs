//! The bodies that helpdesks and integrators really send, judged at a company that has all they
//! name, so that only their habits are at trial.

use api_status_page::domain::body::Body;
use api_status_page::domain::dictionary::Reason;
use api_status_page::domain::request::{Environment, Kind};
use api_status_page::domain::settings::ProfileStatus;
use serde_json::{Value, json};

use super::company::{Company, Judgement, judge, reasons};

/// Has every channel and both agents that the bodies name.
fn helpdesk_customer() -> Company {
    Company::default()
        .channel("phone", true, true)
        .channel("chat", true, true)
        .channel("email", true, true)
        .brand("fernkids", true)
        .brand("fern", true)
        .language("en", true)
        .employee(1, "agent@fern.example", "F-77", ProfileStatus::Active)
}

/// The same with one brand, for senders that never name one.
fn single_brand_customer() -> Company {
    Company::default()
        .channel("phone", true, true)
        .channel("chat", true, true)
        .channel("email", true, true)
        .employee(1, "agent@fern.example", "F-77", ProfileStatus::Active)
}

fn judged(kind: Kind, body: &str, company: Company) -> Judgement {
    judge(kind, body.as_bytes(), Environment::Production, company)
}

fn echo(body: &str) -> Value {
    serde_json::to_value(Body::parse(Kind::Feedback, body.as_bytes())).unwrap()
}

#[test]
fn a_helpdesk_rule_with_a_space_before_the_agents_email_is_accepted() {
    let body = r#"{
        "employee": {"email": " agent@fern.example"},
        "channel": "email",
        "customer": {"name": "Rosa", "email": "rosa@acme.example"},
        "ext_interaction_id": "55",
        "do_not_send": "false"
    }"#;
    let judgement = judged(Kind::Feedback, body, single_brand_customer());
    assert_eq!(judgement.findings, []);
    assert_eq!(judgement.employee, Some(1));
    assert_eq!(judgement.warnings, ["surrounding_space", "not_boolean"]);
    let echo = echo(body);
    assert_eq!(echo["employee"]["email"], "agent@fern.example");
    assert_eq!(echo["do_not_send"], false);
}

#[test]
fn a_helpdesk_action_with_quoted_placeholders_is_accepted() {
    for (placeholder, echoed) in [("true", Some(true)), ("false", Some(false)), ("", None)] {
        let body = format!(
            r#"{{"employee": {{"email": "agent@fern.example"}}, "channel": "email",
                "customer": {{"name": "Rosa", "email": "rosa@acme.example"}},
                "ext_interaction_id": "987", "do_not_send": "{placeholder}"}}"#
        );
        let judgement = judged(Kind::Feedback, &body, single_brand_customer());
        assert_eq!(judgement.findings, [], "{placeholder:?}");
        assert_eq!(judgement.warnings.len(), 1, "{placeholder:?}");
        assert_eq!(
            echo(&body).get("do_not_send"),
            echoed.map(Value::from).as_ref()
        );
    }
}

#[test]
fn the_smallest_documented_request_is_accepted_without_warning() {
    let body = r#"{"customer": {"name": "Rosa", "email": "rosa@acme.example"},
        "ext_interaction_id": "123456", "employee": {"email": "agent@fern.example"},
        "channel": "phone"}"#;
    let judgement = judged(Kind::Feedback, body, single_brand_customer());
    assert_eq!(judgement.findings, []);
    assert!(judgement.warnings.is_empty());
    assert_eq!(echo(body), serde_json::from_str::<Value>(body).unwrap());
}

#[test]
fn agents_without_email_are_named_by_custom_id() {
    let body = r#"{"customer": {"name": "Rosa", "email": "rosa@acme.example"},
        "ext_interaction_id": "123456", "employee": {"custom_id": "F-77"}, "channel": "phone"}"#;
    let judgement = judged(Kind::Feedback, body, single_brand_customer());
    assert_eq!(judgement.findings, []);
    assert_eq!(judgement.employee, Some(1));
    assert!(judgement.warnings.is_empty());
}

#[test]
fn agents_may_be_named_by_both() {
    let body = r#"{"customer": {"name": "Rosa", "email": "rosa@acme.example"},
        "employee": {"email": "agent@fern.example", "custom_id": "F-77"}, "channel": "phone"}"#;
    let judgement = judged(Kind::Feedback, body, single_brand_customer());
    assert_eq!(judgement.findings, []);
    assert!(judgement.warnings.is_empty());
}

#[test]
fn a_ticket_address_without_scheme_is_taken_as_it_is() {
    let body = r#"{"customer": {"name": "Rosa", "email": "rosa@acme.example"},
        "employee": {"email": "agent@fern.example"}, "channel": "phone",
        "external_url": "www.crm.example/caseid=123456"}"#;
    let judgement = judged(Kind::Feedback, body, single_brand_customer());
    assert_eq!(judgement.findings, []);
    assert!(judgement.warnings.is_empty());
    assert_eq!(echo(body)["external_url"], "www.crm.example/caseid=123456");
}

#[test]
fn every_documented_field_is_accepted_and_echoed_as_sent() {
    let body = json!({
        "customer": {"custom_id": "rosa123", "name": "Rosa", "email": "rosa@acme.example"},
        "employee": {"custom_id": "F-77", "email": "agent@fern.example"},
        "channel": "chat",
        "ext_interaction_id": "49288523",
        "external_url": "https://crm.example/cases/49288523",
        "tags": ["product-defect", "return", "vip"],
        "do_not_send": true,
        "language": "en",
        "country": "us",
        "brand": "fernkids",
        "custom_properties": {"issue_type": "Order Change Request", "order_id": "100928810"},
    });
    let text = body.to_string();
    let judgement = judged(Kind::Feedback, &text, helpdesk_customer());
    assert_eq!(judgement.findings, []);
    assert!(judgement.warnings.is_empty());
    assert_eq!(echo(&text), body);
}

#[test]
fn a_published_sample_without_its_comma_is_answered_with_the_place() {
    let body = r#"{"customer": {"name": "Rosa", "email": "rosa@acme.example"}, "employee": {"email": "agent@fern.example"}, "channel": "chat", "custom_properties": {"branch_id": "x" "product_type": "y"}}"#;
    let judgement = judged(Kind::Feedback, body, single_brand_customer());
    assert_eq!(reasons(&judgement.findings), [Reason::NotJson]);
    let detail = judgement.findings[0].detail();
    let comma = body.find("\"product_type").unwrap() + 1;
    assert!(detail.contains("expected `,` or `}`"), "{detail}");
    assert!(
        detail.contains(&format!("line 1 column {comma}")),
        "{detail}"
    );
}

#[test]
fn a_documented_recovery_is_accepted_without_warning() {
    let body = r#"{"do_not_send": false, "tags": ["recovered"],
        "employee": {"email": "agent@fern.example"},
        "initial_feedback_request_id": "3f6b1c1e-0000-4000-8000-000000000000",
        "ext_interaction_id": "123456", "external_url": "https://crm.example/cases/123456"}"#;
    let judgement = judged(Kind::Recovery, body, helpdesk_customer());
    assert_eq!(judgement.findings, []);
    assert!(judgement.warnings.is_empty());
}
