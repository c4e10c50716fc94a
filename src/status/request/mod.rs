//! One request: the place where support ends the call. What was sent, what was answered, every rule
//! as passed, failed or not checked, what ends each error, and words to paste into the ticket.

mod exchange;
mod finding;

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use askama_web::WebTemplate;
use chrono::{DateTime, Days, Utc};
use chrono_tz::Tz;
use uuid::Uuid;

use super::checks::{Allowed, Check};
use super::filters::Address;
use super::fix::{fixes, meant};
use super::row::{About, key_names, reasons, tone};
use super::{ROOT, Status};
use crate::domain::cause::CauseId;
use crate::domain::dictionary::{EndedBy, ErrorCode};
use crate::domain::paging::Cursor;
use crate::domain::recheck::{Now, Recheck, recheck};
use crate::domain::request::{Environment, Kind, RequestId};
use crate::domain::resubmission::{Known, Standing};
use crate::domain::settings::{CompanySettings, ProfileStatus};
use crate::domain::validate::Outcome;
use crate::domain::warning::Warning;
use crate::error::PageError;
use crate::store::requests::{self, Document, ListRow, Selection};
use crate::store::resubmissions::{self, Links, Resubmission};
use crate::store::settings::Snapshot;
use crate::store::{Seen, api_keys, causes, companies};
use crate::web::format::{Breakable, Moment, counted, number};
use crate::web::redirect::see_other;
use crate::web::shell::{Company, Shell};
pub(super) use exchange::pretty;
use exchange::{Answered, Sent, answered, curl, sent, ticket_url};
use finding::{FindingView, SAME_CAUSE};

/// *Same cause* is counted for at most so many findings of a request.
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

/// The newer and the older request of a list.
type Neighbours = (Option<RequestId>, Option<RequestId>);

/// The list that a request was opened from.
struct Around {
    list: String,
    newer: Option<String>,
    older: Option<String>,
}

impl Around {
    fn new(list: &Address, cursor: Cursor, neighbours: Neighbours) -> Self {
        let (newer, older) = neighbours;
        let request = |id| list.request(id, cursor);
        Self {
            list: list.at(cursor),
            newer: newer.map(request),
            older: older.map(request),
        }
    }
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
    /// What is said of what the body does not tell.
    absent: &'static str,
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
    /// How many requests have the cause of each finding.
    same_causes: Vec<i64>,
    /// The newer and the older one in the list that it was opened from.
    neighbours: Neighbours,
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
    let place = Address::of_request(http.query_string(), shell.company.zone);
    let list = place.as_ref().map(|(list, _)| list.clone());
    let seen = read(&status, &shell, snapshot.clone(), id, list).await?;
    let stored = seen.found.ok_or(PageError::NotFound)?;
    let shell = shell.as_of(seen.behind);
    let around = place.map(|(list, cursor)| Around::new(&list, cursor, stored.neighbours));
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
            let cause = CauseId {
                reason,
                value: finding.value.clone(),
            };
            same_causes.push(causes::count(connection, company, &cause, window, now)?);
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
                let others = count.map(|count| count - i64::from(stored.is_counted));
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
        let facts = facts(status, &shell.company, kind, &stored, now);
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
            ticket_text: ticket_text(
                &shell.company,
                row,
                &heading,
                &findings,
                facts.absent,
                &link,
            ),
            curl: stored.document.as_ref().and_then(|d| curl(status, kind, d)),
            sent: stored.document.as_ref().map(|d| sent(kind, d)),
            answered: answered(kind, row, stored.document.as_ref()),
            facts,
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
    // A finding about nothing in particular is about all of the body.
    let is_readable = reasons(row).all(|(reason, finding)| {
        reason.code() != ErrorCode::MalformedRequest || !finding.pointer.is_empty()
    });
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
        absent: match is_readable {
            true => "not sent",
            false => "not readable",
        },
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
        0..1_000 => "less than 1\u{a0}ms".to_owned(),
        longer => format!("{}\u{a0}ms", longer / 1_000),
    }
}

/// Words to paste into a ticket, five lines always: which request, what came of it, its ticket, what
/// to do, where to look. `absent` is said where no ticket is known.
fn ticket_text(
    company: &Company,
    row: &ListRow,
    heading: &str,
    findings: &[FindingView],
    absent: &str,
    link: &str,
) -> String {
    let received = Moment::new(row.received_at, company.zone);
    let city = crate::web::format::city(company.zone);
    let causes: Vec<String> = findings
        .iter()
        .map(|f| format!("{} ({})", f.title, f.value_in_words()))
        .collect();
    let steps: Vec<&str> = findings.iter().map(|f| f.next_step).collect();
    [
        format!("Request {}, received {} ({city})", row.id, received.full()),
        match causes.is_empty() {
            true => heading.to_owned(),
            false => format!("{heading}: {}", causes.join("; ")),
        },
        format!("Ticket: {}", row.ticket_id.as_deref().unwrap_or(absent)),
        match steps.is_empty() {
            true => "Next: nothing to do".to_owned(),
            false => format!("To end it: {}", steps.join(" ")),
        },
        link.to_owned(),
    ]
    .join("\n")
}
