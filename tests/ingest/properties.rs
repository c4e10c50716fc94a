//! Whatever bytes come with a valid key, they are recorded and answered, and never with a 5xx.

use std::cell::RefCell;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

use crate::support::TestApp;
use crate::support::company::accepted;
use crate::support::http::{Call, Connection};

/// Any JSON value, also such as no sender should send.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "(\\PC|\u{0}){0,300}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((any::<String>(), inner), 0..4)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

/// A request with some of its fields replaced.
fn nearly_right() -> impl Strategy<Value = Vec<u8>> {
    const FIELDS: [&str; 12] = [
        "customer",
        "employee",
        "channel",
        "ext_interaction_id",
        "external_url",
        "tags",
        "do_not_send",
        "brand",
        "language",
        "country",
        "custom_properties",
        "initial_feedback_request_id",
    ];
    vec((prop::sample::select(&FIELDS[..]), value()), 1..5).prop_map(|fields| {
        let mut body = accepted();
        for (field, value) in fields {
            body[field] = value;
        }
        body.to_string().into_bytes()
    })
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        vec(any::<u8>(), 0..200),
        any::<String>().prop_map(String::into_bytes),
        value().prop_map(|value| value.to_string().into_bytes()),
        nearly_right(),
        nearly_right(),
    ]
}

fn call() -> impl Strategy<Value = Call> {
    let path = prop::sample::select(&["/v1/requests", "/v1/recoveries", "/v1/auth"][..]);
    let content_type = prop::sample::select(&["application/json", "text/plain", "é;;"][..]);
    let encoding =
        prop::option::weighted(0.1, prop::sample::select(&["gzip", "br", "deflate"][..]));
    (path, content_type, encoding, body()).prop_map(|(path, content_type, encoding, body)| {
        let call = Call::new("POST", path).header("content-type", content_type);
        let call = match encoding {
            Some(encoding) => call.header("content-encoding", encoding),
            None => call,
        };
        call.body(body)
    })
}

#[test]
fn any_bytes_are_recorded_and_never_answered_with_5xx() {
    let app = TestApp::start();
    let answered = RefCell::new(Vec::new());
    let connection = RefCell::new(None);
    let config = Config {
        cases: 600,
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&call(), |call| {
        let call = call.header("x-api-key", &app.larkspur.test_key.text);
        let mut open = match connection.take() {
            Some(open) => open,
            None => Connection::open(app.address)?,
        };
        let answer = open.send(&call)?;
        if answer.header("connection") != Some("close") {
            connection.replace(Some(open));
        }
        prop_assert!(
            [200, 400, 413, 415].contains(&answer.status),
            "{}",
            answer.text()
        );
        answered
            .borrow_mut()
            .push((answer.request_id(), answer.status));
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
    let answered = answered.into_inner();
    let rows = app.rows("SELECT id, http_status FROM requests");
    assert_eq!(rows.len(), answered.len());
    for (id, status) in answered {
        let is_there = |row: &Value| row["id"] == id.to_string() && row["http_status"] == status;
        assert!(rows.iter().any(is_there), "{id} {status}");
    }
}
