//! Would they pass now? Requests chosen on a list are judged once more at once; all that a filter
//! matches by a run, whose page tells how far it is.

use actix_session::Session;
use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::{ROOT, Status};
use crate::domain::filter::Filter;
use crate::domain::paging::PAGE_ROWS;
use crate::domain::request::RequestId;
use crate::domain::run::{RunKind, RunState, Sum};
use crate::domain::window::{Range, Window};
use crate::error::PageError;
use crate::store::requests::{self, Selection, Tab};
use crate::store::runs::{self, NewRun, Run, Started};
use crate::store::{StoreError, counts};
use crate::web::flash;
use crate::web::format::{Moment, counted, number};
use crate::web::page;
use crate::web::redirect::{came_from, see_other};
use crate::web::shell::Shell;

/// What a form says about requests chosen on a list.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    /// Those chosen one by one; no more than a page has.
    pub(super) ids: Vec<RequestId>,
    /// The run whose requests are meant.
    pub(super) run: Option<RequestId>,
    /// Whether all that the list's filter matches are meant.
    all: bool,
    /// The list, its time range fixed.
    list: Option<String>,
    /// Where the form was.
    return_to: Option<String>,
    /// Whether those older than a week are meant as well.
    pub(super) old: bool,
}

impl Chosen {
    /// Reads a form or a query. What is no id of a request that is still shown is passed over.
    pub(super) fn read(status: &Status, parameters: &[u8]) -> Self {
        let oldest = status.oldest(status.clock.now());
        let mut chosen = Self::default();
        for (name, value) in form_urlencoded::parse(parameters) {
            match &*name {
                "id" => chosen.ids.extend(value.parse::<RequestId>()),
                "run" => chosen.run = value.parse().ok(),
                "all" => chosen.all = true,
                "list" => chosen.list = Some(value.into_owned()),
                "return_to" => chosen.return_to = came_from(Some(&value)),
                "old" => chosen.old = true,
                _ => {}
            }
        }
        chosen.ids.retain(|id| id.received_at() >= oldest);
        chosen.ids.sort_unstable();
        chosen.ids.dedup();
        chosen.ids.reverse();
        chosen.ids.truncate(PAGE_ROWS);
        chosen
    }

    /// Where to go back to.
    pub(super) fn back(&self) -> String {
        self.return_to.clone().unwrap_or_else(|| ROOT.to_owned())
    }
}

/// `POST …/api-status/rechecks`
pub async fn recheck(
    shell: Shell,
    status: web::Data<Status>,
    session: Session,
    form: web::Bytes,
) -> Result<HttpResponse, PageError> {
    let chosen = Chosen::read(&status, &form);
    if chosen.all {
        let list = chosen
            .list
            .as_deref()
            .and_then(|list| List::read(&status, list));
        let list = list.ok_or(PageError::NotFound)?;
        return start_checking(shell, &status, &session, &list).await;
    }
    if chosen.ids.is_empty() {
        let words = "Choose requests first: tick them, then check them.";
        flash::say_why_not(&session, words)?;
        return Ok(see_other(&chosen.back()));
    }
    let sum = status.again.recheck(shell.company.id, chosen.ids.clone());
    let sum = sum.await?;
    status.store.changed(shell.company.id);
    flash::say(&session, &format!("{}.", in_words(sum)))?;
    Ok(see_other(&chosen.back()))
}

/// All that a list shows, in a time range that stays.
pub(super) struct List {
    /// The tab.
    pub(super) tab: Tab,
    /// The filter, with its range.
    pub(super) filter: Filter,
    /// The range.
    pub(super) window: Window,
}

impl List {
    /// Reads the address of a list whose time range is fixed.
    fn read(status: &Status, address: &str) -> Option<Self> {
        let (path, query) = address.split_once('?')?;
        let is_of = |tab: &Tab| {
            path.strip_prefix(&tab.path())
                .is_some_and(|rest| rest.is_empty() || rest == "/causes")
        };
        let tab = Tab::ALL.into_iter().find(is_of)?;
        Self::of(status, tab, query)
    }

    /// The list of a tab with a filter as in an address.
    pub(super) fn of(status: &Status, tab: Tab, query: &str) -> Option<Self> {
        let (filter, _) = Filter::from_query(query, chrono_tz::UTC);
        let Some(Range::Between(..)) = filter.range else {
            return None;
        };
        let now = status.clock.now();
        let window = status.within_retention(filter.window(tab.default_range(), now), now);
        // What it listed may be gone since.
        (!window.is_empty()).then_some(Self {
            tab,
            window,
            filter,
        })
    }

    /// The filter as in an address.
    pub(super) fn query(&self, status: &Status) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.parameters(status)).finish()
    }

    /// The filter as parameters of an address.
    pub(super) fn parameters(&self, status: &Status) -> Vec<(String, String)> {
        let to = self.window.to.unwrap_or_else(|| status.clock.now());
        let range = Range::Between(self.window.from, to);
        self.filter.with_range(range).to_parameters()
    }
}

async fn start_checking(
    shell: Shell,
    status: &Status,
    session: &Session,
    list: &List,
) -> Result<HttpResponse, PageError> {
    let company = shell.company.id;
    let snapshot = status.settings.snapshot(&status.store, company).await?;
    let filter = list.filter.resolved(&snapshot.rules);
    let (tab, window) = (list.tab, list.window);
    let now = status.clock.now();
    let settings = snapshot.clone();
    let total = status.store.read(company, move |connection| {
        let uncounted = filter.uncounted(&settings.rules);
        let cube = match uncounted[..] {
            [] => counts::cube(connection, company, window)?,
            _ => {
                let selection = Selection {
                    tab,
                    window,
                    now,
                    filter: &filter.only_about(&uncounted),
                    settings: &settings.rules,
                };
                requests::cube(connection, company, &selection)?.0
            }
        };
        let matching = cube.filtered(&filter.without_all(&uncounted));
        Ok(matching.count(|cell| tab.holds(cell)))
    });
    let run = NewRun {
        id: RequestId::new(now),
        kind: RunKind::Recheck,
        user_id: shell.operator.user_id,
        actor: shell.operator.name.clone(),
        tab,
        filter: list.query(status),
        total: total.await?,
        settings_version: snapshot.rules.version,
    };
    let id = run.id;
    let started = status.store.write(company, move |connection| {
        Ok::<_, StoreError>(runs::start(connection, company, &run)?)
    });
    follow(session, id, started.await?)
}

/// Leads to a run that was started, or to the one that was there before.
pub(super) fn follow(
    session: &Session,
    id: RequestId,
    started: Started,
) -> Result<HttpResponse, PageError> {
    match started {
        Started::New => Ok(see_other(&run_url(id))),
        Started::Busy(other) => {
            let words = "This is still under way, and nothing was started: one at a time. Wait for it, or stop it.";
            flash::say_why_not(session, words)?;
            let other = RequestId::from_uuid(other.id).ok_or(PageError::NotFound)?;
            Ok(see_other(&run_url(other)))
        }
    }
}

pub(super) fn run_url(id: RequestId) -> String {
    format!("{ROOT}/runs/{id}")
}

/// A run on the list: what it found or how far it is, and its page.
pub(super) fn last(run: &Run, now: DateTime<Utc>, zone: Tz) -> (String, String) {
    let started = RequestId::from_uuid(run.id).map_or(now, RequestId::received_at);
    let at = Moment::new(started, zone).in_words(now);
    let (sum, checked) = (run.sum(), number(run.sum().checked()));
    let words = match (run.kind(), run.state()) {
        (RunKind::Recheck, RunState::Running) => {
            format!("Checking: {checked} of about {}", number(run.total))
        }
        (RunKind::Recheck, _) => format!("At {at}: {} of {checked} would", number(sum.passing)),
        (RunKind::Resubmission, RunState::Running) => {
            format!("Sending again: {} so far", number(sum.sent))
        }
        (RunKind::Resubmission, _) => format!("At {at}: {} sent again", number(sum.sent)),
    };
    (words, format!("{ROOT}/runs/{}", run.id))
}

/// What was found, in words.
pub(super) fn in_words(sum: Sum) -> String {
    format!(
        "{} would pass now, {} still fail for the same reason, {} fail for another reason",
        number(sum.passing),
        number(sum.same),
        number(sum.different)
    )
}

/// A run, while it goes on and after.
#[derive(Template)]
#[template(path = "status/run.html")]
struct RunPage {
    shell: Shell,
    kind: RunKind,
    state: RunState,
    heading: &'static str,
    started: String,
    ended: Option<String>,
    by: String,
    list_title: &'static str,
    list_url: String,
    /// So many of about so many are done.
    done: i64,
    total: i64,
    progress: String,
    figures: Vec<Figure>,
    /// What can be sent again, in words; `None` where nothing can.
    sendable: Option<String>,
    send_url: String,
    /// Whether the settings changed since.
    is_outdated: bool,
    may_stop: bool,
    here: String,
}

/// A number of a sum.
struct Figure {
    count: String,
    words: &'static str,
    tone: &'static str,
    icon: &'static str,
}

/// `GET …/api-status/runs/{id}`
pub async fn show(
    shell: Shell,
    status: web::Data<Status>,
    id: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let (run, id) = find(&status, &shell, &id).await?;
    let snapshot = status
        .settings
        .snapshot(&status.store, shell.company.id)
        .await?;
    page::show(&RunPage::new(
        shell,
        &status,
        id,
        &run,
        snapshot.rules.version,
    ))
}

/// `POST …/api-status/runs/{id}/cancellation`. Whoever may start one may stop it.
pub async fn cancel(
    shell: Shell,
    status: web::Data<Status>,
    session: Session,
    id: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let (run, id) = find(&status, &shell, &id).await?;
    if !may_stop(&shell, &run) {
        return Err(PageError::Forbidden);
    }
    let (company, now) = (shell.company.id, status.clock.now());
    let cancelled = status.store.write(company, move |connection| {
        Ok::<_, StoreError>(runs::cancel(connection, company, id, now)?)
    });
    let was_running = cancelled.await?;
    status.store.changed(company);
    match was_running {
        true => flash::say(&session, "Stopped. What was done until then holds.")?,
        false => flash::say_why_not(&session, "It had ended before it could be stopped.")?,
    }
    Ok(see_other(&run_url(id)))
}

pub(super) async fn find(
    status: &Status,
    shell: &Shell,
    id: &str,
) -> Result<(Run, RequestId), PageError> {
    let id: RequestId = id.parse().map_err(|()| PageError::NotFound)?;
    let company = shell.company.id;
    let run = status.store.read(company, move |connection| {
        runs::find(connection, company, id)
    });
    Ok((run.await?.ok_or(PageError::NotFound)?, id))
}

fn may_stop(shell: &Shell, run: &Run) -> bool {
    match run.kind() {
        RunKind::Recheck => true,
        RunKind::Resubmission => shell.operator.is_admin(),
    }
}

impl RunPage {
    fn new(shell: Shell, status: &Status, id: RequestId, run: &Run, version: i64) -> Self {
        let (now, zone) = (status.clock.now(), shell.company.zone);
        let moment = |at| Moment::new(at, zone).in_words(now);
        let (sum, kind, state) = (run.sum(), run.kind(), run.state());
        let done = sum.checked();
        // Requests that were counted may be gone meanwhile, and a count may have stopped early.
        let total = match state {
            RunState::Running => run.total.max(done),
            RunState::Done | RunState::Cancelled | RunState::Overtaken => done,
        };
        let is_outdated = version != run.settings_version;
        let is_offered = kind == RunKind::Recheck && state == RunState::Done && !is_outdated;
        Self {
            kind,
            state,
            heading: heading(kind, state),
            started: moment(id.received_at()),
            ended: run.ended_at.map(moment),
            by: run.actor.clone(),
            list_title: run.tab().title(),
            list_url: format!("{}?{}", run.tab().path(), run.filter),
            done,
            total,
            progress: match state {
                RunState::Running => format!("{} of about {}", number(done), number(total)),
                RunState::Done | RunState::Cancelled | RunState::Overtaken => {
                    counted(done, "request")
                }
            },
            figures: figures(kind, sum),
            sendable: (is_offered && sum.sendable > 0).then(|| counted(sum.sendable, "request")),
            send_url: format!("{ROOT}/resubmissions?run={id}"),
            is_outdated: is_outdated && kind == RunKind::Recheck,
            may_stop: state == RunState::Running && may_stop(&shell, run),
            here: run_url(id),
            shell,
        }
    }

    fn is_running(&self) -> bool {
        self.state == RunState::Running
    }
}

fn heading(kind: RunKind, state: RunState) -> &'static str {
    match (kind, state) {
        (RunKind::Recheck, RunState::Running) => "Checking whether they would pass now",
        (RunKind::Recheck, RunState::Done) => "Would they pass now?",
        (RunKind::Recheck, RunState::Cancelled | RunState::Overtaken) => {
            "Would they pass now? Stopped early"
        }
        (RunKind::Resubmission, RunState::Running) => "Sending requests again",
        (RunKind::Resubmission, RunState::Done) => "Requests were sent again",
        (RunKind::Resubmission, RunState::Cancelled | RunState::Overtaken) => {
            "Sending again was stopped early"
        }
    }
}

fn figures(kind: RunKind, sum: Sum) -> Vec<Figure> {
    let figure = |count, words, tone, icon| Figure {
        count: number(count),
        words,
        tone,
        icon,
    };
    match kind {
        RunKind::Recheck => vec![
            figure(sum.passing, "would pass now", "good", "check"),
            figure(sum.same, "still fail: same reason", "sender", "cross"),
            figure(sum.different, "fail for another reason", "admin", "warning"),
        ],
        RunKind::Resubmission => vec![
            figure(sum.sent, "sent again", "good", "check"),
            figure(
                sum.failing(),
                "would still fail, left out",
                "sender",
                "cross",
            ),
            figure(
                sum.passing - sum.sent,
                "left out: sent before, accepted, deleted, or not taken by the store",
                "either",
                "minus",
            ),
        ],
    }
}
