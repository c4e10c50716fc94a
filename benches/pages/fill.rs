//! Fills a store with requests as months of traffic would leave it, made by Postgres itself.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use api_status_page::clock::Clock;
use api_status_page::domain::window::FINE_GRAIN_DAYS;
use api_status_page::store::folding;
use api_status_page::store::partitions::{VACUUMED_SOON, week_of};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use diesel::Connection;
use diesel::connection::SimpleConnection;

use crate::support::companies::{self, Company};
use crate::support::stage::Stage;

/// Companies of the store; the first has half of the requests.
const COMPANIES: usize = 50;

/// Employees of each.
const EMPLOYEES: usize = 2_000;

/// A store that stays is filled anew after so long: its requests grow old.
const FRESH_FOR: Duration = Duration::from_secs(12 * 60 * 60);

/// What folding writes beside the counters.
const TOTALS: &str = "
    INSERT INTO request_totals (company_id, grain, bucket, environment, error_mask, count)
    SELECT company_id, grain, bucket, environment, error_mask, sum(count)
    FROM request_counts GROUP BY 1, 2, 3, 4, 5 ORDER BY 3, 1, 2 DESC, 4, 5";

/// The same of each employee.
const OF_EMPLOYEES: &str = "
    INSERT INTO employee_counts (
        company_id, employee_sent, grain, bucket, employee_custom_id, environment, kind, key_id, channel,
        brand, language, error_mask, count)
    SELECT company_id, employee_sent, grain, date_bin(grain * interval '1 minute', received_at, 'epoch'),
           '', environment, kind, key_id,
           coalesce(channel, CASE WHEN channel_sent IS NULL THEN '~none' ELSE '~unknown' END),
           coalesce(brand, CASE WHEN brand_sent IS NULL THEN '~none' ELSE '~unknown' END),
           coalesce(language, CASE WHEN language_sent IS NULL THEN '~none' ELSE '~unknown' END),
           error_mask, count(*)
    FROM requests, (VALUES (1440), (10080)) AS grains (grain)
    WHERE error_mask <> 0 OR environment = 1
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
    ORDER BY 4, 1, 3, 2";

/// What a store holds.
#[derive(Debug, Clone, Copy)]
pub struct Contents {
    pub requests: u64,
    /// They came in so many days.
    pub days: u64,
    /// The youngest of them still have their documents.
    pub document_days: u64,
}

/// A store with these contents; in `folder` one that is there already is taken.
pub fn stage(folder: Option<&Path>, contents: Contents) -> anyhow::Result<Stage> {
    let Some(folder) = folder else {
        let stage = Stage::new()?;
        fill(&stage, contents)?;
        return Ok(stage);
    };
    let Contents {
        requests,
        days,
        document_days,
    } = contents;
    let folder = folder.join(format!(
        "{requests}-in-{days}-days-documents-{document_days}"
    ));
    let mark = folder.join("filled");
    let is_fresh = fs::metadata(&mark)
        .and_then(|mark| mark.modified())
        .is_ok_and(|at| at.elapsed().is_ok_and(|age| age < FRESH_FOR));
    if !is_fresh && folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let stage = Stage::kept(&folder)?;
    if !is_fresh {
        fill(&stage, contents)?;
        fs::write(mark, "")?;
    }
    Ok(stage)
}

fn fill(stage: &Stage, contents: Contents) -> anyhow::Result<()> {
    let since = Instant::now();
    let companies = companies::make(&mut stage.connection()?, COMPANIES, EMPLOYEES)?;
    let now = Clock::system().now();
    let plan = Plan::new(&companies, contents, now);
    let weeks = Mutex::new(plan.weeks());
    std::thread::scope(|scope| {
        let worker = || -> anyhow::Result<()> {
            let mut connection = stage.connection()?;
            // Nobody else needs the memory, and a crash means to begin anew.
            connection.batch_execute(
                "SET synchronous_commit = off; SET maintenance_work_mem = '512MB'; \
                 SET work_mem = '128MB'",
            )?;
            loop {
                let week = weeks.lock().expect("nothing panics here").pop();
                let Some(week) = week else { return Ok(()) };
                connection.batch_execute(&plan.sql(week))?;
            }
        };
        let workers = [scope.spawn(worker), scope.spawn(worker)];
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().expect("a worker panicked"))
    })?;
    for counted in [TOTALS, OF_EMPLOYEES] {
        stage.connection()?.batch_execute(counted)?;
    }
    count_causes(stage, &companies, &plan)?;
    // Index-only scans need the visibility map, plans the statistics.
    let mut connection = stage.connection()?;
    for statement in ["VACUUM (ANALYZE)", "CHECKPOINT"] {
        connection.batch_execute(statement)?;
    }
    let requests = contents.requests;
    eprintln!("filled with {requests} requests in {:.0?}", since.elapsed());
    Ok(())
}

/// As the program does it with what it folds: day by day, each request that failed has a delta, here of
/// no requests, for those are counted already.
fn count_causes(stage: &Stage, companies: &[Company], plan: &Plan) -> anyhow::Result<()> {
    let connection = &mut stage.connection()?;
    let mut day = plan.begin;
    while day < plan.end {
        connection.batch_execute(&format!(
            "INSERT INTO request_count_deltas ( \
                 company_id, bucket, id, environment, kind, key_id, channel, brand, language, \
                 error_mask, count) \
             SELECT company_id, date_bin('5 minutes', received_at, 'epoch'), id, environment, kind, \
                    key_id, '', '', '', error_mask, 0 \
             FROM requests WHERE error_mask <> 0 \
                 AND received_at >= '{day}' AND received_at < '{day}'::timestamptz + interval '1 day'; \
             ANALYZE request_count_deltas"
        ))?;
        for company in companies {
            while connection.transaction(|connection| folding::fold(connection, company.id))? {}
        }
        day += TimeDelta::days(1);
    }
    Ok(())
}

/// Which request comes when.
struct Plan {
    begin: DateTime<Utc>,
    end: DateTime<Utc>,
    requests: u64,
    document_days: u64,
    companies: String,
    test_keys: String,
    production_keys: String,
}

impl Plan {
    fn new(companies: &[Company], contents: Contents, end: DateTime<Utc>) -> Self {
        let array = |value: fn(&Company) -> i64| {
            let values: Vec<String> = companies.iter().map(|c| value(c).to_string()).collect();
            format!("'{{{}}}'::bigint[]", values.join(","))
        };
        Self {
            begin: end - Days::new(contents.days),
            end,
            requests: contents.requests,
            document_days: contents.document_days,
            companies: array(|company| company.id.0),
            test_keys: array(|company| company.test_key_id),
            production_keys: array(|company| company.production_key_id),
        }
    }

    fn weeks(&self) -> Vec<NaiveDate> {
        let weeks = week_of(self.begin).iter_weeks();
        weeks
            .take_while(|week| *week <= week_of(self.end))
            .collect()
    }

    /// The first request at or after `at`.
    fn first_from(&self, at: DateTime<Utc>) -> u64 {
        let passed = (at - self.begin).max(TimeDelta::zero()).num_milliseconds() as u128;
        let whole = (self.end - self.begin).num_milliseconds() as u128;
        let first = (passed * u128::from(self.requests)).div_ceil(whole) as u64;
        first.min(self.requests)
    }

    fn sql(&self, week: NaiveDate) -> String {
        let bound = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
        let (from, to) = (bound(week), bound(week + Days::new(7)));
        let step =
            (self.end - self.begin).num_microseconds().unwrap_or(0) as f64 / self.requests as f64;
        let replacements = [
            ("week", week.format("%Y%m%d").to_string()),
            ("vacuumed_soon", VACUUMED_SOON.to_owned()),
            ("from", from.to_rfc3339()),
            ("to", to.to_rfc3339()),
            ("begin", self.begin.to_rfc3339()),
            ("first", self.first_from(from).to_string()),
            ("last", (self.first_from(to) as i64 - 1).to_string()),
            ("step", step.to_string()),
            ("companies", self.companies.clone()),
            ("others", (COMPANIES - 1).to_string()),
            ("test_keys", self.test_keys.clone()),
            ("production_keys", self.production_keys.clone()),
            (
                "documents_from",
                (self.end - Days::new(self.document_days)).to_rfc3339(),
            ),
            (
                "fine_from",
                (self.end - TimeDelta::days(FINE_GRAIN_DAYS)).to_rfc3339(),
            ),
        ];
        replacements
            .into_iter()
            .fold(include_str!("week.sql").to_owned(), |sql, (name, value)| {
                sql.replace(&format!("{{{name}}}"), &value)
            })
    }
}
