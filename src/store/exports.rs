//! Exports: all that a list holds, stretch by stretch. Each read is by itself, so that no transaction
//! stays open for as long as a download takes; rows are never updated, so between two fixed moments
//! all stretches together are one list.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use super::matching::{Direction, judged};
use super::requests::{self, FACTS, ListRow, Selection, Tab};
use super::schema::employees;
use crate::domain::company::CompanyId;
use crate::domain::paging::Cursor;
use crate::domain::request::RequestId;

/// A stretch is so many entries of the list's index long. Large enough that planning its queries does
/// not count, small enough that four exports stay within a few dozen megabytes.
const STRETCH_ENTRIES: i64 = 2_500;

/// The order of a list, and of the index of each table.
const NEWEST_FIRST: &str = "r.received_at DESC, r.id DESC";

/// A piece of a list.
#[derive(Debug)]
pub struct Stretch {
    /// What matches of it, newest first; few or none where the filter matches rarely.
    pub ids: Vec<Uuid>,
    /// Where the next one begins; `None` after the last.
    pub next: Option<Cursor>,
}

/// An entry of the list before the filter.
#[derive(QueryableByName)]
struct Entry {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Bool)]
    matches: bool,
}

/// The next [`STRETCH_ENTRIES`] of a list.
pub fn stretch(
    connection: &mut PgConnection,
    company: CompanyId,
    selection: &Selection<'_>,
    cursor: Cursor,
) -> QueryResult<Stretch> {
    let direction = Direction::Older;
    let entries = judged(company, selection, cursor, direction, STRETCH_ENTRIES);
    let entries: Vec<Entry> = entries.load_unsorted(connection)?;
    let is_full = entries.len() as i64 == STRETCH_ENTRIES;
    let last = entries.last().filter(|_| is_full);
    let next = last
        .and_then(|entry| RequestId::from_uuid(entry.id))
        .map(Cursor::OlderThan);
    let matching = entries.into_iter().filter(|entry| entry.matches);
    let ids = matching.map(|entry| entry.id).collect();
    Ok(Stretch { ids, next })
}

/// The rows of a stretch: what [`requests::rows`] reads, but each table by itself, for then a
/// stretch of it is a single walk along an index.
pub fn rows(
    connection: &mut PgConnection,
    company: CompanyId,
    tab: Tab,
    ids: &[Uuid],
) -> QueryResult<Vec<ListRow>> {
    let (ids, times) = requests::with_times(ids);
    let (Some(last), Some(first)) = (times.first(), times.last()) else {
        return Ok(Vec::new());
    };
    let (first, last) = (*first, *last);
    let wanted = Wanted {
        company,
        ids,
        times,
        first,
        last,
    };
    let columns = format!(
        "{FACTS}, NULL::text AS employee_name, false AS has_document, \
         NULL::text AS customer_name, NULL::text AS customer_email"
    );
    let tab = tab.condition();
    let mut rows: Vec<ListRow> =
        wanted.read(connection, &columns, "requests", tab, NEWEST_FIRST)?;
    // Both are in the same order.
    let mut ids = wanted.ids.iter().peekable();
    rows.retain(|row| ids.next_if_eq(&&row.id).is_some());
    add_employees(connection, company, &mut rows)?;
    let columns = "r.id, r.customer_name, r.customer_email";
    let table = "request_documents";
    let customers = wanted.read(connection, columns, table, "true", NEWEST_FIRST)?;
    add_customers(&mut rows, customers);
    let columns = "r.id, r.reason, r.pointer, r.value, r.sent";
    let in_order = "r.received_at, r.id, r.position";
    let findings = wanted.read(connection, columns, "request_findings", "true", in_order)?;
    requests::add_findings(&mut rows, findings);
    Ok(rows)
}

/// What a row has from its document.
#[derive(QueryableByName)]
struct CustomerRow {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    customer_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    customer_email: Option<String>,
}

fn add_employees(
    connection: &mut PgConnection,
    company: CompanyId,
    rows: &mut [ListRow],
) -> QueryResult<()> {
    let ids: BTreeSet<i64> = rows.iter().filter_map(|row| row.employee_id).collect();
    let names: Vec<(i64, String)> = employees::table
        .filter(employees::company_id.eq(company.0))
        .filter(employees::id.eq_any(ids))
        .select((employees::id, employees::name))
        .load(connection)?;
    let names: HashMap<i64, String> = names.into_iter().collect();
    for row in rows {
        let name = row.employee_id.and_then(|id| names.get(&id));
        row.employee_name = name.cloned();
    }
    Ok(())
}

fn add_customers(rows: &mut [ListRow], customers: Vec<CustomerRow>) {
    let by_id = customers
        .into_iter()
        .map(|customer| (customer.id, customer));
    let mut customers: HashMap<Uuid, CustomerRow> = by_id.collect();
    for row in rows {
        if let Some(customer) = customers.remove(&row.id) {
            row.has_document = true;
            row.customer_name = customer.customer_name;
            row.customer_email = customer.customer_email;
        }
    }
}

/// The requests of a stretch, and the times between which they came.
struct Wanted {
    company: CompanyId,
    /// Newest first.
    ids: Vec<Uuid>,
    times: Vec<DateTime<Utc>>,
    first: DateTime<Utc>,
    last: DateTime<Utc>,
}

impl Wanted {
    /// What a table has of these requests, and, where those stand close together, of some others
    /// that meet the condition: to walk along the index costs a tenth of looking each request up.
    fn read<T: QueryableByName<Pg> + 'static>(
        &self,
        connection: &mut PgConnection,
        columns: &str,
        table: &str,
        condition: &str,
        order: &str,
    ) -> QueryResult<Vec<T>> {
        let within = "r.company_id = $1 AND r.received_at BETWEEN $2 AND $3";
        let is_dense = self.is_dense(connection, table, condition)?;
        let named = if is_dense { 0 } else { self.ids.len() };
        let source = match is_dense {
            true => format!("{table} AS r WHERE {within} AND {condition}"),
            // See `requests::rows`.
            false => format!(
                "unnest($4, $5) AS wanted (id, received_at) JOIN LATERAL ( \
                     SELECT * FROM {table} AS r WHERE {within} \
                     AND r.received_at = wanted.received_at AND r.id = wanted.id OFFSET 0 \
                 ) AS r ON true"
            ),
        };
        diesel::sql_query(format!("SELECT {columns} FROM {source} ORDER BY {order}"))
            .bind::<BigInt, _>(self.company.0)
            .bind::<Timestamptz, _>(self.first)
            .bind::<Timestamptz, _>(self.last)
            .bind::<Array<SqlUuid>, _>(&self.ids[..named])
            .bind::<Array<Timestamptz>, _>(&self.times[..named])
            .load(connection)
    }

    /// Whether a table has hardly more in this time, of what meets the condition, than is wanted.
    fn is_dense(
        &self,
        connection: &mut PgConnection,
        table: &str,
        condition: &str,
    ) -> QueryResult<bool> {
        let most = self.ids.len() * 2;
        let beyond = diesel::sql_query(format!(
            "SELECT FROM {table} AS r WHERE r.company_id = $1 \
             AND r.received_at BETWEEN $2 AND $3 AND {condition} \
             ORDER BY {NEWEST_FIRST} OFFSET {most} LIMIT 1"
        ))
        .bind::<BigInt, _>(self.company.0)
        .bind::<Timestamptz, _>(self.first)
        .bind::<Timestamptz, _>(self.last)
        .execute(connection)?;
        Ok(beyond == 0)
    }
}
