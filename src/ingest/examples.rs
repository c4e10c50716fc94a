//! Calls as the documentation shows them. Their answers are not written down but given: each body is
//! judged as any other, for a company like that of the demo, so they say what the program says.

use actix_web::http::StatusCode;
use serde_json::Value;

use super::authenticate::Refusal;
use super::respond::{NOT_CONFIRMED, NOT_STORED};
use crate::config::PublicUrl;
use crate::domain::company::CompanyId;
use crate::domain::dictionary::Reason;
use crate::domain::request::{Environment, Kind, RequestId};
use crate::domain::settings::{
    Brand, Channel, CompanySettings, Employee, Employees, Language, ProfileStatus,
};
use crate::domain::validate::Finding;
use crate::error::Problem;
use crate::judge::{Arrival, Received, Sender, judge};
use crate::store::settings::Snapshot;

/// A call and its answer.
pub struct Example {
    /// The name under which both are found.
    pub name: &'static str,
    /// What is to be seen, in a few words.
    pub summary: &'static str,
    /// The endpoints that answer so.
    pub paths: &'static [&'static str],
    /// The body, where the documentation has it: a document shows no body that its schema refuses.
    pub body: Option<Value>,
    /// The status of the answer.
    pub status: u16,
    /// The body of the answer.
    pub answer: Value,
}

const REQUESTS: &[&str] = &["/v1/requests", "/v1/auth"];
const RECOVERIES: &[&str] = &["/v1/recoveries"];
const HEADER_ONLY: &[&str] = &["/v1/requests", "/v1/recoveries"];
const ALL: &[&str] = &["/v1/requests", "/v1/auth", "/v1/recoveries"];

/// Bodies as they are documented: the endpoints, the name, what is to be seen.
const DOCUMENTED: [(&[&str], &str, &str, &str); 7] = [
    (
        REQUESTS,
        "accepted",
        "A request in order",
        r#"{
            "customer": {"name": "Jane Doe", "email": "jane@customer.example"},
            "employee": {"email": "ada.osei@larkspur.example"},
            "channel": "email",
            "ext_interaction_id": "T-48211",
            "brand": "larkspur",
            "language": "en"
        }"#,
    ),
    (
        REQUESTS,
        "every_field",
        "Every field",
        r#"{
            "customer": {"name": "Jane Doe", "email": "jane@customer.example", "custom_id": "C-2204"},
            "employee": {"email": "ada.osei@larkspur.example", "custom_id": "L-1001"},
            "channel": "email",
            "ext_interaction_id": "T-48211",
            "external_url": "https://helpdesk.example/tickets/48211",
            "tags": ["returns", "vip"],
            "do_not_send": false,
            "brand": "larkspur",
            "language": "fr-CA",
            "country": "CA",
            "custom_properties": {"order": "9-1177", "warehouse": "east"}
        }"#,
    ),
    (
        REQUESTS,
        "put_right",
        "Accepted with three warnings",
        r#"{
            "customer": {"name": " Jane Doe ", "email": "jane@customer.example"},
            "employee": {"custom_id": "L-1001"},
            "channel": "email",
            "external_url": "",
            "brand": "larkspur",
            "language": "en",
            "country": "Canada"
        }"#,
    ),
    (
        REQUESTS,
        "refused",
        "Two errors and a warning",
        r#"{
            "customer": {"name": "Jane Doe", "email": "jane@customer.example"},
            "employee": {"email": "ben.ruiz@larkspur.example"},
            "channel": "email",
            "ext_interaction_id": "T-48211",
            "external_url": "",
            "brand": "larkspur-outlet",
            "language": "en"
        }"#,
    ),
    (
        REQUESTS,
        "suggested",
        "A label that nobody knows, and what was probably meant",
        r#"{
            "customer": {"email": "jane@customer.example"},
            "employee": {"custom_id": "L-1001"},
            "channel": "email",
            "brand": "larkspur-kid",
            "language": "en"
        }"#,
    ),
    (
        RECOVERIES,
        "accepted",
        "A recovery in order",
        r#"{
            "employee": {"email": "ada.osei@larkspur.example"},
            "tags": ["refund"],
            "ext_interaction_id": "T-48211",
            "initial_feedback_request_id": "01a209e2-9161-7e9f-8748-07029ae46a46"
        }"#,
    ),
    (
        RECOVERIES,
        "refused",
        "An error and a warning",
        r#"{"employee": {"email": "paul@larkspur.example"}}"#,
    ),
];

/// All, those with a body first.
pub fn all(public_url: &PublicUrl) -> Vec<Example> {
    let company = company();
    let judged = |paths: &'static [&'static str], name, summary, received| {
        let (status, answer) = answer(paths, received, &company, public_url);
        Example {
            name,
            summary,
            paths,
            body: None,
            status,
            answer,
        }
    };
    let documented = DOCUMENTED.map(|(paths, name, summary, body)| Example {
        body: serde_json::from_str(body).ok(),
        ..judged(paths, name, summary, as_json(body))
    });
    let too_large = Received {
        problem: Some(Finding::new(Reason::TooLarge, "", None)),
        ..as_json("")
    };
    let plain_text = Received::whole(b"channel: email".into(), Some("text/plain".to_owned()));
    let others = [
        judged(
            ALL,
            "not_json",
            "A comma is missing",
            as_json(Reason::NotJson.bad_body()),
        ),
        judged(
            REQUESTS,
            "wrong_type",
            "A text where an object is due",
            as_json(Reason::WrongType.bad_body()),
        ),
        judged(ALL, "too_large", "A body over the limit", too_large),
        judged(ALL, "plain_text", "A body of another type", plain_text),
    ];
    documented
        .into_iter()
        .chain(others)
        .chain(plain())
        .collect()
}

/// The answers to calls that are not judged.
fn plain() -> [Example; 8] {
    let plain = |paths, name, summary, status: StatusCode, detail| Example {
        name,
        summary,
        paths,
        body: None,
        status: status.as_u16(),
        answer: serde_json::to_value(Problem::plain(status, detail, id())).unwrap_or_default(),
    };
    let refused = |paths, name, summary, refusal: Refusal| {
        plain(paths, name, summary, refusal.status(), refusal.detail())
    };
    let (failed, away) = (
        StatusCode::INTERNAL_SERVER_ERROR,
        StatusCode::SERVICE_UNAVAILABLE,
    );
    let no_credentials = Refusal::AskForPassword;
    [
        refused(&["/v1/auth"], "no_key", "No credentials", no_credentials),
        refused(HEADER_ONLY, "no_key", "No key", Refusal::Missing),
        refused(
            ALL,
            "unreadable_key",
            "Authorization without a key as the password",
            Refusal::Unreadable,
        ),
        refused(
            ALL,
            "mistyped_key",
            "A key with a slip in it",
            Refusal::Mistyped,
        ),
        refused(
            ALL,
            "unknown_key",
            "A key that nobody has",
            Refusal::Unknown,
        ),
        refused(
            ALL,
            "revoked_key",
            "A key that was revoked",
            Refusal::Revoked,
        ),
        plain(ALL, "not_stored", "The mistake is ours", failed, NOT_STORED),
        plain(
            ALL,
            "not_confirmed",
            "The store is full or away",
            away,
            NOT_CONFIRMED,
        ),
    ]
}

fn answer(
    paths: &[&str],
    received: Received,
    company: &Snapshot,
    public_url: &PublicUrl,
) -> (u16, Value) {
    let arrival = Arrival {
        id: id(),
        kind: match paths {
            RECOVERIES => Kind::Recovery,
            _ => Kind::Feedback,
        },
        key_id: 0,
        environment: Environment::Production,
        received,
        sender: Sender::unknown(),
    };
    let (answer, _) = judge(arrival, company, public_url);
    let body = serde_json::from_str(answer.body()).unwrap_or_default();
    (answer.status.as_u16(), body)
}

fn as_json(body: &str) -> Received {
    Received::whole(body.into(), Some("application/json".to_owned()))
}

fn id() -> RequestId {
    let id = "01a209e2-9161-7e9f-8748-07029ae46a46".parse();
    id.expect("this is a UUID v7")
}

/// The company that the examples are sent to: a part of the demo's first.
fn company() -> Snapshot {
    let employee = |id, email: &str, custom_id: &str, status| Employee {
        id,
        email: Some(email.to_owned()),
        custom_id: Some(custom_id.to_owned()),
        status,
    };
    let rules = CompanySettings {
        channels: vec![Channel::new("email", true, true)],
        brands: vec![
            Brand::new("larkspur", true),
            Brand::new("larkspur-kids", true),
            Brand::new("larkspur-outlet", false),
        ],
        languages: vec![Language::new("en", true), Language::new("fr-CA", true)],
        employees: Employees::new([
            employee(
                1,
                "ada.osei@larkspur.example",
                "L-1001",
                ProfileStatus::Active,
            ),
            employee(
                2,
                "ben.ruiz@larkspur.example",
                "L-1002",
                ProfileStatus::Deactivated,
            ),
        ]),
        ..CompanySettings::default()
    };
    Snapshot {
        company: CompanyId(0),
        rules,
        lookup_key: Vec::new(),
    }
}
