//! What judging a request needs, without a store: a company in memory, and calls that arrived.

use std::time::Instant;

use api_status_page::clock::Clock;
use api_status_page::config::PublicUrl;
use api_status_page::domain::company::CompanyId;
use api_status_page::domain::request::{Environment, Kind, RequestId};
use api_status_page::domain::settings::{
    Brand, Channel, CompanySettings, Employee, Employees, Language,
};
use api_status_page::judge::{Arrival, Received, Sender};
use api_status_page::store::settings::Snapshot;

use super::companies::{self, invalid_body, is_invalid, valid_body};

/// Employees of the company.
const EMPLOYEES: usize = 2_000;

/// A company and its address.
pub struct Bench {
    pub snapshot: Snapshot,
    pub public_url: PublicUrl,
}

impl Bench {
    /// The company that the benchmarks of ingest call number 1.
    pub fn new() -> Self {
        let settings = companies::settings(1, EMPLOYEES);
        let employees = settings.employees.into_iter().zip(1..);
        let rules = CompanySettings {
            version: 1,
            channels: settings
                .channels
                .iter()
                .map(|c| Channel::new(&c.label, c.enabled, c.integrated))
                .collect(),
            brands: settings
                .brands
                .iter()
                .map(|b| Brand::new(&b.label, b.active))
                .collect(),
            languages: settings
                .languages
                .iter()
                .map(|l| Language::new(&l.tag, l.active))
                .collect(),
            employees: Employees::new(employees.map(|(employee, id)| Employee {
                id,
                email: employee.email,
                custom_id: employee.custom_id,
                status: employee.status,
            })),
        };
        let company = CompanyId(1);
        Self {
            snapshot: Snapshot {
                company,
                rules,
                lookup_key: vec![7; 32],
            },
            public_url: "https://status.example".parse().expect("it is one"),
        }
    }

    /// A call with this body, as it arrives from a helpdesk.
    pub fn arrival(&self, body: &str) -> Arrival {
        Arrival {
            id: RequestId::new(Clock::system().now()),
            kind: Kind::Feedback,
            key_id: 1,
            environment: Environment::Production,
            received: Received::whole(body.into(), Some("application/json".to_owned())),
            sender: Sender {
                address: Some([192, 0, 2, 7].into()),
                user_agent: Some("helpdesk/4.2".to_owned()),
                correlation_id: None,
                since: Instant::now(),
            },
        }
    }
}

/// So many bodies as the company's helpdesk sends them, 5 % of them with a fault.
pub fn bodies(number: usize) -> Vec<String> {
    let body = |ticket: usize| match is_invalid(ticket) {
        true => invalid_body(1, ticket * 7 % EMPLOYEES, ticket),
        false => valid_body(1, ticket * 7 % EMPLOYEES, ticket),
    };
    (0..number).map(|ticket| body(ticket).to_string()).collect()
}
