//! The bodies that Larkspur's senders send.

use rand::{Rng, RngExt};
use serde_json::{Value, json};

use super::companies::{LARKSPUR_PEOPLE, larkspur_email};

const FIRST_NAMES: [&str; 16] = [
    "Jane", "Paul", "Aisha", "Marc", "Nina", "Tom", "Sandra", "Wei", "Louise", "Diego", "Emma",
    "Ravi", "Claire", "Peter", "Zoe", "Antoine",
];
const LAST_NAMES: [&str; 16] = [
    "Doe", "Novak", "Martin", "Singh", "Côté", "Miller", "Leblanc", "Chen", "Rossi", "Schmidt",
    "Walker", "Nguyen", "Girard", "Kowalski", "Adams", "Lopez",
];
const DOMAINS: [&str; 4] = [
    "acme.example",
    "northwind.example",
    "maplemail.example",
    "contoso.example",
];
const TOPICS: [&str; 6] = [
    "returns",
    "delivery",
    "sizing",
    "repair",
    "payment",
    "gift-card",
];

/// One of Larkspur's employees.
pub struct Agent {
    email: String,
    custom_id: String,
}

impl Agent {
    /// The one of this number, Ada Osei first.
    pub fn new(number: usize) -> Self {
        let number = number.min(LARKSPUR_PEOPLE.len() - 1);
        Self {
            email: larkspur_email(LARKSPUR_PEOPLE[number]),
            custom_id: format!("L-{}", 1_001 + number),
        }
    }
}

/// A customer's question and who answered it.
pub struct Ticket {
    number: u32,
    agent: Agent,
    customer_name: String,
    customer_email: String,
    channel: &'static str,
    language: &'static str,
    topic: &'static str,
}

impl Ticket {
    /// A ticket of someone about something.
    pub fn new(number: u32, agent: Agent, rng: &mut impl Rng) -> Self {
        let first = pick(&FIRST_NAMES, rng);
        let last = pick(&LAST_NAMES, rng);
        let mailbox = format!("{first}.{last}").to_lowercase();
        let mailbox = mailbox.replace('ô', "o").replace('é', "e");
        Self {
            number,
            agent,
            customer_name: format!("{first} {last}"),
            customer_email: format!("{mailbox}@{}", pick(&DOMAINS, rng)),
            channel: if rng.random_bool(0.6) {
                "email"
            } else {
                "chat"
            },
            language: if rng.random_bool(0.8) { "en" } else { "fr-CA" },
            topic: pick(&TOPICS, rng),
        }
    }

    fn customer(&self) -> Value {
        json!({"name": self.customer_name, "email": self.customer_email})
    }
}

fn pick(texts: &[&'static str], rng: &mut impl Rng) -> &'static str {
    texts[rng.random_range(0..texts.len())]
}

/// What the helpdesk sends when a ticket is solved.
pub fn helpdesk_ticket(ticket: &Ticket) -> Value {
    let number = ticket.number;
    json!({
        "channel": ticket.channel,
        "employee": {"email": ticket.agent.email},
        "customer": ticket.customer(),
        "ext_interaction_id": format!("ZD-{number}"),
        "external_url": format!("https://larkspur.zendesk.example/agent/tickets/{number}"),
        "brand": "larkspur",
        "language": ticket.language,
        "country": "CA",
        "tags": [ticket.topic],
    })
}

/// What the customer relations of Larkspur Kids send when a case is closed.
pub fn kids_case(ticket: &Ticket) -> Value {
    let case = 210_000 + ticket.number;
    json!({
        "channel": ticket.channel,
        "employee": {"custom_id": ticket.agent.custom_id},
        "customer": {
            "name": ticket.customer_name,
            "email": ticket.customer_email,
            "custom_id": format!("0035e{case}"),
        },
        "ext_interaction_id": case.to_string(),
        "brand": "larkspur-kids",
        "language": ticket.language,
        "custom_properties": {"topic": ticket.topic, "queue": "kids"},
    })
}

/// What the shop of the outlet sends after a delivery.
pub fn outlet_order(ticket: &Ticket, rng: &mut impl Rng) -> Value {
    json!({
        "channel": "email",
        "employee": {"email": ticket.agent.email},
        "customer": ticket.customer(),
        "ext_interaction_id": format!("OUT-{}", ticket.number),
        "brand": "larkspur-outlet",
        "language": ticket.language,
        "custom_properties": {"order_total": format!("{}.90", rng.random_range(15..180))},
    })
}

/// What the helpdesk's newest rule sends.
pub fn without_language(ticket: &Ticket) -> Value {
    let mut body = helpdesk_ticket(ticket);
    body["tags"] = json!(["closed-automatically", ticket.topic]);
    without(body, "language")
}

/// Accepted, with a warning: a space too many, text for a flag, a field that nobody knows.
pub fn sloppy(ticket: &Ticket, rng: &mut impl Rng) -> Value {
    let mut body = helpdesk_ticket(ticket);
    match rng.random_range(0..4) {
        0 => body["employee"]["email"] = json!(format!(" {}", ticket.agent.email)),
        1 => body["do_not_send"] = json!("false"),
        2 => body["ext_interaction_id"] = json!(ticket.number),
        _ => body["priority"] = json!("high"),
    }
    body
}

/// A service recovery.
pub fn recovery(ticket: &Ticket, rng: &mut impl Rng) -> Value {
    let case = 210_000 + ticket.number;
    let mut body = json!({
        "employee": {"custom_id": ticket.agent.custom_id},
        "tags": ["recovery", ticket.topic],
    });
    if rng.random_bool(0.9) {
        body["ext_interaction_id"] = json!(case.to_string());
        body["initial_feedback_request_id"] = json!(format!("fr-{}", case - 311));
    }
    body
}

/// Mistakes that happen once in a while, the next kind with each `turn`.
pub fn one_off(turn: usize, ticket: &Ticket) -> Value {
    let mut body = helpdesk_ticket(ticket);
    match turn % 13 {
        0 => body["channel"] = json!("voice"),
        1 => body["channel"] = json!("phone"),
        2 => body["customer"]["email"] = json!("not-given"),
        3 => body["brand"] = json!("larkspur-kidz"),
        4 => body["employee"]["email"] = json!("nina.kraft@larkspur.example"),
        5 => body = without(body, "brand"),
        6 => body["language"] = json!("de"),
        7 => body["channel"] = json!("sms"),
        8 => body["language"] = json!("en-US"),
        9 => body = without(body, "employee"),
        10 => body["customer"]["name"] = json!("<unknown>"),
        11 => body["custom_properties"] = json!({"order": {"id": 4_711}}),
        _ => body["customer"]["email"] = Value::Null,
    }
    body
}

/// What the script sends that checks the test environment.
pub fn smoke_test(number: i64) -> Value {
    json!({
        "channel": "email",
        "employee": {"email": larkspur_email("Ada Osei")},
        "customer": {"name": "Smoke Test", "email": "smoke@larkspur.example"},
        "ext_interaction_id": format!("smoke-{number}"),
        "brand": "larkspur",
        "language": "en",
        "do_not_send": true,
    })
}

/// What a developer sends while reading the documentation, from the first try to a loop that works.
pub fn learning() -> Vec<String> {
    let good = |number: usize| {
        json!({
            "channel": "email",
            "employee": {"email": larkspur_email("Ada Osei")},
            "customer": {"name": "Test Person", "email": "dev@larkspur.example"},
            "ext_interaction_id": format!("dev-{number}"),
            "brand": "larkspur",
            "language": "en",
        })
    };
    let with = |number: usize, field: &str, value: Value| {
        let mut body = good(number);
        body[field] = value;
        body.to_string()
    };
    let mut bodies = vec![
        "{channel: email}".to_owned(),
        r#"{"channel":"email"}"#.to_owned(),
        with(1, "channel", json!("e_mail")),
        with(1, "employee", json!({"email": "dev@larkspur.example"})),
        with(
            1,
            "customer",
            json!({"name": "Test Person", "email": "test"}),
        ),
        with(1, "brand", json!("Larkspur Kids")),
        good(1).to_string(),
        with(2, "language", json!("en-US")),
        with(2, "langauge", json!("en")),
        with(3, "channel", json!("phone")),
        with(5, "channel", json!("chat")),
        with(6, "brand", json!("larkspur-kids")),
        with(7, "language", json!("fr-CA")),
    ];
    bodies.extend((8..18).map(|number| good(number).to_string()));
    bodies
}

fn without(mut body: Value, field: &str) -> Value {
    if let Some(fields) = body.as_object_mut() {
        fields.remove(field);
    }
    body
}
