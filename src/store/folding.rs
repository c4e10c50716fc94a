//! Folding: the deltas that are written with the requests become counters and totals, grain by grain,
//! counters of employees, and the findings of what failed counters of causes; and those go when their time
//! is over.

use std::collections::HashMap;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Timestamptz};

use super::cause_counts;
use super::counts::{COUNTS, GRAINS, TOTALS, WEEK};
use super::employee_counts;
use super::locks;
use super::partitions::week_of;
use crate::domain::company::CompanyId;
use crate::domain::window::{FINE_GRAIN_MINUTES, Window, floor};

/// All grains but the fine one are kept so many days, and the week of the last of them whole.
const COARSE_GRAIN_DAYS: i64 = 400;

/// So many counters of a grain are dropped in one transaction.
const DROP_BATCH: i64 = 5_000;

/// So many deltas are folded in one transaction, so that one ends in time whatever has gathered.
const FOLD_BATCH: i64 = 10_000;

/// Keeps two nodes from folding one company at the same time.
const FOLD_LOCK: i32 = 0x666f_6c64;

/// What was taken of a key's deltas.
#[derive(QueryableByName)]
struct Taken {
    #[diesel(sql_type = BigInt)]
    key_id: i64,
    /// The latest five minutes in which it sent.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_sent: Option<DateTime<Utc>>,
    #[diesel(sql_type = BigInt)]
    deltas: i64,
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

/// Whether the counters of a window are all kept still.
pub(super) fn keeps_counts_of(window: Window, now: DateTime<Utc>) -> bool {
    window.from >= now - TimeDelta::days(COARSE_GRAIN_DAYS)
}

/// Folds a batch of a company's deltas into all grains of counters and totals, and counts the causes of
/// what failed; call it in a transaction. Says whether there may be more, which another node that is at it
/// will see to. A delta of no requests, which only a step of the schema writes, has causes alone.
pub fn fold(connection: &mut PgConnection, company: CompanyId) -> QueryResult<bool> {
    if !locks::try_lock_of(connection, company, FOLD_LOCK)? {
        return Ok(false);
    }
    // A busy company has a delta for nearly every request, and few that differ: they are summed up once
    // as finely as any counter is kept. A coarser row is the sum of its finer ones; all get the same sums.
    let grains = GRAINS
        .map(|grain| format!("({grain}::smallint)"))
        .join(", ");
    let taken: Vec<Taken> = diesel::sql_query(format!(
        "WITH taken AS ( \
             DELETE FROM request_count_deltas WHERE company_id = $1 AND ctid = ANY(ARRAY( \
                 SELECT ctid FROM request_count_deltas WHERE company_id = $1 LIMIT {FOLD_BATCH})) \
             RETURNING * \
         ), fine AS ( \
             SELECT company_id, bucket, environment, kind, key_id, channel, brand, language, error_mask, \
                    resubmitted, employee_sent, employee_custom_id, sum(count)::bigint AS count \
             FROM taken WHERE count > 0 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 \
         ), binned AS ( \
             SELECT company_id, grain, \
                    date_bin(grain * interval '1 minute', bucket, 'epoch') AS bucket, \
                    environment, kind, key_id, channel, brand, language, error_mask, resubmitted, count, \
                    employee_sent, employee_custom_id \
             FROM fine, (VALUES {grains}) AS grains (grain) \
         ), {}, {}, totalled AS ( \
             INSERT INTO request_totals AS kept (company_id, grain, bucket, environment, error_mask, \
                                                 count) \
             SELECT company_id, grain, bucket, environment, error_mask, sum(count)::bigint \
             FROM binned GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5 \
             ON CONFLICT (company_id, grain, bucket, environment, error_mask) \
             DO UPDATE SET count = kept.count + excluded.count \
         ), counted AS ( \
             INSERT INTO request_counts AS kept (company_id, grain, bucket, environment, kind, key_id, \
                                                 channel, brand, language, error_mask, resubmitted, \
                                                 count) \
             SELECT company_id, grain, bucket, environment, kind, key_id, channel, brand, language, \
                    error_mask, resubmitted, sum(count)::bigint \
             FROM binned GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 \
             ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 \
             ON CONFLICT (company_id, grain, bucket, environment, kind, key_id, channel, brand, \
                          language, error_mask, resubmitted) \
             DO UPDATE SET count = kept.count + excluded.count \
         ) \
         SELECT key_id, max(bucket) FILTER (WHERE NOT resubmitted) AS last_sent, count(*) AS deltas \
         FROM taken GROUP BY key_id",
        cause_counts::counting(),
        employee_counts::counting()
    ))
    .bind::<BigInt, _>(company.0)
    .load(connection)?;
    note_keys_used(connection, company, &taken)?;
    let deltas: i64 = taken.iter().map(|of_key| of_key.deltas).sum();
    Ok(deltas == FOLD_BATCH)
}

/// Keys are noted as used to the five minutes, so that a busy key is written twelve times an hour
/// and not with every request.
fn note_keys_used(
    connection: &mut PgConnection,
    company: CompanyId,
    taken: &[Taken],
) -> QueryResult<()> {
    use super::schema::api_keys::dsl::{api_keys, company_id, id, last_used_at};
    let sent = |of_key: &Taken| Some((of_key.key_id, of_key.last_sent?));
    let sent: HashMap<i64, DateTime<Utc>> = taken.iter().filter_map(sent).collect();
    // Looked at first: a write to what is shared goes to every node of a cluster.
    let noted: Vec<(i64, Option<DateTime<Utc>>)> = api_keys
        .filter(company_id.eq(company.0).and(id.eq_any(sent.keys())))
        .select((id, last_used_at))
        .load(connection)?;
    for (key, noted) in noted {
        let last = sent[&key];
        if noted.is_none_or(|noted| noted < last) {
            diesel::update(api_keys.find(key))
                .set(last_used_at.eq(last))
                .execute(connection)?;
        }
    }
    Ok(())
}

/// Deletes a batch of a company's counters and totals that are past their time, and says how many there were:
/// five-minute ones before `fine`, the others with the week that ended 400 days ago: of a window's first
/// week all grains are read.
pub fn drop_older(
    connection: &mut PgConnection,
    company: CompanyId,
    fine: DateTime<Utc>,
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    let edge = now - TimeDelta::days(COARSE_GRAIN_DAYS);
    let coarse = floor(edge, TimeDelta::minutes(WEEK));
    let mut dropped = 0;
    for grain in GRAINS {
        let before = match grain {
            FINE_GRAIN_MINUTES => fine,
            _ => coarse,
        };
        for table in [COUNTS, TOTALS] {
            dropped += drop_grain(connection, table, company, grain, before)?;
        }
    }
    Ok(dropped)
}

/// The earliest beginning of a bucket that is kept, of a grain whose buckets are kept as long as requests,
/// which go when all of their week came before `before`: a bucket goes when its last day does.
pub(super) fn kept_from(before: DateTime<Utc>, grain: i64) -> DateTime<Utc> {
    let week = week_of(before).and_time(NaiveTime::MIN).and_utc();
    week - (TimeDelta::minutes(grain) - TimeDelta::days(1))
}

/// Deletes a batch of a company's counters of a grain from before a time, in a table of counters, and
/// says how many there were.
pub(super) fn drop_grain(
    connection: &mut PgConnection,
    table: &str,
    company: CompanyId,
    grain: i64,
    before: DateTime<Utc>,
) -> QueryResult<usize> {
    // By an index that begins so, for the table may have millions of rows, and a bucket as many.
    diesel::sql_query(format!(
        "DELETE FROM {table} \
         WHERE company_id = $1 AND grain = $2 AND bucket < $3 AND ctid = ANY(ARRAY( \
             SELECT ctid FROM {table} \
             WHERE company_id = $1 AND grain = $2 AND bucket < $3 \
             ORDER BY bucket LIMIT $4))"
    ))
    .bind::<BigInt, _>(company.0)
    .bind::<Integer, _>(grain as i32)
    .bind::<Timestamptz, _>(before)
    .bind::<BigInt, _>(DROP_BATCH)
    .execute(connection)
}
