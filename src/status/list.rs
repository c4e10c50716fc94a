//! The two tabs.

use actix_web::{HttpRequest, Responder, web};
use askama::Template;
use askama_web::WebTemplate;
use chrono::{DateTime, TimeDelta, Utc};

use super::causes::CausesView;
use super::chart::{self, Chart, Side};
use super::empty::{self, Empty, Older};
use super::facets::{self, FilterForms};
use super::filters::{self, Address, Chip, View};
use super::legend::{self, Group};
use super::rate::{ALERT_PERCENT, RateLine};
use super::row::{About, Customer, KeyNames, Named, Row, key_names};
use super::{ROOT, Status};
use crate::domain::cube::{Cell, Cube};
use crate::domain::dictionary::EndedBy;
use crate::domain::filter::Filter;
use crate::domain::paging::Cursor;
use crate::domain::request::Environment;
use crate::domain::window::{Range, Window};
use crate::error::PageError;
use crate::store::api_keys::{self, KeyRow};
use crate::store::audit::{self, RuleChange};
use crate::store::causes::{self, Causes};
use crate::store::counts;
use crate::store::requests::{self, Count, Selection, Tab};
use crate::store::settings::Snapshot;
use crate::web::format::{Moment, number};
use crate::web::shell::Shell;

/// A cause is compared with at most so many changes of the settings.
const MOST_CHANGES: i64 = 200;

/// A tab of the status page.
#[derive(Template, WebTemplate)]
#[template(path = "status/list.html")]
pub struct ListPage {
    shell: Shell,
    tab: Tab,
    tabs: Vec<TabLink>,
    views: Vec<ViewLink>,
    rate: RateLine,
    chart: Option<Chart>,
    range: String,
    notices: Vec<String>,
    form: FilterForms,
    chips: Vec<Chip>,
    clear: String,
    frozen: String,
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

/// A way to show the list.
pub struct ViewLink {
    title: &'static str,
    url: String,
    is_current: bool,
}

/// The way to the neighbouring pages.
pub struct Pager {
    newer: Option<String>,
    older: Option<String>,
    /// From when to when this page goes.
    span: String,
    /// Where a rare filter stopped looking.
    searched_to: Option<String>,
}

/// What the store tells about a list.
struct Facts {
    page: requests::Page,
    causes: Option<(Causes, Vec<RuleChange>)>,
    cube: Cube,
    cube_before: Cube,
    counts: Option<[Count; 2]>,
    keys: Vec<KeyRow>,
    newest_on_tab: Option<DateTime<Utc>>,
    newest_of_all: Option<DateTime<Utc>>,
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
    let now = status.clock.now();
    let (address, cursor, notices) = read(tab, view, http.query_string(), &shell);
    let window = address.filter.window(tab.default_range(), now);
    let window = status.within_retention(window, now);
    let snapshot = status
        .settings
        .snapshot(&status.store, shell.company.id)
        .await?;
    let (facts, chart) = tokio::join!(
        facts(
            status,
            &shell,
            &address,
            cursor,
            window,
            now,
            snapshot.clone(),
        ),
        async {
            match address.filter.is_countable(&snapshot.rules) {
                true => chart::chart(status, &shell.company, &address, window, now).await,
                false => None,
            }
        },
    );
    Ok(ListPage::new(
        shell, status, address, cursor, window, now, notices, &snapshot, facts?, chart,
    ))
}

/// Reads the address; what is no part of it is named in a notice.
fn read(tab: Tab, view: View, query: &str, shell: &Shell) -> (Address, Cursor, Vec<String>) {
    let parameters: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let pairs = parameters
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let (filter, others) = Filter::parse(pairs, shell.company.zone);
    let mut cursor = Cursor::Newest;
    let mut notices = Vec::new();
    for (name, value) in others {
        match Cursor::from_parameter(name, value) {
            Some(read) => cursor = read,
            None => notices.push(format!("{name}={value}")),
        }
    }
    let address = Address { tab, filter, view };
    (address, cursor, notices)
}

async fn facts(
    status: &Status,
    shell: &Shell,
    address: &Address,
    cursor: Cursor,
    window: Window,
    now: DateTime<Utc>,
    snapshot: std::sync::Arc<Snapshot>,
) -> Result<Facts, PageError> {
    let company = shell.company.id;
    let (tab, view, filter) = (address.tab, address.view, address.filter.clone());
    let oldest = status.oldest(now);
    let read = status.store.read(company, move |connection| {
        let settings = &snapshot.rules;
        let on = |tab| Selection {
            tab,
            window,
            filter: &filter,
            settings,
        };
        let page = match view {
            View::Requests => requests::page(connection, company, &on(tab), cursor)?,
            View::Causes => requests::Page::default(),
        };
        let causes = match view {
            View::Requests => None,
            View::Causes => Some((
                causes::causes(connection, company, &on(tab), now)?,
                audit::rule_changes(connection, company, a_day_more(window), MOST_CHANGES)?,
            )),
        };
        let counts = match filter.is_countable(settings) {
            true => None,
            false => Some([
                requests::count(connection, company, &on(Tab::Invalid))?,
                requests::count(connection, company, &on(Tab::Test))?,
            ]),
        };
        let is_empty = match &causes {
            Some((causes, _)) => causes.total == 0,
            None => page.rows.is_empty(),
        };
        let newest = |connection: &mut _, tab| match is_empty {
            true => requests::newest(connection, company, tab, oldest),
            false => Ok(None),
        };
        Ok(Facts {
            cube: counts::cube(connection, company, window)?,
            cube_before: counts::cube(connection, company, window.before(now))?,
            counts,
            keys: api_keys::of_company(connection, company)?,
            newest_on_tab: newest(connection, Some(tab))?,
            newest_of_all: newest(connection, None)?,
            page,
            causes,
        })
    });
    Ok(read.await?)
}

/// The changes of a window and of the day before it: a cause may follow one of those.
fn a_day_more(window: Window) -> Window {
    Window {
        from: window.from - TimeDelta::days(1),
        to: window.to,
    }
}

impl ListPage {
    #[expect(
        clippy::too_many_arguments,
        reason = "everything that the page is made of, once"
    )]
    fn new(
        shell: Shell,
        status: &Status,
        address: Address,
        cursor: Cursor,
        window: Window,
        now: DateTime<Utc>,
        notices: Vec<String>,
        snapshot: &Snapshot,
        facts: Facts,
        chart: Option<Chart>,
    ) -> Self {
        let zone = shell.company.zone;
        let names = key_names(&facts.keys);
        let is_countable = facts.counts.is_none();
        let filtered = facts.cube.filtered(&address.filter);
        let without_error = facts.cube.filtered(&address.filter.without_any("error"));
        let tabs: Vec<TabLink> = Tab::ALL
            .into_iter()
            .map(|tab| TabLink {
                title: tab.title(),
                url: address.on(tab),
                count: count(tab, &filtered, facts.counts.as_ref()),
                is_current: tab == address.tab,
            })
            .collect();
        let rows: Vec<Row> = facts
            .page
            .rows
            .iter()
            .map(|row| Row::new(row, &names, now, zone))
            .collect();
        let causes = facts.causes.as_ref().map(|(causes, changes)| {
            let failed =
                |cell: &Cell| cell.is_invalid() && (address.tab == Tab::Invalid || cell.is_test());
            let failures = is_countable.then(|| filtered.count(failed));
            CausesView::new(&address, causes, changes, failures, &names, now, zone)
        });
        let is_empty = match &causes {
            Some(view) => view.causes.is_empty(),
            None => rows.is_empty(),
        };
        let views = View::ALL.map(|view| ViewLink {
            title: view.title(),
            url: address.shown_as(view).url(),
            is_current: view == address.view,
        });
        let on_tab = tabs.iter().find(|t| t.is_current).map(|t| t.count.clone());
        let cube = is_countable.then_some(&facts.cube);
        Self {
            chart,
            rate: RateLine::new(facts.cube.production(), facts.cube_before.production()),
            range: range_words(&address, window, now, zone),
            form: facets::forms(&address, cube, &snapshot.rules, &facts.keys, &names, zone),
            chips: filters::chips(&address, &names),
            clear: address.with_filter(address.filter.without_terms()),
            frozen: address.frozen(window, now, cursor),
            caption: format!(
                "{} {}, newest first · times in {}",
                on_tab.as_deref().unwrap_or_default(),
                match (address.tab, on_tab.as_deref()) {
                    (Tab::Invalid, Some("1")) => "invalid request",
                    (Tab::Invalid, _) => "invalid requests",
                    (Tab::Test, Some("1")) => "test request",
                    (Tab::Test, _) => "test requests",
                },
                Moment::new(now, zone).zone()
            ),
            pager: Pager::new(&address, &facts.page, &rows, now, zone),
            empty: is_empty
                .then(|| empty(&address, status, &facts, &names, is_countable, now, &shell)),
            legend: legend::groups(
                &address,
                address.tab,
                is_countable.then_some(&without_error),
            ),
            tab: address.tab,
            tabs,
            views: views.into(),
            causes,
            rows,
            notices,
            shell,
        }
    }

    fn alert_line(&self) -> String {
        format!("{ALERT_PERCENT:.0} %")
    }

    fn search_path(&self) -> String {
        format!("{ROOT}/search")
    }
}

fn count(tab: Tab, filtered: &Cube, counted: Option<&[Count; 2]>) -> String {
    match (tab, counted) {
        (Tab::Invalid, None) => number(filtered.count(|cell| cell.is_invalid())),
        (Tab::Test, None) => number(filtered.count(|cell| cell.is_test())),
        (Tab::Invalid, Some([count, _])) | (Tab::Test, Some([_, count])) => {
            let more = if count.or_more { "+" } else { "" };
            number(count.count) + more
        }
    }
}

/// The window in words, with its true beginning.
fn range_words(
    address: &Address,
    window: Window,
    now: DateTime<Utc>,
    zone: chrono_tz::Tz,
) -> String {
    let range = address
        .filter
        .range
        .unwrap_or(Range::Last(address.tab.default_range()));
    let time = |at| Moment::new(at, zone).weekday();
    let (from, to) = (time(window.from), time(window.to.unwrap_or(now)));
    match range {
        Range::Last(preset) => format!("in the {}", preset.title()),
        Range::Between(..) => format!("from {from} to {to}"),
    }
}

fn empty(
    address: &Address,
    status: &Status,
    facts: &Facts,
    names: &KeyNames,
    is_countable: bool,
    now: DateTime<Utc>,
    shell: &Shell,
) -> Empty {
    let zone = shell.company.zone;
    let older = |at| Older::new(address, at, now, zone);
    let curl = || curl(status);
    let total = facts.cube.count(|_| true);
    match (facts.newest_of_all, facts.newest_on_tab) {
        (None, _) => Empty::NothingEver { curl: curl() },
        (Some(_), None) if address.tab == Tab::Test => Empty::NoTestEver { curl: curl() },
        _ if !address.filter.terms().is_empty() => Empty::NothingMatches {
            without: empty::without_each(address, is_countable.then_some(&facts.cube), names),
            clear: address.with_filter(address.filter.without_terms()),
        },
        (_, last) if total > 0 && address.tab == Tab::Invalid => Empty::NothingFailed {
            total: number(total),
            last: last.map(older),
        },
        (newest, on_tab) => Empty::NothingInWindow {
            last: on_tab.or(newest).map(older),
            longer: empty::in_the_longest_window(address),
        },
    }
}

fn curl(status: &Status) -> String {
    format!(
        "curl -i {} \\\n  -H 'x-api-key: YOUR TEST KEY' \\\n  -H 'content-type: application/json' \\\n  \
         -d '{{\"channel\": \"email\",\n       \"employee\": {{\"email\": \"agent@example.com\"}},\n       \
         \"customer\": {{\"name\": \"Jane\", \"email\": \"jane@example.com\"}},\n       \
         \"ext_interaction_id\": \"T-1\"}}'",
        status.public_url.join("/v1/requests")
    )
}

impl Pager {
    fn new(
        address: &Address,
        page: &requests::Page,
        rows: &[Row],
        now: DateTime<Utc>,
        zone: chrono_tz::Tz,
    ) -> Self {
        let id = |row: &requests::ListRow| crate::domain::request::RequestId::from_uuid(row.id);
        let (first, last) = (
            page.rows.first().and_then(id),
            page.rows.last().and_then(id),
        );
        let older = page.searched_to.or(last).filter(|_| page.has_older);
        let newer = first.or(page.searched_to).filter(|_| page.has_newer);
        let searched_to = page
            .searched_to
            .map(|id| Moment::new(id.received_at(), zone).short(now));
        Self {
            newer: newer.map(|id| address.at(Cursor::NewerThan(id))),
            older: older.map(|id| address.at(Cursor::OlderThan(id))),
            span: match (rows.last(), rows.first()) {
                (Some(last), Some(first)) if rows.len() > 1 => {
                    format!(
                        "{} – {}",
                        last.received.short(now),
                        first.received.short(now)
                    )
                }
                (Some(only), _) => only.received.short(now),
                _ => String::new(),
            },
            searched_to,
        }
    }
}
