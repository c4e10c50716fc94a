//! How many requests failed by each cause, from the hour to four weeks: what the list of causes adds up
//! instead of every finding. A request that failed has a delta of its own, written with
//! it; folding counts the findings of those that it takes, and readers read the findings of those that are
//! not folded yet, in the statement that reads the counters: so the causes are exact.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use super::counts::{DAY, Piece, WEEK, pieces, summands};
use super::folding::{drop_grain, kept_from};
use super::query::{Query, Value};
use super::requests::MAX_ENTRIES;
use crate::domain::company::CompanyId;
use crate::domain::window::{Window, ceil, floor};

/// The grains, in minutes: four weeks, weeks (from Thursday to Thursday), half weeks, days (of UTC),
/// quarters of a day and hours. There are so many because the counters of two steps are twice as many as
/// those of both together, where the same causes come in each. Four weeks begin with every week, so they
/// lie over one another: a window of a month has one whole, wherever it begins, and reads a counter per
/// cause where it would read four.
pub(super) const GRAINS: [i64; 6] = [FOUR_WEEKS, WEEK, HALF_WEEK, DAY, 360, 60];

const FOUR_WEEKS: i64 = 4 * WEEK;

const HALF_WEEK: i64 = WEEK / 2;

/// The time of a request by its id, to the millisecond that rows have.
const TIME_OF_ID: &str = "timestamptz 'epoch' \
    + ('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint * interval '1 millisecond'";

/// Of each grain at most so many counters are read, of several times the latest: causes whose values are
/// never the same twice have a counter each.
pub(super) const MOST_COUNTERS: i64 = 100_000;

/// A window cut by what counters tell of it.
pub(super) struct Cut {
    counted: Option<Counted>,
    /// What is left at its ends, to be read from the findings.
    rest: Vec<Window>,
}

/// Counters of a sum.
pub(super) struct Summand {
    /// Which.
    pub condition: String,
    /// What they add to it.
    pub count: &'static str,
}

/// The part of a window that counters tell: whole hours.
struct Counted {
    window: Window,
    /// Where it ends; while it goes on, now.
    until: DateTime<Utc>,
}

impl Cut {
    /// Nothing of a window is read from counters.
    pub(super) fn uncounted(window: Window) -> Self {
        Self {
            counted: None,
            rest: vec![window],
        }
    }

    /// Its whole hours are.
    pub(super) fn of(window: Window, now: DateTime<Utc>) -> Self {
        let hour = TimeDelta::hours(1);
        let whole = Window {
            from: ceil(window.from, hour),
            to: window.to.map(|to| floor(to, hour)),
        };
        let until = whole.to.unwrap_or(now);
        if until <= whole.from {
            return Self::uncounted(window);
        }
        Self {
            counted: Some(Counted {
                window: whole,
                until,
            }),
            rest: window.without(whole).collect(),
        }
    }

    /// The findings that counters do not tell: of what is left of the window, the newest so many of each
    /// error, and of what is not folded yet.
    pub(super) fn findings(&self, query: &mut Query, codes: &str, conditions: &str) -> String {
        const FINDING: &str = "received_at, id, reason, value, key_id";
        let mut sources = Vec::new();
        for rest in &self.rest {
            let during = query.between("received_at", *rest);
            sources.push(format!(
                "SELECT f.* FROM unnest({codes}) AS wanted (code) CROSS JOIN LATERAL ( \
                     SELECT {FINDING} FROM request_findings \
                     WHERE company_id = $1 AND code = wanted.code \
                           AND {during} AND {conditions} \
                     ORDER BY received_at DESC, id DESC LIMIT {MAX_ENTRIES} \
                 ) AS f"
            ));
        }
        if let Some(Counted { window, .. }) = self.counted {
            let during = query.between("bucket", window);
            sources.push(format!(
                "SELECT f.* FROM ( \
                     SELECT {TIME_OF_ID} AS received_at, id FROM request_count_deltas \
                     WHERE company_id = $1 AND error_mask <> 0 AND {during} OFFSET 0 \
                 ) AS unfolded CROSS JOIN LATERAL ( \
                     SELECT {FINDING} FROM request_findings \
                     WHERE company_id = $1 AND received_at = unfolded.received_at \
                           AND id = unfolded.id AND code = ANY({codes}) AND {conditions} OFFSET 0 \
                 ) AS f"
            ));
        }
        sources.join(" UNION ALL ")
    }

    /// What tells the counters of what is counted, as coarse as these grains have them: a condition per
    /// piece and grain; `conditions` on their columns are theirs as well.
    pub(super) fn sources(
        &self,
        query: &mut Query,
        grains: &[i64],
        conditions: &str,
    ) -> Vec<String> {
        let cut = |window, grains: &[i64], _| pieces(window, grains);
        let sources = self.read(query, grains, conditions, cut);
        sources.into_iter().map(|source| source.condition).collect()
    }

    /// What tells the counters that add up to what is counted.
    pub(super) fn summands(&self, query: &mut Query, conditions: &str) -> Vec<Summand> {
        self.read(query, &GRAINS, conditions, summands)
    }

    fn read(
        &self,
        query: &mut Query,
        grains: &[i64],
        conditions: &str,
        cut: fn(Window, &[i64], DateTime<Utc>) -> Vec<Piece>,
    ) -> Vec<Summand> {
        let Some(counted) = &self.counted else {
            return Vec::new();
        };
        let (four_weeks, rest, finer) = match grains {
            [FOUR_WEEKS, finer @ ..] => {
                let (four_weeks, rest) = counted.four_weeks();
                (four_weeks, rest, finer)
            }
            _ => (Vec::new(), vec![counted.window], grains),
        };
        let source = |grain, begins, count| Summand {
            condition: format!("company_id = $1 AND grain = {grain} AND {begins} AND {conditions}"),
            count,
        };
        let mut sources = Vec::new();
        for begins in four_weeks {
            let begins = query.value(Value::Time(begins));
            sources.push(source(FOUR_WEEKS, format!("bucket = {begins}"), "count"));
        }
        let cut = |rest| cut(rest, finer, counted.until);
        for piece in rest.into_iter().flat_map(cut) {
            let begins = query.between("bucket", piece.window);
            sources.push(source(piece.grain, begins, piece.count()));
        }
        sources
    }
}

impl Counted {
    /// When the four weeks begin that follow one another in it, and what is left beside them.
    fn four_weeks(&self) -> (Vec<DateTime<Utc>>, Vec<Window>) {
        let (week, step) = (TimeDelta::minutes(WEEK), TimeDelta::minutes(FOUR_WEEKS));
        let Window { from, to } = self.window;
        let first = ceil(from, week);
        let mut next = first;
        let mut all = Vec::new();
        while to.map_or(next < self.until, |to| next + step <= to) {
            all.push(next);
            next += step;
        }
        if all.is_empty() {
            return (all, vec![self.window]);
        }
        let told = Window {
            from: first,
            to: to.map(|_| next),
        };
        (all, self.window.without(told).collect())
    }
}

/// The part of the statement of folding that counts the findings of `taken`, the deltas of a company:
/// as its `WITH` has it.
pub(super) fn counting() -> String {
    let buckets = bucket_rows();
    format!(
        "found AS ( \
             SELECT DISTINCT f.* FROM ( \
                 SELECT {TIME_OF_ID} AS received_at, id FROM taken WHERE error_mask <> 0 OFFSET 0 \
             ) AS failed CROSS JOIN LATERAL ( \
                 SELECT company_id, received_at, id, code, reason, coalesce(value, '') AS value, \
                        environment, key_id \
                 FROM request_findings \
                 WHERE company_id = $1 AND received_at = failed.received_at AND id = failed.id \
                 OFFSET 0 \
             ) AS f \
         ), hours AS ( \
             SELECT company_id, date_bin(interval '1 hour', received_at, 'epoch') AS hour, \
                    code, reason, value, environment, key_id, count(*) AS count, \
                    min(received_at) AS first_at, max(received_at) AS last_at, \
                    (array_agg(id ORDER BY received_at DESC, id DESC))[1] AS latest_id \
             FROM found GROUP BY 1, 2, 3, 4, 5, 6, 7 \
         ), summed AS ( \
             SELECT company_id, grain, \
                    date_bin(apart * interval '1 minute', \
                             hour - earlier * interval '1 minute', 'epoch') AS bucket, \
                    code, reason, value, environment, key_id, sum(count)::bigint AS count, \
                    min(first_at) AS first_at, max(last_at) AS last_at, \
                    (array_agg(latest_id ORDER BY last_at DESC, latest_id DESC))[1] AS latest_id \
             FROM hours, (VALUES {buckets}) AS buckets (grain, apart, earlier) \
             GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 \
         ), causes AS ( \
             INSERT INTO cause_counts AS kept (company_id, grain, bucket, code, reason, value, \
                                               environment, key_id, count, first_at, last_at, latest_id) \
             SELECT * FROM summed ORDER BY 1, 2, 3, 5, 6, 7, 8 \
             ON CONFLICT (company_id, grain, reason, value, bucket, environment, key_id) \
             DO UPDATE SET count = kept.count + excluded.count, \
                           first_at = least(kept.first_at, excluded.first_at), \
                           last_at = greatest(kept.last_at, excluded.last_at), \
                           latest_id = CASE WHEN (kept.last_at, kept.latest_id) \
                                                 > (excluded.last_at, excluded.latest_id) \
                                            THEN kept.latest_id ELSE excluded.latest_id END \
         )"
    )
}

/// The buckets that a finding is counted in, as the rows of a `VALUES` list: their grain, how far apart
/// they begin, and how long before the last that holds the finding; all in minutes.
fn bucket_rows() -> String {
    let buckets = GRAINS.into_iter().flat_map(|grain| {
        let apart = grain.min(WEEK);
        let earlier = (0..grain).step_by(apart as usize);
        earlier.map(move |earlier| format!("({grain}, {apart}, {earlier})"))
    });
    buckets.collect::<Vec<_>>().join(", ")
}

/// Deletes a batch of the counters of weeks whose requests were all received before `before`, and
/// says how many there were.
pub fn drop_older(
    connection: &mut PgConnection,
    company: CompanyId,
    before: DateTime<Utc>,
) -> QueryResult<usize> {
    let mut dropped = 0;
    for grain in GRAINS {
        let from = match grain >= HALF_WEEK {
            true => kept_from(before, grain),
            // Of the half week that holds the first day, what is before that day may be taken off.
            false => floor(kept_from(before, DAY), TimeDelta::minutes(HALF_WEEK)),
        };
        dropped += drop_grain(connection, "cause_counts", company, grain, from)?;
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

    fn cut(from: &str, to: Option<&str>, now: &str) -> (Option<Window>, Vec<Window>) {
        let Cut { counted, rest } = Cut::of(window(from, to), at(now));
        (counted.map(|counted| counted.window), rest)
    }

    #[test]
    fn whole_hours_are_counted_and_both_ends_are_left() {
        let (from, now) = ("2026-11-20T10:25:00Z", "2026-11-24T09:37:12Z");
        let begun = window(from, Some("2026-11-20T11:00:00Z"));
        let counted = window("2026-11-20T11:00:00Z", None);
        assert_eq!(cut(from, None, now), (Some(counted), vec![begun]));
        let whole = "2026-11-20T11:00:00Z";
        assert_eq!(cut(whole, None, now), (Some(counted), vec![]));
        let to = Some("2026-11-24T09:30:00Z");
        let counted = window(whole, Some("2026-11-24T09:00:00Z"));
        let rest = vec![begun, window("2026-11-24T09:00:00Z", to)];
        assert_eq!(cut(from, to, now), (Some(counted), rest));
    }

    #[test]
    fn less_than_an_hour_is_left_whole() {
        let now = "2026-11-24T08:59:00Z";
        for (from, to) in [
            ("2026-11-24T08:05:00Z", None),
            ("2026-11-20T10:05:00Z", Some("2026-11-20T11:55:00Z")),
        ] {
            let all = window(from, to);
            assert_eq!(cut(from, to, now), (None, vec![all]), "{from}");
        }
    }

    fn four_weeks(from: &str, to: Option<&str>) -> (Vec<DateTime<Utc>>, Vec<Window>) {
        let cut = Cut::of(window(from, to), at("2026-11-28T19:15:00Z"));
        cut.counted.unwrap().four_weeks()
    }

    #[test]
    fn a_month_has_four_weeks_wherever_it_begins() {
        let thursdays = |all: &[&str]| -> Vec<_> {
            let all = all.iter();
            all.map(|day| at(&format!("{day}T00:00:00Z"))).collect()
        };
        let from = "2026-10-29T19:00:00Z";
        let before = vec![window(from, Some("2026-11-05T00:00:00Z"))];
        let one = thursdays(&["2026-11-05"]);
        assert_eq!(four_weeks(from, None), (one, before));
        // What came after four weeks is in the next ones, which have just begun.
        let two = thursdays(&["2026-10-29", "2026-11-26"]);
        assert_eq!(four_weeks("2026-10-29T00:00:00Z", None), (two, vec![]));
        // What has ended has them whole.
        let (from, to) = ("2026-10-15T00:00:00Z", "2026-11-21T00:00:00Z");
        let one = thursdays(&["2026-10-15"]);
        let after = vec![window("2026-11-12T00:00:00Z", Some(to))];
        assert_eq!(four_weeks(from, Some(to)), (one, after));
        let (from, to) = ("2026-11-05T00:00:00Z", "2026-11-28T00:00:00Z");
        let all = vec![window(from, Some(to))];
        assert_eq!(four_weeks(from, Some(to)), (vec![], all));
    }
}
