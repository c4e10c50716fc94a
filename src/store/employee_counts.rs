//! How many requests of each employee are on the lists, by day and by week: what a page with an employee
//! adds up instead of every entry of their index. Counted with what folding takes, and readers read what is
//! not folded yet in the statement that reads the counters; what is left at the ends of a window, less
//! than a day each, is counted in the index.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use diesel::prelude::*;

use super::counts::{CellRow, DAY, Piece, WEEK, summands};
use super::folding::drop_grain;
use super::matching::{asks_entries, cells, employees};
use super::partitions::week_of;
use super::query::{Query, Value};
use super::requests::{MAX_COUNT, Selection};
use crate::domain::company::CompanyId;
use crate::domain::window::FINE_GRAIN_MINUTES;

/// The grains at which they are kept, in minutes.
const GRAINS: [i64; 2] = [WEEK, DAY];

/// What a window is cut into: of what the counters do not tell, windows begin on the fine grain.
const CUTS: [i64; 3] = [WEEK, DAY, FINE_GRAIN_MINUTES];

/// The requests of both lists that match, by everything that counters tell apart. `None` where the
/// counters do not tell: the filter asks for something else, or there is too much to count at an end of
/// the window. Cells may come several times, and negative: they are to be added up.
pub(super) fn sums(
    connection: &mut PgConnection,
    company: CompanyId,
    selection: &Selection<'_>,
) -> QueryResult<Option<Vec<CellRow>>> {
    let forms = employees(selection.filter);
    if forms.is_empty() || asks_entries(company, selection) {
        return Ok(None);
    }
    let pieces = summands(selection.window, &CUTS).into_iter();
    let (counted, ends): (Vec<_>, Vec<_>) = pieces.partition(|piece| GRAINS.contains(&piece.grain));
    let mut sums = counted_in(connection, company, forms, &counted, selection.now)?;
    for end in ends {
        let selection = Selection {
            window: end.window,
            ..selection.clone()
        };
        let (cells, is_cut) = cells(connection, company, &selection, MAX_COUNT, MAX_COUNT)?;
        if is_cut {
            return Ok(None);
        }
        sums.extend(cells.into_iter().map(|mut cell| {
            cell.count *= end.sign();
            cell
        }));
    }
    Ok(Some(sums))
}

/// What counters and what is not folded yet tell of these pieces, of the employees with these forms. One
/// text for all of them, so that it is planned once.
fn counted_in(
    connection: &mut PgConnection,
    company: CompanyId,
    forms: Vec<String>,
    pieces: &[Piece],
    now: DateTime<Utc>,
) -> QueryResult<Vec<CellRow>> {
    const CELL: &str = "environment, kind, key_id, channel, brand, language, error_mask";
    let mut query = Query::new(company);
    let each = |value: fn(&Piece) -> i64| Value::Integers(pieces.iter().map(value).collect());
    let begins = pieces.iter().map(|piece| piece.window.from).collect();
    // No bucket has begun later.
    let last = now + TimeDelta::hours(1);
    let ends = pieces.iter().map(|piece| piece.window.to.unwrap_or(last));
    let (forms, grains, signs, begins, ends) = (
        query.value(Value::Texts(forms)),
        query.value(each(|piece| piece.grain)),
        query.value(each(Piece::sign)),
        query.value(Value::Times(begins)),
        query.value(Value::Times(ends.collect())),
    );
    let in_piece = "bucket >= piece.begins AND bucket < piece.ends";
    // Who is meant by both is counted once.
    let by_custom_id =
        format!("employee_custom_id = wanted.form AND employee_sent <> ALL({forms})");
    let query = query.planned_once(true).and(&format!(
        // No filter asks whether a request was sent again.
        "SELECT {CELL}, false AS resubmitted, sum((piece.sign * c.count)::float8)::bigint AS count \
         FROM unnest({forms}) AS wanted (form) \
         CROSS JOIN unnest({grains}, {signs}, {begins}, {ends}) AS piece (grain, sign, begins, ends) \
         CROSS JOIN LATERAL ( \
             SELECT {CELL}, count FROM employee_counts \
             WHERE company_id = $1 AND employee_sent = wanted.form \
                   AND grain = piece.grain AND {in_piece} \
             UNION ALL \
             SELECT {CELL}, count FROM employee_counts \
             WHERE company_id = $1 AND {by_custom_id} AND employee_custom_id <> '' \
                   AND grain = piece.grain AND {in_piece} \
             UNION ALL \
             SELECT {CELL}, count FROM request_count_deltas \
             WHERE company_id = $1 AND (employee_sent = wanted.form OR {by_custom_id}) AND {in_piece} \
         ) AS c GROUP BY {CELL}"
    ));
    query.load_unsorted(connection)
}

/// The part of the statement of folding that counts `binned`, the deltas of a company in each of their
/// buckets: as its `WITH` has it.
pub(super) fn counting() -> String {
    let [week, day] = GRAINS;
    format!(
        "of_employees AS ( \
             INSERT INTO employee_counts AS kept (company_id, employee_sent, grain, bucket, \
                                                  employee_custom_id, environment, kind, key_id, \
                                                  channel, brand, language, error_mask, count) \
             SELECT company_id, employee_sent, grain, bucket, coalesce(employee_custom_id, ''), \
                    environment, kind, key_id, channel, brand, language, error_mask, \
                    sum(count)::bigint \
             FROM binned WHERE employee_sent IS NOT NULL AND grain IN ({week}, {day}) \
             GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 \
             ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 \
             ON CONFLICT (company_id, employee_sent, grain, bucket, employee_custom_id, environment, \
                          kind, key_id, channel, brand, language, error_mask) \
             DO UPDATE SET count = kept.count + excluded.count \
         )"
    )
}

/// Deletes a batch of the counters that begin before the week in which the oldest requests kept were
/// received, and says how many there were. Windows begin at `before` or later, and no week is read whole
/// that began so long before them.
pub fn drop_older(
    connection: &mut PgConnection,
    company: CompanyId,
    before: DateTime<Utc>,
) -> QueryResult<usize> {
    let week = week_of(before).and_time(NaiveTime::MIN).and_utc();
    GRAINS.into_iter().try_fold(0, |dropped, grain| {
        Ok(dropped + drop_grain(connection, "employee_counts", company, grain, week)?)
    })
}
