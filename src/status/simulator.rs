//! The simulator: a body is judged as the API would judge it, by today's settings, and nothing of it
//! is recorded.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

use super::Status;
use super::checks::{Allowed, Check};
use super::code::Code;
use super::request::{known_id, pretty};
use super::row::{icon, tone};
use crate::domain::body::{Body, MAX_BYTES};
use crate::domain::correction::corrected;
use crate::domain::dictionary::Reason;
use crate::domain::request::{Environment, Kind, RequestId};
use crate::domain::validate::{Finding, Outcome, validate};
use crate::domain::warning::Warning;
use crate::error::PageError;
use crate::judge::{Arrival, Received, Sender, judge};
use crate::store::recorder::Record;
use crate::store::requests::{self, FindingRow, Findings, ListRow};
use crate::store::settings::Snapshot;
use crate::web::format::{Breakable, counted};
use crate::web::page;
use crate::web::shell::Shell;

/// The page.
#[derive(Template)]
#[template(path = "status/simulator.html")]
struct SimulatorPage {
    shell: Shell,
    typed: Typed,
    /// What is good to know about what is typed.
    notice: Option<&'static str>,
    result: Option<Simulated>,
}

/// What is typed.
#[derive(Debug, Default, Deserialize)]
pub struct Typed {
    #[serde(default)]
    body: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    environment: String,
}

/// How it would come out.
struct Simulated {
    heading: String,
    tone: &'static str,
    checks: Vec<Check>,
    checks_caption: String,
    findings: Vec<Found>,
    warnings: Vec<Warning>,
    answer_head: String,
    answer: Code,
    corrected: Option<String>,
}

/// An error that it would have.
struct Found {
    title: &'static str,
    icon: &'static str,
    tone: &'static str,
    pointer: String,
    value: Option<Breakable>,
    detail: String,
    dictionary: String,
}

/// `GET …/api-status/simulator`: empty, or with the body of a request.
pub async fn show(
    shell: Shell,
    status: web::Data<Status>,
    http: HttpRequest,
) -> Result<HttpResponse, PageError> {
    let mut query = form_urlencoded::parse(http.query_string().as_bytes());
    let wanted = query.find(|(name, _)| name == "request");
    let (typed, notice) = match wanted {
        Some((_, id)) => prefilled(&status, &shell, known_id(&status, &id)?).await?,
        None => (Typed::default(), None),
    };
    page::show(&SimulatorPage {
        shell,
        typed,
        notice,
        result: None,
    })
}

/// `POST …/api-status/simulator`: judges, and records nothing.
pub async fn simulate(
    shell: Shell,
    status: web::Data<Status>,
    typed: web::Form<Typed>,
) -> Result<HttpResponse, PageError> {
    let company = shell.company.id;
    let snapshot = status.settings.snapshot(&status.store, company).await?;
    let mut typed = typed.into_inner();
    // A form sends every line's end as two characters, whatever was pasted.
    typed.body = typed.body.replace("\r\n", "\n");
    let result = Simulated::new(&status, &typed, &snapshot);
    page::show(&SimulatorPage {
        shell,
        typed,
        notice: None,
        result: Some(result),
    })
}

async fn prefilled(
    status: &Status,
    shell: &Shell,
    id: RequestId,
) -> Result<(Typed, Option<&'static str>), PageError> {
    let company = shell.company.id;
    let read = status.store.read(company, move |connection| {
        let row = requests::find(connection, company, id)?;
        Ok((row, requests::document(connection, company, id)?))
    });
    let (row, document) = read.await?;
    let row = row.ok_or(PageError::NotFound)?;
    let kind = Kind::from_number(row.kind).unwrap_or(Kind::Feedback);
    let environment = Environment::from_number(row.environment).unwrap_or(Environment::Production);
    let notice = match &document {
        None => {
            Some("The body of this request was deleted with the customer’s data. Paste another.")
        }
        Some(document) if document.body_cut => {
            Some("Only the beginning of the body of this request was kept.")
        }
        Some(_) => None,
    };
    let body = document.map_or_else(String::new, |document| {
        String::from_utf8_lossy(&document.body).into_owned()
    });
    let typed = Typed {
        body,
        kind: kind.as_str().to_owned(),
        environment: environment.as_str().to_owned(),
    };
    Ok((typed, notice))
}

impl Typed {
    fn kind(&self) -> Kind {
        self.kind.parse().unwrap_or(Kind::Feedback)
    }

    fn environment(&self) -> Environment {
        self.environment.parse().unwrap_or(Environment::Production)
    }
}

impl Simulated {
    fn new(status: &Status, typed: &Typed, snapshot: &Snapshot) -> Self {
        let (kind, environment) = (typed.kind(), typed.environment());
        let json = Some("application/json".to_owned());
        let mut received = Received::whole(typed.body.clone().into_bytes(), json);
        if typed.body.len() > MAX_BYTES {
            received.problem = Some(Finding::new(Reason::TooLarge, "", None));
        }
        let arrival = Arrival {
            id: RequestId::new(status.clock.now()),
            kind,
            key_id: 0,
            environment,
            received,
            sender: Sender::unknown(),
        };
        let findings = match &arrival.received.problem {
            Some(problem) => vec![problem.clone()],
            None => {
                let body = Body::parse(kind, &arrival.received.bytes);
                validate(kind, &body, &snapshot.rules, environment).findings
            }
        };
        let (answer, record) = judge(arrival, snapshot, &status.public_url);
        let row = as_stored(record);
        let checks = Check::of_all(kind, &row, &snapshot.rules);
        let errors = findings.len() as i64;
        Self {
            heading: match errors {
                0 => "It would be accepted".to_owned(),
                errors => format!("It would be refused: {}", counted(errors, "error")),
            },
            tone: findings
                .first()
                .map_or("good", |f| tone(f.reason.ended_by())),
            checks_caption: Check::caption(&checks),
            checks,
            corrected: corrected(kind, &typed.body, &findings),
            answer_head: format!(
                "{} · {}{}",
                answer.status.as_u16(),
                answer.content_type(),
                match (errors, answer.warnings.len()) {
                    (0, warnings @ 1..) => format!(" · x-request-warnings: {warnings}"),
                    _ => String::new(),
                }
            ),
            answer: Code::new(&pretty(answer.body())),
            warnings: answer.warnings,
            findings: findings.into_iter().map(Found::new).collect(),
        }
    }
}

/// What would have been stored, as it would be read back.
fn as_stored(record: Record) -> ListRow {
    let (request, document) = (record.request, record.document);
    let finding = |row: crate::store::recorder::FindingRow| FindingRow {
        id: row.id,
        reason: row.reason,
        pointer: row.pointer,
        value: row.value,
        sent: row.sent,
    };
    ListRow {
        id: request.id,
        received_at: request.received_at,
        kind: request.kind,
        environment: request.environment,
        key_id: request.key_id,
        http_status: request.http_status,
        error_mask: request.error_mask,
        warning_count: request.warning_count,
        settings_version: request.settings_version,
        employee_id: request.employee_id,
        employee_sent: request.employee_sent,
        employee_custom_id: request.employee_custom_id,
        employee_name: None,
        channel_sent: request.channel_sent,
        channel: request.channel,
        brand_sent: request.brand_sent,
        brand: request.brand,
        language_sent: request.language_sent,
        language: request.language,
        ticket_id: request.ticket_id,
        correlation_id: request.correlation_id,
        duration_us: request.duration_us,
        has_document: true,
        customer_name: document.customer_name,
        customer_email: document.customer_email,
        findings: Findings(record.findings.into_iter().map(finding).collect()),
    }
}

impl Found {
    fn new(finding: Finding) -> Self {
        Self {
            title: finding.code().title(),
            icon: icon(finding.code()),
            tone: tone(finding.reason.ended_by()),
            detail: finding.detail(),
            dictionary: format!("/errors/{}", finding.code().as_str()),
            value: finding.value.as_deref().map(Breakable::new),
            pointer: finding.pointer.into_owned(),
        }
    }
}
