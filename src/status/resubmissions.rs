//! What would pass now is sent again, by an admin, after the page has said what that does: one
//! request, those chosen on a list, or all that a run found.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use chrono::TimeDelta;
use serde_json::json;

use super::again::{Chosen, List, find, follow, run_url};
use super::{ROOT, Status};
use crate::domain::request::RequestId;
use crate::domain::resubmission::{OLD_DAYS, Standing, is_old};
use crate::domain::run::{RunKind, RunState, Sum};
use crate::error::PageError;
use crate::judge::again::{By, Case, Fate, Resubmitted};
use crate::store::StoreError;
use crate::store::audit::{self, Entry};
use crate::store::runs::{self, NewRun, Run, Started};
use crate::web::format::{counted, number};
use crate::web::redirect::see_other;
use crate::web::shell::{Admin, Shell};
use crate::web::{flash, page};

/// So long ago begins what is sent again without a second question; five minutes less, for
/// windows begin on such a boundary.
const RECENT: TimeDelta = TimeDelta::minutes(OLD_DAYS * 24 * 60 - 5);

/// Why something was not sent that passes.
const REFUSED: &str = "It would pass, but our store would not take it. That is our mistake to mend: the log says why.";

/// The page before it.
#[derive(Template)]
#[template(path = "status/resubmit.html")]
struct ResubmitPage {
    shell: Shell,
    heading: String,
    /// Why it was not done just now.
    not_sent: Option<&'static str>,
    /// What it will do.
    effect: Option<String>,
    /// What is left out, and why.
    left_out: Vec<(String, &'static str)>,
    /// What is said about those older than a week.
    old: Option<String>,
    /// That it has to be said.
    problem: Option<&'static str>,
    button: String,
    hidden: Vec<(&'static str, String)>,
    leave: String,
}

/// How many can be sent, and what is in the way of the others.
#[derive(Default)]
struct Plan {
    sendable: i64,
    sendable_old: i64,
    left_out: Vec<(Standing, i64)>,
}

/// `GET …/api-status/resubmissions`: what it would do.
pub async fn ask(
    Admin(shell): Admin,
    status: web::Data<Status>,
    session: Session,
    http: HttpRequest,
) -> Result<HttpResponse, PageError> {
    let chosen = Chosen::read(&status, http.query_string().as_bytes());
    if chosen.ids.is_empty() && chosen.run.is_none() {
        let words = "Choose requests first: tick them, then send them again.";
        flash::say_why_not(&session, words)?;
        return Ok(see_other(&chosen.back()));
    }
    page::show(&confirm(shell, &status, &chosen).await?)
}

/// `POST …/api-status/resubmissions`: does it.
pub async fn send(
    Admin(shell): Admin,
    status: web::Data<Status>,
    session: Session,
    form: web::Bytes,
) -> Result<HttpResponse, PageError> {
    let chosen = Chosen::read(&status, &form);
    if let Some(run) = chosen.run {
        return send_run(shell, &status, &session, &chosen, run).await;
    }
    let now = status.clock.now();
    let mut ids = chosen.ids.clone();
    ids.retain(|id| chosen.old || !is_old(id.received_at(), now));
    if ids.is_empty() {
        let mut page = confirm(shell, &status, &chosen).await?;
        page.problem = Some("Tick this to send it: it is older than a week.");
        return page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    let by = By {
        user_id: shell.operator.user_id,
        actor: shell.operator.name.clone(),
        run: None,
    };
    let snapshot = status
        .settings
        .snapshot(&status.store, shell.company.id)
        .await?;
    let sent = status.again.resubmit(&snapshot, ids, &by).await;
    status.store.changed(shell.company.id);
    let sent = sent?;
    match &sent[..] {
        [] => Err(PageError::NotFound),
        [
            Resubmitted {
                fate: Fate::Sent(id),
                ..
            },
        ] => {
            flash::say(&session, "Sent again: this is the new request.")?;
            Ok(see_other(&format!("{ROOT}/requests/{id}")))
        }
        [
            Resubmitted {
                fate: Fate::LeftOut(standing),
                ..
            },
        ] => {
            // Somebody else was faster, or the settings changed.
            let page = confirm(shell, &status, &chosen).await?;
            let page = page.not_sent(standing.sentence());
            page::show_with(StatusCode::CONFLICT, &page)
        }
        [
            Resubmitted {
                fate: Fate::Refused,
                ..
            },
        ] => {
            let page = confirm(shell, &status, &chosen).await?;
            page::show_with(StatusCode::INTERNAL_SERVER_ERROR, &page.not_sent(REFUSED))
        }
        sent => {
            flash::say(&session, &told(sent))?;
            Ok(see_other(&chosen.back()))
        }
    }
}

/// What became of several, in words.
fn told(sent: &[Resubmitted]) -> String {
    let count = |is: fn(&Fate) -> bool| sent.iter().filter(|one| is(&one.fate)).count() as i64;
    let done = count(|fate| matches!(fate, Fate::Sent(_)));
    let left_out = count(|fate| matches!(fate, Fate::LeftOut(_)));
    let refused = count(|fate| matches!(fate, Fate::Refused));
    let unconfirmed = count(|fate| matches!(fate, Fate::Unconfirmed));
    let were = if done == 1 { "was" } else { "were" };
    let mut words = format!("{} {were} sent again.", counted(done, "request"));
    if left_out > 0 {
        words += &format!(" {} left out.", number(left_out));
    }
    if refused > 0 {
        words += &format!(
            " {} would pass, but our store would not take them: the log says why.",
            number(refused)
        );
    }
    if unconfirmed > 0 {
        words += &format!(
            " {} could not be confirmed just now: send them again, none goes twice.",
            number(unconfirmed)
        );
    }
    words
}

async fn confirm(
    shell: Shell,
    status: &Status,
    chosen: &Chosen,
) -> Result<ResubmitPage, PageError> {
    let snapshot = status
        .settings
        .snapshot(&status.store, shell.company.id)
        .await?;
    if let Some(id) = chosen.run {
        let (run, _) = find(status, &shell, &id.to_string()).await?;
        let is_current = run.settings_version == snapshot.rules.version;
        return match run.kind() == RunKind::Recheck
            // One that was stopped has not counted all that would be sent.
            && run.state() == RunState::Done
            && is_current
        {
            true => Ok(ResubmitPage::of_run(shell, id, &run)),
            false => Err(PageError::BadRequest(
                "The settings changed since these requests were checked, or the check is not over. Check them again first.",
            )),
        };
    }
    let cases = status.again.look(snapshot, chosen.ids.clone()).await?;
    if cases.is_empty() {
        return Err(PageError::NotFound);
    }
    Ok(ResubmitPage::of_cases(shell, status, chosen, &cases))
}

async fn send_run(
    shell: Shell,
    status: &Status,
    session: &Session,
    chosen: &Chosen,
    id: RequestId,
) -> Result<HttpResponse, PageError> {
    let page = confirm(shell.clone(), status, chosen).await?;
    let (checked, _) = find(status, &shell, &id.to_string()).await?;
    let sum = checked.sum();
    let count = match chosen.old {
        true => sum.sendable,
        false => sum.sendable - sum.sendable_old,
    };
    if count <= 0 {
        let page = ResubmitPage {
            problem: Some("Tick this to send them: all of them are older than a week."),
            ..page
        };
        return page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    let mut list = List::of(status, checked.tab(), &checked.filter).ok_or(PageError::NotFound)?;
    if !chosen.old {
        list.window.from = list.window.from.max(status.clock.now() - RECENT);
    }
    let (company, now) = (shell.company.id, status.clock.now());
    let run = NewRun {
        id: RequestId::new(now),
        kind: RunKind::Resubmission,
        user_id: shell.operator.user_id,
        actor: shell.operator.name.clone(),
        tab: checked.tab(),
        filter: list.query(status),
        total: checked.total,
        settings_version: checked.settings_version,
    };
    let new = run.id;
    let filter = list.parameters(status).into_iter();
    let filter: Vec<String> = filter
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let started = status.store.write(company, move |connection| {
        let started = runs::start(connection, company, &run)?;
        if let Started::New = started {
            let entry = Entry {
                at: now,
                user_id: Some(run.user_id),
                actor: &run.actor,
                action: "request.resubmitted",
                subject: &counted(count, "request"),
                before: None,
                after: Some(json!({"run": run.id.uuid(), "filter": filter})),
                settings_version: None,
            };
            audit::add(connection, company, &entry)?;
        }
        Ok::<_, StoreError>(started)
    });
    follow(session, new, started.await?)
}

impl Plan {
    fn of_cases(status: &Status, cases: &[Case]) -> Self {
        let now = status.clock.now();
        let mut plan = Self::default();
        for case in cases {
            if case.standing == Standing::Sendable {
                plan.sendable += 1;
                plan.sendable_old += i64::from(is_old(case.id.received_at(), now));
                continue;
            }
            match plan.left_out.iter_mut().find(|(s, _)| *s == case.standing) {
                Some((_, count)) => *count += 1,
                None => plan.left_out.push((case.standing, 1)),
            }
        }
        plan
    }

    fn of_sum(sum: Sum) -> Self {
        let mut left_out = Vec::new();
        if sum.failing() > 0 {
            left_out.push((Standing::StillFails, sum.failing()));
        }
        Self {
            sendable: sum.sendable,
            sendable_old: sum.sendable_old,
            left_out,
        }
    }
}

impl ResubmitPage {
    fn of_cases(shell: Shell, status: &Status, chosen: &Chosen, cases: &[Case]) -> Self {
        let mut hidden: Vec<_> = cases.iter().map(|c| ("id", c.id.to_string())).collect();
        hidden.push(("return_to", chosen.back()));
        let leave = match cases {
            [one] => format!("{ROOT}/requests/{}", one.id),
            _ => chosen.back(),
        };
        let plan = Plan::of_cases(status, cases);
        let mut page = Self::new(shell, &plan, hidden, leave);
        if let [_] = cases {
            page.heading = "Send this request again?".to_owned();
            page.button = "Send it again".to_owned();
        }
        page
    }

    /// The page of one request that was not sent, which says why.
    fn not_sent(self, why: &'static str) -> Self {
        Self {
            not_sent: Some(why),
            left_out: Vec::new(),
            ..self
        }
    }

    fn of_run(shell: Shell, id: RequestId, run: &Run) -> Self {
        let sum = run.sum();
        let plan = Plan::of_sum(sum);
        let mut page = Self::new(shell, &plan, vec![("run", id.to_string())], run_url(id));
        let others = sum.passing - sum.sendable;
        if others > 0 {
            let why = "Accepted when it came, sent again already, or the body was deleted or cut.";
            page.left_out.push((counted(others, "request"), why));
        }
        page
    }

    fn new(shell: Shell, plan: &Plan, hidden: Vec<(&'static str, String)>, leave: String) -> Self {
        let sends = counted(plan.sendable, "request");
        Self {
            shell,
            heading: "Send requests again?".to_owned(),
            not_sent: None,
            effect: (plan.sendable > 0).then(|| format!("Sends {sends} again.")),
            left_out: plan
                .left_out
                .iter()
                .map(|(standing, count)| (counted(*count, "request"), standing.sentence()))
                .collect(),
            old: match (plan.sendable_old, plan.sendable) {
                (0, _) => None,
                (1, 1) => Some("It is older than a week: the customer may not remember. Send it all the same".to_owned()),
                (old, all) if old == all => Some("They are older than a week: the customers may not remember. Send them all the same".to_owned()),
                (old, _) => Some(format!(
                    "{} of them older than a week, which customers may not remember: send those as well",
                    number(old)
                )),
            },
            problem: None,
            button: format!("Send {sends} again"),
            hidden,
            leave,
        }
    }
}
