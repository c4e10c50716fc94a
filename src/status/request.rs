//! One request: the place where support ends the call. What was sent, what was answered, every rule
//! as passed, failed or not checked, what ends each error, and words to paste into the ticket.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use askama_web::WebTemplate;
use chrono::{DateTime, Days, Utc};
use chrono_tz::Tz;
use uuid::Uuid;

use super::causes;
use super::checks::{Allowed, Check};
use super::code::Code;
use super::filters::{Address, View};
use super::fix::{Fix, Linked, Meant, fixes, meant};
use super::row::{About, about, icon, key_names, reasons, tone};
use super::{ROOT, Status};
use crate::domain::body::Body;
use crate::domain::dictionary::{EndedBy, Reason};
use crate::domain::filter::Filter;
use crate::domain::recheck::{Now, Recheck, recheck};
use crate::domain::request::{Environment, Kind, RequestId};
use crate::domain::resubmission::{Known, Standing};
use crate::domain::settings::{CompanySettings, ProfileStatus};
use crate::domain::validate::Outcome;
use crate::domain::warning::Warning;
use crate::domain::window::{Preset, Range};
use crate::error::PageError;
use crate::store::requests::{
    self, Count, Document, FindingRow, ListRow, MAX_ENTRIES, Selection, Tab,
};
use crate::store::resubmissions::{self, Links, Resubmission};
use crate::store::settings::Snapshot;
use crate::store::{Seen, api_keys, companies};
use crate::web::format::{Breakable, Moment, counted, number};
use crate::web::redirect::see_other;
use crate::web::shell::{Company, Shell};

/// *Same cause* looks back so far …
const SAME_CAUSE: Range = Range::Last(Preset::Week);

/// … and is counted for at most so many findings of a request.
const MOST_COUNTED: usize = 6;

/// The page of a request.
#[derive(Template, WebTemplate)]
#[template(path = "status/request.html")]
pub struct RequestPage {
    shell: Shell,
    id: String,
    around: Option<Around>,
    received: Moment,
    heading: String,
    tone: &'static str,
    environment: Environment,
    recheck: Option<RecheckView>,
    sent_again: Option<SentAgain>,
    original: Option<SentAgain>,
    findings: Vec<FindingView>,
    checks_caption: String,
    checks: Vec<Check>,
    warnings: Vec<Warning>,
    warnings_in_words: String,
    sent: Option<Sent>,
    answered: Answered,
    facts: Facts,
    ticket_text: String,
    curl: Option<String>,
}

/// Whether it would pass now.
struct RecheckView {
    now: Now,
    as_far_as_known: bool,
    standing: Standing,
    /// What would be wrong with it.
    errors: String,
    /// Whether some of its errors are ended already.
    is_less: bool,
}

/// The other end of being sent again.
struct SentAgain {
    url: String,
    id: String,
    by: String,
    at: String,
    /// Whether it is still kept.
    is_kept: bool,
}

/// The list that a request was opened from.
struct Around {
    list: String,
    newer: Option<String>,
    older: Option<String>,
}

impl Around {
    fn new(list: &Address, (newer, older): (Option<RequestId>, Option<RequestId>)) -> Self {
        Self {
            list: list.url(),
            newer: newer.map(|id| list.request(id)),
            older: older.map(|id| list.request(id)),
        }
    }
}

/// An error with what ends it.
struct FindingView {
    title: &'static str,
    icon: &'static str,
    tone: &'static str,
    ended_by: EndedBy,
    sentence: &'static str,
    pointer: String,
    value: About,
    next_step: &'static str,
    /// What ends it, the most likely first.
    fixes: Vec<Fix>,
    /// Whom the sender may have meant.
    meant: Vec<Meant>,
    /// What was sent of an employee, in words.
    sent_as: &'static str,
    /// What support sends to an admin.
    ask: String,
    same_cause: String,
    same_cause_url: String,
    cause_url: String,
    dictionary: String,
}

/// What was sent, while it is kept.
struct Sent {
    head: String,
    body: Code,
}

/// What was answered.
struct Answered {
    head: String,
    body: Option<Code>,
}

/// The facts beside the story.
struct Facts {
    zone: String,
    warning_count: i16,
    utc: String,
    answered: String,
    key: Option<(String, String)>,
    kind: &'static str,
    ticket: Option<String>,
    ticket_url: Option<String>,
    employee_name: Option<String>,
    employee_sent: Option<Breakable>,
    customer_name: Option<String>,
    customer_email: Option<Breakable>,
    has_document: bool,
    address: Option<String>,
    user_agent: Option<String>,
    correlation_id: Option<String>,
    settings_version: String,
    kept_until: String,
    personal_until: String,
}

/// What the store tells about a request.
struct Stored {
    row: ListRow,
    document: Option<Document>,
    keys: Vec<api_keys::KeyRow>,
    expunge_after_days: i32,
    same_causes: Vec<Count>,
    /// The newer and the older one in the list that it was opened from.
    neighbours: (Option<RequestId>, Option<RequestId>),
    /// Whether the request itself is among those counted.
    is_counted: bool,
    links: Links,
}

/// `GET /r/{id}`: the short form in answers and tickets.
pub async fn short_link(
    shell: Shell,
    status: web::Data<Status>,
    id: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let id = known_id(&status, &id)?;
    let company = shell.company.id;
    let find = move |connection: &mut _| requests::find(connection, company, id);
    let seen = status.store.look_for(company, find, Option::is_some);
    match seen.await?.found {
        Some(_) => Ok(see_other(&format!("{ROOT}/requests/{id}"))),
        None => Err(PageError::NotFound),
    }
}

/// `GET …/api-status/requests/{id}`
pub async fn show(
    shell: Shell,
    status: web::Data<Status>,
    id: web::Path<String>,
    http: HttpRequest,
) -> Result<RequestPage, PageError> {
    let id = known_id(&status, &id)?;
    let snapshot = status
        .settings
        .snapshot(&status.store, shell.company.id)
        .await?;
    let list = Address::of_request(http.query_string(), shell.company.zone);
    let seen = read(&status, &shell, snapshot.clone(), id, list.clone()).await?;
    let stored = seen.found.ok_or(PageError::NotFound)?;
    let shell = shell.as_of(seen.behind);
    let around = list.map(|list| Around::new(&list, stored.neighbours));
    Ok(RequestPage {
        around,
        ..RequestPage::new(shell, &status, &snapshot.rules, stored)
    })
}

/// The id, unless it is none or older than what is kept: the same answer for all of them.
pub(super) fn known_id(status: &Status, id: &str) -> Result<RequestId, PageError> {
    let oldest = status.oldest(status.clock.now());
    id.parse::<RequestId>()
        .ok()
        .filter(|id| id.received_at() >= oldest)
        .ok_or(PageError::NotFound)
}

async fn read(
    status: &Status,
    shell: &Shell,
    settings: Arc<Snapshot>,
    id: RequestId,
    list: Option<Address>,
) -> Result<Seen<Option<Stored>>, PageError> {
    let company = shell.company.id;
    let now = status.clock.now();
    let list = list.map(|list| {
        let filter = list.filter.resolved(&settings.rules);
        let window = filter.window(list.tab.default_range(), now);
        (list.tab, status.within_retention(window, now), filter)
    });
    let window = status.within_retention(SAME_CAUSE.at(now), now);
    let read = move |connection: &mut _| {
        let Some(row) = requests::find(connection, company, id)? else {
            return Ok(None);
        };
        let mut same_causes = Vec::new();
        // Aspects have one finding each; many findings are many bad fields, and one count tells.
        for (reason, finding) in reasons(&row).take(MOST_COUNTED) {
            let filter = same_cause(reason, finding).resolved(&settings.rules);
            let selection = Selection {
                tab: Tab::Invalid,
                window,
                now,
                filter: &filter,
                settings: &settings.rules,
            };
            same_causes.push(requests::count(
                connection,
                company,
                &selection,
                MAX_ENTRIES,
            )?);
        }
        let neighbours = match &list {
            None => (None, None),
            Some((tab, window, filter)) => {
                let list = Selection {
                    tab: *tab,
                    window: *window,
                    now,
                    filter,
                    settings: &settings.rules,
                };
                requests::neighbours(connection, company, &list, id)?
            }
        };
        Ok(Some(Stored {
            neighbours,
            document: requests::document(connection, company, id)?,
            keys: api_keys::of_company(connection, company)?,
            expunge_after_days: companies::find(connection, company)?.expunge_after_days,
            same_causes,
            links: resubmissions::links(connection, company, id)?,
            is_counted: window.from <= id.received_at(),
            row,
        }))
    };
    Ok(status
        .store
        .look_for(company, read, Option::is_some)
        .await?)
}

impl RequestPage {
    fn new(shell: Shell, status: &Status, settings: &CompanySettings, stored: Stored) -> Self {
        let (now, zone) = (status.clock.now(), shell.company.zone);
        let row = &stored.row;
        let kind = Kind::from_number(row.kind).unwrap_or(Kind::Feedback);
        let errors = row.findings.0.len() as i64;
        let heading = match errors {
            0 => "Accepted".to_owned(),
            errors => format!("Refused: {}", counted(errors, "error")),
        };
        let findings: Vec<FindingView> = reasons(row)
            .enumerate()
            .map(|(place, (reason, finding))| {
                let count = stored.same_causes.get(place);
                let others = count.map(|c| (c.count - i64::from(stored.is_counted), c.or_more));
                let mut view = FindingView::new(row, reason, finding, others);
                view.fixes = fixes(reason, row, finding, settings);
                view.meant = meant(reason, row, finding, settings);
                view.ask = view.to_ask(status, row);
                view
            })
            .collect();
        let checks = Check::of_all(kind, row, settings);
        let warnings: Vec<Warning> = stored
            .document
            .as_ref()
            .and_then(|d| d.warnings.clone())
            .and_then(|w| serde_json::from_value(w).ok())
            .unwrap_or_default();
        let link = status.public_url.join(&format!("/r/{}", row.id));
        let body = stored.document.as_ref().map(|d| &d.body[..]);
        let rechecked = row.stored(body).map(|stored| recheck(&stored, settings));
        Self {
            id: row.id.to_string(),
            around: None,
            received: Moment::new(row.received_at, zone),
            tone: reasons(row)
                .next()
                .map_or("good", |(reason, _)| tone(reason.ended_by())),
            environment: Environment::from_number(row.environment)
                .unwrap_or(Environment::Production),
            checks_caption: Check::caption(&checks),
            ticket_text: ticket_text(&shell.company, row, &heading, &findings, &link),
            curl: stored.document.as_ref().and_then(|d| curl(status, kind, d)),
            sent: stored.document.as_ref().map(|d| sent(kind, d)),
            answered: answered(kind, row, stored.document.as_ref()),
            facts: facts(status, &shell.company, kind, &stored, now),
            warnings_in_words: counted(row.warning_count.into(), "warning"),
            sent_again: stored
                .links
                .sent_again
                .as_ref()
                .map(|link| SentAgain::new(status, link, link.id, zone)),
            original: stored
                .links
                .original
                .as_ref()
                .map(|link| SentAgain::new(status, link, link.original_id, zone)),
            recheck: rechecked.map(|recheck| {
                let document = stored.document.as_ref();
                let standing = Standing::of(Known {
                    was_accepted: row.error_mask == 0,
                    was_sent_again: stored.links.sent_again.is_some(),
                    has_body: document.is_some(),
                    is_cut: document.is_some_and(|document| document.body_cut),
                    now: recheck.now,
                });
                RecheckView::new(&recheck, standing, findings.len())
            }),
            heading,
            findings,
            checks,
            warnings,
            shell,
        }
    }
}

impl SentAgain {
    fn new(status: &Status, link: &Resubmission, other: Uuid, zone: Tz) -> Self {
        let now = status.clock.now();
        let received = RequestId::from_uuid(other).map(RequestId::received_at);
        Self {
            url: format!("{ROOT}/requests/{other}"),
            id: other.to_string(),
            by: link.actor.clone(),
            at: Moment::new(link.at, zone).in_words(now),
            is_kept: received.is_some_and(|at| at >= status.oldest(now)),
        }
    }
}

impl RecheckView {
    /// `then` is how many errors it had.
    fn new(recheck: &Recheck, standing: Standing, then: usize) -> Self {
        let titles: Vec<&str> = recheck.findings.iter().map(|f| f.code().title()).collect();
        let count = counted(titles.len() as i64, "error");
        Self {
            now: recheck.now,
            as_far_as_known: recheck.as_far_as_known,
            standing,
            errors: format!("{count}: {}", titles.join(", ")),
            is_less: titles.len() < then,
        }
    }
}

impl FindingView {
    /// `others` is how many other requests have the same cause, and whether there may be more.
    fn new(
        row: &ListRow,
        reason: Reason,
        finding: &FindingRow,
        others: Option<(i64, bool)>,
    ) -> Self {
        Self {
            title: reason.code().title(),
            icon: icon(reason.code()),
            tone: tone(reason.ended_by()),
            ended_by: reason.ended_by(),
            sentence: reason.sentence(),
            pointer: finding.pointer.clone(),
            value: about(row, reason, finding),
            next_step: reason.next_step(),
            fixes: Vec::new(),
            meant: Vec::new(),
            sent_as: match finding.pointer == "/employee/email" {
                true => "e-mail",
                false => "custom id",
            },
            ask: String::new(),
            same_cause: match others {
                None => "Same cause: show all".to_owned(),
                Some((..=0, false)) => "Same cause: no others in 7 days".to_owned(),
                Some((1, false)) => "Same cause: 1 other in 7 days".to_owned(),
                Some((others, false)) => {
                    format!("Same cause: {} others in 7 days", number(others))
                }
                Some((others, true)) => {
                    format!("Same cause: {}+ others in 7 days", number(others.max(0)))
                }
            },
            same_cause_url: same_cause_url(reason, finding, View::Requests),
            cause_url: same_cause_url(reason, finding, View::Causes),
            dictionary: format!("/errors/{}", reason.code().as_str()),
        }
    }

    fn is_for_admin(&self) -> bool {
        self.ended_by == EndedBy::Admin
    }

    /// Words for an admin: what to press, where, and why.
    fn to_ask(&self, status: &Status, row: &ListRow) -> String {
        let line = |(place, fix): (usize, &Fix)| {
            let (words, url) = (fix.words(), status.public_url.join(&fix.plain_url));
            match place {
                0 => format!("{words}, please: {url}\n"),
                _ => format!("Or: {words}: {url}\n"),
            }
        };
        let lines: String = self.fixes.iter().enumerate().map(line).collect();
        if lines.is_empty() {
            return lines;
        }
        let request = status.public_url.join(&format!("/r/{}", row.id));
        format!(
            "{lines}Requests are refused: {}. {}.\nOne of them: {request}",
            self.title, self.same_cause
        )
    }

    fn next_step_linked(&self) -> Linked {
        Linked::new(self.next_step)
    }

    fn value_in_words(&self) -> String {
        match &self.value {
            About::Value(value) => value.0.concat().concat(),
            About::Words(words) => (*words).to_owned(),
            About::NotSent => "not sent".to_owned(),
            About::Expunged => "deleted".to_owned(),
        }
    }
}

/// The filter for those that failed for the same reason: what is counted is what the link shows.
fn same_cause(reason: Reason, finding: &FindingRow) -> Filter {
    let week = Filter::default().with_range(SAME_CAUSE);
    causes::only(&week, reason, finding.value.as_deref())
}

fn same_cause_url(reason: Reason, finding: &FindingRow, view: View) -> String {
    Address {
        tab: Tab::Invalid,
        filter: same_cause(reason, finding),
        view,
        state: None,
    }
    .url()
}

fn path(kind: Kind) -> &'static str {
    match kind {
        Kind::Feedback => "/v1/requests",
        Kind::Recovery => "/v1/recoveries",
    }
}

fn sent(kind: Kind, document: &Document) -> Sent {
    let content_type = document
        .content_type
        .as_deref()
        .unwrap_or("no content type");
    let cut = if document.body_cut {
        ", the rest was not kept"
    } else {
        ""
    };
    let bytes = counted(document.body.len() as i64, "byte");
    Sent {
        head: format!("POST {} · {content_type} · {bytes}{cut}", path(kind)),
        body: Code::new(&String::from_utf8_lossy(&document.body)),
    }
}

fn answered(kind: Kind, row: &ListRow, document: Option<&Document>) -> Answered {
    let content_type = match row.http_status {
        200 => "application/json",
        _ => "application/problem+json",
    };
    let body = document.and_then(|document| match (&document.answer, kind) {
        (Some(answer), _) => Some(answer.clone()),
        (None, Kind::Feedback) => serde_json::to_string(&Body::parse(kind, &document.body)).ok(),
        (None, Kind::Recovery) => Some(format!(r#"{{"request_id":"{}"}}"#, row.id)),
    });
    Answered {
        head: format!("{} · {content_type}", row.http_status),
        body: body.map(|body| Code::new(&pretty(&body))),
    }
}

/// JSON with its lines and spaces; what is none as it is.
pub(super) fn pretty(body: &str) -> String {
    let value: Option<serde_json::Value> = serde_json::from_str(body).ok();
    value
        .and_then(|v| serde_json::to_string_pretty(&v).ok())
        .unwrap_or_else(|| body.to_owned())
}

fn facts(
    status: &Status,
    company: &Company,
    kind: Kind,
    stored: &Stored,
    now: DateTime<Utc>,
) -> Facts {
    let (row, document) = (&stored.row, stored.document.as_ref());
    let zone = company.zone;
    let after = |days| Moment::new(row.received_at + Days::new(days), zone).date(now);
    let expunged = u64::try_from(stored.expunge_after_days).unwrap_or(0);
    let retention = u64::from(status.retention_days);
    Facts {
        zone: crate::web::format::city(zone),
        warning_count: row.warning_count,
        utc: Moment::new(row.received_at, chrono_tz::UTC).clock_millis(),
        answered: format!(
            "{}, judged in {}",
            row.http_status,
            milliseconds(row.duration_us)
        ),
        key: key_names(&stored.keys).get(&row.key_id).cloned(),
        kind: kind.title(),
        ticket: row.ticket_id.clone(),
        ticket_url: document.and_then(|d| ticket_url(kind, d)),
        employee_name: row.employee_name.clone(),
        employee_sent: row.employee_sent.as_deref().map(Breakable::new),
        customer_name: row.customer_name.clone(),
        customer_email: row.customer_email.as_deref().map(Breakable::new),
        has_document: document.is_some(),
        address: document.and_then(|d| d.address.clone()),
        user_agent: document.and_then(|d| d.user_agent.clone()),
        correlation_id: row.correlation_id.clone(),
        settings_version: number(row.settings_version),
        kept_until: after(retention),
        personal_until: after(expunged.min(retention)),
    }
}

fn milliseconds(microseconds: i32) -> String {
    match microseconds {
        0..1_000 => "less than 1 ms".to_owned(),
        longer => format!("{} ms", longer / 1_000),
    }
}

/// The link back to the ticket, when it is one that a browser may follow. It may come without a
/// scheme.
fn ticket_url(kind: Kind, document: &Document) -> Option<String> {
    let body = Body::parse(kind, &document.body);
    let sent = body.external_url.as_str()?;
    let with_scheme = match sent.contains("://") {
        true => sent.to_owned(),
        false => format!("https://{sent}"),
    };
    let url = url::Url::parse(&with_scheme).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.to_string())
}

/// Words to paste into a ticket: which request, when, why, what ends it, where to look.
fn ticket_text(
    company: &Company,
    row: &ListRow,
    heading: &str,
    findings: &[FindingView],
    link: &str,
) -> String {
    let received = Moment::new(row.received_at, company.zone);
    let mut lines = vec![format!(
        "Request {}, received {} ({})",
        row.id,
        received.full(),
        crate::web::format::city(company.zone)
    )];
    let causes: Vec<String> = findings
        .iter()
        .map(|f| format!("{} ({})", f.title, f.value_in_words()))
        .collect();
    lines.push(match causes.is_empty() {
        true => heading.to_owned(),
        false => format!("{heading}: {}", causes.join("; ")),
    });
    lines.extend(
        row.ticket_id
            .as_ref()
            .map(|ticket| format!("Ticket: {ticket}")),
    );
    if !findings.is_empty() {
        let steps: Vec<&str> = findings.iter().map(|f| f.next_step).collect();
        lines.push(format!("To end it: {}", steps.join(" ")));
    }
    lines.push(link.to_owned());
    lines.join("\n")
}

/// The request as a command to paste, without its key. `None` for a body that no terminal should
/// be given.
fn curl(status: &Status, kind: Kind, document: &Document) -> Option<String> {
    let body = std::str::from_utf8(&document.body).ok()?;
    // A control character could act on the terminal that the line is pasted into.
    let is_harmless = |c: char| !c.is_control() || c == '\n' || c == '\t';
    let is_whole = !document.body_cut && body.chars().all(is_harmless);
    is_whole.then(|| {
        format!(
            "curl -i {} \\\n  -H 'x-api-key: YOUR KEY' \\\n  -H 'content-type: application/json' \\\n  --data-raw '{}'",
            status.public_url.join(path(kind)),
            body.replace('\'', r"'\''")
        )
    })
}
