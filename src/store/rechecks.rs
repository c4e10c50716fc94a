//! What the rules said of requests once more: beside their verdicts, the latest per version of the
//! settings.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::upsert::excluded;
use uuid::Uuid;

use super::query::{Query, Value};
use super::schema::request_rechecks::{self, dsl};
use crate::domain::company::CompanyId;
use crate::domain::recheck::{Now, Recheck};
use crate::domain::request::RequestId;

/// A row of `request_rechecks`.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = request_rechecks)]
#[expect(missing_docs, reason = "the columns are documented in the schema")]
pub struct RecheckRow {
    pub company_id: i64,
    pub received_at: DateTime<Utc>,
    pub id: Uuid,
    pub settings_version: i64,
    pub result: i16,
    pub as_far_as_known: bool,
    pub error_mask: i16,
    pub checked_at: DateTime<Utc>,
}

impl RecheckRow {
    /// What `recheck` says of a request, by the settings of this version.
    pub fn new(
        company: CompanyId,
        id: RequestId,
        recheck: &Recheck,
        settings_version: i64,
        checked_at: DateTime<Utc>,
    ) -> Self {
        Self {
            company_id: company.0,
            received_at: id.received_at(),
            id: id.uuid(),
            settings_version,
            result: recheck.now.number(),
            as_far_as_known: recheck.as_far_as_known,
            error_mask: recheck.error_mask(),
            checked_at,
        }
    }
}

/// Keeps rows, each in the place of an earlier one by the same settings.
pub fn keep(connection: &mut PgConnection, rows: &[RecheckRow]) -> QueryResult<usize> {
    diesel::insert_into(request_rechecks::table)
        .values(rows)
        .on_conflict((
            dsl::company_id,
            dsl::received_at,
            dsl::id,
            dsl::settings_version,
        ))
        .do_update()
        .set((
            dsl::result.eq(excluded(dsl::result)),
            dsl::as_far_as_known.eq(excluded(dsl::as_far_as_known)),
            dsl::error_mask.eq(excluded(dsl::error_mask)),
            dsl::checked_at.eq(excluded(dsl::checked_at)),
        ))
        .execute(connection)
}

/// What was said of a request.
#[derive(QueryableByName)]
#[diesel(table_name = request_rechecks)]
struct Kept {
    id: Uuid,
    result: i16,
    as_far_as_known: bool,
}

/// What was said of these requests by the settings of this version, and whether it was as far as
/// known.
pub fn by_version(
    connection: &mut PgConnection,
    company: CompanyId,
    ids: &[RequestId],
    settings_version: i64,
) -> QueryResult<HashMap<Uuid, (Now, bool)>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut query = Query::new(company);
    let (ids, times) = query.keys(ids);
    let version = query.value(Value::Integer(settings_version));
    // One look into the index for each: two lists of conditions would be tried with each other.
    let query = query.kept(true).and(&format!(
        "SELECT c.id, c.result, c.as_far_as_known \
         FROM unnest({ids}, {times}) AS wanted (id, received_at) \
         JOIN LATERAL ( \
             SELECT * FROM request_rechecks c \
             WHERE c.company_id = $1 AND c.received_at = wanted.received_at \
                   AND c.id = wanted.id AND c.settings_version = {version} OFFSET 0 \
         ) AS c ON true"
    ));
    let rows: Vec<Kept> = query.load(connection)?;
    let kept = |row: Kept| {
        let now = Now::from_number(row.result)?;
        Some((row.id, (now, row.as_far_as_known)))
    };
    Ok(rows.into_iter().filter_map(kept).collect())
}
