//! The two tabs.

use std::collections::HashMap;
use std::time::Duration;

use actix_web::{HttpRequest, Responder, web};
use askama::Template;
use askama_web::WebTemplate;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Status;
use super::again;
use super::causes::{self, CauseFacts, CausesView};
use super::chart::{self, ChartPart, Side};
use super::empty::{self, Empty};
use super::facets::{self, Counts, FilterForms};
use super::filters::{self, Address, Chip, View};
use super::legend::{self, ErrorCounts, Group};
use super::look::{Look, SETTLED};
use super::pager::Pager;
use super::rate::RateLine;
use super::row::{About, Customer, KeyNames, Named, Row, key_names};
use super::views::ViewLinks;
use crate::domain::alert::{Alert, OPENS_ABOVE};
use crate::domain::cause::State;
use crate::domain::cube::{Cell, Cube, Rate};
use crate::domain::dictionary::EndedBy;
use crate::domain::paging::Cursor;
use crate::domain::recheck::Now;
use crate::domain::request::{Environment, RequestId};
use crate::error::PageError;
use crate::store::Seen;
use crate::store::alerts;
use crate::store::api_keys::{self, KeyRow};
use crate::store::counts;
use crate::store::rechecks;
use crate::store::requests::{self, ListRow, Selection, Tab};
use crate::store::resubmissions;
use crate::store::runs::{self, Run};
use crate::store::saved_views::{self, ViewRow};
use crate::web::alert::AlertWords;
use crate::web::format::{Moment, number};
use crate::web::shell::Shell;

/// A tab of the status page.
#[derive(Template, WebTemplate)]
#[template(path = "status/list.html")]
pub struct ListPage {
    shell: Shell,
    tab: Tab,
    tabs: [TabLink; 2],
    views: [ViewLink; 2],
    rate: RateLine,
    alert: Option<AlertWords>,
    chart: ChartPart,
    range: String,
    notices: Vec<String>,
    form: FilterForms,
    /// How many of all on the tab the filter lets through.
    matched: String,
    chips: Vec<Chip>,
    clear: String,
    frozen: String,
    /// This very page.
    here: String,
    /// The count of the tab.
    on_tab: String,
    /// The last run over many, in words, and its page.
    last_run: Option<(String, String)>,
    saved: ViewLinks,
    files: Option<Files>,
    live: Option<Live>,
    caption: String,
    rows: Vec<Row>,
    causes: Option<CausesView>,
    pager: Pager,
    empty: Option<Empty>,
    legend: Vec<Group>,
}

/// A tab with its count.
pub struct TabLink {
    title: &'static str,
    url: String,
    count: String,
    is_current: bool,
}

/// The list as files.
pub struct Files {
    /// How many requests are in each.
    count: String,
    csv: String,
    json_lines: String,
}

/// The ways to what comes to a list that goes on.
pub struct Live {
    /// Its newest page.
    newest: String,
    /// Where a script asks what came since.
    newer: String,
}

/// A way to show the list.
pub struct ViewLink {
    title: &'static str,
    url: String,
    is_current: bool,
}

/// What the store tells about a list.
pub struct Facts {
    /// The rows.
    pub page: requests::Page,
    /// The newest request of the tab, where the list is empty.
    pub newest_on_tab: Option<DateTime<Utc>>,
    /// The newest of all, where the list is empty.
    pub newest_of_all: Option<DateTime<Utc>>,
    /// What checking these rows again by today's settings said.
    rechecks: HashMap<Uuid, (Now, bool)>,
    /// Which of them were sent again.
    sent_again: HashMap<Uuid, Option<Uuid>>,
    causes: Option<CauseFacts>,
}

/// What the store tells about what stands around a list. It may count what came a moment before or
/// after the rows were read, so it is read at the same time, on another connection.
struct Surroundings {
    /// The counters of the window.
    cube: Cube,
    /// Of the window before.
    rate_before: Rate,
    alert: Option<Alert>,
    keys: Vec<KeyRow>,
    views: Vec<ViewRow>,
    last_run: Option<Run>,
}

/// `GET …/api-status`: the first tab.
pub async fn first_tab() -> impl Responder {
    web::Redirect::to(Tab::Invalid.path()).see_other()
}

/// `GET …/invalid-requests`
pub async fn invalid(
    shell: Shell,
    status: web::Data<Status>,
    http: HttpRequest,
) -> Result<ListPage, PageError> {
    show(Tab::Invalid, View::Requests, shell, &status, &http).await
}

/// `GET …/invalid-requests/causes`
pub async fn causes_of_invalid(
    shell: Shell,
    status: web::Data<Status>,
    http: HttpRequest,
) -> Result<ListPage, PageError> {
    show(Tab::Invalid, View::Causes, shell, &status, &http).await
}

/// `GET …/test-requests`
pub async fn test(
    shell: Shell,
    status: web::Data<Status>,
    http: HttpRequest,
) -> Result<ListPage, PageError> {
    show(Tab::Test, View::Requests, shell, &status, &http).await
}

/// `GET …/test-requests/causes`
pub async fn causes_of_test(
    shell: Shell,
    status: web::Data<Status>,
    http: HttpRequest,
) -> Result<ListPage, PageError> {
    show(Tab::Test, View::Causes, shell, &status, &http).await
}

async fn show(
    tab: Tab,
    view: View,
    shell: Shell,
    status: &Status,
    http: &HttpRequest,
) -> Result<ListPage, PageError> {
    let company = shell.company.id;
    let snapshot = status.settings.snapshot(&status.store, company).await?;
    let look = Look::read(tab, view, http.query_string(), shell, status, snapshot);
    let (facts, surroundings, in_index, chart) = tokio::join!(
        facts(status, &look),
        surroundings(status, &look),
        in_index(status, &look),
        chart::read(status, &look)
    );
    let (facts, surroundings, in_index) = (facts?, surroundings?, in_index?);
    Ok(ListPage::new(
        status,
        look,
        facts,
        surroundings,
        in_index,
        chart,
    ))
}

async fn surroundings(status: &Status, look: &Look) -> Result<Seen<Surroundings>, PageError> {
    let (company, user_id) = (look.shell.company.id, look.shell.operator.user_id);
    let window = look.window;
    let before = window.before(look.now);
    let seen = status.store.look(company, move |connection| {
        Ok(Surroundings {
            cube: counts::cube(connection, company, window)?,
            rate_before: counts::production(connection, company, before)?,
            alert: alerts::find_open(connection, company)?,
            keys: api_keys::of_company(connection, company)?,
            views: saved_views::of_user(connection, company, user_id)?,
            last_run: runs::latest(connection, company)?,
        })
    });
    Ok(seen.await?)
}

/// What of both tabs the filter lets through by the terms that the counters do not know, and whether
/// there is more; `None` where they know all of them. It takes the longest of all, so it is read by
/// itself.
async fn in_index(status: &Status, look: &Look) -> Result<Seen<Option<(Cube, bool)>>, PageError> {
    let snapshot = look.snapshot.clone();
    let uncounted = look.address.filter.uncounted(&snapshot.rules);
    if uncounted.is_empty() {
        return Ok(Seen::default());
    }
    let filter = look.address.filter.only_about(&uncounted);
    let company = look.shell.company.id;
    let (tab, window, now) = (look.address.tab, look.window, look.now);
    let seen = status.store.look(company, move |connection| {
        let selection = Selection {
            tab,
            window,
            now,
            filter: &filter,
            settings: &snapshot.rules,
        };
        requests::cube(connection, company, &selection).map(Some)
    });
    Ok(seen.await?)
}

async fn facts(status: &Status, look: &Look) -> Result<Seen<Facts>, PageError> {
    let company = look.shell.company.id;
    let Address {
        tab,
        view,
        filter,
        shown,
    } = look.address.clone();
    let (cursor, window, now) = (look.cursor, look.window, look.now);
    let snapshot = look.snapshot.clone();
    let oldest = status.oldest(now);
    let seen = status.store.look(company, move |connection| {
        let settings = &snapshot.rules;
        let selection = Selection {
            tab,
            window,
            now,
            filter: &filter,
            settings,
        };
        let causes = match view {
            View::Requests => None,
            View::Causes => Some(causes::read(connection, company, &selection, shown, now)?),
        };
        let page = match &causes {
            None => requests::page(connection, company, &selection, cursor)?,
            Some(causes) => requests::Page {
                searched_to: causes.searched_to(),
                ..requests::Page::default()
            },
        };
        let is_empty = match &causes {
            Some(causes) => causes.are_none(),
            None => page.rows.is_empty(),
        };
        let newest = |connection: &mut _, tab| match is_empty {
            true => requests::newest(connection, company, tab, oldest),
            false => Ok(None),
        };
        Ok(Facts {
            newest_on_tab: newest(connection, Some(tab))?,
            newest_of_all: newest(connection, None)?,
            rechecks: rechecks::by_version(connection, company, &page.ids(), settings.version)?,
            sent_again: resubmissions::sent_again(connection, company, &page.ids())?,
            page,
            causes,
        })
    });
    Ok(seen.await?)
}

impl ListPage {
    fn new(
        status: &Status,
        look: Look,
        facts: Seen<Facts>,
        around: Seen<Surroundings>,
        in_index: Seen<Option<(Cube, bool)>>,
        chart: ChartPart,
    ) -> Self {
        let behind = facts.behind.max(around.behind).max(in_index.behind);
        let (facts, around) = (facts.found, around.found);
        let (address, now, zone) = (&look.address, look.now, look.zone());
        let names = key_names(&around.keys);
        let uncounted = address.filter.uncounted(&look.snapshot.rules);
        let counts = Counts {
            counters: &around.cube,
            uncounted: &uncounted,
            in_index: in_index
                .found
                .as_ref()
                .map(|(cube, is_cut)| (cube, *is_cut)),
        };
        let (filtered, more) = counts.of(&address.filter);
        let on = |tab: Tab| number(filtered.count(|cell| tab.holds(cell))) + more;
        let on_tab = on(address.tab);
        let frozen = address.frozen(look.window, now);
        let rows = facts.rows(&look, &frozen, &names);
        let failed =
            |cell: &Cell| cell.is_invalid() && (address.tab == Tab::Invalid || cell.is_test());
        let is_cut = in_index.found.as_ref().is_some_and(|(_, is_cut)| *is_cut);
        let failures = (!is_cut).then(|| filtered.count(failed));
        let causes = facts.causes.as_ref();
        let is_empty = match causes {
            Some(causes) if causes.are_of_decision() => causes.are_none() && failures == Some(0),
            Some(causes) => causes.are_none(),
            None => rows.is_empty(),
        };
        let causes = causes.map(|causes| CausesView::new(&look, causes, failures, &names));
        let all_on_tab = around.cube.count(|cell| address.tab.holds(cell));
        Self {
            tabs: Tab::ALL.map(|tab| TabLink::new(tab, address, on(tab))),
            views: View::ALL.map(|view| ViewLink::new(view, address)),
            saved: ViewLinks::new(&around.views, address),
            live: Live::new(&look, &facts.page, behind),
            files: (!is_empty).then(|| Files::new(address, &on_tab)),
            rate: RateLine::new(around.cube.production(), around.rate_before),
            alert: around
                .alert
                .as_ref()
                .map(|alert| AlertWords::new(alert, status.sends_mail, zone, now)),
            range: look.range_in_words(),
            form: facets::forms(
                address,
                &counts,
                &look.snapshot.rules,
                &around.keys,
                &names,
                zone,
            ),
            matched: format!("{on_tab} of {}", number(all_on_tab)),
            chips: filters::chips(address, &names),
            clear: address.with_filter(address.filter.without_terms()),
            frozen: frozen.at(look.cursor),
            here: address.at(look.cursor),
            last_run: around
                .last_run
                .as_ref()
                .map(|run| again::last(run, now, zone)),
            caption: caption(address.tab, &on_tab, &Moment::new(now, zone)),
            pager: Pager::new(&look, &facts.page),
            empty: is_empty
                .then(|| empty::why(status, &look, &facts, &around.cube, &chart, &names)),
            chart,
            legend: legend::groups(address, &error_counts(address, &counts)),
            on_tab,
            tab: address.tab,
            causes,
            rows,
            notices: look.notices,
            shell: look.shell.as_of(behind),
        }
    }

    fn alert_line(&self) -> String {
        format!("{OPENS_ABOVE} %")
    }
}

impl Facts {
    fn rows(&self, look: &Look, frozen: &Address, names: &KeyNames) -> Vec<Row> {
        let row = |row: &ListRow| Row {
            url: frozen.request(row.id, look.cursor),
            recheck: self.rechecks.get(&row.id).copied(),
            is_sent_again: self.sent_again.contains_key(&row.id),
            ..Row::new(row, names, look.now, look.zone())
        };
        self.page.rows.iter().map(row).collect()
    }
}

impl TabLink {
    fn new(tab: Tab, address: &Address, count: String) -> Self {
        Self {
            title: tab.title(),
            url: address.on(tab),
            count,
            is_current: tab == address.tab,
        }
    }
}

impl ViewLink {
    fn new(view: View, address: &Address) -> Self {
        Self {
            title: view.title(),
            url: address.shown_as(view).url(),
            is_current: view == address.view,
        }
    }
}

impl Live {
    /// Where the list goes on: what is newer than its first request, and than what the page, read so far
    /// `behind`, has looked at for certain.
    fn new(look: &Look, page: &requests::Page, behind: Duration) -> Option<Self> {
        let as_of = look.now - behind;
        let looked_at = RequestId::new(as_of - SETTLED);
        let first = match (page.rows.first(), look.address.view) {
            (Some(row), _) => RequestId::from_uuid(row.id)?.max(looked_at),
            (None, View::Requests) => looked_at,
            // They count the last as well.
            (None, View::Causes) => RequestId::new(as_of),
        };
        let goes_on = look.window.to.is_none() && look.cursor == Cursor::Newest;
        goes_on.then(|| Self {
            newest: look.address.url(),
            newer: look.address.newer(first),
        })
    }
}

impl Files {
    fn new(address: &Address, count: &str) -> Self {
        Self {
            count: count.to_owned(),
            csv: address.file("csv"),
            json_lines: address.file("jsonl"),
        }
    }
}

fn caption(tab: Tab, count: &str, now: &Moment) -> String {
    let requests = match (tab, count) {
        (Tab::Invalid, "1") => "invalid request",
        (Tab::Invalid, _) => "invalid requests",
        (Tab::Test, "1") => "test request",
        (Tab::Test, _) => "test requests",
    };
    format!("{count} {requests}, newest first · times in {}", now.zone())
}

/// How many requests of the tab have which errors, whatever error the filter asks for.
fn error_counts(address: &Address, counts: &Counts<'_>) -> ErrorCounts {
    let (of_any_error, more) = counts.of(&address.filter.without_any("error"));
    let on_tab = of_any_error.0.iter().filter(|cell| address.tab.holds(cell));
    ErrorCounts {
        masks: on_tab.map(|cell| (cell.error_mask, cell.count)).collect(),
        more,
    }
}
