//! What a search asks of the store: exactly what was pasted, or what begins with it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use super::matching::{LISTED, Place};
use super::requests::{Page, rows};
use crate::domain::company::CompanyId;
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
    cursor: Cursor,
) -> QueryResult<Page> {
    let before = match cursor {
        Cursor::OlderThan(id) => id,
        Cursor::Newest | Cursor::NewerThan(_) => RequestId::LAST,
    };
    let limit = PAGE_ROWS as i64 + 1;
    let arm = |condition: &str| {
        format!(
            "(SELECT received_at, id FROM requests WHERE company_id = $1 AND received_at >= $2 \
              AND received_at <= $3 AND (received_at, id) < ($3, $4) AND {condition} \
              ORDER BY received_at DESC, id DESC LIMIT $5)"
        )
    };
    let arms = [
        arm("id = ANY($6) AND received_at = ANY($7)"),
        arm("ticket_id = ANY($8)"),
        arm(&format!("{LISTED} AND employee_sent = ANY($9)")),
        arm(&format!(
            "{LISTED} AND employee_custom_id = ANY($9) AND employee_custom_id IS NOT NULL"
        )),
        arm(&format!(
            "{LISTED} AND customer_hash = ANY($10) AND customer_hash IS NOT NULL"
        )),
    ];
    let sql = format!(
        "SELECT id FROM ({}) AS found ORDER BY received_at DESC, id DESC LIMIT $5",
        arms.join(" UNION ")
    );
    let uuids: Vec<Uuid> = wanted.ids.iter().map(|id| id.uuid()).collect();
    let times: Vec<_> = wanted.ids.iter().map(|id| id.received_at()).collect();
    let mut found: Vec<Place> = diesel::sql_query(sql)
        .bind::<BigInt, _>(company.0)
        .bind::<Timestamptz, _>(since)
        .bind::<Timestamptz, _>(before.received_at())
        .bind::<SqlUuid, _>(before.uuid())
        .bind::<BigInt, _>(limit)
        .bind::<Array<SqlUuid>, _>(&uuids)
        .bind::<Array<Timestamptz>, _>(&times)
        .bind::<Array<Text>, _>(&wanted.tickets)
        .bind::<Array<Text>, _>(&wanted.employees)
        .bind::<Array<Binary>, _>(&wanted.customers)
        .load(connection)?;
    let has_older = found.len() as i64 == limit;
    found.truncate(PAGE_ROWS);
    let ids: Vec<Uuid> = found.into_iter().map(|place| place.id).collect();
    Ok(Page {
        rows: rows(connection, company, &ids)?,
        has_older,
        has_newer: false,
        searched_to: None,
    })
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
) -> QueryResult<Page> {
    let arm = |column: &str, listed: &str| {
        format!(
            "(SELECT received_at, id FROM requests \
              WHERE company_id = $1 AND {column} >= $3 AND {column} < $4 AND received_at >= $2 {listed} \
              ORDER BY {column}, received_at DESC, id DESC LIMIT {MAX_PREFIXED})"
        )
    };
    let listed = format!("AND {LISTED}");
    let arms = [
        arm("ticket_id", ""),
        arm("employee_sent", &listed),
        arm("employee_custom_id", &listed),
        format!(
            "(SELECT received_at, id FROM requests \
              WHERE company_id = $1 AND received_at BETWEEN greatest($2, $5) AND $6 \
                    AND id BETWEEN $7 AND $8 \
              ORDER BY received_at DESC, id DESC LIMIT {MAX_PREFIXED})"
        ),
    ];
    let (first, last) = prefix.ids.unwrap_or((Uuid::max(), Uuid::nil()));
    let time = |id: Uuid| RequestId::time_of(id).unwrap_or(since);
    // No text that begins so comes after this one: it goes on with the last character there is.
    let end = format!("{}{}", prefix.text, char::MAX);
    let mut found: Vec<Place> = diesel::sql_query(format!(
        "SELECT id FROM ({}) AS found ORDER BY received_at DESC, id DESC LIMIT {}",
        arms.join(" UNION "),
        PAGE_ROWS + 1
    ))
    .bind::<BigInt, _>(company.0)
    .bind::<Timestamptz, _>(since)
    .bind::<Text, _>(&prefix.text)
    .bind::<Text, _>(end)
    .bind::<Timestamptz, _>(time(first))
    .bind::<Timestamptz, _>(time(last))
    .bind::<SqlUuid, _>(first)
    .bind::<SqlUuid, _>(last)
    .load(connection)?;
    let has_older = found.len() > PAGE_ROWS;
    found.truncate(PAGE_ROWS);
    let ids: Vec<Uuid> = found.into_iter().map(|place| place.id).collect();
    Ok(Page {
        rows: rows(connection, company, &ids)?,
        has_older,
        ..Page::default()
    })
}
