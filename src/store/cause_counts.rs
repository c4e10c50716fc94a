//! How many requests failed by each cause, by the hour, the day and the week: what the list of causes
//! adds up instead of every finding. A job counts the findings that are some minutes old; what is
//! younger is read from the findings themselves, so the causes are exact however far the job has come.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Timestamptz};

use super::counts::{ceil, floor, grain_rows, pieces};
use super::folding::drop_grain;
use super::partitions::week_of;
use super::query::Query;
use super::schema::cause_folds;
use crate::domain::company::CompanyId;
use crate::domain::window::Window;

/// The grains, in minutes: weeks (from Thursday to Thursday), days (of UTC) and hours.
pub(super) const GRAINS: [i64; 3] = [10_080, 1_440, 60];

/// No finding comes so long after its request: a request waits for seconds to be recorded, not for
/// minutes.
const SETTLED: TimeDelta = TimeDelta::minutes(10);

/// Findings are counted in steps of so many minutes.
const STEP: TimeDelta = TimeDelta::minutes(5);

/// Of each grain at most so many counters are read, the latest: causes whose values are never the
/// same twice have a counter each.
pub(super) const MOST_COUNTERS: i64 = 100_000;

/// The part of a window that is counted, and what is left at its ends to be read from the findings.
/// Without an end it is all that is counted from there on, whole counters to the coarsest: they hold
/// nothing that the findings after them do.
pub(super) struct Cut {
    pub counted: Option<Window>,
    pub rest: Vec<Window>,
}

/// Cuts a window of a company by what is counted of it.
pub(super) fn cut(
    connection: &mut PgConnection,
    company: CompanyId,
    window: Window,
) -> QueryResult<Cut> {
    let folded = folded_until(connection, company)?;
    Ok(folded.map_or(Cut::uncounted(window), |folded| Cut::at(window, folded)))
}

impl Cut {
    /// Nothing of a window is counted.
    pub(super) fn uncounted(window: Window) -> Self {
        Self {
            counted: None,
            rest: vec![window],
        }
    }

    /// Whole hours are counted, and of the last one all that is folded.
    fn at(window: Window, folded: DateTime<Utc>) -> Self {
        let hour = TimeDelta::hours(1);
        let from = ceil(window.from, hour);
        let to = window.to.filter(|to| *to < folded);
        let to = to.map(|to| floor(to, hour));
        let end = to.unwrap_or(folded);
        if end <= from {
            return Self::uncounted(window);
        }
        let before = Window {
            from: window.from,
            to: Some(from),
        };
        let after = Window {
            from: end,
            to: window.to,
        };
        Self {
            counted: Some(Window { from, to }),
            rest: vec![before, after],
        }
    }
}

/// What tells the counters of a window that is counted, a condition per piece and grain; `conditions`
/// on their columns are theirs as well.
pub(super) fn sources(
    query: &mut Query,
    window: Window,
    grains: &[i64],
    conditions: &str,
) -> Vec<String> {
    let pieces = pieces(window, grains);
    let source = |(grain, piece): (i64, Window)| {
        let during = query.during("bucket", piece);
        format!("company_id = $1 AND grain = {grain} AND {during} AND {conditions}")
    };
    pieces.into_iter().map(source).collect()
}

fn folded_until(
    connection: &mut PgConnection,
    company: CompanyId,
) -> QueryResult<Option<DateTime<Utc>>> {
    cause_folds::table
        .find(company.0)
        .select(cause_folds::until)
        .get_result(connection)
        .optional()
}

/// Counts a company's next findings that are old enough, at most to the end of a day, and says how
/// many counters it wrote; call it in a transaction that no other node is in.
pub fn fold(
    connection: &mut PgConnection,
    company: CompanyId,
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    #[derive(QueryableByName)]
    struct First {
        #[diesel(sql_type = Nullable<Timestamptz>)]
        first: Option<DateTime<Utc>>,
    }
    let folded = folded_until(connection, company)?.unwrap_or(DateTime::UNIX_EPOCH);
    let First { first } = diesel::sql_query(
        "SELECT min(received_at) AS first FROM request_findings \
         WHERE company_id = $1 AND received_at >= $2",
    )
    .bind::<BigInt, _>(company.0)
    .bind::<Timestamptz, _>(folded)
    .get_result(connection)?;
    let over = floor(now - SETTLED, STEP);
    let Some(from) = first.filter(|first| *first < over) else {
        return Ok(0);
    };
    let day = TimeDelta::days(1);
    let until = over.min(floor(from, day) + day);
    // A day may have millions, and nobody waits for it.
    connection.batch_execute("SET LOCAL statement_timeout = '10min'")?;
    let grains = grain_rows(&GRAINS);
    let written = diesel::sql_query(format!(
        "WITH found AS ( \
             SELECT DISTINCT company_id, received_at, id, code, reason, \
                             coalesce(value, '') AS value, environment, key_id \
             FROM request_findings \
             WHERE company_id = $1 AND received_at >= $2 AND received_at < $3 \
         ), summed AS ( \
             SELECT company_id, grain, date_bin(grain * interval '1 minute', received_at, $4) AS bucket, \
                    code, reason, value, environment, key_id, count(*) AS count, \
                    min(received_at) AS first_at, max(received_at) AS last_at, \
                    (array_agg(id ORDER BY received_at DESC, id DESC))[1] AS latest_id \
             FROM found, (VALUES {grains}) AS grains (grain) \
             GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 \
         ) \
         INSERT INTO cause_counts AS kept (company_id, grain, bucket, code, reason, value, \
                                           environment, key_id, count, first_at, last_at, latest_id) \
         SELECT * FROM summed ORDER BY 1, 2, 3, 5, 6, 7, 8 \
         ON CONFLICT (company_id, grain, reason, value, bucket, environment, key_id) \
         DO UPDATE SET count = kept.count + excluded.count, last_at = excluded.last_at, \
                       latest_id = excluded.latest_id",
    ))
    .bind::<BigInt, _>(company.0)
    .bind::<Timestamptz, _>(from)
    .bind::<Timestamptz, _>(until)
    .bind::<Timestamptz, _>(DateTime::UNIX_EPOCH)
    .execute(connection)?;
    diesel::insert_into(cause_folds::table)
        .values((
            cause_folds::company_id.eq(company.0),
            cause_folds::until.eq(until),
        ))
        .on_conflict(cause_folds::company_id)
        .do_update()
        .set(cause_folds::until.eq(until))
        .execute(connection)?;
    Ok(written)
}

/// Deletes a batch of the counters of weeks whose requests were all received before `before`, and
/// says how many there were.
pub fn drop_older(
    connection: &mut PgConnection,
    company: CompanyId,
    before: DateTime<Utc>,
) -> QueryResult<usize> {
    let week = week_of(before).and_time(NaiveTime::MIN).and_utc();
    let day = TimeDelta::days(1);
    let mut dropped = 0;
    for grain in GRAINS {
        // A counter goes when its last day does.
        let days = TimeDelta::minutes(grain).max(day) - day;
        dropped += drop_grain(connection, "cause_counts", company, grain, week - days)?;
    }
    Ok(dropped)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn window(from: &str, to: Option<&str>) -> Window {
        Window {
            from: at(from),
            to: to.map(at),
        }
    }

    fn cut(from: &str, to: Option<&str>, folded: &str) -> (Option<Window>, Vec<Window>) {
        let Cut { counted, rest } = Cut::at(window(from, to), at(folded));
        (counted, rest)
    }

    #[test]
    fn what_is_folded_is_counted_by_whole_hours_and_both_ends_are_left() {
        let (from, folded) = ("2026-11-20T10:25:00Z", "2026-11-24T09:35:00Z");
        let begun = window(from, Some("2026-11-20T11:00:00Z"));
        let counted = window("2026-11-20T11:00:00Z", None);
        let rest = vec![begun, window(folded, None)];
        assert_eq!(cut(from, None, folded), (Some(counted), rest));
        let to = Some("2026-11-24T09:37:00Z");
        let rest = vec![begun, window(folded, to)];
        assert_eq!(cut(from, to, folded), (Some(counted), rest));
        let to = Some("2026-11-24T09:30:00Z");
        let counted = window("2026-11-20T11:00:00Z", Some("2026-11-24T09:00:00Z"));
        let rest = vec![begun, window("2026-11-24T09:00:00Z", to)];
        assert_eq!(cut(from, to, folded), (Some(counted), rest));
        let to = Some("2026-11-21T12:35:00Z");
        let counted = window("2026-11-20T11:00:00Z", Some("2026-11-21T12:00:00Z"));
        let rest = vec![begun, window("2026-11-21T12:00:00Z", to)];
        assert_eq!(cut(from, to, folded), (Some(counted), rest));
    }

    #[test]
    fn what_is_not_folded_or_less_than_an_hour_is_left_whole() {
        let folded = "2026-11-24T09:00:00Z";
        for (from, to) in [
            ("2026-11-24T09:00:00Z", None),
            ("2026-11-24T08:05:00Z", None),
            ("2026-11-20T10:05:00Z", Some("2026-11-20T11:55:00Z")),
        ] {
            let all = window(from, to);
            assert_eq!(cut(from, to, folded), (None, vec![all]), "{from}");
        }
    }
}
