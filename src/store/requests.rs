//! The stored requests as pages read them. Lists are keyset pages inside a time range: first a page
//! of ids from an index, then the rows of those ids. No query counts or sorts a big table, and none
//! is without an end: a filter that matches rarely looks at so many index entries and stops.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{
    BigInt, Binary, Bool, Int4, Jsonb, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid,
};
use uuid::Uuid;

use super::counts;
use super::employee_counts;
use super::folding::keeps_counts_of;
use super::matching::{Direction, Place, asks_entries, cells, last_entry, matching};
use super::query::{Query, Value};
use crate::domain::company::CompanyId;
use crate::domain::cube::Cube;
use crate::domain::dictionary::{ErrorCode, Reason};
use crate::domain::filter::Filter;
use crate::domain::paging::{Cursor, PAGE_ROWS};
use crate::domain::recheck::{Facts, Stored};
use crate::domain::request::{Environment, Kind, RequestId};
use crate::domain::settings::CompanySettings;
use crate::domain::validate::Finding;
use crate::domain::window::Window;

/// A page looks at most at so many index entries.
pub const MAX_ENTRIES: i64 = 20_000;

/// It looks at so many before the counters are asked how many requests there are to be found.
const FEW_ENTRIES: i64 = 2_000;

/// A count by index stops at so many …
pub const MAX_COUNT: i64 = 10_000;

/// … and looks at most at so many entries.
const MAX_COUNTED_ENTRIES: i64 = 100_000;

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
    /// The time, as this node has it: nothing is younger by an hour.
    pub now: DateTime<Utc>,
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
    #[diesel(sql_type = Nullable<Text>)]
    pub sent: Option<String>,
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
    let (mut ids, searched_to) =
        look_for(connection, company, selection, cursor, direction, limit)?;
    let is_full = ids.len() == limit;
    ids.truncate(PAGE_ROWS);
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

/// The places that match, at most `most`, and where the look into the index ended before it had so
/// many: it may go on from there.
///
/// What hardly any request meets would be asked of very many entries, all in vain. So after a few the
/// counters, where they know all that the filter asks, tell how many there are to be found.
fn look_for(
    connection: &mut PgConnection,
    company: CompanyId,
    selection: &Selection<'_>,
    cursor: Cursor,
    direction: Direction,
    most: usize,
) -> QueryResult<(Vec<Place>, Option<RequestId>)> {
    let look_at = |connection: &mut PgConnection, entries| -> QueryResult<Vec<Place>> {
        let most = most as i64;
        let query = matching(company, selection, cursor, direction, entries, most);
        query.load_unsorted(connection)
    };
    let Selection {
        filter, settings, ..
    } = selection;
    let mut total = None;
    let is_counted =
        filter.is_countable(settings) && keeps_counts_of(selection.window, selection.now);
    if cursor == Cursor::Newest && is_counted && asks_entries(company, selection) {
        let found = look_at(connection, FEW_ENTRIES)?;
        if found.len() == most {
            return Ok((found, None));
        }
        let all = counts::total(connection, company, selection)?;
        if found.len() as i64 == all {
            return Ok((found, None));
        }
        total = Some(all);
    }
    let found = look_at(connection, MAX_ENTRIES)?;
    if found.len() == most || total == Some(found.len() as i64) {
        return Ok((found, None));
    }
    let end = last_entry(
        connection,
        company,
        selection,
        cursor,
        direction,
        MAX_ENTRIES,
    )?;
    Ok((found, end))
}

/// The requests of both lists that match, whichever is selected, by everything that counters tell
/// apart, for what the counters of all requests do not tell: an employee's by counters of their own, else
/// at most [`MAX_COUNT`] of the newest, and whether there may be more.
pub fn cube(
    connection: &mut PgConnection,
    company: CompanyId,
    selection: &Selection<'_>,
) -> QueryResult<(Cube, bool)> {
    let (cells, is_cut) = match employee_counts::sums(connection, company, selection)? {
        Some(sums) => (sums, false),
        None => cells(
            connection,
            company,
            selection,
            MAX_COUNTED_ENTRIES,
            MAX_COUNT,
        )?,
    };
    let cube = Cube(cells.into_iter().filter_map(counts::cell).collect());
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
    let query = query.within("SELECT count(*) AS count FROM (", ") AS matching");
    let count = query.load_count(connection)?;
    Ok(Count {
        count,
        or_more: count == MAX_NEWER,
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
        let nearest: Option<Place> = query.load_unsorted(connection)?.pop();
        Ok(nearest.and_then(|place| RequestId::from_uuid(place.id)))
    };
    Ok((
        nearest(Cursor::NewerThan(id), Direction::Newer)?,
        nearest(Cursor::OlderThan(id), Direction::Older)?,
    ))
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
    let (places, end) = look_for(connection, company, selection, cursor, direction, limit)?;
    let is_full = places.len() == limit;
    let ids: Vec<RequestId> = places
        .into_iter()
        .filter_map(|place| RequestId::from_uuid(place.id))
        .collect();
    let next = match is_full {
        true => ids.last().copied(),
        false => end,
    };
    Ok((ids, next))
}

/// What a row has from `requests`, as `r`.
pub(super) const FACTS: &str = "\
    r.id, r.received_at, r.kind, r.environment, r.key_id, r.http_status, r.error_mask, \
    r.warning_count, r.settings_version, r.employee_id, r.employee_sent, r.employee_custom_id, \
    r.channel_sent, r.channel, r.brand_sent, r.brand, r.language_sent, r.language, r.ticket_id, \
    r.correlation_id, r.duration_us";

/// The rows of these ids of a company, in this order; ids that are not there are passed over.
///
/// Each is looked up by its key: `OFFSET 0` keeps Postgres from reading whole partitions instead,
/// for it cannot know how few ids there are. Nothing else tells the plan which partitions they are in,
/// so that it is as good for any other ids, and is made once and kept.
pub fn rows(
    connection: &mut PgConnection,
    company: CompanyId,
    ids: &[Uuid],
) -> QueryResult<Vec<ListRow>> {
    let (ids, times) = with_times(ids);
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut page = Query::new(company);
    let (ids, times) = (page.value(Value::Ids(ids)), page.value(Value::Times(times)));
    let page = page.kept(true);
    let rows = page.clone().and(&format!(
        "SELECT {FACTS}, e.name AS employee_name, d.id IS NOT NULL AS has_document, \
                d.customer_name, d.customer_email \
         FROM unnest({ids}, {times}) WITH ORDINALITY AS page (id, received_at, place) \
         JOIN LATERAL ( \
             SELECT * FROM requests r \
             WHERE r.company_id = $1 AND r.received_at = page.received_at AND r.id = page.id OFFSET 0 \
         ) AS r ON true \
         LEFT JOIN LATERAL ( \
             SELECT d.id, d.customer_name, d.customer_email FROM request_documents d \
             WHERE d.company_id = $1 AND d.received_at = page.received_at AND d.id = page.id OFFSET 0 \
         ) AS d ON true \
         LEFT JOIN employees e ON e.company_id = $1 AND e.id = r.employee_id \
         ORDER BY page.place",
    ));
    let findings = page.and(&format!(
        "SELECT f.id, f.reason, f.pointer, f.value, f.sent \
         FROM unnest({ids}, {times}) AS page (id, received_at) \
         JOIN LATERAL ( \
             SELECT * FROM request_findings f \
             WHERE f.company_id = $1 AND f.received_at = page.received_at AND f.id = page.id OFFSET 0 \
         ) AS f ON true \
         ORDER BY f.id, f.position",
    ));
    let mut rows: Vec<ListRow> = rows.load(connection)?;
    let findings: Vec<FindingRow> = findings.load(connection)?;
    add_findings(&mut rows, findings);
    Ok(rows)
}

/// Gives the findings, which come in rule order, to their rows.
pub(super) fn add_findings(rows: &mut [ListRow], findings: Vec<FindingRow>) {
    let mut of_row: HashMap<Uuid, Vec<FindingRow>> = HashMap::with_capacity(rows.len());
    for finding in findings {
        of_row.entry(finding.id).or_default().push(finding);
    }
    for row in rows {
        row.findings = Findings(of_row.remove(&row.id).unwrap_or_default());
    }
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
    /// The decisive value.
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

/// What failed for a reason.
#[derive(Debug, Default)]
pub struct Causes {
    /// By value, key and environment.
    pub groups: Vec<Cause>,
    /// The first of the findings that were read, where there were more.
    pub cut_at: Option<DateTime<Utc>>,
}

/// What failed for this reason since `since`, among the newest [`MAX_ENTRIES`] of its error.
pub fn causes(
    connection: &mut PgConnection,
    company: CompanyId,
    reason: Reason,
    since: DateTime<Utc>,
) -> QueryResult<Causes> {
    #[derive(QueryableByName)]
    struct Group {
        #[diesel(embed)]
        cause: Cause,
        #[diesel(sql_type = Bool)]
        is_meant: bool,
        #[diesel(sql_type = Timestamptz)]
        first: DateTime<Utc>,
    }
    let groups: Vec<Group> = diesel::sql_query(
        "SELECT CASE WHEN f.is_meant THEN f.value END AS value, f.key_id, f.environment, \
                one.alone, count(*) AS count, f.is_meant, min(f.received_at) AS first \
         FROM (SELECT received_at, id, reason = $4 AS is_meant, value, key_id, environment \
               FROM request_findings \
               WHERE company_id = $1 AND code = $2 AND received_at >= $3 \
               ORDER BY received_at DESC, id DESC LIMIT $5) AS f \
         JOIN LATERAL ( \
             SELECT count(*) = 1 AS alone FROM request_findings o \
             WHERE f.is_meant \
               AND o.company_id = $1 AND o.received_at = f.received_at AND o.id = f.id \
         ) AS one ON true \
         GROUP BY 1, 2, 3, 4, 6",
    )
    .bind::<BigInt, _>(company.0)
    .bind::<SmallInt, _>(reason.code().bit())
    .bind::<Timestamptz, _>(since)
    .bind::<SmallInt, _>(reason.number())
    .bind::<BigInt, _>(MAX_ENTRIES)
    .load(connection)?;
    let read: i64 = groups.iter().map(|group| group.cause.count).sum();
    let first = groups.iter().map(|group| group.first).min();
    let meant = groups.into_iter().filter(|group| group.is_meant);
    Ok(Causes {
        groups: meant.map(|group| group.cause).collect(),
        cut_at: first.filter(|_| read == MAX_ENTRIES),
    })
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
    let mut query = Query::new(company);
    let (ids, times) = query.keys(ids);
    let query = query.kept(true).and(&format!(
        "SELECT d.id, d.body, d.body_cut, d.content_type \
         FROM unnest({ids}, {times}) AS wanted (id, received_at) \
         JOIN LATERAL ( \
             SELECT d.id, d.body, d.body_cut, d.content_type FROM request_documents d \
             WHERE d.company_id = $1 AND d.received_at = wanted.received_at AND d.id = wanted.id \
             OFFSET 0 \
         ) AS d ON true"
    ));
    let sent: Vec<SentBody> = query.load(connection)?;
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
    let mut query = Query::new(company);
    let since = query.value(Value::Time(since));
    let query = query.planned_once(true).and(&format!(
        "SELECT received_at FROM requests WHERE company_id = $1 AND received_at >= {since} AND {} \
         ORDER BY received_at DESC, id DESC LIMIT 1",
        tab.map_or("true", Tab::condition)
    ));
    let newest: Option<Newest> = query.load_unsorted(connection)?.pop();
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

/// Ids with the times in them, side by side; what is no id of a request is left out.
pub(super) fn with_times(ids: &[Uuid]) -> (Vec<Uuid>, Vec<DateTime<Utc>>) {
    ids.iter()
        .filter_map(|id| RequestId::from_uuid(*id))
        .map(|id| (id.uuid(), id.received_at()))
        .unzip()
}
