//! How bodies arrive: too large, packed, cut off, of other types.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use serde_json::{Value, json};

use crate::support::company::{accepted, accepted_but, with};
use crate::support::{Answer, TestApp, eventually};

const LIMIT: usize = 256 * 1024;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn deflate_without_a_frame(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An accepted request of exactly this many bytes.
fn of_size(bytes: usize) -> Vec<u8> {
    let mut body = accepted().to_string().into_bytes();
    body.resize(bytes, b' ');
    body
}

#[track_caller]
fn expect_malformed(app: &TestApp, answer: &Answer, status: u16, variant: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    let problem = answer.json();
    assert_eq!(problem["status"], json!(status));
    assert_eq!(problem["errors"].as_array().unwrap().len(), 1);
    assert_eq!(problem["errors"][0]["code"], json!("malformed_request"));
    assert_eq!(problem["errors"][0]["variant"], json!(variant));
    let row = app.row_of("requests", answer.request_id());
    assert_eq!(row["http_status"], json!(status));
    assert_eq!(row["error_mask"], json!(1024));
}

#[test]
fn a_body_at_the_limit_is_read_and_one_byte_more_is_too_large() {
    let app = TestApp::start();
    let call = app.production().post("/v1/requests");
    let call = call.header("content-type", "application/json");
    let answer = call.clone().body(of_size(LIMIT)).send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(app.body_of(answer.request_id()).len(), LIMIT);
    for size in [LIMIT + 1, 5_000_000, 12_000_000] {
        let body = of_size(size);
        let answer = call.clone().body(body.clone()).send();
        expect_malformed(&app, &answer, 413, "too_large");
        let document = app.row_of("request_documents", answer.request_id());
        assert_eq!(document["body_cut"], json!(true));
        assert_eq!(app.body_of(answer.request_id()), &body[..64 * 1024]);
    }
}

#[test]
fn packed_bodies_are_unpacked() {
    let app = TestApp::start();
    let body = with(accepted(), "/ext_interaction_id", "packed").to_string();
    for (encoding, packed) in [
        ("gzip", gzip(body.as_bytes())),
        ("GZIP", gzip(body.as_bytes())),
        ("deflate", deflate(body.as_bytes())),
        ("deflate", deflate_without_a_frame(body.as_bytes())),
        ("identity", body.clone().into_bytes()),
    ] {
        let call = app.production().post("/v1/requests").body(packed);
        let call = call.header("content-type", "application/json");
        let answer = call.header("content-encoding", encoding).send();
        assert_eq!(answer.status, 200, "{encoding}: {}", answer.text());
        assert_eq!(app.body_of(answer.request_id()), body.as_bytes());
    }
}

#[test]
fn a_small_parcel_with_a_huge_body_is_too_large() {
    let app = TestApp::start();
    let call = app.production().post("/v1/requests");
    let call = call.header("content-encoding", "gzip");
    let answer = call.body(gzip(&vec![b' '; 50_000_000])).send();
    expect_malformed(&app, &answer, 413, "too_large");
    assert_eq!(app.body_of(answer.request_id()).len(), 64 * 1024);
}

#[test]
fn a_parcel_over_the_limit_is_too_large_whatever_is_in_it() {
    let app = TestApp::start();
    let mut parcel = gzip(accepted().to_string().as_bytes());
    // Parcels of nothing behind it: unpacked it is a small body.
    while parcel.len() <= LIMIT {
        parcel.extend_from_slice(&gzip(b""));
    }
    let call = app.production().post("/v1/requests").body(parcel);
    let answer = call.header("content-encoding", "gzip").send();
    expect_malformed(&app, &answer, 413, "too_large");
    let kept = accepted().to_string().into_bytes();
    assert_eq!(app.body_of(answer.request_id()), kept);
    let document = app.row_of("request_documents", answer.request_id());
    assert_eq!(document["body_cut"], json!(true));
}

#[test]
fn what_cannot_be_unpacked_is_recorded_as_it_came() {
    let app = TestApp::start();
    let call = app.production().post("/v1/requests");
    let call = call.header("content-type", "application/json");
    let unknown = call.clone().header("content-encoding", "zstd");
    let answer = unknown.body(&b"\x28\xb5\x2f\xfd"[..]).send();
    expect_malformed(&app, &answer, 415, "not_json");
    assert_eq!(app.body_of(answer.request_id()), b"\x28\xb5\x2f\xfd");
    // Its programs unpack a few hundred bytes to gigabytes in one piece.
    let brotli = call.clone().header("content-encoding", "br");
    let answer = brotli.body(&b"\x0b\x00\x80{}\x03"[..]).send();
    expect_malformed(&app, &answer, 415, "not_json");
    assert_eq!(app.body_of(answer.request_id()), b"\x0b\x00\x80{}\x03");
    let made_up = call.clone().header("content-encoding", "rot13");
    let answer = made_up.body(accepted().to_string()).send();
    expect_malformed(&app, &answer, 415, "not_json");
    let damaged = call.clone().header("content-encoding", "gzip");
    let answer = damaged.body("this is not gzip").send();
    expect_malformed(&app, &answer, 400, "not_json");
    let mut cut_off = gzip(accepted().to_string().as_bytes());
    cut_off.truncate(cut_off.len() - 12);
    let cut_off = call.header("content-encoding", "gzip").body(cut_off);
    let answer = cut_off.send();
    expect_malformed(&app, &answer, 400, "not_json");
    let stored = app.body_of(answer.request_id());
    assert_eq!(stored, cut_off.call.sent(), "as it came");
}

#[test]
fn another_content_type_is_415_only_when_the_body_is_no_json_either() {
    let app = TestApp::start();
    let call = app.production().post("/v1/requests");
    let form = "channel=email&brand=larkspur";
    let answer = call
        .clone()
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form)
        .send();
    expect_malformed(&app, &answer, 415, "not_json");
    let answer = call
        .clone()
        .header("content-type", "text/json")
        .body(form)
        .send();
    expect_malformed(&app, &answer, 400, "not_json");
    let answer = call.clone().body(form).send();
    expect_malformed(&app, &answer, 400, "not_json");
    let answer = call.send();
    expect_malformed(&app, &answer, 400, "not_json");
    assert!(answer.json()["detail"].as_str().unwrap().contains("empty"));
}

#[test]
fn json_that_is_no_object_and_a_damaged_parcel_are_400_whatever_the_content_type() {
    let app = TestApp::start();
    let call = app.production().post("/v1/requests");
    let call = call.header("content-type", "text/plain");
    for body in ["[]", "\"text\"", "null", "1"] {
        let answer = call.clone().body(body).send();
        expect_malformed(&app, &answer, 400, "not_json");
    }
    let damaged = call.header("content-encoding", "gzip");
    let answer = damaged.body("this is not gzip").send();
    expect_malformed(&app, &answer, 400, "not_json");
}

#[test]
fn a_body_that_does_not_arrive_whole_is_400() {
    let app = TestApp::start();
    let mut stream = TcpStream::connect(app.address).unwrap();
    let key = &app.larkspur.production_key.text;
    let head = format!(
        "POST /v1/requests HTTP/1.1\r\nhost: test\r\nx-api-key: {key}\r\n\
         content-type: text/plain\r\ncontent-length: 100\r\n\r\nhalf of"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let row = eventually("it is stored", || {
        app.rows("SELECT http_status, error_mask FROM requests")
            .pop()
    });
    assert_eq!(row, json!({"http_status": 400, "error_mask": 1024}));
}

#[test]
fn a_body_in_many_small_pieces_takes_no_more_room_than_in_one() {
    let app = TestApp::start();
    let head = format!(
        "POST /v1/requests HTTP/1.1\r\nhost: test\r\nx-api-key: {}\r\nconnection: close\r\n\
         content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
        app.larkspur.production_key.text
    );
    let body = accepted().to_string();
    let spaces = "1\r\n \r\n".repeat(70_000);
    let rest = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let mut stream = TcpStream::connect(app.address).unwrap();
    for part in [head, spaces, rest] {
        stream.write_all(part.as_bytes()).unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn a_request_is_received_when_its_body_is_there() {
    let app = TestApp::start();
    let begun: DateTime<Utc> = "2026-11-23T10:00:00Z".parse().unwrap();
    let complete = begun + TimeDelta::seconds(20);
    app.clock.stand_at(begun);
    let body = accepted_but("/brand", "nowhere").to_string();
    let (first, second) = body.split_at(10);
    let head = format!(
        "POST /v1/requests HTTP/1.1\r\nhost: test\r\nx-api-key: {}\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{first}",
        app.larkspur.production_key.text,
        body.len()
    );
    let mut stream = TcpStream::connect(app.address).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    app.clock.stand_at(complete);
    stream.write_all(second.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let problem: Value = serde_json::from_str(body).unwrap();
    let id = problem["request_id"].as_str().unwrap();
    assert!(head.contains(&format!("x-request-id: {id}")), "{head}");
    assert_eq!(problem["instance"], json!(format!("/r/{id}")));
    let row = app.row_of("requests", id.parse().unwrap());
    let received_at: DateTime<Utc> = row["received_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(received_at, complete);
}
