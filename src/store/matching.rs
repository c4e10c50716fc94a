//! How a filter is asked of the store: which index serves it, what of it is left to be asked of the
//! entries, and the SQL that says so. Whatever is read ends after so many entries of the index.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use diesel::prelude::*;
use diesel::sql_types::Uuid as SqlUuid;
use uuid::Uuid;

use super::counts::{CellRow, of_reason};
use super::query::{Query, Value, is_simple};
use super::requests::{MAX_ENTRIES, Selection, Tab};
use crate::domain::company::CompanyId;
use crate::domain::dictionary::{ErrorCode, Reason};
use crate::domain::email;
use crate::domain::filter::{Filter, Label, Subject, Term, Verdict};
use crate::domain::label;
use crate::domain::paging::Cursor;
use crate::domain::request::RequestId;
use crate::domain::settings::CompanySettings;

/// What is counted by its findings is looked up request by request: so many at most.
const MOST_LOOKED_UP: i64 = 1_000;

/// What the requests have in common that are on one of the lists: some indexes hold only those.
pub(super) const LISTED: &str = "(error_mask <> 0 OR environment = 1)";

/// The same in two parts, each with an index of its own.
const LISTED_APART: [&str; 2] = ["error_mask <> 0", "environment = 1 AND error_mask = 0"];

/// Which way a list is read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Direction {
    Older,
    Newer,
}

/// The place of a request in a list.
#[derive(QueryableByName)]
pub(super) struct Place {
    #[diesel(sql_type = SqlUuid)]
    pub(super) id: Uuid,
}

impl Tab {
    pub(super) fn condition(self) -> &'static str {
        match self {
            Self::Invalid => "error_mask <> 0",
            Self::Test => "environment = 1",
        }
    }
}

/// The ids that match, in order, at most `most`, among the first `entries` of the list's index.
pub(super) fn matching(
    company: CompanyId,
    selection: &Selection<'_>,
    cursor: Cursor,
    direction: Direction,
    entries: i64,
    most: i64,
) -> Query {
    let mut query = Query::new(company);
    let source = Source::of(&mut query, selection);
    let entries = source.needed(entries, most);
    let sql = source.entries(&mut query, selection, cursor, direction, entries);
    let conditions = source.conditions(&mut query, selection.settings);
    let order = order(direction);
    let query = query.planned_once(is_often_read(selection, cursor));
    query.and(&format!(
        "SELECT id, received_at, error_mask FROM ({sql}) AS entries \
         WHERE {conditions} {order} LIMIT {most}"
    ))
}

/// The first `entries` of the list's index, in order, each with whether the filter admits it.
pub(super) fn judged(
    company: CompanyId,
    selection: &Selection<'_>,
    cursor: Cursor,
    direction: Direction,
    entries: i64,
) -> Query {
    let mut query = Query::new(company);
    let source = Source::of(&mut query, selection);
    let sql = source.entries(&mut query, selection, cursor, direction, entries);
    let conditions = source.conditions(&mut query, selection.settings);
    let order = order(direction);
    query.and(&format!(
        "SELECT id, coalesce({conditions}, false) AS matches FROM ({sql}) AS entries {order}"
    ))
}

/// What there is on either list, whichever is selected, by everything that counters tell apart: of
/// the newest `most` that match among the first `entries`, and whether there may be more.
pub(super) fn cells(
    connection: &mut PgConnection,
    company: CompanyId,
    selection: &Selection<'_>,
    entries: i64,
    most: i64,
) -> QueryResult<(Vec<CellRow>, bool)> {
    let mut query = Query::new(company);
    let source = Source::of_both_lists(&mut query, selection);
    let (cursor, direction) = (Cursor::Newest, Direction::Older);
    // A look into the table costs many times what the entry itself does.
    let (entries, most) = match source.index {
        Index::Findings { .. } => (MAX_ENTRIES, MOST_LOOKED_UP),
        _ if source.reads_the_table(selection.settings) => (entries.min(MAX_ENTRIES), most),
        _ => (entries, most),
    };
    let entries = source.needed(entries, most);
    let sql = source.entries(&mut query, selection, cursor, direction, entries);
    let matching = match source.has_rest() {
        true => {
            let conditions = source.conditions(&mut query, selection.settings);
            let order = order(direction);
            format!("SELECT * FROM ({sql}) AS entries WHERE {conditions} {order} LIMIT {most}")
        }
        false => sql,
    };
    let label = |column, not_found: ErrorCode| {
        format!(
            "coalesce({column}, CASE WHEN error_mask & {} <> 0 THEN '{}' ELSE '{}' END) AS {column}",
            not_found.bit(),
            Label::Unknown.word(),
            Label::NotSent.word(),
        )
    };
    let labels = [
        label("channel", ErrorCode::ChannelNotEnabled),
        label("brand", ErrorCode::InvalidBrand),
        label("language", ErrorCode::LanguageNotAvailable),
    ];
    let mut query = query.planned_once(is_often_read(selection, cursor));
    // Words for what is missing are said of each cell, not of each request.
    let counted = query.clone().and(&format!(
        // No filter asks whether a request was sent again.
        "SELECT environment, kind, key_id, {}, error_mask, false AS resubmitted, count \
         FROM (SELECT environment, kind, key_id, channel, brand, language, error_mask, \
                      count(*) AS count \
               FROM ({matching}) AS matching GROUP BY 1, 2, 3, 4, 5, 6, 7) AS counted",
        labels.join(", ")
    ));
    let cells: Vec<CellRow> = counted.load_unsorted(connection)?;
    let count: i64 = cells.iter().map(|cell| cell.count).sum();
    let is_cut = count == most
        || source.has_rest() && {
            let places = source.places(&mut query, selection, cursor, direction, entries);
            last(connection, query, &places, direction, entries)?.is_some()
        };
    Ok((cells, is_cut))
}

/// Whether the list's index leaves something of the filter to be asked of its entries; else all of them
/// match.
pub(super) fn asks_entries(company: CompanyId, selection: &Selection<'_>) -> bool {
    Source::of(&mut Query::new(company), selection).has_rest()
}

/// The last of the entries looked at, when the look ended there: there may be more behind it.
pub(super) fn last_entry(
    connection: &mut PgConnection,
    company: CompanyId,
    selection: &Selection<'_>,
    cursor: Cursor,
    direction: Direction,
    entries: i64,
) -> QueryResult<Option<RequestId>> {
    match asks_entries(company, selection) {
        true => nth_entry(connection, company, selection, cursor, direction, entries),
        // Every entry matches: the look ended where the index does.
        false => Ok(None),
    }
}

/// The last of the first `entries` of the list's index, where it has so many: more may be behind it.
pub(super) fn nth_entry(
    connection: &mut PgConnection,
    company: CompanyId,
    selection: &Selection<'_>,
    cursor: Cursor,
    direction: Direction,
    entries: i64,
) -> QueryResult<Option<RequestId>> {
    let mut query = Query::new(company);
    let source = Source::of(&mut query, selection);
    let places = source.places(&mut query, selection, cursor, direction, entries);
    let query = query.planned_once(is_often_read(selection, cursor));
    last(connection, query, &places, direction, entries)
}

fn last(
    connection: &mut PgConnection,
    query: Query,
    places: &str,
    direction: Direction,
    entries: i64,
) -> QueryResult<Option<RequestId>> {
    let order = order(direction);
    let query = query.and(&format!(
        "SELECT id FROM ({places}) AS entries {order} OFFSET {} LIMIT 1",
        entries - 1
    ));
    let last: Option<Place> = query.load_unsorted(connection)?.pop();
    Ok(last.and_then(|place| RequestId::from_uuid(place.id)))
}

/// Whether this has one of few forms, whatever its window: the first page of a list with a simple filter,
/// and the way on in a list with none.
fn is_often_read(selection: &Selection<'_>, cursor: Cursor) -> bool {
    match cursor {
        Cursor::Newest => is_simple(selection.filter),
        Cursor::OlderThan(_) | Cursor::NewerThan(_) => selection.filter.terms().is_empty(),
    }
}

fn order(direction: Direction) -> &'static str {
    match direction {
        Direction::Older => "ORDER BY received_at DESC, id DESC",
        Direction::Newer => "ORDER BY received_at, id",
    }
}

/// The index that serves a filter best, and what of the filter it leaves to be asked.
struct Source {
    index: Index,
    rest: Filter,
}

enum Index {
    /// The findings of this error, those that meet this condition alone where there is one, as far as
    /// they are on this list.
    Findings {
        code: ErrorCode,
        asked: Option<String>,
        list: &'static str,
    },
    /// The requests that meet one of these conditions; none meets two.
    Requests(Vec<String>),
}

impl Source {
    /// A lone error or variant is read from the findings, an employee and a label that the company did
    /// not have from an index of their own, so that none has to be looked for among all the others.
    fn of(query: &mut Query, selection: &Selection<'_>) -> Self {
        let list = selection.tab.condition();
        match lone_error(query, selection.filter) {
            Some((code, asked)) => {
                let of_findings = match selection.tab {
                    Tab::Invalid => "true",
                    Tab::Test => list,
                };
                Self::of_findings(code, asked, of_findings)
            }
            None => Self::of_requests(query, selection, list, &[list]),
        }
    }

    /// The same of both lists together.
    fn of_both_lists(query: &mut Query, selection: &Selection<'_>) -> Self {
        match lone_error(query, selection.filter) {
            Some((code, asked)) => Self::of_findings(code, asked, "true"),
            None => Self::of_requests(query, selection, LISTED, &LISTED_APART),
        }
    }

    fn of_findings(code: ErrorCode, asked: Option<String>, list: &'static str) -> Self {
        Self {
            index: Index::Findings { code, asked, list },
            rest: Filter::default(),
        }
    }

    /// The requests with something of the filter that has an index of its own, as far as they are
    /// `listed`; where it asks for no such thing, all of these lists.
    fn of_requests(
        query: &mut Query,
        selection: &Selection<'_>,
        listed: &str,
        lists: &[&str],
    ) -> Self {
        match narrowed(query, selection) {
            Some((parameter, arms)) => Self {
                index: Index::Requests(
                    arms.iter()
                        .map(|arm| format!("{listed} AND {arm}"))
                        .collect(),
                ),
                rest: without_wanted(selection.filter, parameter),
            },
            None => Self {
                index: Index::Requests(lists.iter().map(|list| list.to_string()).collect()),
                rest: selection.filter.clone(),
            },
        }
    }

    /// Whether something is left to be asked of the entries.
    fn has_rest(&self) -> bool {
        match &self.index {
            Index::Findings { asked, .. } => asked.is_some(),
            Index::Requests(_) => !self.rest.terms().is_empty(),
        }
    }

    /// That, as a condition.
    fn conditions(&self, query: &mut Query, settings: &CompanySettings) -> String {
        match &self.index {
            Index::Findings { .. } => "is_asked".to_owned(),
            Index::Requests(_) => conditions(query, &self.rest, settings),
        }
    }

    /// Whether what is left is asked of something that the index does not hold.
    fn reads_the_table(&self, settings: &CompanySettings) -> bool {
        !self.rest.is_countable(settings)
    }

    /// Where nothing is, no more of them are read than are wanted.
    fn needed(&self, entries: i64, most: i64) -> i64 {
        match self.has_rest() {
            true => entries,
            false => most.min(entries),
        }
    }

    /// So many entries of the index, in the order of the list.
    fn entries(
        &self,
        query: &mut Query,
        selection: &Selection<'_>,
        cursor: Cursor,
        direction: Direction,
        limit: i64,
    ) -> String {
        let places = self.places(query, selection, cursor, direction, limit);
        match &self.index {
            // In the order of the findings, so that a page looks up no more requests than it shows.
            Index::Findings { .. } => {
                let range = range(query, selection, cursor);
                format!(
                    "SELECT f.*, r.* FROM ({places}) AS f JOIN LATERAL ( \
                         SELECT error_mask, environment, kind, key_id, channel, brand, language \
                         FROM requests r \
                         WHERE r.company_id = $1 AND r.received_at = f.received_at \
                               AND r.id = f.id AND {range} OFFSET 0 \
                     ) AS r ON true"
                )
            }
            Index::Requests(_) => places,
        }
    }

    /// The same, of findings without their requests.
    fn places(
        &self,
        query: &mut Query,
        selection: &Selection<'_>,
        cursor: Cursor,
        direction: Direction,
        limit: i64,
    ) -> String {
        let range = range(query, selection, cursor);
        let order = order(direction);
        match &self.index {
            Index::Findings { code, asked, list } => {
                let code = query.value(Value::Small(code.bit()));
                let is_asked = match asked {
                    Some(asked) => format!("bool_or({asked})"),
                    None => "true".to_owned(),
                };
                format!(
                    "SELECT received_at, id, {is_asked} AS is_asked FROM request_findings \
                     WHERE company_id = $1 AND code = {code} AND {list} AND {range} \
                     GROUP BY received_at, id {order} LIMIT {limit}"
                )
            }
            Index::Requests(arms) => {
                let columns = columns(&self.rest, selection.settings);
                let arms: Vec<String> = arms
                    .iter()
                    .map(|arm| {
                        format!(
                            "(SELECT {columns} FROM requests WHERE company_id = $1 AND {arm} AND {range} \
                              {order} LIMIT {limit})"
                        )
                    })
                    .collect();
                match &arms[..] {
                    [only] => only.clone(),
                    arms => format!(
                        "SELECT * FROM ({}) AS arms {order} LIMIT {limit}",
                        arms.join(" UNION ALL ")
                    ),
                }
            }
        }
    }
}

/// A filter without what it wants of a parameter.
fn without_wanted(filter: &Filter, parameter: &str) -> Filter {
    let wanted = filter.about(parameter).filter(|term| !term.negated);
    wanted.fold(filter.clone(), |rest, term| rest.without(term))
}

/// What a filter asks for that has an index of its own: the parameter, and conditions of which each
/// request meets at most one. One value in each, for only then the index gives its entries in the
/// order of the list.
fn narrowed(query: &mut Query, selection: &Selection<'_>) -> Option<(&'static str, Vec<String>)> {
    let forms = employees(selection.filter);
    if !forms.is_empty() {
        let all = query.value(Value::Texts(forms.clone()));
        let forms: Vec<String> = forms
            .into_iter()
            .map(|form| query.value(Value::Text(form)))
            .collect();
        let by_name = forms
            .iter()
            .map(|form| format!("employee_sent = {form} AND {LISTED}"));
        let by_custom_id = forms.iter().map(|form| {
            format!(
                "employee_custom_id = {form} AND employee_custom_id IS NOT NULL AND {LISTED} \
                 AND employee_sent <> ALL({all})"
            )
        });
        return Some(("employee", by_name.chain(by_custom_id).collect()));
    }
    for column in ["channel", "brand", "language"] {
        let names = unknown_names(selection, column);
        if names.is_empty() {
            continue;
        }
        let arms = names.into_iter().map(|name| {
            let name = query.value(Value::Text(name));
            format!("{column}_unknown IS NOT NULL AND {column}_unknown = {name}")
        });
        return Some((column, arms.collect()));
    }
    None
}

/// The labels asked for, in the form in which they are compared, if all that are asked for are names
/// that the company did not have.
fn unknown_names(selection: &Selection<'_>, parameter: &str) -> Vec<String> {
    let wanted = selection.filter.about(parameter).filter(|t| !t.negated);
    let name = |term: &Term| match &term.subject {
        Subject::Channel(Label::NamedUnknown(name))
        | Subject::Brand(Label::NamedUnknown(name))
        | Subject::Language(Label::NamedUnknown(name)) => Some(label::fold(name).into_owned()),
        _ => None,
    };
    // Each once: none of what is read may be read twice.
    let names: Option<BTreeSet<String>> = wanted.map(name).collect();
    names.unwrap_or_default().into_iter().collect()
}

/// The only error asked for, if nothing else is, and what else its findings must meet: with another
/// condition each entry would cost a look into the requests, and the covering index of the list answers
/// by itself.
fn lone_error(query: &mut Query, filter: &Filter) -> Option<(ErrorCode, Option<String>)> {
    match filter.terms() {
        [
            Term {
                subject,
                negated: false,
            },
        ] => match subject {
            Subject::Error(code) => Some((*code, None)),
            Subject::Reason(reason, field) => {
                let asked = of_reason(query, *reason, field.as_deref());
                Some((reason.code(), Some(asked)))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Every form in which the employees asked for may be stored, each once.
pub(super) fn employees(filter: &Filter) -> Vec<String> {
    let wanted = filter.about("employee").filter(|term| !term.negated);
    let forms: BTreeSet<String> = wanted
        .flat_map(|term| stored_forms(&term.subject.value()))
        .collect();
    forms.into_iter().collect()
}

fn stored_forms(sent: &str) -> Vec<String> {
    let folded = email::fold(sent).into_owned();
    match folded == sent {
        true => vec![folded],
        false => vec![folded, sent.to_owned()],
    }
}

/// What the filter reads. Columns outside the covering index are named only when they are asked
/// about: they cost a look into the table per entry.
fn columns(filter: &Filter, settings: &CompanySettings) -> String {
    let mut columns = vec![
        "received_at",
        "id",
        "error_mask",
        "environment",
        "kind",
        "key_id",
        "channel",
        "brand",
        "language",
    ];
    for term in filter.terms() {
        if let Some(column) = uncovered(&term.subject, settings)
            && !columns.contains(&column)
        {
            columns.push(column);
        }
    }
    columns.join(", ")
}

/// The columns outside the covering index that something is asked of.
fn uncovered(subject: &Subject, settings: &CompanySettings) -> Option<&'static str> {
    match subject {
        subject if subject.is_counted(settings) => None,
        Subject::Employee(_) => Some("employee_sent, employee_custom_id"),
        Subject::Channel(_) => Some("channel_sent, channel_unknown"),
        Subject::Brand(_) => Some("brand_sent, brand_unknown"),
        Subject::Language(_) => Some("language_sent, language_unknown"),
        _ => None,
    }
}

/// The time range and the place in the list. The range is said twice where there is a cursor: rows
/// are compared by time and id, but only the plain comparison lets Postgres leave out partitions.
fn range(query: &mut Query, selection: &Selection<'_>, cursor: Cursor) -> String {
    let window = selection.window;
    // An end also where there is none leaves out the partitions made ahead.
    let end = window.to.unwrap_or(selection.now + TimeDelta::hours(1));
    let from = query.value(Value::Time(window.from));
    let to = query.value(Value::Time(end));
    let range = format!("received_at >= {from} AND received_at < {to}");
    let (id, coarse, fine) = match cursor {
        Cursor::Newest => return range,
        Cursor::OlderThan(id) => (id, "<=", "<"),
        Cursor::NewerThan(id) => (id, ">=", ">"),
    };
    let at = query.value(Value::Time(id.received_at()));
    let id = query.value(Value::Id(id.uuid()));
    range + &format!(" AND received_at {coarse} {at} AND (received_at, id) {fine} ({at}, {id})")
}

/// The filter as a condition: alternatives per thing, all things together, nothing negated.
fn conditions(query: &mut Query, filter: &Filter, settings: &CompanySettings) -> String {
    let mut all = Vec::new();
    for parameter in Subject::PARAMETERS {
        let terms: Vec<_> = filter.about(parameter).collect();
        let mut wanted = Vec::new();
        for term in terms {
            let condition = condition(query, &term.subject, settings);
            match term.negated {
                true => all.push(format!("NOT coalesce({condition}, false)")),
                false => wanted.push(condition),
            }
        }
        if !wanted.is_empty() {
            all.push(format!("({})", wanted.join(" OR ")));
        }
    }
    match all.is_empty() {
        true => "true".to_owned(),
        false => all.join(" AND "),
    }
}

fn condition(query: &mut Query, subject: &Subject, settings: &CompanySettings) -> String {
    match subject {
        Subject::Error(code) => {
            let bit = query.value(Value::Small(code.bit()));
            format!("error_mask & {bit} <> 0")
        }
        Subject::Reason(reason, field) => has_finding(query, *reason, field.as_deref()),
        Subject::Environment(environment) => format!("environment = {}", environment.number()),
        Subject::Kind(kind) => format!("kind = {}", kind.number()),
        Subject::Result(Verdict::Valid) => "error_mask = 0".to_owned(),
        Subject::Result(Verdict::Invalid) => "error_mask <> 0".to_owned(),
        Subject::Key(id) => {
            let id = query.value(Value::Integer(*id));
            format!("key_id = {id}")
        }
        Subject::Employee(sent) => {
            let forms = query.value(Value::Texts(stored_forms(sent)));
            format!("(employee_sent = ANY({forms}) OR employee_custom_id = ANY({forms}))")
        }
        Subject::Channel(label) => {
            let meant = meant(subject, settings);
            label_condition(query, "channel", ErrorCode::ChannelNotEnabled, label, meant)
        }
        Subject::Brand(label) => {
            let meant = meant(subject, settings);
            label_condition(query, "brand", ErrorCode::InvalidBrand, label, meant)
        }
        Subject::Language(label) => {
            let meant = meant(subject, settings);
            label_condition(
                query,
                "language",
                ErrorCode::LanguageNotAvailable,
                label,
                meant,
            )
        }
    }
}

/// As a value, not as EXISTS: Postgres would join it with the findings of all requests.
fn has_finding(query: &mut Query, reason: Reason, field: Option<&str>) -> String {
    let bit = query.value(Value::Small(reason.code().bit()));
    let is_asked = of_reason(query, reason, field);
    format!(
        "(error_mask & {bit} <> 0 AND coalesce(( \
             SELECT true FROM request_findings f \
             WHERE f.company_id = $1 AND f.received_at = entries.received_at \
                   AND f.id = entries.id AND {is_asked} LIMIT 1), false))"
    )
}

/// The label that a request means today by the one asked for; `None` where it is one that the
/// company does not have.
fn meant<'s>(subject: &Subject, settings: &'s CompanySettings) -> Option<&'s str> {
    match subject {
        Subject::Channel(Label::Named(name)) => Some(&settings.channel(name)?.label),
        Subject::Brand(Label::Named(name)) => Some(&settings.brand(name)?.label),
        Subject::Language(Label::Named(name)) => Some(&settings.language(name)?.label),
        _ => None,
    }
}

/// A label that was sent and not found is an error of its request, and the covering index has the
/// errors: nobody needs to look at what was sent, unless a name is asked for.
fn label_condition(
    query: &mut Query,
    column: &str,
    not_found: ErrorCode,
    label: &Label,
    meant: Option<&str>,
) -> String {
    let bit = not_found.bit();
    match label {
        Label::Named(name) | Label::NamedUnknown(name) => {
            let mut text = |text: &str| query.value(Value::Text(text.to_owned()));
            match meant {
                Some(meant) if meant == name => format!("{column} = {}", text(meant)),
                // An alias: those it reads, and those refused before there was one.
                Some(meant) => {
                    let (meant, sent, form) = (text(meant), text(name), text(&label::fold(name)));
                    format!(
                        "({column} = {meant} AND {column}_sent = {sent} OR {column}_unknown = {form})"
                    )
                }
                None => format!("{column}_unknown = {}", text(&label::fold(name))),
            }
        }
        Label::Unknown => format!("({column} IS NULL AND error_mask & {bit} <> 0)"),
        Label::NotSent => format!("({column} IS NULL AND error_mask & {bit} = 0)"),
    }
}
