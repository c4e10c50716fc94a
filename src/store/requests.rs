//! The stored requests as pages read them. Lists are keyset pages inside a time range: first a page
//! of ids from an index, then the rows of those ids. No query counts or sorts a big table, and none
//! is without an end: a filter that matches rarely looks at so many index entries and stops.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Binary, Bool, Int4, Jsonb, Nullable, SmallInt, Text, Timestamptz,
    Uuid as SqlUuid,
};
use uuid::Uuid;

use super::counts::{self, CellRow};
use super::query::{Query, Value};
use crate::domain::company::CompanyId;
use crate::domain::cube::Cube;
use crate::domain::dictionary::{ErrorCode, Reason};
use crate::domain::email;
use crate::domain::filter::{Filter, Label, Subject, Term, Verdict};
use crate::domain::paging::{Cursor, PAGE_ROWS};
use crate::domain::recheck::{Facts, Stored};
use crate::domain::request::{Environment, Kind, RequestId};
use crate::domain::search::Prefix;
use crate::domain::settings::CompanySettings;
use crate::domain::validate::Finding;
use crate::domain::window::Window;

/// A page looks at most at so many index entries.
pub const MAX_ENTRIES: i64 = 20_000;

/// A count by index stops at so many …
pub const MAX_COUNT: i64 = 10_000;

/// … and looks at most at so many entries.
pub const MAX_COUNTED_ENTRIES: i64 = 100_000;

/// The two lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    /// Every request with an error, test or production.
    Invalid,
    /// Every request from a test key, good or bad.
    Test,
}

/// Which requests a list is about.
#[derive(Debug, Clone)]
pub struct Selection<'a> {
    /// The list.
    pub tab: Tab,
    /// The time range.
    pub window: Window,
    /// What must hold.
    pub filter: &'a Filter,
    /// Tells which labels are configured.
    pub settings: &'a CompanySettings,
}

/// A page of a list.
#[derive(Debug, Default)]
pub struct Page {
    /// The rows, newest first.
    pub rows: Vec<ListRow>,
    /// Whether there are older ones.
    pub has_older: bool,
    /// Whether there are newer ones.
    pub has_newer: bool,
    /// Where the look into the index ended before the page was full: it may go on from there.
    pub searched_to: Option<RequestId>,
}

impl Page {
    /// The ids of its rows.
    pub fn ids(&self) -> Vec<RequestId> {
        let ids = self.rows.iter().map(|row| RequestId::from_uuid(row.id));
        ids.flatten().collect()
    }
}

/// A request as a list shows it.
#[derive(Debug, Clone, QueryableByName)]
#[expect(missing_docs, reason = "the columns are documented in the schema")]
pub struct ListRow {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Timestamptz)]
    pub received_at: DateTime<Utc>,
    #[diesel(sql_type = SmallInt)]
    pub kind: i16,
    #[diesel(sql_type = SmallInt)]
    pub environment: i16,
    #[diesel(sql_type = BigInt)]
    pub key_id: i64,
    #[diesel(sql_type = SmallInt)]
    pub http_status: i16,
    #[diesel(sql_type = SmallInt)]
    pub error_mask: i16,
    #[diesel(sql_type = SmallInt)]
    pub warning_count: i16,
    #[diesel(sql_type = BigInt)]
    pub settings_version: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub employee_id: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    pub employee_sent: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub employee_custom_id: Option<String>,
    /// The employee's name as it is now.
    #[diesel(sql_type = Nullable<Text>)]
    pub employee_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub channel_sent: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub channel: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub brand_sent: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub brand: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub language_sent: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub language: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub ticket_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub correlation_id: Option<String>,
    #[diesel(sql_type = Int4)]
    pub duration_us: i32,
    /// Whether the document is still there; it goes with the customer's data.
    #[diesel(sql_type = Bool)]
    pub has_document: bool,
    #[diesel(sql_type = Nullable<Text>)]
    pub customer_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub customer_email: Option<String>,
    /// Its findings, in rule order.
    #[diesel(embed)]
    pub findings: Findings,
}

/// The findings of a row: two lists that belong together, filled in after the row.
#[derive(Debug, Clone, Default)]
pub struct Findings(pub Vec<FindingRow>);

impl QueryableByName<Pg> for Findings {
    fn build<'a>(_: &impl diesel::row::NamedRow<'a, Pg>) -> diesel::deserialize::Result<Self> {
        Ok(Self::default())
    }
}

/// A finding as stored.
#[derive(Debug, Clone, QueryableByName)]
#[expect(missing_docs, reason = "the columns are documented in the schema")]
pub struct FindingRow {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = SmallInt)]
    pub reason: i16,
    #[diesel(sql_type = Text)]
    pub pointer: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub value: Option<String>,
}

/// What of a request may be personal, until it is expunged.
#[derive(Debug, Clone, QueryableByName)]
#[expect(missing_docs, reason = "the columns are documented in the schema")]
pub struct Document {
    #[diesel(sql_type = Binary)]
    pub body: Vec<u8>,
    #[diesel(sql_type = Bool)]
    pub body_cut: bool,
    #[diesel(sql_type = Nullable<Text>)]
    pub content_type: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub answer: Option<String>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub warnings: Option<serde_json::Value>,
    #[diesel(sql_type = Nullable<Text>)]
    pub address: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub user_agent: Option<String>,
}

impl ListRow {
    /// The request as the rules see it once more, with `body` while that is there; `None` for a row
    /// that no version of this program wrote.
    pub fn stored<'a>(&'a self, body: Option<&'a [u8]>) -> Option<Stored<'a>> {
        let finding = |row: &FindingRow| {
            let reason = Reason::from_number(row.reason)?;
            Some(Finding::new(
                reason,
                row.pointer.clone(),
                row.value.as_deref(),
            ))
        };
        Some(Stored {
            kind: Kind::from_number(self.kind)?,
            environment: Environment::from_number(self.environment)?,
            body,
            facts: Facts {
                employee: self.employee_sent.as_deref(),
                employee_custom_id: self.employee_custom_id.as_deref(),
                channel: self.channel_sent.as_deref(),
                brand: self.brand_sent.as_deref(),
                language: self.language_sent.as_deref(),
            },
            then: self.findings.0.iter().filter_map(finding).collect(),
        })
    }
}

/// How many requests match, as far as they were counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// So many.
    pub count: i64,
    /// … or more: the count stopped.
    pub or_more: bool,
    /// The same by error mask.
    pub masks: Vec<(i16, i64)>,
}

#[derive(QueryableByName)]
struct Place {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = SmallInt)]
    error_mask: i16,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Which way a list is read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Direction {
    Older,
    Newer,
}

/// One page of a list.
pub fn page(
    connection: &mut PgConnection,
    company: CompanyId,
    selection: &Selection<'_>,
    cursor: Cursor,
) -> QueryResult<Page> {
    let direction = match cursor {
        Cursor::Newest | Cursor::OlderThan(_) => Direction::Older,
        Cursor::NewerThan(_) => Direction::Newer,
    };
    // One more than a page tells whether there is another.
    let limit = PAGE_ROWS + 1;
    let (entries, most) = (MAX_ENTRIES, limit as i64);
    let query = matching(company, selection, cursor, direction, entries, most);
    let mut ids: Vec<Place> = query.load(connection)?;
    let is_full = ids.len() == limit;
    ids.truncate(PAGE_ROWS);
    let searched_to = match is_full {
        true => None,
        false => last_entry(
            connection,
            company,
            selection,
            cursor,
            direction,
            MAX_ENTRIES,
        )?,
    };
    let goes_on = is_full || searched_to.is_some();
    if let Direction::Newer = direction {
        ids.reverse();
    }
    let ids: Vec<Uuid> = ids.into_iter().map(|place| place.id).collect();
    Ok(Page {
        rows: rows(connection, company, &ids)?,
        has_older: match direction {
            Direction::Older => goes_on,
            Direction::Newer => true,
        },
        has_newer: match (direction, cursor) {
            (Direction::Older, Cursor::Newest) => false,
            (Direction::Older, _) => true,
            (Direction::Newer, _) => goes_on,
        },
        searched_to,
    })
}

/// The requests of a list that match, by everything that counters tell apart: at most
/// [`MAX_COUNT`] of the newest, and whether there may be more. For what the counters do not tell.
pub fn cube(
    connection: &mut PgConnection,
    company: CompanyId,
    selection: &Selection<'_>,
) -> QueryResult<(Cube, bool)> {
    let (cursor, direction, entries) = (Cursor::Newest, Direction::Older, MAX_COUNTED_ENTRIES);
    let label = |column: &str| {
        format!(
            "coalesce(r.{column}, CASE WHEN r.{column}_sent IS NULL THEN '{}' ELSE '{}' END) \
             AS {column}",
            Label::NotSent.as_str(),
            Label::Unknown.as_str()
        )
    };
    let labels = ["channel", "brand", "language"].map(label).join(", ");
    let rows: Vec<CellRow> = matching(company, selection, cursor, direction, entries, MAX_COUNT)
        .within(
            &format!(
                // No filter asks whether a request was sent again.
                "SELECT r.environment, r.kind, r.key_id, {labels}, r.error_mask, \
                        false AS resubmitted, count(*) AS count FROM ("
            ),
            ") AS matching JOIN LATERAL ( \
                 SELECT * FROM requests r WHERE r.company_id = $1 \
                 AND r.received_at = matching.received_at AND r.id = matching.id \
             ) AS r ON true GROUP BY 1, 2, 3, 4, 5, 6, 7",
        )
        .load(connection)?;
    let cube = Cube(rows.into_iter().filter_map(counts::cell).collect());
    let is_cut = cube.count(|_| true) == MAX_COUNT
        || last_entry(connection, company, selection, cursor, direction, entries)?.is_some();
    Ok((cube, is_cut))
}

/// More requests than this need not be counted to know that much has come.
const MAX_NEWER: i64 = 1_000;

/// How many requests of a list came after one.
pub fn count_newer(
    connection: &mut PgConnection,
    company: CompanyId,
    selection: &Selection<'_>,
    id: RequestId,
) -> QueryResult<Count> {
    let (cursor, direction) = (Cursor::NewerThan(id), Direction::Newer);
    let query = matching(
        company,
        selection,
        cursor,
        direction,
        MAX_ENTRIES,
        MAX_NEWER,
    );
    let counted: Vec<Counted> = query
        .within(
            "SELECT error_mask, count(*) AS count FROM (",
            ") AS matching GROUP BY error_mask",
        )
        .load(connection)?;
    let count = counted.iter().map(|counted| counted.count).sum();
    Ok(Count {
        count,
        or_more: count == MAX_NEWER,
        masks: Vec::new(),
    })
}

/// The requests of a list just after and just before one, in time.
pub fn neighbours(
    connection: &mut PgConnection,
    company: CompanyId,
    selection: &Selection<'_>,
    id: RequestId,
) -> QueryResult<(Option<RequestId>, Option<RequestId>)> {
    let mut nearest = |cursor, direction| -> QueryResult<Option<RequestId>> {
        let query = matching(company, selection, cursor, direction, MAX_ENTRIES, 1);
        let nearest: Option<Place> = query.load(connection)?.pop();
        Ok(nearest.and_then(|place| RequestId::from_uuid(place.id)))
    };
    Ok((
        nearest(Cursor::NewerThan(id), Direction::Newer)?,
        nearest(Cursor::OlderThan(id), Direction::Older)?,
    ))
}

/// How many requests of a list match, by error mask, counted in the index: at most [`MAX_COUNT`] of
/// the newest, among at most `entries`. For what the counters do not tell.
pub fn count(
    connection: &mut PgConnection,
    company: CompanyId,
    selection: &Selection<'_>,
    entries: i64,
) -> QueryResult<Count> {
    let (cursor, direction) = (Cursor::Newest, Direction::Older);
    let query = matching(company, selection, cursor, direction, entries, MAX_COUNT);
    let counted: Vec<Counted> = query
        .within(
            "SELECT error_mask, count(*) AS count FROM (",
            ") AS matching GROUP BY error_mask",
        )
        .load(connection)?;
    let masks: Vec<(i16, i64)> = counted.iter().map(|c| (c.error_mask, c.count)).collect();
    let count = masks.iter().map(|(_, count)| count).sum();
    let or_more = count == MAX_COUNT
        || last_entry(connection, company, selection, cursor, direction, entries)?.is_some();
    Ok(Count {
        count,
        or_more,
        masks,
    })
}

/// The next ids of a list older than `after`, at most `limit`, and where to go on; `None` after the
/// last. A rare filter may look at many entries and find few: then it goes on from there.
pub fn ids(
    connection: &mut PgConnection,
    company: CompanyId,
    selection: &Selection<'_>,
    after: RequestId,
    limit: usize,
) -> QueryResult<(Vec<RequestId>, Option<RequestId>)> {
    let (cursor, direction) = (Cursor::OlderThan(after), Direction::Older);
    let most = limit as i64;
    let query = matching(company, selection, cursor, direction, MAX_ENTRIES, most);
    let places: Vec<Place> = query.load(connection)?;
    let is_full = places.len() == limit;
    let ids: Vec<RequestId> = places
        .into_iter()
        .filter_map(|place| RequestId::from_uuid(place.id))
        .collect();
    let next = match is_full {
        true => ids.last().copied(),
        false => last_entry(
            connection,
            company,
            selection,
            cursor,
            direction,
            MAX_ENTRIES,
        )?,
    };
    Ok((ids, next))
}

/// The rows of these ids of a company, in this order; ids that are not there are passed over.
///
/// Each is looked up by its key: `OFFSET 0` keeps Postgres from reading whole partitions instead,
/// for it cannot know how few ids there are. The range around them leaves most partitions out
/// before any of it is planned.
pub fn rows(
    connection: &mut PgConnection,
    company: CompanyId,
    ids: &[Uuid],
) -> QueryResult<Vec<ListRow>> {
    let (ids, times) = with_times(ids);
    let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) else {
        return Ok(Vec::new());
    };
    let mut rows: Vec<ListRow> = diesel::sql_query(
        "SELECT r.id, r.received_at, r.kind, r.environment, r.key_id, r.http_status, r.error_mask, \
                r.warning_count, r.settings_version, r.employee_id, r.employee_sent, \
                r.employee_custom_id, e.name AS employee_name, r.channel_sent, r.channel, \
                r.brand_sent, r.brand, r.language_sent, r.language, r.ticket_id, \
                r.correlation_id, r.duration_us, d.id IS NOT NULL AS has_document, \
                d.customer_name, d.customer_email \
         FROM unnest($2, $3) WITH ORDINALITY AS page (id, received_at, place) \
         JOIN LATERAL ( \
             SELECT * FROM requests r \
             WHERE r.company_id = $1 AND r.received_at = page.received_at AND r.id = page.id \
                   AND r.received_at BETWEEN $4 AND $5 OFFSET 0 \
         ) AS r ON true \
         LEFT JOIN LATERAL ( \
             SELECT d.id, d.customer_name, d.customer_email FROM request_documents d \
             WHERE d.company_id = $1 AND d.received_at = page.received_at AND d.id = page.id \
                   AND d.received_at BETWEEN $4 AND $5 OFFSET 0 \
         ) AS d ON true \
         LEFT JOIN employees e ON e.company_id = $1 AND e.id = r.employee_id \
         ORDER BY page.place",
    )
    .bind::<BigInt, _>(company.0)
    .bind::<Array<SqlUuid>, _>(&ids)
    .bind::<Array<Timestamptz>, _>(&times)
    .bind::<Timestamptz, _>(first)
    .bind::<Timestamptz, _>(last)
    .load(connection)?;
    let findings: Vec<FindingRow> = diesel::sql_query(
        "SELECT f.id, f.reason, f.pointer, f.value \
         FROM unnest($2, $3) AS page (id, received_at) \
         JOIN LATERAL ( \
             SELECT * FROM request_findings f \
             WHERE f.company_id = $1 AND f.received_at = page.received_at AND f.id = page.id \
                   AND f.received_at BETWEEN $4 AND $5 OFFSET 0 \
         ) AS f ON true \
         ORDER BY f.id, f.position",
    )
    .bind::<BigInt, _>(company.0)
    .bind::<Array<SqlUuid>, _>(&ids)
    .bind::<Array<Timestamptz>, _>(&times)
    .bind::<Timestamptz, _>(first)
    .bind::<Timestamptz, _>(last)
    .load(connection)?;
    let mut of_row: HashMap<Uuid, Vec<FindingRow>> = HashMap::with_capacity(rows.len());
    for finding in findings {
        of_row.entry(finding.id).or_default().push(finding);
    }
    for row in &mut rows {
        row.findings = Findings(of_row.remove(&row.id).unwrap_or_default());
    }
    Ok(rows)
}

/// One request of a company.
pub fn find(
    connection: &mut PgConnection,
    company: CompanyId,
    id: RequestId,
) -> QueryResult<Option<ListRow>> {
    Ok(rows(connection, company, &[id.uuid()])?.pop())
}

/// Requests that failed for one reason: about which value, with which key.
#[derive(Debug, Clone, QueryableByName)]
pub struct Cause {
    /// The decisive value as sent.
    #[diesel(sql_type = Nullable<Text>)]
    pub value: Option<String>,
    /// The key.
    #[diesel(sql_type = BigInt)]
    pub key_id: i64,
    /// The environment, by number.
    #[diesel(sql_type = SmallInt)]
    pub environment: i16,
    /// Whether nothing else was wrong.
    #[diesel(sql_type = Bool)]
    pub alone: bool,
    /// How many.
    #[diesel(sql_type = BigInt)]
    pub count: i64,
}

/// What failed for this reason since `since`, among the newest [`MAX_ENTRIES`] of its error.
pub fn causes(
    connection: &mut PgConnection,
    company: CompanyId,
    reason: Reason,
    since: DateTime<Utc>,
) -> QueryResult<Vec<Cause>> {
    diesel::sql_query(
        "SELECT f.value, f.key_id, f.environment, one.alone, count(*) AS count \
         FROM (SELECT received_at, id, reason, value, key_id, environment FROM request_findings \
               WHERE company_id = $1 AND code = $2 AND received_at >= $3 \
               ORDER BY received_at DESC, id DESC LIMIT $5) AS f \
         JOIN LATERAL ( \
             SELECT count(*) = 1 AS alone FROM request_findings o \
             WHERE o.company_id = $1 AND o.received_at = f.received_at AND o.id = f.id \
         ) AS one ON true \
         WHERE f.reason = $4 GROUP BY 1, 2, 3, 4",
    )
    .bind::<BigInt, _>(company.0)
    .bind::<SmallInt, _>(reason.code().bit())
    .bind::<Timestamptz, _>(since)
    .bind::<SmallInt, _>(reason.number())
    .bind::<BigInt, _>(MAX_ENTRIES)
    .load(connection)
}

/// The document of a request, unless it was expunged.
pub fn document(
    connection: &mut PgConnection,
    company: CompanyId,
    id: RequestId,
) -> QueryResult<Option<Document>> {
    diesel::sql_query(
        "SELECT body, body_cut, content_type, answer, warnings, address, user_agent \
         FROM request_documents WHERE company_id = $1 AND received_at = $2 AND id = $3",
    )
    .bind::<BigInt, _>(company.0)
    .bind::<Timestamptz, _>(id.received_at())
    .bind::<SqlUuid, _>(id.uuid())
    .get_result(connection)
    .optional()
}

/// The body of a request, to be judged once more.
#[derive(Debug, Clone, QueryableByName)]
#[expect(missing_docs, reason = "the columns are documented in the schema")]
pub struct SentBody {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Binary)]
    pub body: Vec<u8>,
    #[diesel(sql_type = Bool)]
    pub body_cut: bool,
    #[diesel(sql_type = Nullable<Text>)]
    pub content_type: Option<String>,
}

/// The bodies of these requests of a company, by id, as far as they are still there.
pub fn sent_bodies(
    connection: &mut PgConnection,
    company: CompanyId,
    ids: &[RequestId],
) -> QueryResult<HashMap<Uuid, SentBody>> {
    let uuids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let times: Vec<_> = ids.iter().map(|id| id.received_at()).collect();
    let sent: Vec<SentBody> = diesel::sql_query(
        "SELECT d.id, d.body, d.body_cut, d.content_type \
         FROM unnest($2, $3) AS wanted (id, received_at) \
         JOIN LATERAL ( \
             SELECT d.id, d.body, d.body_cut, d.content_type FROM request_documents d \
             WHERE d.company_id = $1 AND d.received_at = wanted.received_at AND d.id = wanted.id \
             OFFSET 0 \
         ) AS d ON true",
    )
    .bind::<BigInt, _>(company.0)
    .bind::<Array<SqlUuid>, _>(&uuids)
    .bind::<Array<Timestamptz>, _>(&times)
    .load(connection)?;
    Ok(sent.into_iter().map(|sent| (sent.id, sent)).collect())
}

/// When the newest request of a company came: on a tab, or (`None`) any, at the earliest `since`.
pub fn newest(
    connection: &mut PgConnection,
    company: CompanyId,
    tab: Option<Tab>,
    since: DateTime<Utc>,
) -> QueryResult<Option<DateTime<Utc>>> {
    #[derive(QueryableByName)]
    struct Newest {
        #[diesel(sql_type = Timestamptz)]
        received_at: DateTime<Utc>,
    }
    let newest: Option<Newest> = diesel::sql_query(format!(
        "SELECT received_at FROM requests WHERE company_id = $1 AND received_at >= $2 AND {} \
         ORDER BY received_at DESC, id DESC LIMIT 1",
        tab.map_or("true", Tab::condition)
    ))
    .bind::<BigInt, _>(company.0)
    .bind::<Timestamptz, _>(since)
    .get_result(connection)
    .optional()?;
    Ok(newest.map(|row| row.received_at))
}

/// When the newest request with this error came, at the earliest `since`.
pub fn newest_with(
    connection: &mut PgConnection,
    company: CompanyId,
    code: ErrorCode,
    since: DateTime<Utc>,
) -> QueryResult<Option<DateTime<Utc>>> {
    use super::schema::request_findings::dsl;
    dsl::request_findings
        .filter(dsl::company_id.eq(company.0))
        .filter(dsl::code.eq(code.bit()))
        .filter(dsl::received_at.ge(since))
        .order((dsl::received_at.desc(), dsl::id.desc()))
        .select(dsl::received_at)
        .first(connection)
        .optional()
}

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
    let listed = "(error_mask <> 0 OR environment = 1)";
    let arms = [
        arm("id = ANY($6) AND received_at = ANY($7)"),
        arm("ticket_id = ANY($8)"),
        arm(&format!("{listed} AND employee_sent = ANY($9)")),
        arm(&format!(
            "{listed} AND employee_custom_id = ANY($9) AND employee_custom_id IS NOT NULL"
        )),
        arm(&format!(
            "{listed} AND customer_hash = ANY($10) AND customer_hash IS NOT NULL"
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
    let listed = "AND (error_mask <> 0 OR environment = 1)";
    let arms = [
        arm("ticket_id", ""),
        arm("employee_sent", listed),
        arm("employee_custom_id", listed),
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
    // Where nothing is left to ask of the entries, no more of them are read than are wanted.
    let entries = match source.rest.terms().is_empty() {
        true => most.min(entries),
        false => entries,
    };
    let sql = source.entries(&mut query, selection, cursor, direction, entries);
    let conditions = conditions(&mut query, &source.rest, selection.settings);
    let order = order(direction);
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
    let conditions = conditions(&mut query, &source.rest, selection.settings);
    let order = order(direction);
    query.and(&format!(
        "SELECT id, coalesce({conditions}, false) AS matches FROM ({sql}) AS entries {order}"
    ))
}

/// The last of the entries looked at, when the look ended there: there may be more behind it.
fn last_entry(
    connection: &mut PgConnection,
    company: CompanyId,
    selection: &Selection<'_>,
    cursor: Cursor,
    direction: Direction,
    entries: i64,
) -> QueryResult<Option<RequestId>> {
    let mut query = Query::new(company);
    let source = Source::of(&mut query, selection);
    let sql = source.entries(&mut query, selection, cursor, direction, entries);
    let order = order(direction);
    let query = query.and(&format!(
        "SELECT id FROM ({sql}) AS entries {order} OFFSET {} LIMIT 1",
        entries - 1
    ));
    let last: Option<Place> = query.load(connection)?.pop();
    Ok(last.and_then(|place| RequestId::from_uuid(place.id)))
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
    /// The findings of this error.
    Findings(ErrorCode),
    /// The list, narrowed by conditions of which each request meets at most one.
    List(Vec<String>),
}

impl Source {
    /// A lone error is read from the findings, an employee and a label that the company does not have
    /// from an index of their own, so that none of them has to be looked for among all the others.
    fn of(query: &mut Query, selection: &Selection<'_>) -> Self {
        let filter = selection.filter;
        let without_wanted = |parameter| {
            let wanted = filter.about(parameter).filter(|term| !term.negated);
            wanted.fold(filter.clone(), |rest, term| rest.without(term))
        };
        let (index, served) = if let Some(code) = lone_error(filter) {
            (Index::Findings(code), "error")
        } else if let Some((parameter, arms)) = narrowed(query, selection) {
            (Index::List(arms), parameter)
        } else {
            return Self {
                index: Index::List(vec![String::new()]),
                rest: filter.clone(),
            };
        };
        Self {
            index,
            rest: without_wanted(served),
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
        let range = range(query, selection.window, cursor);
        let order = order(direction);
        let tab = selection.tab.condition();
        match &self.index {
            Index::Findings(code) => {
                let code = query.value(Value::Small(code.bit()));
                let tab = match selection.tab {
                    Tab::Invalid => "true",
                    Tab::Test => tab,
                };
                // In the order of the findings, so that a page looks up no more requests than it
                // shows.
                format!(
                    "SELECT f.received_at, f.id, r.error_mask FROM ( \
                         SELECT DISTINCT received_at, id FROM request_findings \
                         WHERE company_id = $1 AND code = {code} AND {tab} AND {range} \
                         {order} LIMIT {limit} \
                     ) AS f JOIN LATERAL ( \
                         SELECT error_mask FROM requests r \
                         WHERE r.company_id = $1 AND r.received_at = f.received_at \
                               AND r.id = f.id AND {range} OFFSET 0 \
                     ) AS r ON true"
                )
            }
            Index::List(arms) => {
                let columns = columns(&self.rest, selection.settings);
                let arms: Vec<String> = arms
                    .iter()
                    .map(|arm| {
                        format!(
                            "(SELECT {columns} FROM requests WHERE company_id = $1 AND {tab} {arm} \
                             AND {range} {order} LIMIT {limit})"
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

/// What a filter asks for that has an index of its own: the parameter, and conditions of which each
/// request meets at most one. One value in each, for only then the index gives its entries in the
/// order of the list.
fn narrowed(query: &mut Query, selection: &Selection<'_>) -> Option<(&'static str, Vec<String>)> {
    let forms = employees(selection.filter);
    if !forms.is_empty() {
        const LISTED: &str = "(error_mask <> 0 OR environment = 1)";
        let all = query.value(Value::Texts(forms.clone()));
        let forms: Vec<String> = forms
            .into_iter()
            .map(|form| query.value(Value::Text(form)))
            .collect();
        let by_name = forms
            .iter()
            .map(|form| format!("AND employee_sent = {form} AND {LISTED}"));
        let by_custom_id = forms.iter().map(|form| {
            format!(
                "AND employee_custom_id = {form} AND employee_custom_id IS NOT NULL AND {LISTED} \
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
            format!("AND {column} IS NULL AND {column}_sent IS NOT NULL AND {column}_sent = {name}")
        });
        return Some((column, arms.collect()));
    }
    None
}

/// The labels asked for, if all that are asked for are names that the company does not have.
fn unknown_names(selection: &Selection<'_>, parameter: &str) -> Vec<String> {
    let wanted = selection.filter.about(parameter).filter(|t| !t.negated);
    let name = |term: &Term| match &term.subject {
        Subject::Channel(Label::Named(name))
        | Subject::Brand(Label::Named(name))
        | Subject::Language(Label::Named(name))
            if meant(&term.subject, selection.settings).is_none() =>
        {
            Some(name.clone())
        }
        _ => None,
    };
    let names: Option<Vec<String>> = wanted.map(name).collect();
    names.unwrap_or_default()
}

/// The only error asked for, if nothing else is: with another condition each entry would cost a
/// look into the requests, and the covering index of the list answers by itself.
fn lone_error(filter: &Filter) -> Option<ErrorCode> {
    if filter.terms().len() > 1 {
        return None;
    }
    let mut wanted = filter.about("error").filter(|term| !term.negated);
    match (wanted.next(), wanted.next()) {
        (Some(term), None) => match term.subject {
            Subject::Error(code) => Some(code),
            _ => None,
        },
        _ => None,
    }
}

/// Every form in which the employees asked for may be stored, each once.
fn employees(filter: &Filter) -> Vec<String> {
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
        let is_unknown = !term.subject.is_configured(settings);
        let column = match &term.subject {
            Subject::Employee(_) => "employee_sent, employee_custom_id",
            Subject::Channel(Label::Named(_)) if is_unknown => "channel_sent",
            Subject::Brand(Label::Named(_)) if is_unknown => "brand_sent",
            Subject::Language(Label::Named(_)) if is_unknown => "language_sent",
            _ => continue,
        };
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    columns.join(", ")
}

/// The time range and the place in the list. The range is said twice where there is a cursor: rows
/// are compared by time and id, but only the plain comparison lets Postgres leave out partitions.
fn range(query: &mut Query, window: Window, cursor: Cursor) -> String {
    let from = query.value(Value::Time(window.from));
    let mut range = format!("received_at >= {from}");
    if let Some(to) = window.to {
        let to = query.value(Value::Time(to));
        range += &format!(" AND received_at < {to}");
    }
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

/// The label that a request means today by the one asked for; `None` where it is one that the
/// company does not have.
fn meant<'s>(subject: &Subject, settings: &'s CompanySettings) -> Option<&'s str> {
    match subject {
        Subject::Channel(label) => Some(&settings.channel(label.as_str())?.label),
        Subject::Brand(label) => Some(&settings.brand(label.as_str())?.label),
        Subject::Language(label) => Some(&settings.language(label.as_str())?.label),
        _ => None,
    }
}

/// A label that was sent and not found is an error of its request, and the covering index has the
/// errors: nobody needs to look at what was sent, unless its very words are asked for.
fn label_condition(
    query: &mut Query,
    column: &str,
    not_found: ErrorCode,
    label: &Label,
    meant: Option<&str>,
) -> String {
    let bit = not_found.bit();
    match label {
        Label::Named(name) => {
            let sent = query.value(Value::Text(name.clone()));
            match meant {
                Some(meant) if meant == name => format!("{column} = {sent}"),
                // An alias: those it reads, and those refused before there was one.
                Some(meant) => {
                    let meant = query.value(Value::Text(meant.to_owned()));
                    format!("(coalesce({column}, {meant}) = {meant} AND {column}_sent = {sent})")
                }
                None => format!("({column} IS NULL AND {column}_sent = {sent})"),
            }
        }
        Label::Unknown => format!("({column} IS NULL AND error_mask & {bit} <> 0)"),
        Label::NotSent => format!("({column} IS NULL AND error_mask & {bit} = 0)"),
    }
}

/// Ids with the times in them, side by side; what is no id of a request is left out.
fn with_times(ids: &[Uuid]) -> (Vec<Uuid>, Vec<DateTime<Utc>>) {
    ids.iter()
        .filter_map(|id| RequestId::from_uuid(*id))
        .map(|id| (id.uuid(), id.received_at()))
        .unzip()
}
