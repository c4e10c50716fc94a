//! The counters, as pages read them. They are written as deltas in the transaction that records the
//! requests and folded by a job into one row per combination, and into totals per environment and
//! errors, which are few enough for a long chart; readers take both in one statement, so a count is
//! never wrong and never waits.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, SmallInt, Text, Timestamptz};

use super::query::{Query, Value, is_common};
use super::requests::Selection;
use crate::domain::company::CompanyId;
use crate::domain::cube::{Cell, Cube, Rate};
use crate::domain::dictionary::Reason;
use crate::domain::filter::{Filter, Label, Subject, Term, Verdict};
use crate::domain::request::{Environment, Kind};
use crate::domain::window::{FINE_GRAIN_MINUTES, Window, ceil, floor};

/// The grains at which counters are kept, in minutes: weeks (from Thursday to Thursday, for that is how
/// they lie since 1970), days (of UTC), hours, and the fine one. Each is made of whole ones of the next.
pub(super) const GRAINS: [i64; 4] = [WEEK, DAY, HOUR, FINE_GRAIN_MINUTES];

pub(super) const WEEK: i64 = 10_080;
pub(super) const DAY: i64 = 1_440;
const HOUR: i64 = 60;

/// The counters by everything that is counted apart.
pub(super) const COUNTS: &str = "request_counts";

/// Their sums by nothing but [`TOTALLED`].
pub(super) const TOTALS: &str = "request_totals";

/// The sum of counts. Postgres adds up 64-bit integers as numerics, which takes several times as long;
/// floats of that size are exact to 2^53.
pub(super) const SUM: &str = "sum(count::float8)::bigint";

/// What totals can tell.
const TOTALLED: [&str; 3] = ["bucket", "environment", "error_mask"];

/// A combination of everything that is counted apart, as a query gives it.
#[derive(QueryableByName)]
pub(super) struct CellRow {
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
    #[diesel(sql_type = Bool)]
    resubmitted: bool,
    #[diesel(sql_type = BigInt)]
    pub(super) count: i64,
}

/// The counters of a window, summed up. Whole weeks are read at the week's grain, what is left at its
/// ends by the day, the hour and five minutes, so thirty days cost little more than one.
pub fn cube(
    connection: &mut PgConnection,
    company: CompanyId,
    window: Window,
) -> QueryResult<Cube> {
    const CELL: [&str; 8] = [
        "environment",
        "kind",
        "key_id",
        "channel",
        "brand",
        "language",
        "error_mask",
        "resubmitted",
    ];
    let mut query = Query::new(company);
    let parts = parts(&mut query, &CELL, window, &GRAINS);
    let columns = CELL.join(", ");
    let query = query.and(&format!(
        "SELECT {columns}, {SUM} AS count FROM ({parts}) AS parts GROUP BY {columns} \
         HAVING {SUM} <> 0"
    ));
    let rows: Vec<CellRow> = query.kept(true).load_unsorted(connection)?;
    Ok(Cube(rows.into_iter().filter_map(cell).collect()))
}

/// The production requests of a window, as [`Cube::production`] tells them.
pub fn production(
    connection: &mut PgConnection,
    company: CompanyId,
    window: Window,
) -> QueryResult<Rate> {
    #[derive(QueryableByName)]
    struct Production {
        #[diesel(sql_type = BigInt)]
        failed: i64,
        #[diesel(sql_type = BigInt)]
        total: i64,
    }
    let mut query = Query::new(company);
    let parts = parts(&mut query, &["environment", "error_mask"], window, &GRAINS);
    let query = query.planned_once(true).and(&format!(
        "SELECT coalesce(sum(count) FILTER (WHERE error_mask <> 0), 0)::bigint AS failed, \
                coalesce({SUM}, 0) AS total \
         FROM ({parts}) AS parts WHERE environment = {}",
        Environment::Production.number()
    ));
    let sums: Option<Production> = query.load_unsorted(connection)?.pop();
    Ok(sums.map_or_else(Rate::default, |sums| Rate {
        failed: sums.failed,
        total: sums.total,
    }))
}

/// So many requests with the same first error in the time from `begins`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct Bin {
    /// When it begins: so many steps after the origin.
    #[diesel(sql_type = Timestamptz)]
    pub begins: DateTime<Utc>,
    /// The bit of the first of their errors, of those that the filter asks for; 0 where they are valid,
    /// or failed in a way that it does not ask for.
    #[diesel(sql_type = SmallInt)]
    pub first_error: i16,
    /// How many.
    #[diesel(sql_type = BigInt)]
    pub count: i64,
}

/// The counters of a window in steps of time, the empty ones left out. The filter's terms about
/// errors and results decide what counts as failed, its others what is counted at all. It is read at
/// the coarsest grain of which every step has so many whole ones.
pub fn series(
    connection: &mut PgConnection,
    company: CompanyId,
    window: Window,
    origin: DateTime<Utc>,
    step: TimeDelta,
    filter: &Filter,
) -> QueryResult<Vec<Bin>> {
    let fits = |grain: &i64| {
        step.num_minutes() % grain == 0 && floor(origin, TimeDelta::minutes(*grain)) == origin
    };
    let grains = GRAINS.iter().position(fits).unwrap_or(GRAINS.len() - 1);
    let mut query = Query::new(company);
    let counted = filter.without_any("error").without_any("result");
    let columns = columns(&counted, "bucket");
    let parts = parts(&mut query, &columns, window, &GRAINS[grains..]);
    let counted = conditions(&mut query, &counted, Subject::PARAMETERS);
    let failed = conditions(&mut query, filter, ["error", "result"]);
    let (minutes, origin, wanted) = (
        query.value(Value::Integer(step.num_minutes())),
        query.value(Value::Time(origin)),
        query.value(Value::Small(wanted_errors(filter))),
    );
    // The first rule has the lowest bit.
    let query = query.kept(is_common(window, filter)).and(&format!(
        "SELECT date_bin((SELECT {minutes} * interval '1 minute'), bucket, {origin}) AS begins, \
                CASE WHEN {failed} THEN (error_mask & {wanted}) & -(error_mask & {wanted}) \
                     ELSE 0::smallint END AS first_error, \
                {SUM} AS count \
         FROM ({parts}) AS parts WHERE {counted} GROUP BY 1, 2 HAVING {SUM} <> 0"
    ));
    query.load(connection)
}

/// How many requests of a list match; the counters must know all that its filter asks.
pub(super) fn total(
    connection: &mut PgConnection,
    company: CompanyId,
    selection: &Selection<'_>,
) -> QueryResult<i64> {
    let Selection {
        tab,
        window,
        filter,
        ..
    } = *selection;
    let mut query = Query::new(company);
    let apart = filter.without_any("error").without_any("result");
    let columns = columns(&apart, "environment");
    let parts = parts(&mut query, &columns, window, &GRAINS);
    let matches = conditions(&mut query, filter, Subject::PARAMETERS);
    let listed = tab.condition();
    let query = query.kept(is_common(window, filter)).and(&format!(
        "SELECT coalesce({SUM}, 0) AS count FROM ({parts}) AS parts WHERE {listed} AND {matches}"
    ));
    query.load_count(connection)
}

/// What counters are read for, beside `also`: as few columns as there can be, for there may be
/// thousands of them.
fn columns(filter: &Filter, also: &'static str) -> Vec<&'static str> {
    let mut columns = vec![also, "error_mask"];
    for term in filter.terms() {
        let column = match term.subject.parameter() {
            "key" => "key_id",
            "employee" => continue,
            parameter => parameter,
        };
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    columns
}

/// The bits of the errors asked for; all, where none is.
fn wanted_errors(filter: &Filter) -> i16 {
    let bit = |term: &Term| match term.subject {
        Subject::Error(code) if !term.negated => code.bit(),
        _ => 0,
    };
    let bits = filter.terms().iter().map(bit);
    match bits.fold(0, |bits, bit| bits | bit) {
        0 => i16::MAX,
        bits => bits,
    }
}

/// What a key sent in an hour or a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct SentByKey {
    /// The key.
    #[diesel(sql_type = BigInt)]
    pub key_id: i64,
    /// When the hour or the day began.
    #[diesel(sql_type = Timestamptz)]
    pub begins: DateTime<Utc>,
    /// How many requests.
    #[diesel(sql_type = BigInt)]
    pub requests: i64,
}

/// What keys sent from the day of the earliest of `since`, day by day (of UTC): but hour by hour on
/// the day of each of `since` and on the next one. What is empty is left out.
pub fn sent_by_keys(
    connection: &mut PgConnection,
    company: CompanyId,
    keys: &[i64],
    since: &[DateTime<Utc>],
) -> QueryResult<Vec<SentByKey>> {
    let day = TimeDelta::days(1);
    let days: BTreeSet<DateTime<Utc>> = since
        .iter()
        .map(|since| floor(*since, day))
        .flat_map(|begins| [begins, begins + day])
        .collect();
    let Some(first) = days.first().copied() else {
        return Ok(Vec::new());
    };
    let mut query = Query::new(company);
    let (from, keys, days) = (
        query.value(Value::Time(first)),
        query.value(Value::Integers(keys.to_vec())),
        query.value(Value::Times(days.into_iter().collect())),
    );
    // Day by day in a loop: Postgres would rather read the hours of all days, and then choose.
    let query = query.kept(true).and(&format!(
        "SELECT key_id, begins, {SUM} AS requests FROM ( \
             SELECT key_id, date_trunc('hour', bucket, 'UTC') AS begins, resubmitted, count \
             FROM request_count_deltas WHERE company_id = $1 AND bucket >= {from} \
             UNION ALL \
             SELECT key_id, bucket, resubmitted, count FROM request_counts \
             WHERE company_id = $1 AND grain = {DAY} AND bucket >= {from} AND bucket <> ALL({days}) \
             UNION ALL \
             SELECT hours.* FROM unnest({days}) AS day (begins) CROSS JOIN LATERAL ( \
                 SELECT key_id, bucket, resubmitted, count FROM request_counts \
                 WHERE company_id = $1 AND grain = {HOUR} AND bucket >= day.begins \
                       AND bucket < day.begins + interval '1 day' \
                 OFFSET 0 \
             ) AS hours \
         ) AS parts WHERE key_id = ANY({keys}) AND NOT resubmitted GROUP BY 1, 2"
    ));
    query.load(connection)
}

/// The counters that make up a window, by these columns, and what is not folded into them yet; `grains`
/// may be read, coarsest first.
fn parts(query: &mut Query, columns: &[&str], window: Window, grains: &[i64]) -> String {
    let folded = match columns.iter().all(|column| TOTALLED.contains(column)) {
        true => TOTALS,
        false => COUNTS,
    };
    let columns = columns.join(", ");
    let source = |query: &mut Query, table: &str, window: Window, count: &str| {
        let during = query.during("bucket", window);
        format!("SELECT {columns}, {count} FROM {table} WHERE company_id = $1 AND {during}")
    };
    let mut sources = vec![source(query, "request_count_deltas", window, "count")];
    // How far an open window goes does not matter: it is read at the coarsest grain.
    for piece in summands(window, grains, DateTime::<Utc>::MAX_UTC) {
        let counts = source(query, folded, piece.window, piece.count());
        sources.push(format!("{counts} AND grain = {}", piece.grain));
    }
    sources.join(" UNION ALL ")
}

/// A piece of a window, to be read at a grain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    pub grain: i64,
    pub window: Window,
    /// Whether it lies before the window, in a piece of a coarser grain.
    pub is_taken_off: bool,
}

impl Piece {
    fn inside(grain: i64, window: Window) -> Self {
        Self {
            grain,
            window,
            is_taken_off: false,
        }
    }

    fn taken_off(self) -> Self {
        Self {
            is_taken_off: !self.is_taken_off,
            ..self
        }
    }

    /// What one of it adds to a sum.
    pub(super) fn sign(&self) -> i64 {
        match self.is_taken_off {
            false => 1,
            true => -1,
        }
    }

    /// What its counters add to a sum.
    pub(super) fn count(&self) -> &'static str {
        match self.is_taken_off {
            false => "count",
            true => "-count AS count",
        }
    }

    /// How many counters it has by `until`, as against other pieces: twice the time has less than twice as
    /// many, for much comes again; and a little for looking there at all.
    fn cost(&self, until: DateTime<Utc>) -> f64 {
        let to = self.window.to.map_or(until, |to| to.min(until));
        let minutes = (to - self.window.from).num_minutes().max(0);
        let (whole, begun) = (minutes / self.grain, minutes % self.grain);
        1.0 + whole as f64 * (self.grain as f64).sqrt() + (begun as f64).sqrt()
    }
}

/// Cuts a window into one piece of the coarsest grain, as far as it has whole ones, and what is before
/// and after it by the finer ones, to the finest. While a window goes on, so does the last one of each
/// grain: its beginning may then be yet to come, and nothing is there.
pub(super) fn pieces(window: Window, grains: &[i64]) -> Vec<Piece> {
    let (grain, finer) = match grains {
        _ if window.is_empty() => return Vec::new(),
        [] => return Vec::new(),
        [grain] => return vec![Piece::inside(*grain, window)],
        [grain, finer @ ..] => (*grain, finer),
    };
    let begins = ceil(window.from, TimeDelta::minutes(grain));
    around(window, grain, begins, |rest| pieces(rest, finer))
        .unwrap_or_else(|| pieces(window, finer))
}

/// Cuts a window for a sum, so that few counters are read: of a bucket of which much is in the window, it
/// may be cheaper to read it whole and to take off what is before, for there are fewer counters of a week
/// than of its last six days. A window that goes on has counters until `until`.
pub(super) fn summands(window: Window, grains: &[i64], until: DateTime<Utc>) -> Vec<Piece> {
    let (grain, finer) = match grains {
        _ if window.is_empty() => return Vec::new(),
        [] => return Vec::new(),
        [grain] => return vec![Piece::inside(*grain, window)],
        [grain, finer @ ..] => (*grain, finer),
    };
    let step = TimeDelta::minutes(grain);
    let (begun, next) = (floor(window.from, step), ceil(window.from, step));
    let rest = |rest| summands(rest, finer, until);
    let is_mostly_inside = begun < next && (window.from - begun) * 2 < step;
    let has_a_whole_one = next + step <= window.to.map_or(until, |to| to.min(until));
    let ways = [
        around(window, grain, next, rest),
        is_mostly_inside
            .then(|| around(window, grain, begun, rest))
            .flatten(),
        (!has_a_whole_one).then(|| rest(window)),
    ];
    let cost = |way: &Vec<Piece>| way.iter().map(|piece| piece.cost(until)).sum::<f64>();
    let ways = ways.into_iter().flatten();
    ways.min_by(|one, other| cost(one).total_cmp(&cost(other)))
        .expect("without a whole bucket the finer grains are a way")
}

/// The buckets of a grain from `begins` to the end of a window as one piece, and what they have too much
/// and too little, each as `rest` cuts it; `None` where there is no such bucket.
fn around(
    window: Window,
    grain: i64,
    begins: DateTime<Utc>,
    rest: impl Fn(Window) -> Vec<Piece>,
) -> Option<Vec<Piece>> {
    let whole = Window {
        from: begins,
        to: window.to.map(|to| floor(to, TimeDelta::minutes(grain))),
    };
    if whole.is_empty() {
        return None;
    }
    let too_much = Window {
        from: whole.from,
        to: Some(window.from),
    };
    let mut all = vec![Piece::inside(grain, whole)];
    all.extend(rest(too_much).into_iter().map(Piece::taken_off));
    all.extend(window.without(whole).flat_map(rest));
    Some(all)
}

/// A filter as a condition on these counters. They do not tell employees apart: nothing is one's. The variant
/// of an error is known to findings and their counters alone.
pub(super) fn conditions<'p>(
    query: &mut Query,
    filter: &Filter,
    parameters: impl IntoIterator<Item = &'p str>,
) -> String {
    let mut all = vec!["true".to_owned()];
    for parameter in parameters {
        let mut wanted = Vec::new();
        for term in filter.about(parameter) {
            let condition = condition(query, &term.subject);
            match term.negated {
                true => all.push(format!("NOT ({condition})")),
                false => wanted.push(condition),
            }
        }
        if !wanted.is_empty() {
            all.push(format!("({})", wanted.join(" OR ")));
        }
    }
    all.join(" AND ")
}

fn condition(query: &mut Query, subject: &Subject) -> String {
    let mut label = |column: &str, label: &Label| {
        let label = query.value(Value::Text(label.word().into_owned()));
        format!("{column} = {label}")
    };
    match subject {
        Subject::Channel(name) => label("channel", name),
        Subject::Brand(name) => label("brand", name),
        Subject::Language(name) => label("language", name),
        Subject::Error(code) => {
            format!(
                "error_mask & {} <> 0",
                query.value(Value::Small(code.bit()))
            )
        }
        Subject::Reason(reason, field) => of_reason(query, *reason, field.as_deref()),
        Subject::Environment(environment) => format!("environment = {}", environment.number()),
        Subject::Kind(kind) => format!("kind = {}", kind.number()),
        Subject::Key(id) => format!("key_id = {}", query.value(Value::Integer(*id))),
        Subject::Result(Verdict::Valid) => "error_mask = 0".to_owned(),
        Subject::Result(Verdict::Invalid) => "error_mask <> 0".to_owned(),
        Subject::Employee(_) => "false".to_owned(),
    }
}

/// The findings of a variant of an error, in a field where one is given, and their counters.
pub(super) fn of_reason(query: &mut Query, reason: Reason, field: Option<&str>) -> String {
    let number = reason.number();
    match field {
        Some(field) => {
            let field = query.value(Value::Text(field.to_owned()));
            format!("(reason = {number} AND value IS NOT DISTINCT FROM {field})")
        }
        None => format!("reason = {number}"),
    }
}

pub(super) fn cell(row: CellRow) -> Option<Cell> {
    Some(Cell {
        environment: Environment::from_number(row.environment)?,
        kind: Kind::from_number(row.kind)?,
        key_id: row.key_id,
        channel: Label::parse(&row.channel),
        brand: Label::parse(&row.brand),
        language: Label::parse(&row.language),
        error_mask: row.error_mask,
        resubmitted: row.resubmitted,
        count: row.count,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window((from, to): (&str, Option<&str>)) -> Window {
        Window {
            from: at(from),
            to: to.map(at),
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn inside(grain: i64, piece: (&str, Option<&str>)) -> Piece {
        Piece::inside(grain, window(piece))
    }

    #[test]
    fn a_window_is_cut_into_whole_grains_from_the_coarsest_to_the_finest() {
        let whole = ("2026-10-25T18:05:00Z", Some("2026-11-24T17:40:00Z"));
        let expected = [
            (10_080, "2026-10-29T00:00:00Z", "2026-11-19T00:00:00Z"),
            (1_440, "2026-10-26T00:00:00Z", "2026-10-29T00:00:00Z"),
            (60, "2026-10-25T19:00:00Z", "2026-10-26T00:00:00Z"),
            (5, "2026-10-25T18:05:00Z", "2026-10-25T19:00:00Z"),
            (1_440, "2026-11-19T00:00:00Z", "2026-11-24T00:00:00Z"),
            (60, "2026-11-24T00:00:00Z", "2026-11-24T17:00:00Z"),
            (5, "2026-11-24T17:00:00Z", "2026-11-24T17:40:00Z"),
        ];
        let expected = expected.map(|(grain, from, to)| inside(grain, (from, Some(to))));
        assert_eq!(pieces(window(whole), &GRAINS), expected);
    }

    #[test]
    fn a_grain_that_has_no_whole_one_in_a_window_is_not_read() {
        let grains = |from, to| {
            let pieces = pieces(window((from, Some(to))), &GRAINS).into_iter();
            pieces.map(|piece| piece.grain).collect::<Vec<_>>()
        };
        let week = grains("2026-11-19T00:00:00Z", "2026-11-26T00:00:00Z");
        assert_eq!(week, [10_080]);
        let days = grains("2026-11-20T00:00:00Z", "2026-11-25T00:00:00Z");
        assert_eq!(days, [1_440]);
        let hours = grains("2026-11-23T22:00:00Z", "2026-11-24T02:00:00Z");
        assert_eq!(hours, [60]);
        let minutes = grains("2026-11-24T10:05:00Z", "2026-11-24T10:55:00Z");
        assert_eq!(minutes, [5]);
    }

    #[test]
    fn the_last_of_each_grain_goes_on_with_the_window() {
        let expected = [
            (10_080, ("2026-11-19T00:00:00Z", None)),
            (
                1_440,
                ("2026-11-18T00:00:00Z", Some("2026-11-19T00:00:00Z")),
            ),
            (60, ("2026-11-17T18:00:00Z", Some("2026-11-18T00:00:00Z"))),
        ];
        let expected = expected.map(|(grain, piece)| inside(grain, piece));
        let since = window(("2026-11-17T18:00:00Z", None));
        assert_eq!(pieces(since, &GRAINS), expected);
    }

    #[test]
    fn a_sum_reads_what_is_nearly_whole_and_takes_off_what_is_before() {
        let taken_off = |grain, from, to| inside(grain, (from, Some(to))).taken_off();
        let cut = |from| summands(window((from, None)), &GRAINS, DateTime::<Utc>::MAX_UTC);
        // Five hours of a week are missing, and ten minutes.
        let expected = [
            inside(10_080, ("2026-11-12T00:00:00Z", None)),
            taken_off(60, "2026-11-12T00:00:00Z", "2026-11-12T05:00:00Z"),
            taken_off(5, "2026-11-12T05:00:00Z", "2026-11-12T05:10:00Z"),
        ];
        assert_eq!(cut("2026-11-12T05:10:00Z"), expected);
        // An hour of a day is missing.
        let expected = [
            inside(10_080, ("2026-11-19T00:00:00Z", None)),
            inside(
                1_440,
                ("2026-11-17T00:00:00Z", Some("2026-11-19T00:00:00Z")),
            ),
            taken_off(60, "2026-11-17T00:00:00Z", "2026-11-17T01:00:00Z"),
        ];
        assert_eq!(cut("2026-11-17T01:00:00Z"), expected);
        // More would be taken off than there is in it.
        let expected = [
            inside(10_080, ("2026-11-19T00:00:00Z", None)),
            inside(
                1_440,
                ("2026-11-14T00:00:00Z", Some("2026-11-19T00:00:00Z")),
            ),
            inside(60, ("2026-11-13T17:00:00Z", Some("2026-11-14T00:00:00Z"))),
        ];
        assert_eq!(cut("2026-11-13T17:00:00Z"), expected);
    }

    #[test]
    fn a_sum_reads_no_bucket_of_which_more_has_begun_than_it_spares() {
        let until = at("2026-11-23T22:10:00Z");
        let grains = [5_040, 1_440, 360, 60];
        // Of the half week since Sunday noon ten hours would be taken off.
        let expected = [
            inside(1_440, ("2026-11-23T00:00:00Z", None)),
            inside(60, ("2026-11-22T22:00:00Z", Some("2026-11-23T00:00:00Z"))),
        ];
        let day = window(("2026-11-22T22:00:00Z", None));
        assert_eq!(summands(day, &grains, until), expected);
        // Of what has ended there is as much as it is long.
        let whole = window(("2026-11-19T01:00:00Z", Some("2026-11-22T12:00:00Z")));
        let expected = [
            inside(
                5_040,
                ("2026-11-19T00:00:00Z", Some("2026-11-22T12:00:00Z")),
            ),
            inside(60, ("2026-11-19T00:00:00Z", Some("2026-11-19T01:00:00Z"))).taken_off(),
        ];
        assert_eq!(summands(whole, &grains, until), expected);
    }

    #[test]
    fn however_a_window_is_cut_for_a_sum_every_minute_of_it_counts_once() {
        let (begins, until) = (at("2026-11-12T00:00:00Z"), at("2026-11-27T00:00:00Z"));
        let grains: [&[i64]; 2] = [&GRAINS, &[10_080, 5_040, 1_440, 360, 60, 5]];
        for (grains, (from, to)) in grains.into_iter().flat_map(|grains| {
            let ends = (0..15 * 24)
                .step_by(7)
                .map(move |hour| (hour, hour * 5 % 300));
            ends.map(move |ends| (grains, ends))
        }) {
            let window = Window {
                from: begins + TimeDelta::hours(from) + TimeDelta::minutes(5),
                to: (to % 4 != 0).then(|| begins + TimeDelta::hours(from + to)),
            };
            let pieces = summands(window, grains, until);
            let mut at = begins - TimeDelta::weeks(1);
            while at < until + TimeDelta::weeks(1) {
                let holds =
                    |window: Window| window.from <= at && window.to.is_none_or(|to| at < to);
                let held = pieces.iter().filter(|piece| holds(piece.window));
                let count: i64 = held.map(Piece::sign).sum();
                assert_eq!(
                    count,
                    i64::from(holds(window)),
                    "{at} of {window:?}: {pieces:?}"
                );
                at += TimeDelta::minutes(55);
            }
        }
    }
}
