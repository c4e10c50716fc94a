//! How many requests of each employee are on the lists, by day and by week: what a page with an employee
//! adds up instead of every entry of their index. Counted with what folding takes, and readers read what is
//! not folded yet in the statement that reads the counters; what is left at the ends of a window, less
//! than two days each, is counted in the index.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::counts::{CellRow, DAY, Piece, WEEK, summands};
use super::folding::{drop_grain, kept_from};
use super::matching::{asks_entries, cells, employees};
use super::query::{Query, Value, is_simple};
use super::requests::{MAX_COUNT, MAX_ENTRIES, Selection};
use crate::domain::company::CompanyId;
use crate::domain::window::FINE_GRAIN_MINUTES;

/// The grains at which they are kept, in minutes.
const GRAINS: [i64; 2] = [WEEK, DAY];

/// What a window is cut into: of what the counters do not tell, windows begin on the fine grain.
const CUTS: [i64; 3] = [WEEK, DAY, FINE_GRAIN_MINUTES];

/// A longer custom id beside an e-mail is not told by the counters, in bytes: a key of an index has an end.
const LONGEST_CUSTOM_ID: usize = 255;

/// The requests of both lists that match, by everything that counters tell apart. `None` where the
/// counters do not tell: the filter asks for something else, or there are too many of them, as where each
/// request names another custom id, or too much to count at an end of the window. Cells may come several
/// times, and negative: they are to be added up.
pub(super) fn sums(
    connection: &mut PgConnection,
    company: CompanyId,
    selection: &Selection<'_>,
) -> QueryResult<Option<Vec<CellRow>>> {
    let forms = employees(selection.filter);
    let is_told = |form: &String| form.len() <= LONGEST_CUSTOM_ID;
    if forms.is_empty() || !forms.iter().all(is_told) || asks_entries(company, selection) {
        return Ok(None);
    }
    let pieces = summands(selection.window, &CUTS, selection.now).into_iter();
    let (counted, ends): (Vec<_>, Vec<_>) = pieces.partition(|piece| GRAINS.contains(&piece.grain));
    let Some(mut sums) = counted_in(connection, company, selection, forms, &counted)? else {
        return Ok(None);
    };
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

/// What counters and what is not folded yet tell of these pieces, of the employees with these forms;
/// `None` where they are too many. One text for all of them, so that it is planned once.
fn counted_in(
    connection: &mut PgConnection,
    company: CompanyId,
    selection: &Selection<'_>,
    forms: Vec<String>,
    pieces: &[Piece],
) -> QueryResult<Option<Vec<CellRow>>> {
    #[derive(QueryableByName)]
    struct Sum {
        #[diesel(embed)]
        cell: CellRow,
        #[diesel(sql_type = BigInt)]
        counters: i64,
    }
    const CELL: &str = "environment, kind, key_id, channel, brand, language, error_mask";
    let mut query = Query::new(company);
    let each = |value: fn(&Piece) -> i64| Value::Integers(pieces.iter().map(value).collect());
    let begins = pieces.iter().map(|piece| piece.window.from).collect();
    // No bucket has begun later.
    let last = selection.now + TimeDelta::hours(1);
    let ends = pieces.iter().map(|piece| piece.window.to.unwrap_or(last));
    let (forms, grains, signs, begins, ends) = (
        query.value(Value::Texts(forms)),
        query.value(each(|piece| piece.grain)),
        query.value(each(Piece::sign)),
        query.value(Value::Times(begins)),
        query.value(Value::Times(ends.collect())),
    );
    let pieces =
        format!("unnest({grains}, {signs}, {begins}, {ends}) AS piece (grain, sign, begins, ends)");
    let in_piece = "bucket >= piece.begins AND bucket < piece.ends";
    // Pages with few forms alone: elsewhere what is counted at the ends would be planned so as well.
    let query = query
        .planned_once(is_simple(selection.filter))
        .and(&format!(
            // No filter asks whether a request was sent again.
            "SELECT {CELL}, false AS resubmitted, sum((sign * count)::float8)::bigint AS count, \
                count(*) AS counters \
         FROM (SELECT sign, c.* FROM {pieces} CROSS JOIN unnest({forms}) AS wanted (form) \
               CROSS JOIN LATERAL ( \
                   SELECT {CELL}, count FROM employee_counts \
                   WHERE company_id = $1 AND employee_sent = wanted.form \
                         AND grain = piece.grain AND {in_piece} \
                   UNION ALL \
                   SELECT {CELL}, count FROM employee_counts \
                   WHERE company_id = $1 AND employee_custom_id = wanted.form \
                         AND employee_custom_id <> '' AND employee_sent <> ALL({forms}) \
                         AND grain = piece.grain AND {in_piece} \
               ) AS c \
               UNION ALL \
               SELECT sign, d.* FROM {pieces} CROSS JOIN LATERAL ( \
                   SELECT {CELL}, count FROM request_count_deltas \
                   WHERE company_id = $1 AND {in_piece} \
                         AND (employee_sent = ANY({forms}) OR employee_custom_id = ANY({forms})) \
               ) AS d \
               LIMIT {MAX_ENTRIES}) AS counters GROUP BY {CELL}"
        ));
    let sums: Vec<Sum> = query.load_unsorted(connection)?;
    let read: i64 = sums.iter().map(|sum| sum.counters).sum();
    Ok((read < MAX_ENTRIES).then(|| sums.into_iter().map(|sum| sum.cell).collect()))
}

/// The part of the statement of folding that counts `binned`, the sums of a company's deltas in each of their
/// buckets: as its `WITH` has it.
pub(super) fn counting() -> String {
    let [week, day] = GRAINS;
    format!(
        "of_employees AS ( \
             INSERT INTO employee_counts AS kept (company_id, employee_sent, grain, bucket, \
                                                  employee_custom_id, environment, kind, key_id, \
                                                  channel, brand, language, error_mask, count) \
             SELECT company_id, employee_sent, grain, bucket, \
                    CASE WHEN octet_length(employee_custom_id) <= {LONGEST_CUSTOM_ID} \
                         THEN employee_custom_id ELSE '' END, \
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

/// Deletes a batch of the counters of days and weeks whose requests were all received before the week in
/// which the oldest kept ones were, and says how many there were.
pub fn drop_older(
    connection: &mut PgConnection,
    company: CompanyId,
    before: DateTime<Utc>,
) -> QueryResult<usize> {
    GRAINS.into_iter().try_fold(0, |dropped, grain| {
        let from = kept_from(before, grain);
        Ok(dropped + drop_grain(connection, "employee_counts", company, grain, from)?)
    })
}
