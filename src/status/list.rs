//! The two tabs.

use std::sync::Arc;

use actix_web::{HttpRequest, Responder, web};
use askama::Template;
use askama_web::WebTemplate;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::causes::CausesView;
use super::chart::{self, Chart, Side};
use super::empty::{self, Empty, Older};
use super::facets::{self, FilterForms};
use super::filters::{self, Address, Chip, View};
use super::legend::{self, ErrorCounts, Group};
use super::rate::{ALERT_PERCENT, RateLine};
use super::row::{About, Customer, KeyNames, Named, Row, key_names};
use super::{ROOT, Status};
use crate::domain::cube::{Cell, Cube};
use crate::domain::dictionary::EndedBy;
use crate::domain::filter::Filter;
use crate::domain::paging::Cursor;
use crate::domain::request::{Environment, RequestId};
use crate::domain::window::{Range, Window};
use crate::error::PageError;
use crate::store::api_keys::{self, KeyRow};
use crate::store::audit::{self, RuleChange};
use crate::store::causes::{self, Causes};
use crate::store::counts;
use crate::store::requests::{self, Count, ListRow, MAX_COUNTED_ENTRIES, Selection, Tab};
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
    files: Option<Files>,
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
    /// Where a rare filter stopped looking, in words.
    searched_to: Option<String>,
    /// Whether it looked towards the newest.
    searches_forward: bool,
}

/// What the store tells about a list.
struct Facts {
    page: requests::Page,
    causes: Option<(Causes, Vec<RuleChange>)>,
    cube: Cube,
    cube_before: Cube,
    counted: Option<Counted>,
    keys: Vec<KeyRow>,
    newest_on_tab: Option<DateTime<Utc>>,
    newest_of_all: Option<DateTime<Utc>>,
}

/// What was counted in the index, where the counters cannot tell.
struct Counted {
    /// Both tabs.
    tabs: [Count; 2],
    /// This tab, whatever error the filter asks for.
    legend: Count,
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

/// What a reader looks at.
pub(super) struct Look {
    pub(super) shell: Shell,
    pub(super) address: Address,
    cursor: Cursor,
    /// What of the address was not understood.
    pub(super) notices: Vec<String>,
    pub(super) window: Window,
    pub(super) now: DateTime<Utc>,
    pub(super) snapshot: Arc<Snapshot>,
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
    let (facts, chart) = tokio::join!(facts(status, &look), async {
        match look.is_countable() {
            true => {
                let Look {
                    shell,
                    address,
                    window,
                    now,
                    ..
                } = &look;
                chart::chart(status, &shell.company, address, *window, *now).await
            }
            false => None,
        }
    });
    Ok(ListPage::new(status, look, facts?, chart))
}

impl Look {
    /// Reads the address; what is no part of it is named in a notice.
    pub(super) fn read(
        tab: Tab,
        view: View,
        query: &str,
        shell: Shell,
        status: &Status,
        snapshot: Arc<Snapshot>,
    ) -> Self {
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
        let now = status.clock.now();
        let filter = filter.resolved(&snapshot.rules);
        let window = filter.window(tab.default_range(), now);
        Self {
            shell,
            address: Address { tab, filter, view },
            cursor,
            notices,
            window: status.within_retention(window, now),
            now,
            snapshot,
        }
    }

    /// Whether the counters can tell how many requests match.
    fn is_countable(&self) -> bool {
        self.address.filter.is_countable(&self.snapshot.rules)
    }

    fn zone(&self) -> Tz {
        self.shell.company.zone
    }
}

async fn facts(status: &Status, look: &Look) -> Result<Facts, PageError> {
    let company = look.shell.company.id;
    let Address { tab, view, filter } = look.address.clone();
    let (cursor, window, now) = (look.cursor, look.window, look.now);
    let snapshot = look.snapshot.clone();
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
        let counted = match filter.is_countable(settings) {
            true => None,
            false => {
                let of_any_error = filter.without_any("error");
                let legend = Selection {
                    filter: &of_any_error,
                    ..on(tab)
                };
                let mut count = |selection: &Selection<'_>| {
                    requests::count(connection, company, selection, MAX_COUNTED_ENTRIES)
                };
                Some(Counted {
                    tabs: [count(&on(Tab::Invalid))?, count(&on(Tab::Test))?],
                    legend: count(&legend)?,
                })
            }
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
            counted,
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
    fn new(status: &Status, look: Look, facts: Facts, chart: Option<Chart>) -> Self {
        let (address, now, zone) = (&look.address, look.now, look.zone());
        let names = key_names(&facts.keys);
        let is_countable = facts.counted.is_none();
        let filtered = facts.cube.filtered(&address.filter);
        let tabs: Vec<TabLink> = Tab::ALL
            .into_iter()
            .map(|tab| TabLink {
                title: tab.title(),
                url: address.on(tab),
                count: count(tab, &filtered, facts.counted.as_ref()),
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
            CausesView::new(address, causes, changes, failures, &names, now, zone)
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
        let files = (!is_empty).then(|| Files {
            count: on_tab.clone().unwrap_or_default(),
            csv: address.file("csv"),
            json_lines: address.file("jsonl"),
        });
        Self {
            files,
            chart,
            rate: RateLine::new(facts.cube.production(), facts.cube_before.production()),
            range: range_words(&look),
            form: facets::forms(
                address,
                cube,
                &look.snapshot.rules,
                &facts.keys,
                &names,
                zone,
            ),
            chips: filters::chips(address, &names),
            clear: address.with_filter(address.filter.without_terms()),
            frozen: address.frozen(look.window, now, look.cursor),
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
            pager: Pager::new(&look, &facts.page),
            empty: is_empty.then(|| empty(status, &look, &facts, &names)),
            legend: legend::groups(address, &error_counts(address, &facts)),
            tab: address.tab,
            tabs,
            views: views.into(),
            causes,
            rows,
            notices: look.notices,
            shell: look.shell,
        }
    }

    fn alert_line(&self) -> String {
        format!("{ALERT_PERCENT:.0} %")
    }

    fn search_path(&self) -> String {
        format!("{ROOT}/search")
    }
}

fn count(tab: Tab, filtered: &Cube, counted: Option<&Counted>) -> String {
    match (tab, counted) {
        (tab, None) => number(filtered.count(|cell| tab.holds(cell))),
        (
            Tab::Invalid,
            Some(Counted {
                tabs: [count, _], ..
            }),
        )
        | (
            Tab::Test,
            Some(Counted {
                tabs: [_, count], ..
            }),
        ) => {
            let more = if count.or_more { "+" } else { "" };
            number(count.count) + more
        }
    }
}

/// How many requests of the tab have which errors, whatever error the filter asks for.
fn error_counts(address: &Address, facts: &Facts) -> ErrorCounts {
    match &facts.counted {
        Some(counted) => ErrorCounts {
            masks: counted.legend.masks.clone(),
            or_more: counted.legend.or_more,
        },
        None => {
            let any_error = facts.cube.filtered(&address.filter.without_any("error"));
            let on_tab = any_error.0.iter().filter(|cell| address.tab.holds(cell));
            ErrorCounts {
                masks: on_tab.map(|cell| (cell.error_mask, cell.count)).collect(),
                or_more: false,
            }
        }
    }
}

/// The window in words; the chart below says its true beginning.
fn range_words(look: &Look) -> String {
    let default = Range::Last(look.address.tab.default_range());
    let time = |at| Moment::new(at, look.zone()).weekday();
    match look.address.filter.range.unwrap_or(default) {
        Range::Last(preset) => format!("in the {}", preset.title()),
        Range::Between(..) => {
            let to = look.window.to.unwrap_or(look.now);
            format!("from {} to {}", time(look.window.from), time(to))
        }
    }
}

fn empty(status: &Status, look: &Look, facts: &Facts, names: &KeyNames) -> Empty {
    let address = &look.address;
    let older = |at| Older::new(address, at, look.now, look.zone());
    let curl = || curl(status);
    let total = facts.cube.count(|_| true);
    match (facts.newest_of_all, facts.newest_on_tab) {
        (None, _) => Empty::NothingEver { curl: curl() },
        (Some(_), None) if address.tab == Tab::Test => Empty::NoTestEver { curl: curl() },
        _ if look.cursor != Cursor::Newest && facts.page.searched_to.is_none() => {
            let first = address.url();
            Empty::NothingFurther { first }
        }
        _ if !address.filter.terms().is_empty() => Empty::NothingMatches {
            without: empty::without_each(
                address,
                look.is_countable().then_some(&facts.cube),
                names,
            ),
            clear: address.with_filter(address.filter.without_terms()),
        },
        (_, last) if total > 0 && address.tab == Tab::Invalid => Empty::NothingFailed {
            total: number(total),
            last: last.map(older),
        },
        (newest, _) => Empty::NothingInWindow {
            last: newest.map(older),
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
    fn new(look: &Look, page: &requests::Page) -> Self {
        let id = |row: &ListRow| RequestId::from_uuid(row.id);
        let (first, last) = (
            page.rows.first().and_then(id),
            page.rows.last().and_then(id),
        );
        // Where a rare filter stopped, the way goes on from there and not from the last row shown.
        let (older, newer) = match look.cursor {
            Cursor::NewerThan(from) => (last.or(Some(from)), page.searched_to.or(first)),
            Cursor::Newest => (page.searched_to.or(last), first),
            Cursor::OlderThan(from) => (page.searched_to.or(last), first.or(Some(from))),
        };
        let short = |id: RequestId| Moment::new(id.received_at(), look.zone()).short(look.now);
        // A rolling window moves on; the pages of the list that was opened stay where they are.
        let link = |cursor| look.address.frozen(look.window, look.now, cursor);
        Self {
            newer: newer
                .filter(|_| page.has_newer)
                .map(|id| link(Cursor::NewerThan(id))),
            older: older
                .filter(|_| page.has_older)
                .map(|id| link(Cursor::OlderThan(id))),
            span: match (last, first) {
                (Some(last), Some(first)) if last != first => {
                    format!("{} – {}", short(last), short(first))
                }
                (Some(only), _) => short(only),
                _ => String::new(),
            },
            searches_forward: matches!(look.cursor, Cursor::NewerThan(_)),
            searched_to: page.searched_to.map(|id| match look.cursor {
                Cursor::NewerThan(_) => format!("Searched forward to {}", short(id)),
                _ => format!("Searched back to {}", short(id)),
            }),
        }
    }

    /// Where a search that stopped goes on.
    fn onwards(&self) -> Option<&String> {
        match self.searches_forward {
            true => self.newer.as_ref(),
            false => self.older.as_ref(),
        }
    }
}
