//! What a search asks of the store: exactly what was pasted, or what begins with it.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use super::matching::{LISTED, Place};
use super::query::{Query, Value};
use super::requests::{Page, rows};
use crate::domain::company::CompanyId;
use crate::domain::label;
use crate::domain::paging::{Cursor, PAGE_ROWS};
use crate::domain::request::RequestId;
use crate::domain::search::Prefix;

/// What a search looks for. Ids and tickets find every request; the others the failed and the test
/// ones, for only those are indexed by them.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Ids of requests.
    pub ids: Vec<RequestId>,
    /// Ticket ids, exactly.
    pub tickets: Vec<String>,
    /// Employees' e-mails (folded) or custom ids.
    pub employees: Vec<String>,
    /// Hashes of customers' e-mails.
    pub customers: Vec<Vec<u8>>,
}

/// A page of what a search finds, newest first, at the earliest `since`.
pub fn search(
    connection: &mut PgConnection,
    company: CompanyId,
    wanted: &Wanted,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
    cursor: Cursor,
) -> QueryResult<Page> {
    let mut query = Query::new(company);
    let range = between(&mut query, since, now) + &after(&mut query, cursor);
    let limit = PAGE_ROWS + 1;
    // Value by value: only then an index gives what has it in order, and no more than a page is read. And
    // only those arms are there that can find something.
    let mut arms = Vec::new();
    let mut add = |wanted: String, condition: &str| {
        arms.push(format!(
            "SELECT found.* FROM {wanted} CROSS JOIN LATERAL ( \
                 SELECT received_at, id FROM requests \
                 WHERE company_id = $1 AND {range} AND {condition} \
                 ORDER BY received_at DESC, id DESC LIMIT {limit} \
             ) AS found"
        ));
    };
    let each = |values: &str| format!("unnest({values}) AS wanted (value)");
    if !wanted.ids.is_empty() {
        let (ids, times) = query.keys(&wanted.ids);
        add(
            format!("unnest({ids}, {times}) AS wanted (id, received_at)"),
            "requests.id = wanted.id AND requests.received_at = wanted.received_at",
        );
    }
    if !wanted.tickets.is_empty() {
        let tickets = query.value(Value::Texts(wanted.tickets.clone()));
        add(each(&tickets), "ticket_id = wanted.value");
    }
    if !wanted.employees.is_empty() {
        let employees = query.value(Value::Texts(wanted.employees.clone()));
        for column in ["employee_sent", "employee_custom_id"] {
            let sent_so = format!("{LISTED} AND {column} = wanted.value AND {column} IS NOT NULL");
            add(each(&employees), &sent_so);
        }
    }
    if !wanted.customers.is_empty() {
        let customers = query.value(Value::Hashes(wanted.customers.clone()));
        let is_theirs =
            format!("{LISTED} AND customer_hash = wanted.value AND customer_hash IS NOT NULL");
        add(each(&customers), &is_theirs);
    }
    if arms.is_empty() {
        return Ok(Page::default());
    }
    first_page(connection, company, query, cursor, &arms)
}

/// A page of the requests that were sent with a label that the company did not have, however it was
/// spelled, newest first, at the earliest `since`.
pub fn of_unknown_label(
    connection: &mut PgConnection,
    company: CompanyId,
    label: &str,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
    cursor: Cursor,
) -> QueryResult<Page> {
    let mut query = Query::new(company);
    let range = between(&mut query, since, now) + &after(&mut query, cursor);
    let label = query.value(Value::Text(label::fold(label).into_owned()));
    let limit = PAGE_ROWS + 1;
    let arms = ["channel", "brand", "language"].map(|column| {
        format!(
            "(SELECT received_at, id FROM requests WHERE company_id = $1 AND {range} \
                     AND {column}_unknown IS NOT NULL AND {column}_unknown = {label} \
              ORDER BY received_at DESC, id DESC LIMIT {limit})"
        )
    });
    first_page(connection, company, query, cursor, &arms)
}

/// At most so many of those that begin with something are looked at, in the order of what begins so.
const MAX_PREFIXED: usize = 1_000;

/// What begins with a text, newest first, at the earliest `since`: tickets, employees and ids of
/// requests. What is read is a stretch of each index, so it costs the same however many there are.
pub fn beginning_with(
    connection: &mut PgConnection,
    company: CompanyId,
    prefix: &Prefix,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> QueryResult<Page> {
    let mut query = Query::new(company);
    let range = between(&mut query, since, now);
    let listed = format!("AND {LISTED}");
    let mut arms = Vec::new();
    for text in &prefix.texts {
        // No text that begins so comes after this one: it goes on with the last character there is.
        let end = query.value(Value::Text(format!("{text}{}", char::MAX)));
        let text = query.value(Value::Text(text.clone()));
        for (column, listed) in [
            ("ticket_id", ""),
            ("employee_sent", listed.as_str()),
            ("employee_custom_id", listed.as_str()),
        ] {
            arms.push(format!(
                "(SELECT received_at, id FROM requests \
                  WHERE company_id = $1 AND {column} >= {text} AND {column} < {end} AND {range} {listed} \
                  ORDER BY {column}, received_at DESC, id DESC LIMIT {MAX_PREFIXED})"
            ));
        }
    }
    if let Some((first, last)) = prefix.ids {
        let time = |id: Uuid| RequestId::time_of(id).unwrap_or(since);
        let times = [first, last].map(|id| query.value(Value::Time(time(id))));
        let ids = [first, last].map(|id| query.value(Value::Id(id)));
        arms.push(format!(
            "(SELECT received_at, id FROM requests \
              WHERE company_id = $1 AND {range} AND received_at BETWEEN {} AND {} \
                    AND id BETWEEN {} AND {} \
              ORDER BY received_at DESC, id DESC LIMIT {MAX_PREFIXED})",
            times[0], times[1], ids[0], ids[1]
        ));
    }
    first_page(connection, company, query, Cursor::Newest, &arms)
}

/// The time that is searched. Its end leaves out the partitions made ahead.
fn between(query: &mut Query, since: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let since = query.value(Value::Time(since));
    let end = query.value(Value::Time(now + TimeDelta::hours(1)));
    format!("received_at >= {since} AND received_at < {end}")
}

/// The place in what is found, as one more condition.
fn after(query: &mut Query, cursor: Cursor) -> String {
    match cursor {
        Cursor::OlderThan(id) => {
            let at = query.value(Value::Time(id.received_at()));
            let id = query.value(Value::Id(id.uuid()));
            format!(" AND received_at <= {at} AND (received_at, id) < ({at}, {id})")
        }
        Cursor::Newest | Cursor::NewerThan(_) => String::new(),
    }
}

/// The newest of what the arms of a query find, which know the place themselves.
fn first_page(
    connection: &mut PgConnection,
    company: CompanyId,
    query: Query,
    cursor: Cursor,
    arms: &[String],
) -> QueryResult<Page> {
    let query = query.planned_once(cursor == Cursor::Newest).and(&format!(
        "SELECT id FROM ({}) AS found ORDER BY received_at DESC, id DESC LIMIT {}",
        arms.join(" UNION "),
        PAGE_ROWS + 1
    ));
    let mut found: Vec<Place> = query.load_unsorted(connection)?;
    let has_older = found.len() > PAGE_ROWS;
    found.truncate(PAGE_ROWS);
    let ids: Vec<Uuid> = found.into_iter().map(|place| place.id).collect();
    Ok(Page {
        rows: rows(connection, company, &ids)?,
        has_older,
        ..Page::default()
    })
}
