//! Companies with everything that a request can name, and requests for them.

use api_status_page::clock::Clock;
use api_status_page::domain::api_key::ApiKey;
use api_status_page::domain::company::CompanyId;
use api_status_page::domain::request::Environment;
use api_status_page::domain::settings::ProfileStatus;
use api_status_page::store::companies::{
    self, NewBrand, NewChannel, NewEmployee, NewLanguage, NewSettings,
};
use api_status_page::store::{api_keys, partitions};
use diesel::PgConnection;
use serde_json::{Value, json};

/// A company that sends requests.
pub struct Company {
    pub id: CompanyId,
    pub number: usize,
    pub production_key: ApiKey,
    pub production_key_id: i64,
    pub test_key_id: i64,
}

/// Of so many requests of a mix one fails.
pub const FAULTY_EACH: usize = 20;

/// Makes so many companies with so many employees each.
pub fn make(
    connection: &mut PgConnection,
    companies: usize,
    employees: usize,
) -> anyhow::Result<Vec<Company>> {
    let now = Clock::system().now();
    partitions::ensure_ahead(connection, now)?;
    let rng = &mut rand::rng();
    (1..=companies)
        .map(|number| {
            let name = format!("Company {number}");
            let settings = settings(number, employees);
            let id = companies::create(connection, &name, &settings, &[7; 32], now)?;
            let test_key = ApiKey::generate(Environment::Test, rng);
            let production_key = ApiKey::generate(Environment::Production, rng);
            let mut keep = |environment, key| {
                api_keys::create(connection, id, environment, "First key", key, now)
            };
            Ok(Company {
                id,
                number,
                test_key_id: keep(Environment::Test, &test_key)?,
                production_key_id: keep(Environment::Production, &production_key)?,
                production_key,
            })
        })
        .collect()
}

/// The settings of company `number`; employees 1, 1001, 2001 … have left.
pub fn settings(number: usize, employees: usize) -> NewSettings {
    let brand = |label: &str, active| NewBrand {
        label: label.to_owned(),
        name: None,
        active,
        aliases: Vec::new(),
    };
    let channel = |label: &str, enabled, integrated| NewChannel {
        label: label.to_owned(),
        name: None,
        enabled,
        integrated,
        aliases: Vec::new(),
    };
    let language = |tag: &str, active| NewLanguage {
        tag: tag.to_owned(),
        active,
        aliases: Vec::new(),
    };
    NewSettings {
        channels: vec![
            channel("email", true, true),
            channel("chat", true, true),
            channel("phone", true, false),
            channel("sms", false, false),
        ],
        brands: vec![
            brand("north", true),
            brand("south", true),
            brand("outlet", false),
        ],
        languages: vec![
            language("en", true),
            language("fr-CA", true),
            language("de", false),
        ],
        employees: (0..employees)
            .map(|employee| NewEmployee {
                name: Some(format!("Agent {employee}")),
                email: Some(email(number, employee)),
                custom_id: Some(format!("E-{employee}")),
                status: match employee % 1_000 {
                    1 => ProfileStatus::Deactivated,
                    _ => ProfileStatus::Active,
                },
            })
            .collect(),
        ..NewSettings::default()
    }
}

fn email(company: usize, employee: usize) -> String {
    format!("agent{employee}@company{company}.example")
}

/// A request as a helpdesk sends it, about 450 bytes; `employee` is one of the company's.
pub fn valid_body(company: usize, employee: usize, ticket: usize) -> Value {
    let employee = match employee % 1_000 {
        1 => employee - 1,
        _ => employee,
    };
    let (channel, brand, language) = match ticket / FAULTY_EACH % 2 {
        0 => ("email", "north", "en"),
        _ => ("chat", "south", "fr-CA"),
    };
    json!({
        "customer": {
            "name": format!("Jane Moreau {ticket}"),
            "email": format!("jane.moreau.{ticket}@customer.example"),
        },
        "employee": {"email": email(company, employee)},
        "channel": channel,
        "ext_interaction_id": format!("T-{ticket:08}"),
        "external_url": format!("https://desk.example/tickets/{ticket}"),
        "tags": ["returns", "priority"],
        "brand": brand,
        "language": language,
        "country": "CA",
        "custom_properties": {"queue": "returns", "site": "Toronto"},
    })
}

/// The same with one fault, another one for each of five that follow one another in a mix.
pub fn invalid_body(company: usize, employee: usize, ticket: usize) -> Value {
    let mut body = valid_body(company, employee, ticket);
    match ticket / FAULTY_EACH % 5 {
        0 => {
            let gone = employee / 20;
            body["employee"]["email"] = json!(format!("gone{gone}@company{company}.example"));
        }
        1 => body["brand"] = json!("outlet"),
        2 => body["customer"]["email"] = json!("jane at customer"),
        3 => body["channel"] = json!("fax"),
        _ => body["language"] = Value::Null,
    }
    body
}

/// Whether request `ticket` of a mix is one of the 5 % that fail.
pub fn is_invalid(ticket: usize) -> bool {
    ticket % FAULTY_EACH == 7
}
