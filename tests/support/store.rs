//! A store of a test's own: a schema in the shared cluster, or a database, with the demo companies
//! in it. It is dropped with the test.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use api_status_page::domain::company::CompanyId;
use api_status_page::store::{connect, folding, migrations};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Jsonb};
use serde_json::Value;
use uuid::Uuid;

use super::company::{self, Company};
use super::{Cluster, eventually};

/// So many stores at once: a machine with many processors would ask for more connections than the
/// server has.
const MOST_AT_ONCE: u32 = 12;

/// How many there are, and who waits for the number to go down.
static IN_USE: (Mutex<u32>, Condvar) = (Mutex::new(0), Condvar::new());

/// A migrated schema or database with Larkspur Outdoor and Solo Tea.
pub struct TestStore {
    /// What the program connects to.
    pub url: String,
    /// The demo company with everything.
    pub larkspur: Company,
    /// The demo company with little.
    pub solo_tea: Company,
    admin_urls: Vec<String>,
    clear_away: String,
}

/// The id of a request as SQL: of a time (`at`, an expression) and of what tells it from others of
/// that time (`seed`, a text).
pub fn id_at(at: &str, seed: &str) -> String {
    format!(
        "(lpad(to_hex((extract(epoch FROM {at}) * 1000)::bigint), 12, '0') \
          || '7' || substr(md5({seed}), 1, 3) || '8' || substr(md5({seed}), 4, 15))::uuid"
    )
}

impl TestStore {
    /// A schema of its own in the shared cluster.
    pub fn new() -> Arc<Self> {
        Self::with("")
    }

    /// The same, with further parameters in its address.
    pub fn with(parameters: &str) -> Arc<Self> {
        let cluster = Cluster::shared();
        match cluster.is_spread() {
            true => Self::database_with(cluster, parameters),
            false => Self::schema_in(cluster, parameters),
        }
    }

    /// The same on a single server in any case.
    pub fn on_one_server() -> Arc<Self> {
        Self::on_one_server_with("")
    }

    /// The same, with further parameters in its address.
    pub fn on_one_server_with(parameters: &str) -> Arc<Self> {
        Self::schema_in(Cluster::single(), parameters)
    }

    fn schema_in(cluster: &Cluster, parameters: &str) -> Arc<Self> {
        let schema = next_name();
        let url = cluster.url(
            "postgres",
            &format!("&options=-csearch_path%3D{schema}%20{parameters}"),
        );
        let make = || cluster.execute(&[&format!("CREATE SCHEMA {schema}")]);
        let clear_away = format!("DROP SCHEMA {schema} CASCADE");
        Self::made(make, url, vec![cluster.url("postgres", "")], clear_away)
    }

    /// A database of its own in a cluster.
    pub fn database_in(cluster: &Cluster) -> Arc<Self> {
        Self::database_with(cluster, "")
    }

    fn database_with(cluster: &Cluster, parameters: &str) -> Arc<Self> {
        let database = next_name();
        let url = cluster.url(&database, &format!("&options={parameters}"));
        let make = || cluster.create(&database);
        let clear_away = format!("DROP DATABASE {database} WITH (FORCE)");
        Self::made(make, url, cluster.urls("postgres"), clear_away)
    }

    /// A database of its own on whichever of two servers takes writes.
    pub fn database_on_primary(cluster: &Cluster, other: &Cluster) -> Arc<Self> {
        let database = next_name();
        let url = cluster.url_of_primary(other, &database);
        let make = || cluster.create(&database);
        let clear_away = format!("DROP DATABASE {database} WITH (FORCE)");
        let admin_urls = vec![cluster.url_of_primary(other, "postgres")];
        Self::made(make, url, admin_urls, clear_away)
    }

    fn made(
        make: impl FnOnce(),
        url: String,
        admin_urls: Vec<String>,
        clear_away: String,
    ) -> Arc<Self> {
        let (in_use, fewer) = &IN_USE;
        let mut count = fewer
            .wait_while(in_use.lock().unwrap(), |count| *count >= MOST_AT_ONCE)
            .unwrap();
        *count += 1;
        drop(count);
        make();
        let mut connection = connect(&url).unwrap();
        migrations::run(&mut connection).unwrap();
        // No two stores have a company of the same id: what reaches the wrong one is noticed, and
        // locks on a company, which are the database's, are nobody else's.
        static FIRST_COMPANY: AtomicI64 = AtomicI64::new(1);
        let first = FIRST_COMPANY.fetch_add(100, Ordering::Relaxed);
        connection
            .batch_execute(&format!(
                "SELECT setval(pg_get_serial_sequence('companies', 'id'), {first}, false)"
            ))
            .unwrap();
        let larkspur = Company::create(&mut connection, "Larkspur Outdoor", &company::larkspur());
        let solo_tea = Company::create(&mut connection, "Solo Tea", &company::solo_tea());
        Arc::new(Self {
            url,
            larkspur,
            solo_tea,
            admin_urls,
            clear_away,
        })
    }

    /// A connection of the test's own.
    pub fn connection(&self) -> PgConnection {
        connect(&self.url).unwrap()
    }

    /// Runs statements.
    #[track_caller]
    pub fn execute(&self, statements: &str) {
        self.connection().batch_execute(statements).unwrap();
    }

    /// The number that a query returns.
    #[track_caller]
    pub fn number(&self, query: &str) -> i64 {
        let number = diesel::dsl::sql::<BigInt>(&format!("({query})::bigint"));
        diesel::select(number)
            .get_result(&mut self.connection())
            .unwrap()
    }

    /// The rows that a query returns, each as an object.
    #[track_caller]
    pub fn rows(&self, query: &str) -> Vec<Value> {
        let query = format!(
            "WITH r AS MATERIALIZED ({query}) \
             SELECT coalesce(jsonb_agg(to_jsonb(r)), '[]') AS rows FROM r"
        );
        let rows: Rows = diesel::sql_query(query)
            .get_result(&mut self.connection())
            .unwrap();
        match rows.rows {
            Value::Array(rows) => rows,
            other => panic!("{other}"),
        }
    }

    /// The processes of Postgres that serve the program.
    pub fn sessions(&self) -> Vec<i32> {
        let query =
            "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'api-status-page%'";
        let rows = self.rows(query);
        rows.iter()
            .map(|row| row["pid"].as_i64().unwrap() as i32)
            .collect()
    }

    /// The row of a request in a table, as an object.
    #[track_caller]
    pub fn row_of(&self, table: &str, id: Uuid) -> Value {
        let mut rows = self.rows(&format!("SELECT * FROM {table} WHERE id = '{id}'"));
        assert_eq!(rows.len(), 1, "rows of {id} in {table}");
        rows.remove(0)
    }

    /// The findings of a request, in order.
    pub fn findings_of(&self, id: Uuid) -> Vec<Value> {
        self.rows(&format!(
            "SELECT * FROM request_findings WHERE id = '{id}' ORDER BY position"
        ))
    }

    /// The body of a request as it is stored.
    #[track_caller]
    pub fn body_of(&self, id: Uuid) -> Vec<u8> {
        use api_status_page::store::schema::request_documents::dsl;
        dsl::request_documents
            .filter(dsl::id.eq(id))
            .select(dsl::body)
            .get_result(&mut self.connection())
            .unwrap()
    }

    /// How many requests a company has by environment and error mask, from the rows.
    pub fn requests_by_mask(&self, company: CompanyId) -> BTreeMap<(i64, i64), i64> {
        self.by_mask(&format!(
            "SELECT environment, error_mask, count(*) AS count FROM requests \
             WHERE company_id = {company} GROUP BY 1, 2"
        ))
    }

    /// The same from the counters of a grain (5, 60, 1440 or 10080) and the deltas not folded yet. The
    /// totals have to say it too.
    #[track_caller]
    pub fn counts_by_mask(&self, company: CompanyId, grain: i16) -> BTreeMap<(i64, i64), i64> {
        let from = |table: &str| {
            self.by_mask(&format!(
                "SELECT environment, error_mask, sum(count)::bigint AS count FROM ( \
                     SELECT environment, error_mask, count FROM {table} \
                     WHERE company_id = {company} AND grain = {grain} \
                     UNION ALL \
                     SELECT environment, error_mask, count FROM request_count_deltas \
                     WHERE company_id = {company}) AS parts GROUP BY 1, 2"
            ))
        };
        let counts = from("request_counts");
        assert_eq!(from("request_totals"), counts);
        counts
    }

    fn by_mask(&self, query: &str) -> BTreeMap<(i64, i64), i64> {
        let rows = self.rows(query);
        let number = |row: &Value, name: &str| row[name].as_i64().unwrap();
        rows.iter()
            .map(|row| {
                let key = (number(row, "environment"), number(row, "error_mask"));
                (key, number(row, "count"))
            })
            .collect()
    }

    /// Gives requests of which there are only findings, those that meet a condition, the deltas by which
    /// their causes are counted.
    pub fn failed(&self, findings: &str) {
        self.execute(&format!(
            "INSERT INTO request_count_deltas (company_id, bucket, id, environment, kind, key_id, \
                 channel, brand, language, error_mask, count) \
             SELECT company_id, date_bin('5 minutes', received_at, 'epoch'), id, min(environment), 1, \
                    min(key_id), '', '', '', bit_or(code), 0 \
             FROM request_findings WHERE {findings} GROUP BY company_id, received_at, id"
        ));
    }

    /// Gives requests that were written without them, those that meet a condition, the deltas by which they
    /// are counted.
    pub fn counted(&self, requests: &str) {
        let is_listed = "(error_mask <> 0 OR environment = 1)";
        self.execute(&format!(
            "INSERT INTO request_count_deltas (company_id, bucket, id, environment, kind, key_id, \
                 channel, brand, language, error_mask, count, employee_sent, employee_custom_id) \
             SELECT company_id, date_bin('5 minutes', received_at, 'epoch'), id, environment, kind, \
                    key_id, coalesce(channel, '~none'), coalesce(brand, '~none'), \
                    coalesce(language, '~none'), error_mask, 1, \
                    CASE WHEN {is_listed} THEN employee_sent END, \
                    CASE WHEN {is_listed} THEN employee_custom_id END \
             FROM requests WHERE {requests}"
        ));
    }

    /// Folds a company's deltas; returns when none are left.
    pub fn fold(&self, company: CompanyId) {
        let mut connection = self.connection();
        let left =
            format!("SELECT count(*) FROM request_count_deltas WHERE company_id = {company}");
        eventually("all counters are folded", || {
            connection
                .transaction(|connection| folding::fold(connection, company))
                .unwrap();
            (self.number(&left) == 0).then_some(())
        });
    }
}

#[derive(QueryableByName)]
struct Rows {
    #[diesel(sql_type = Jsonb)]
    rows: Value,
}

impl Drop for TestStore {
    fn drop(&mut self) {
        let drop = |url: &String| {
            connect(url).and_then(|mut connection| Ok(connection.batch_execute(&self.clear_away)?))
        };
        for url in &self.admin_urls {
            // A read that nobody waits for any more may stand in the way: two of them can lock each
            // other out.
            if let Err(error) = drop(url).or_else(|_| drop(url))
                && !std::thread::panicking()
            {
                panic!("{}: {error:#}", self.clear_away);
            }
        }
        *IN_USE.0.lock().unwrap() -= 1;
        IN_USE.1.notify_one();
    }
}

fn next_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
