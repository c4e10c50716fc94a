//! What the rules say of a stored request once more: while its body is there, and after.

use api_status_page::domain::dictionary::Reason;
use api_status_page::domain::recheck::{Facts, Now, Recheck, Stored, recheck};
use api_status_page::domain::request::{Environment, Kind};
use api_status_page::domain::validate::Finding;
use serde_json::{Value, json};

use super::company::{Company, judge, reasons};

/// A request that Larkspur received, and what is kept of it.
struct Received {
    body: String,
    then: Vec<Finding>,
}

impl Received {
    fn new(body: &Value) -> Self {
        Self::by(body, Company::larkspur())
    }

    fn by(body: &Value, company: Company) -> Self {
        let body = body.to_string();
        let judged = judge(
            Kind::Feedback,
            body.as_bytes(),
            Environment::Production,
            company,
        );
        let then = judged.findings;
        Self { body, then }
    }

    fn now(&self, company: Company) -> Recheck {
        let stored = Stored {
            body: Some(self.body.as_bytes()),
            ..self.expunged(Facts::default())
        };
        recheck(&stored, &company.settings())
    }

    fn now_from(&self, facts: Facts<'_>, company: Company) -> Recheck {
        recheck(&self.expunged(facts), &company.settings())
    }

    fn expunged<'a>(&self, facts: Facts<'a>) -> Stored<'a> {
        Stored {
            kind: Kind::Feedback,
            environment: Environment::Production,
            body: None,
            facts,
            then: self.then.clone(),
        }
    }
}

fn outlet() -> Value {
    json!({
        "customer": {"email": "jane@customer.example"},
        "employee": {"email": "ada.osei@larkspur.example"},
        "channel": "email",
        "brand": "larkspur-outlet",
        "language": "en",
    })
}

/// The same after its body was deleted.
const OUTLET: Facts<'static> = Facts {
    employee: Some("ada.osei@larkspur.example"),
    employee_custom_id: None,
    channel: Some("email"),
    brand: Some("larkspur-outlet"),
    language: Some("en"),
};

/// Larkspur with another brand that is active, whose label comes first.
fn with_outlet_active() -> Company {
    Company::plain()
        .brand("larkspur-outlet", true)
        .brand("larkspur", true)
        .language("en", true)
}

#[test]
fn what_was_ended_in_the_settings_would_pass_now() {
    let now = Received::new(&outlet()).now(with_outlet_active());
    assert_eq!(now.now, Now::Passes);
    assert!(!now.as_far_as_known);
    assert_eq!(now.findings, []);
}

#[test]
fn what_nobody_ended_still_fails_for_the_same_reason() {
    let now = Received::new(&outlet()).now(Company::larkspur());
    assert_eq!(now.now, Now::Same);
    assert_eq!(reasons(&now.findings), [Reason::BrandInactive]);
}

#[test]
fn one_of_two_errors_ended_leaves_the_same_reason() {
    let mut body = outlet();
    body["channel"] = json!("sms");
    let received = Received::new(&body);
    assert_eq!(received.then.len(), 2);
    let now = received.now(Company::larkspur().channel("sms2", true, true));
    assert_eq!((now.now, now.findings.len()), (Now::Same, 2));
    let now = received.now(with_outlet_active().channel("sms", false, false));
    assert_eq!(now.now, Now::Same);
    assert_eq!(reasons(&now.findings), [Reason::ChannelNotEnabled]);
}

#[test]
fn a_reason_that_it_did_not_have_then_is_another_reason() {
    let without_outlet = Company::plain().brand("larkspur", true);
    let now = Received::new(&outlet()).now(without_outlet.language("en", true));
    assert_eq!(now.now, Now::Different);
    assert_eq!(reasons(&now.findings), [Reason::BrandUnknown]);
}

#[test]
fn an_accepted_request_may_fail_now() {
    let received = Received::by(&outlet(), with_outlet_active());
    assert_eq!(received.then, []);
    assert_eq!(received.now(Company::larkspur()).now, Now::Different);
}

#[test]
fn after_the_expunge_the_facts_are_judged_and_the_answer_is_as_far_as_known() {
    let received = Received::new(&outlet());
    let now = received.now_from(OUTLET, with_outlet_active());
    assert_eq!((now.now, now.as_far_as_known), (Now::Passes, true));
    let now = received.now_from(OUTLET, Company::larkspur());
    assert_eq!((now.now, now.as_far_as_known), (Now::Same, true));
    assert_eq!(reasons(&now.findings), [Reason::BrandInactive]);
}

#[test]
fn after_the_expunge_a_customers_fault_stands_in_its_place() {
    let mut body = outlet();
    body["customer"]["email"] = json!("jane@@customer");
    let received = Received::new(&body);
    let now = received.now_from(OUTLET, with_outlet_active());
    assert_eq!(now.now, Now::Same);
    assert_eq!(reasons(&now.findings), [Reason::CustomerEmailFormat]);
    let now = received.now_from(OUTLET, Company::larkspur());
    let both = [Reason::CustomerEmailFormat, Reason::BrandInactive];
    assert_eq!(reasons(&now.findings), both);
}

#[test]
fn after_the_expunge_what_could_not_be_read_stays_so_and_its_side_is_not_judged() {
    let mut body = outlet();
    body["employee"] = json!(["ada"]);
    body["brand"] = json!({"label": "larkspur"});
    body.as_object_mut().unwrap().remove("channel");
    let received = Received::new(&body);
    let facts = Facts {
        language: Some("en"),
        ..Facts::default()
    };
    let now = received.now_from(facts, Company::larkspur());
    assert_eq!(now.now, Now::Same);
    assert_eq!(reasons(&now.findings), reasons(&received.then));
}

#[test]
fn after_the_expunge_a_lone_name_is_the_employees_email_or_custom_id() {
    let sent = |employee: Value, kept: &'static str| {
        let mut body = outlet();
        body["employee"] = employee;
        body["brand"] = json!("larkspur");
        let facts = Facts {
            employee: Some(kept),
            brand: Some("larkspur"),
            ..OUTLET
        };
        Received::new(&body)
            .now_from(facts, Company::larkspur())
            .now
    };
    let ada = "ada.osei@larkspur.example";
    assert_eq!(sent(json!({"email": ada}), ada), Now::Passes);
    assert_eq!(sent(json!({"custom_id": "L-1001"}), "L-1001"), Now::Passes);
    assert_eq!(sent(json!({"custom_id": "L@9"}), "L@9"), Now::Same);
    assert_eq!(sent(json!({"email": "nobody"}), "nobody"), Now::Same);
}

#[test]
fn after_the_expunge_both_names_of_an_employee_are_tried() {
    let mut body = outlet();
    body["employee"] = json!({"email": "gone@larkspur.example", "custom_id": "L-1001"});
    let facts = Facts {
        employee: Some("gone@larkspur.example"),
        employee_custom_id: Some("L-1001"),
        ..OUTLET
    };
    let now = Received::new(&body).now_from(facts, with_outlet_active());
    assert_eq!(now.now, Now::Passes);
}

#[test]
fn what_could_not_be_read_at_all_still_fails_for_the_same_reason() {
    let received = Received {
        body: outlet().to_string(), // As if it had been packed in an unknown way.
        then: vec![Finding::new(Reason::NotJson, "", None)],
    };
    let now = received.now(with_outlet_active());
    assert_eq!((now.now, now.as_far_as_known), (Now::Same, false));
    let now = received.now_from(Facts::default(), with_outlet_active());
    assert_eq!((now.now, now.as_far_as_known), (Now::Same, false));
}

#[test]
fn the_numbers_of_the_store_are_read_back() {
    for now in Now::ALL {
        assert_eq!(Now::from_number(now.number()), Some(now));
    }
    assert_eq!(Now::from_number(0), None);
}
