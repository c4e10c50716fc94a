//! What the rules said of requests once more: beside their verdicts, the latest per version of the
//! settings.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::upsert::excluded;
use uuid::Uuid;

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
    let times: Vec<_> = ids.iter().map(|id| id.received_at()).collect();
    let uuids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
    let rows: Vec<(Uuid, i16, bool)> = dsl::request_rechecks
        .filter(dsl::company_id.eq(company.0))
        .filter(dsl::received_at.eq_any(times))
        .filter(dsl::id.eq_any(uuids))
        .filter(dsl::settings_version.eq(settings_version))
        .select((dsl::id, dsl::result, dsl::as_far_as_known))
        .load(connection)?;
    let kept =
        |(id, result, known): (Uuid, i16, bool)| Some((id, (Now::from_number(result)?, known)));
    Ok(rows.into_iter().filter_map(kept).collect())
}
