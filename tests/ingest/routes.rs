//! What every answer has, and the answers to calls that lead nowhere.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::json;

use crate::support::TestApp;
use crate::support::company::accepted;

#[test]
fn every_answer_has_an_id_of_version_seven_of_its_own() {
    let app = TestApp::start();
    let visitor = app.visitor();
    let mut ids = Vec::new();
    for (method, path, status) in [
        ("POST", "/v1/requests", 403),
        ("POST", "/v1/auth", 401),
        ("GET", "/v1/requests", 405),
        ("POST", "/v1/nowhere", 404),
        ("GET", "/nowhere", 404),
        ("GET", "/healthz", 200),
        ("GET", "/readyz", 200),
        ("GET", "/metrics", 200),
    ] {
        let answer = visitor.call(method, path).send();
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        assert_eq!(answer.headers("x-request-id").count(), 1);
        assert_eq!(answer.request_id().get_version_num(), 7);
        ids.push(answer.request_id());
    }
    ids.push(app.production().requests(&accepted()).request_id());
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 9);
}

#[test]
fn what_alarms_watch_is_shown_before_it_happens() {
    let app = TestApp::start();
    let answer = app.visitor().get("/metrics");
    for series in [
        "recorder_groups_lost_total ",
        "recorder_queue_refused_total ",
        "requests_answered_total{status=\"500\"} ",
        "requests_answered_total{status=\"503\"} ",
    ] {
        assert!(answer.text().contains(series), "{series}");
    }
}

#[test]
fn a_senders_own_id_is_kept_beside_ours() {
    let app = TestApp::start();
    let call = app.production().post("/v1/requests").json(&accepted());
    let answer = call.header("x-request-id", "their trace 1").send();
    assert_ne!(answer.header("x-request-id"), Some("their trace 1"));
    let row = app.row_of("requests", answer.request_id());
    assert_eq!(row["correlation_id"], json!("their trace 1"));
}

#[test]
fn endpoints_take_post_only() {
    let app = TestApp::start();
    for path in ["/v1/requests", "/v1/recoveries/", "/v1/auth"] {
        for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            let answer = app.visitor().call(method, path).send();
            assert_eq!(answer.status, 405, "{method} {path}");
            assert_eq!(answer.header("allow"), Some("POST"));
            assert_eq!(
                answer.header("content-type"),
                Some("application/problem+json")
            );
            assert_eq!(answer.json()["status"], json!(405));
        }
    }
}

#[test]
fn under_v1_a_wrong_address_is_told_the_right_ones() {
    let app = TestApp::start();
    for path in [
        "/v1",
        "/v1/",
        "/v1/request",
        "/v1/requests/17",
        "/v1/requests//",
    ] {
        let answer = app.production().post(path).json(&accepted()).send();
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
        let detail = answer.json()["detail"].clone();
        assert!(detail.as_str().unwrap().contains("/v1/requests"));
    }
    let page = app.visitor().get("/requests");
    assert_eq!(page.status, 404);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(app.number("SELECT count(*) FROM requests"), 0);
}

#[test]
fn a_sender_that_hangs_up_in_the_middle_of_its_body_harms_nobody() {
    let app = TestApp::start();
    let key = &app.larkspur.production_key.text;
    for _ in 0..3 {
        let mut stream = TcpStream::connect(app.address).unwrap();
        write!(
            stream,
            "POST /v1/requests HTTP/1.1\r\nhost: x\r\nx-api-key: {key}\r\n\
             content-length: 1000\r\n\r\n{{\"channel\":"
        )
        .unwrap();
        stream.shutdown(std::net::Shutdown::Both).unwrap();
    }
    let answer = app.production().requests(&accepted());
    assert_eq!(answer.status, 200);
}

#[test]
fn what_is_no_http_is_answered_400() {
    let app = TestApp::start();
    let mut stream = TcpStream::connect(app.address).unwrap();
    stream.write_all(b"\x16\x03\x01 hello\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}
