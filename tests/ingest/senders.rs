//! What real senders send: the samples that are published and the templates that helpdesks fill in.

use serde_json::{Value, json};

use crate::support::company::Settings;
use crate::support::{Answer, Company, Sender, TestApp, TestStore};
use api_status_page::domain::settings::ProfileStatus;

/// A company that has what the published samples name.
fn company(store: &TestStore) -> Company {
    let settings = Settings::empty()
        .channel("phone", true, true)
        .channel("chat", true, true)
        .channel("email", true, true)
        .brand("juniper", true)
        .language("en", true)
        .employee("paul@acme.example", "ABC789", ProfileStatus::Active)
        .employee("agent@acme.example", "", ProfileStatus::Active)
        .done();
    Company::create(&mut store.connection(), "Acme", &settings)
}

fn start() -> (TestApp, Company) {
    let store = TestStore::new();
    let acme = company(&store);
    (TestApp::on(&store), acme)
}

#[track_caller]
fn expect_accepted(app: &TestApp, answer: &Answer, warnings: &[&str]) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let document = app.row_of("request_documents", answer.request_id());
    let kept = document["warnings"].as_array().cloned().unwrap_or_default();
    let codes: Vec<&str> = kept.iter().map(|w| w["code"].as_str().unwrap()).collect();
    assert_eq!(codes, warnings);
    answer.json()
}

#[test]
fn the_shortest_published_sample() {
    let (app, acme) = start();
    let sample = |employee: Value| {
        json!({
            "customer": {"name": "Jane", "email": "jane@customer.example"},
            "ext_interaction_id": "123456",
            "employee": employee,
            "channel": "phone",
        })
    };
    for employee in [
        json!({"email": "paul@acme.example"}),
        json!({"email": "paul@acme.example", "custom_id": "ABC789"}),
        json!({"custom_id": "ABC789"}),
    ] {
        let body = sample(employee);
        let answer = app.sender(&acme.production_key).requests(&body);
        assert_eq!(expect_accepted(&app, &answer, &[]), body);
    }
    let mut linked = sample(json!({"email": "paul@acme.example"}));
    linked["external_url"] = json!("www.crm.example/caseid=123456");
    let answer = app.sender(&acme.production_key).requests(&linked);
    assert_eq!(expect_accepted(&app, &answer, &[]), linked);
}

#[test]
fn the_published_sample_with_every_field() {
    let (app, acme) = start();
    let body = json!({
        "customer": {"custom_id": "simone1", "name": "Simone", "email": "simone@customer.example"},
        "employee": {"custom_id": "ABC789", "email": "paul@acme.example"},
        "channel": "chat",
        "ext_interaction_id": "49288523",
        "external_url": "https://crm.example/cases/49288523",
        "tags": ["product-defect", "return", "vip"],
        "do_not_send": true,
        "language": "en",
        "country": "us",
        "brand": "juniper",
        "custom_properties": {"issue_type": "Order Change", "order_id": "100928810"},
    });
    let answer = app.sender(&acme.production_key).requests(&body);
    assert_eq!(expect_accepted(&app, &answer, &[]), body);
}

#[test]
fn the_published_sample_that_is_not_json() {
    let (app, acme) = start();
    let broken = concat!(
        r#"{"customer": {"name": "Jane", "email": "jane@customer.example"}, "#,
        r#""employee": {"email": "paul@acme.example"}, "channel": "chat", "#,
        r#""custom_properties": {"branch_id": "x" "product_type": "y"}}"#
    );
    let call = app.sender(&acme.test_key).post("/v1/requests").body(broken);
    let answer = call.header("content-type", "application/json").send();
    assert_eq!(answer.status, 400);
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("line 1 column "), "{detail}");
    assert_eq!(app.body_of(answer.request_id()), broken.as_bytes());
}

#[test]
fn a_helpdesk_rule_with_basic_auth_a_leading_space_and_a_flag_in_quotes() {
    let (app, acme) = start();
    let template = concat!(
        "{\"employee\": {\"email\": \" agent@acme.example\"},\r\n \"channel\": \"email\",\r\n",
        " \"customer\": {\"name\": \"Jane\", \"email\": \"jane@customer.example\"},\r\n",
        " \"ext_interaction_id\": \"55\", \"do_not_send\": \"false\"}"
    );
    let sender = Sender::with_basic(app.address, "connect", &acme.production_key);
    let call = sender.post("/v1/auth").body(template);
    let answer = call.header("content-type", "application/json").send();
    let echo = expect_accepted(&app, &answer, &["surrounding_space", "not_boolean"]);
    assert_eq!(echo["employee"]["email"], json!("agent@acme.example"));
    assert_eq!(echo["do_not_send"], json!(false));
}

#[test]
fn a_helpdesk_action_that_leaves_out_the_customer_when_nothing_is_to_be_sent() {
    let (app, acme) = start();
    let sender = Sender::with_basic(app.address, "stellaconnect", &acme.production_key);
    for (flag, status) in [("true", 200), ("", 400), ("false", 400)] {
        let body = json!({
            "employee": {"email": "agent@acme.example"},
            "channel": "email",
            "customer": {"name": "", "email": ""},
            "ext_interaction_id": 987,
            "do_not_send": flag,
        });
        let answer = sender.post("/v1/auth").json(&body).send();
        assert_eq!(answer.status, status, "{flag}: {}", answer.text());
        let row = app.row_of("requests", answer.request_id());
        assert_eq!(row["ticket_id"], json!("987"));
    }
}

#[test]
fn a_recovery_as_published() {
    let (app, acme) = start();
    let body = json!({
        "do_not_send": false,
        "tags": ["recovered"],
        "employee": {"email": "paul@acme.example"},
        "initial_feedback_request_id": "3f6b1c1e-0000-4000-8000-000000000000",
        "ext_interaction_id": "123456",
        "external_url": "https://crm.example/cases/123456",
    });
    let answer = app.sender(&acme.production_key).recovers(&body);
    let echo = expect_accepted(&app, &answer, &[]);
    assert_eq!(echo, json!({"request_id": answer.request_id()}));
}
