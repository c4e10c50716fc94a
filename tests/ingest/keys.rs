//! Who may send: missing, unreadable, unknown, mistyped and revoked keys.

use api_status_page::domain::request::Environment;
use api_status_page::store::api_keys::{self, RevokedCalls};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::support::company::{Key, accepted};
use crate::support::{Answer, Sender, TestApp, TestStore, eventually};

#[track_caller]
fn expect_refused(answer: &Answer, status: u16, words: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json")
    );
    let problem = answer.json();
    assert_eq!(problem["type"], json!("about:blank"));
    assert_eq!(problem["status"], json!(status));
    assert_eq!(problem["request_id"], json!(answer.request_id()));
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains(words), "{detail}");
}

#[test]
fn without_a_valid_key_nothing_is_stored() {
    let app = TestApp::start();
    let endpoints = ["/v1/requests", "/v1/recoveries", "/v1/auth"];
    let visitor = app.visitor();
    for path in endpoints {
        let call = visitor.call("POST", path).json(&accepted());
        let (status, words) = match path {
            "/v1/auth" => (401, "No API key was sent"),
            _ => (403, "No API key was sent"),
        };
        let answer = call.send();
        expect_refused(&answer, status, words);
        let challenge = answer.header("www-authenticate");
        assert_eq!(challenge.is_some(), status == 401);
        assert!(challenge.is_none_or(|c| c.starts_with("Basic realm=")));
        let answer = call.clone().header("x-api-key", "acs_live_oops").send();
        expect_refused(&answer, 403, "mistyped");
        let key = &app.larkspur.production_key.text;
        for credentials in [
            format!("Bearer {key}"),
            format!("Basic {}", BASE64_STANDARD.encode(key)),
            format!("Basic {}", BASE64_STANDARD.encode(format!("{key}:"))),
        ] {
            let call = call.clone().header("authorization", &credentials);
            expect_refused(&call.send(), 403, "No API key could be read");
        }
    }
    let strange = Key {
        id: 0,
        text: api_status_page::domain::api_key::ApiKey::generate(
            Environment::Production,
            &mut rand::rng(),
        )
        .expose()
        .to_owned(),
    };
    for sender in [
        Sender::with_header(app.address, &strange),
        Sender::with_basic(app.address, "connect", &strange),
    ] {
        for path in endpoints {
            let answer = sender.post(path).json(&accepted()).send();
            expect_refused(&answer, 403, "Nobody has this API key");
        }
    }
    assert_eq!(app.number("SELECT count(*) FROM requests"), 0);
    assert_eq!(app.number("SELECT count(*) FROM request_count_deltas"), 0);
}

#[test]
fn a_refusal_arrives_also_when_the_body_is_large() {
    let app = TestApp::start();
    for _ in 0..5 {
        let call = app.visitor().call("POST", "/v1/requests");
        let answer = call.body(vec![b' '; 3_000_000]).send();
        expect_refused(&answer, 403, "No API key was sent");
    }
}

#[test]
fn calls_with_a_revoked_key_are_refused_and_counted_per_hour() {
    let app = TestApp::start();
    let key = &app.larkspur.production_key;
    assert_eq!(app.production().requests(&accepted()).status, 200);
    let revoke = format!(
        "UPDATE api_keys SET revoked_at = now() WHERE id = {}",
        key.id
    );
    app.larkspur.change(&mut app.connection(), &revoke);
    eventually("the revocation is followed", || {
        (app.production().requests(&accepted()).status == 403).then_some(())
    });
    let stored = app.number("SELECT count(*) FROM requests");
    // What was counted while waiting is written and forgotten first.
    eventually("the counts so far are written", || {
        let written = app.number("SELECT coalesce(sum(calls), 0) FROM revoked_key_calls");
        (written > 0).then(|| app.execute("DELETE FROM revoked_key_calls"))
    });
    for (time, calls) in [("2026-11-23T10:41:00Z", 3), ("2026-11-23T11:00:00Z", 2)] {
        app.clock.stand_at(time.parse().unwrap());
        for _ in 0..calls {
            let answer = app.production().requests(&accepted());
            expect_refused(&answer, 403, "revoked");
        }
    }
    let store = app.store().clone();
    app.stop();
    // A stop writes down what is still in memory.
    let rows = store.rows("SELECT * FROM revoked_key_calls ORDER BY hour");
    let row = |hour: &str, first_at: &str, calls: i64| -> Value {
        json!({
            "company_id": store.larkspur.id.0,
            "key_id": store.larkspur.production_key.id,
            "hour": hour, "first_at": first_at, "calls": calls,
        })
    };
    let expected = [
        row("2026-11-23T10:00:00+00:00", "2026-11-23T10:41:00+00:00", 3),
        row("2026-11-23T11:00:00+00:00", "2026-11-23T11:00:00+00:00", 2),
    ];
    assert_eq!(rows, expected);
    assert_eq!(store.number("SELECT count(*) FROM requests"), stored);
}

#[test]
fn the_first_call_with_a_revoked_key_is_the_first_whichever_node_writes_first() {
    let store = TestStore::new();
    let at = |time: &str| -> DateTime<Utc> { time.parse().unwrap() };
    let calls = |first_at: &str| RevokedCalls {
        company: store.larkspur.id,
        key_id: store.larkspur.production_key.id,
        calls: 1,
        first_at: at(first_at),
    };
    let mut connection = store.connection();
    for time in ["10:41", "10:12", "10:30"] {
        let calls = calls(&format!("2026-11-23T{time}:00Z"));
        api_keys::count_revoked(&mut connection, &[calls]).unwrap();
    }
    let since = at("2026-11-23T00:00:00Z");
    let kept = api_keys::revoked_calls(&mut connection, store.larkspur.id, since).unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].calls, 3);
    assert_eq!(kept[0].first_at, at("2026-11-23T10:12:00Z"));
}

#[test]
fn a_new_key_is_known_without_a_restart() {
    let app = TestApp::start();
    let mut connection = app.connection();
    let key = Key::create(&mut connection, app.solo_tea.id, Environment::Test);
    app.solo_tea.change(&mut connection, "SELECT 1");
    eventually("the key is known", || {
        (app.sender(&key).requests(&json!({})).status == 400).then_some(())
    });
}
