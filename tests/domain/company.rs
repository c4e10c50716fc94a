//! The companies and requests that the tests of the rules speak of. Larkspur Outdoor is the demo
//! company in which everything can go wrong.

use api_status_page::domain::body::Body;
use api_status_page::domain::dictionary::Reason;
use api_status_page::domain::label;
use api_status_page::domain::request::{Environment, Kind};
use api_status_page::domain::settings::{
    Brand, Channel, CompanySettings, Employee, Employees, Language, ProfileStatus,
};
use api_status_page::domain::validate::{Finding, validate};
use serde_json::{Value, json};

pub const ADA: i64 = 1001;
pub const BEN: i64 = 1002;
pub const CHEN: i64 = 1003;

/// Puts a company together: each call adds one thing to it.
#[derive(Default)]
pub struct Company {
    settings: CompanySettings,
    employees: Vec<Employee>,
}

impl Company {
    /// `email` and `chat` are ready, `phone` is manual, `sms` is off; two of three brands and two
    /// of three languages are active; Ada is active, Ben deactivated, Chen waits for approval.
    pub fn larkspur() -> Self {
        Self::default()
            .channel("email", true, true)
            .channel("chat", true, true)
            .channel("phone", true, false)
            .channel("sms", false, false)
            .brand("larkspur", true)
            .brand("larkspur-kids", true)
            .brand("larkspur-outlet", false)
            .language("en", true)
            .language("fr-CA", true)
            .language("de", false)
            .employee(
                ADA,
                "ada.osei@larkspur.example",
                "L-1001",
                ProfileStatus::Active,
            )
            .employee(
                BEN,
                "ben.ruiz@larkspur.example",
                "L-1002",
                ProfileStatus::Deactivated,
            )
            .employee(
                CHEN,
                "chen.wei@larkspur.example",
                "L-1003",
                ProfileStatus::PendingReview,
            )
    }

    /// One channel and one employee, no brand and no language.
    pub fn plain() -> Self {
        Self::default().channel("email", true, true).employee(
            ADA,
            "ada.osei@larkspur.example",
            "L-1001",
            ProfileStatus::Active,
        )
    }

    pub fn channel(mut self, label: &str, enabled: bool, integrated: bool) -> Self {
        self.settings
            .channels
            .push(Channel::new(label, enabled, integrated));
        self
    }

    pub fn brand(mut self, label: &str, active: bool) -> Self {
        self.settings.brands.push(Brand::new(label, active));
        self
    }

    /// Another word for the last channel.
    pub fn channel_alias(mut self, alias: &str) -> Self {
        let channel = self.settings.channels.last_mut().unwrap();
        channel.aliases.push(label::fold(alias).into_owned());
        self
    }

    pub fn language(mut self, label: &str, active: bool) -> Self {
        self.settings.languages.push(Language::new(label, active));
        self
    }

    pub fn employee(
        mut self,
        id: i64,
        email: &str,
        custom_id: &str,
        status: ProfileStatus,
    ) -> Self {
        let email = Some(email.to_owned());
        let custom_id = Some(custom_id.to_owned());
        self.employees.push(Employee {
            id,
            email,
            custom_id,
            status,
        });
        self
    }

    pub fn settings(self) -> CompanySettings {
        CompanySettings {
            employees: Employees::new(self.employees),
            ..self.settings
        }
    }
}

/// A call as a sender makes it. Begins as one that is accepted; each step changes one thing.
pub struct Call {
    kind: Kind,
    environment: Environment,
    body: Value,
}

impl Call {
    /// One that Larkspur accepts.
    pub fn accepted() -> Self {
        Self {
            kind: Kind::Feedback,
            environment: Environment::Production,
            body: json!({
                "customer": {"name": "Jane", "email": "jane@acme.example"},
                "employee": {"email": "ada.osei@larkspur.example"},
                "channel": "email",
                "brand": "larkspur",
                "language": "en",
            }),
        }
    }

    /// A recovery that Larkspur accepts.
    pub fn recovery() -> Self {
        Self {
            kind: Kind::Recovery,
            environment: Environment::Production,
            body: json!({
                "employee": {"email": "ada.osei@larkspur.example"},
                "ext_interaction_id": "T-48211",
            }),
        }
    }

    pub fn with_test_key(mut self) -> Self {
        self.environment = Environment::Test;
        self
    }

    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.body[field] = value.into();
        self
    }

    pub fn without(mut self, field: &str) -> Self {
        self.body.as_object_mut().unwrap().remove(field);
        self
    }

    pub fn employee(self, employee: Value) -> Self {
        self.with("employee", employee)
    }

    pub fn customer(self, customer: Value) -> Self {
        self.with("customer", customer)
    }

    /// What Larkspur finds.
    pub fn findings(&self) -> Vec<Finding> {
        self.findings_at(Company::larkspur())
    }

    pub fn findings_at(&self, company: Company) -> Vec<Finding> {
        judge(
            self.kind,
            self.body.to_string().as_bytes(),
            self.environment,
            company,
        )
        .findings
    }

    pub fn reasons(&self) -> Vec<Reason> {
        self.reasons_at(Company::larkspur())
    }

    pub fn reasons_at(&self, company: Company) -> Vec<Reason> {
        reasons(&self.findings_at(company))
    }

    /// The only thing that Larkspur finds.
    pub fn only_finding(&self) -> Finding {
        let mut findings = self.findings();
        assert_eq!(findings.len(), 1, "{findings:?}");
        findings.remove(0)
    }

    pub fn judgement(&self) -> Judgement {
        self.judgement_at(Company::larkspur())
    }

    pub fn judgement_at(&self, company: Company) -> Judgement {
        judge(
            self.kind,
            self.body.to_string().as_bytes(),
            self.environment,
            company,
        )
    }
}

/// A verdict that does not borrow.
pub struct Judgement {
    pub findings: Vec<Finding>,
    /// The codes of all warnings, those of the body first.
    pub warnings: Vec<String>,
    pub employee: Option<i64>,
    pub channel: Option<String>,
    pub brand: Option<String>,
    pub language: Option<String>,
    pub error_mask: i16,
}

pub fn judge(kind: Kind, bytes: &[u8], environment: Environment, company: Company) -> Judgement {
    let body = Body::parse(kind, bytes);
    let settings = company.settings();
    let verdict = validate(kind, &body, &settings, environment);
    let warnings = body.warnings.as_slice().iter().chain(&verdict.warnings);
    Judgement {
        warnings: warnings.map(|w| w.code.clone()).collect(),
        employee: verdict.employee.map(|e| e.id),
        channel: verdict.channel.map(str::to_owned),
        brand: verdict.brand.map(str::to_owned),
        language: verdict.language.map(str::to_owned),
        error_mask: verdict.error_mask(),
        findings: verdict.findings,
    }
}

pub fn reasons(findings: &[Finding]) -> Vec<Reason> {
    findings.iter().map(|f| f.reason).collect()
}
