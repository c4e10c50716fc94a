//! The counters. They are written as deltas in the transaction that records the requests and folded
//! into one row per combination by a job; readers take both in one statement, so a count is never
//! wrong and never waits.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, SmallInt, Text, Timestamptz};

use crate::domain::company::CompanyId;
use crate::domain::cube::{Cell, Cube};
use crate::domain::filter::Label;
use crate::domain::request::{Environment, Kind};
use crate::domain::window::Window;

/// The hour grain is kept so many days.
const HOUR_GRAIN_DAYS: i64 = 400;

/// Keeps two nodes from folding one company at the same time.
const FOLD_LOCK: i32 = 0x666f_6c64;

#[derive(QueryableByName)]
struct CellRow {
    #[diesel(sql_type = SmallInt)]
    environment: i16,
    #[diesel(sql_type = SmallInt)]
    kind: i16,
    #[diesel(sql_type = BigInt)]
    key_id: i64,
    #[diesel(sql_type = Text)]
    channel: String,
    #[diesel(sql_type = Text)]
    brand: String,
    #[diesel(sql_type = Text)]
    language: String,
    #[diesel(sql_type = SmallInt)]
    error_mask: i16,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// The counters of a window, summed up. Whole hours are read at the hour grain, what is left at its
/// ends at five minutes, so thirty days cost little more than one.
pub fn cube(
    connection: &mut PgConnection,
    company: CompanyId,
    window: Window,
) -> QueryResult<Cube> {
    let hour = TimeDelta::hours(1);
    let down = |at: DateTime<Utc>| at.duration_trunc(hour).unwrap_or(at);
    let first_hour = match down(window.from) {
        exact if exact == window.from => exact,
        begun => begun + hour,
    };
    // While the window goes on, so does its last hour.
    let last_hour = window.to.map(down);
    let rows: Vec<CellRow> = diesel::sql_query(
        "SELECT environment, kind, key_id, channel, brand, language, error_mask, \
                sum(count)::bigint AS count \
         FROM ( \
             SELECT environment, kind, key_id, channel, brand, language, error_mask, count \
             FROM request_counts \
             WHERE company_id = $1 AND grain = 60 AND bucket >= $2 AND ($3 IS NULL OR bucket < $3) \
             UNION ALL \
             SELECT environment, kind, key_id, channel, brand, language, error_mask, count \
             FROM request_counts \
             WHERE company_id = $1 AND grain = 5 AND bucket >= $4 AND bucket < $2 \
                   AND ($5 IS NULL OR bucket < $5) \
             UNION ALL \
             SELECT environment, kind, key_id, channel, brand, language, error_mask, count \
             FROM request_counts \
             WHERE company_id = $1 AND grain = 5 AND bucket >= greatest($3, $2) AND bucket < $5 \
             UNION ALL \
             SELECT environment, kind, key_id, channel, brand, language, error_mask, count \
             FROM request_count_deltas \
             WHERE company_id = $1 AND bucket >= $4 AND ($5 IS NULL OR bucket < $5) \
         ) AS parts \
         GROUP BY environment, kind, key_id, channel, brand, language, error_mask",
    )
    .bind::<BigInt, _>(company.0)
    .bind::<Timestamptz, _>(first_hour)
    .bind::<Nullable<Timestamptz>, _>(last_hour)
    .bind::<Timestamptz, _>(window.from)
    .bind::<Nullable<Timestamptz>, _>(window.to)
    .load(connection)?;
    Ok(Cube(rows.into_iter().filter_map(cell).collect()))
}

fn cell(row: CellRow) -> Option<Cell> {
    Some(Cell {
        environment: Environment::from_number(row.environment)?,
        kind: Kind::from_number(row.kind)?,
        key_id: row.key_id,
        channel: Label::parse(&row.channel),
        brand: Label::parse(&row.brand),
        language: Label::parse(&row.language),
        error_mask: row.error_mask,
        count: row.count,
    })
}

/// The companies that have deltas to fold.
pub fn with_deltas(connection: &mut PgConnection) -> QueryResult<Vec<CompanyId>> {
    use super::schema::request_count_deltas::dsl::{company_id, request_count_deltas};
    let ids: Vec<i64> = request_count_deltas
        .select(company_id)
        .distinct()
        .load(connection)?;
    Ok(ids.into_iter().map(CompanyId).collect())
}

/// Folds a company's deltas into both grains; call it in a transaction. Returns how many rows of
/// deltas it took, none when another node is at it.
pub fn fold(connection: &mut PgConnection, company: CompanyId) -> QueryResult<usize> {
    if !try_lock(connection, company)? {
        return Ok(0);
    }
    note_keys_used(connection, company)?;
    // The hour's row is the sum of its twelve five-minute rows; both get the same deltas.
    diesel::sql_query(
        "WITH taken AS ( \
             DELETE FROM request_count_deltas WHERE company_id = $1 RETURNING * \
         ), summed AS ( \
             SELECT company_id, grain, \
                    CASE grain WHEN 5 THEN bucket ELSE date_trunc('hour', bucket, 'UTC') END AS bucket, \
                    environment, kind, key_id, channel, brand, language, error_mask, \
                    sum(count)::bigint AS count \
             FROM taken, (VALUES (5::smallint), (60::smallint)) AS grains (grain) \
             GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 \
         ) \
         INSERT INTO request_counts AS kept (company_id, grain, bucket, environment, kind, key_id, \
                                             channel, brand, language, error_mask, count) \
         SELECT * FROM summed ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 \
         ON CONFLICT (company_id, grain, bucket, environment, kind, key_id, channel, brand, \
                      language, error_mask) \
         DO UPDATE SET count = kept.count + excluded.count",
    )
    .bind::<BigInt, _>(company.0)
    .execute(connection)
}

/// Keys are noted as used to the five minutes, so that a busy key is written twelve times an hour
/// and not with every request.
fn note_keys_used(connection: &mut PgConnection, company: CompanyId) -> QueryResult<usize> {
    diesel::sql_query(
        "UPDATE api_keys SET last_used_at = used.last \
         FROM (SELECT key_id, max(bucket) AS last FROM request_count_deltas \
               WHERE company_id = $1 GROUP BY key_id) AS used \
         WHERE api_keys.id = used.key_id AND api_keys.company_id = $1 \
               AND (api_keys.last_used_at IS NULL OR api_keys.last_used_at < used.last)",
    )
    .bind::<BigInt, _>(company.0)
    .execute(connection)
}

fn try_lock(connection: &mut PgConnection, company: CompanyId) -> QueryResult<bool> {
    diesel::select(
        diesel::dsl::sql::<Bool>("pg_try_advisory_xact_lock(")
            .bind::<diesel::sql_types::Integer, _>(FOLD_LOCK)
            .sql(", ")
            .bind::<diesel::sql_types::Integer, _>(company.0 as i32)
            .sql(")"),
    )
    .get_result(connection)
}

/// Deletes the counters that are past their time: five-minute ones before `fine`, hourly ones
/// before 400 days ago.
pub fn drop_older(
    connection: &mut PgConnection,
    fine: DateTime<Utc>,
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    use super::schema::request_counts::dsl::{bucket, grain, request_counts};
    let coarse = now - TimeDelta::days(HOUR_GRAIN_DAYS);
    Ok(
        diesel::delete(request_counts.filter(grain.eq(5)).filter(bucket.lt(fine)))
            .execute(connection)?
            + diesel::delete(
                request_counts
                    .filter(grain.eq(60))
                    .filter(bucket.lt(coarse)),
            )
            .execute(connection)?,
    )
}
