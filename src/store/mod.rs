//! The only door to the database. `read` and `write` do once what every query needs: a thread that
//! may block, a connection, a transaction, a tracing span, and one mapping of errors. The
//! connection never leaves the closure, so nobody renders or waits while holding one.

pub mod alerts;
pub mod aliases;
pub mod api_keys;
pub mod audit;
pub mod cause_counts;
pub mod cause_decisions;
pub mod causes;
pub mod change;
pub mod companies;
pub mod counts;
pub mod distribute;
pub mod embedded;
pub mod employee_counts;
pub mod employees;
pub mod exports;
pub mod folding;
pub mod installation;
pub mod labels;
mod locks;
pub mod lookups;
pub mod maintenance;
mod matching;
pub mod migrations;
pub mod partitions;
mod query;
pub mod rechecks;
pub mod recorder;
pub mod requests;
pub mod resubmissions;
pub mod runs;
pub mod saved_views;
#[expect(
    missing_docs,
    reason = "generated; the tables and columns are documented"
)]
pub mod schema;
pub mod sessions;
pub mod settings;
pub mod sign_in_attempts;
mod standby;
mod unreachable;
pub mod users;

use std::time::{Duration, Instant};

use anyhow::Context;
use chrono::{DateTime, Utc};
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, CustomizeConnection};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::sql_types::Timestamptz;
use tracing::Span;

pub use self::standby::Seen;
use self::standby::Standby;
use crate::domain::company::CompanyId;

/// How long a caller waits for a free connection before the answer is 503.
const POOL_WAIT: Duration = Duration::from_secs(3);

/// A read is given up after so long. A statement ends by itself before; when nothing comes at all the
/// database hangs, and a page should say so while somebody waits for it.
const READ_LIMIT: Duration = Duration::from_secs(12);

/// Connections for pages; the recorder has its own beside them.
const POOL_SIZE: u32 = 10;

/// Connections for keys and settings. Without them no request can be judged, so slow pages must not
/// hold them.
const SETTINGS_POOL_SIZE: u32 = 2;

/// So many exports run at once. They read for minutes on end, so they have connections of their own,
/// for pages must not wait for them; an export reads on three at once and never waits for another.
pub const MOST_EXPORTS: usize = 4;
const EXPORT_POOL_SIZE: u32 = 3 * MOST_EXPORTS as u32;

/// Whose data a closure touches: the later hook for routing and row-level security.
#[derive(Debug, Clone, Copy)]
pub enum Scope {
    /// One company's.
    Company(CompanyId),
    /// What companies share: users by e-mail, sessions, keys.
    Installation,
}

impl From<CompanyId> for Scope {
    fn from(company: CompanyId) -> Self {
        Self::Company(company)
    }
}

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached just now; worth trying again.
    #[error("the store cannot be reached")]
    Unavailable(#[source] anyhow::Error),
    /// It refused: our mistake.
    #[error("the store refused")]
    Refused(#[source] anyhow::Error),
}

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        if is_connection_lost(&error) {
            Self::Unavailable(error.into())
        } else {
            Self::Refused(error.into())
        }
    }
}

/// The pools of connections. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pages: Pool,
    settings: Pool,
    exports: Pool,
    standby: Option<Standby>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

impl Store {
    /// Connects to the database at `url`; fails when it cannot be reached.
    pub fn connect(url: &str) -> anyhow::Result<Self> {
        Ok(Self {
            pages: pool(url, POOL_SIZE, 2)?,
            settings: pool(url, SETTINGS_POOL_SIZE, 2)?,
            exports: pool(url, EXPORT_POOL_SIZE, 0)?,
            standby: None,
        })
    }

    /// The same store, with the pages of companies read on the standby at `url` while that answers
    /// and keeps up.
    pub fn with_standby(self, url: &str) -> Self {
        let standby = Some(Standby::at(url));
        Self { standby, ..self }
    }

    /// Runs a reading closure. What it reads of a company is as of one moment, so that it agrees with
    /// itself, and writing is refused; what companies share is read statement by statement. The closure
    /// is run once more when its connection turns out to be closed.
    pub async fn read<T, F>(&self, scope: impl Into<Scope>, closure: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&mut PgConnection) -> Result<T, DieselError> + Send + 'static,
    {
        let scope = scope.into();
        reading(&self.pages, scope, "read", move |pool| match scope {
            Scope::Company(_) => read(pool, |connection| as_of_one_moment(connection, &closure)),
            Scope::Installation => read(pool, closure),
        })
        .await
    }

    /// The same for a part of an export, on a connection that no page waits for.
    pub async fn read_for_export<T, F>(
        &self,
        company: CompanyId,
        closure: F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&mut PgConnection) -> Result<T, DieselError> + Send + 'static,
    {
        blocking(&self.exports, company.into(), "export", move |pool| {
            read(pool, |connection| as_of_one_moment(connection, &closure))
        })
        .await
    }

    /// Reads what a page shows of a company, as [`Store::read`] does, but on the standby where there
    /// is one that answers and keeps up; else, and where that fails, on the primary. Not for what
    /// decides something: sessions, keys, settings and forms are read on the primary.
    pub async fn look<T, F>(&self, company: CompanyId, closure: F) -> Result<Seen<T>, StoreError>
    where
        T: Send + 'static,
        F: Fn(&mut PgConnection) -> Result<T, DieselError> + Send + 'static,
    {
        self.look_for(company, closure, |_| true).await
    }

    /// The same for something that may have been stored just now: what is not found on the standby
    /// is looked for on the primary.
    pub async fn look_for<T, F>(
        &self,
        company: CompanyId,
        closure: F,
        is_found: fn(&T) -> bool,
    ) -> Result<Seen<T>, StoreError>
    where
        T: Send + 'static,
        F: Fn(&mut PgConnection) -> Result<T, DieselError> + Send + 'static,
    {
        let standby = self.standby.clone();
        let standby = standby.and_then(|standby| Some((standby.as_of(company)?, standby)));
        reading(&self.pages, company.into(), "look", move |primary| {
            let on = |pool: &Pool| read(pool, |connection| as_of_one_moment(connection, &closure));
            if let Some((as_of, standby)) = standby {
                match on(standby.pool()) {
                    Ok(found) if is_found(&found) => {
                        let behind = as_of.elapsed();
                        return Ok(Seen { found, behind });
                    }
                    Ok(_) => {}
                    Err(StoreError::Unavailable(_)) => standby.lose(),
                    // A time limit, or a conflict with recovery, says nothing about other pages.
                    Err(StoreError::Refused(_)) => {}
                }
            }
            let (found, behind) = (on(primary)?, Duration::ZERO);
            Ok(Seen { found, behind })
        })
        .await
    }

    /// Learns whether the standby answers and how far behind it is; call it twice a second.
    pub async fn follow_standby(&self) -> Result<(), StoreError> {
        let Some(standby) = self.standby.clone() else {
            return Ok(());
        };
        let asked = Instant::now();
        let primary = self
            .read_settings(Scope::Installation, standby::position)
            .await?;
        let scope = Scope::Installation;
        let shown = reading(standby.pool(), scope, "follow", |pool| {
            read(pool, standby::position)
        });
        standby.heard(asked, primary, shown.await.ok());
        Ok(())
    }

    /// Something of a company was changed: its pages are read on the primary until the standby has
    /// got that.
    pub fn changed(&self, company: CompanyId) {
        if let Some(standby) = &self.standby {
            standby.changed(company);
        }
    }

    /// Reads keys, settings, and whether requests can be taken, on a connection that no page can hold.
    pub async fn read_settings<T, F>(
        &self,
        scope: impl Into<Scope>,
        closure: F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&mut PgConnection) -> Result<T, DieselError> + Send + 'static,
    {
        reading(&self.settings, scope.into(), "read settings", move |pool| {
            read(pool, closure)
        })
        .await
    }

    /// Runs a writing closure in a transaction of its own: all of it holds, or nothing. A connection
    /// that turns out to be closed is found out before the closure runs, and left for another.
    pub async fn write<T, E, F>(&self, scope: impl Into<Scope>, closure: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + From<DieselError> + Send + 'static,
        F: FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
    {
        blocking(&self.pages, scope.into(), "write", move |pool| {
            let mut connection = begin(pool)?;
            let connection: &mut PgConnection = &mut connection;
            match closure(connection) {
                Ok(value) => {
                    AnsiTransactionManager::commit_transaction(connection)?;
                    Ok(value)
                }
                Err(error) => {
                    // Where that fails the connection is broken, and the transaction gone with it.
                    let _ = AnsiTransactionManager::rollback_transaction(connection);
                    Err(error)
                }
            }
        })
        .await
    }
}

type Pool = r2d2::Pool<ConnectionManager<PgConnection>>;
type Pooled = r2d2::PooledConnection<ConnectionManager<PgConnection>>;

/// At most `size` connections, of which `idle` wait for work.
fn pool(url: &str, size: u32, idle: u32) -> anyhow::Result<Pool> {
    r2d2::Pool::builder()
        .max_size(size)
        .min_idle(Some(idle))
        .connection_timeout(POOL_WAIT)
        .test_on_check_out(false)
        .connection_customizer(Box::new(PageConnection))
        .build(ConnectionManager::new(with_time_limits(url)))
        .context("no connection to the database")
}

/// Work that only reads: nothing is lost when it is given up.
async fn reading<T, F>(
    pool: &Pool,
    scope: Scope,
    mode: &'static str,
    work: F,
) -> Result<T, StoreError>
where
    T: Send + 'static,
    F: FnOnce(&Pool) -> Result<T, StoreError> + Send + 'static,
{
    let read = tokio::time::timeout(READ_LIMIT, blocking(pool, scope, mode, work));
    read.await.unwrap_or_else(|_| {
        let hangs = anyhow::anyhow!("nothing came from the database for {READ_LIMIT:?}");
        Err(StoreError::Unavailable(hangs))
    })
}

async fn blocking<T, E, F>(pool: &Pool, scope: Scope, mode: &'static str, work: F) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
    F: FnOnce(&Pool) -> Result<T, E> + Send + 'static,
{
    let company = match scope {
        Scope::Company(company) => Some(company.0),
        Scope::Installation => None,
    };
    let span = tracing::debug_span!(parent: Span::current(), "store", mode, company.id = company);
    let pool = pool.clone();
    tokio::task::spawn_blocking(move || span.in_scope(|| work(&pool)))
        .await
        .map_err(|panic| StoreError::Refused(panic.into()))?
}

/// Runs a reading closure, again as long as its connection turns out to be closed: after a restart
/// of the database every idle one is, and each is found out by using it.
fn read<T>(
    pool: &Pool,
    closure: impl Fn(&mut PgConnection) -> QueryResult<T>,
) -> Result<T, StoreError> {
    for _ in 0..pool.max_size() {
        match closure(&mut *connection(pool)?) {
            Err(error) if is_connection_lost(&error) => {}
            result => return Ok(result?),
        }
    }
    Ok(closure(&mut *connection(pool)?)?)
}

/// A connection with a transaction begun, again as long as it turns out to be closed.
fn begin(pool: &Pool) -> Result<Pooled, StoreError> {
    let begun = || {
        let mut connection = connection(pool)?;
        AnsiTransactionManager::begin_transaction(&mut *connection)?;
        Ok(connection)
    };
    for _ in 0..pool.max_size() {
        match begun() {
            Err(StoreError::Unavailable(error)) if error.is::<DieselError>() => {}
            result => return result,
        }
    }
    begun()
}

fn as_of_one_moment<T>(
    connection: &mut PgConnection,
    closure: impl Fn(&mut PgConnection) -> QueryResult<T>,
) -> QueryResult<T> {
    connection
        .build_transaction()
        .repeatable_read()
        .read_only()
        .run(closure)
}

fn connection(pool: &Pool) -> Result<Pooled, StoreError> {
    pool.get()
        .context("no connection within three seconds")
        .map_err(StoreError::Unavailable)
}

/// One connection outside the pool, for the recorder, the commands and the jobs. The error says
/// what to do and never holds the password.
pub fn connect(url: &str) -> anyhow::Result<PgConnection> {
    PgConnection::establish(&with_time_limits(url))
        .map_err(|error| anyhow::anyhow!(unreachable::explain(&error, url)))
}

/// What time the database's machine has.
pub fn clock(connection: &mut PgConnection) -> QueryResult<DateTime<Utc>> {
    diesel::select(diesel::dsl::sql::<Timestamptz>("clock_timestamp()")).get_result(connection)
}

/// Whether the connection is gone, as far as Diesel tells: it hides the SQLSTATE.
pub fn is_connection_lost(error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand,
            _,
        )
        | DieselError::BrokenTransactionManager => true,
        DieselError::DatabaseError(_, information) => {
            let message = information.message();
            // libpq's own words, and Postgres' while it starts, stops or recovers.
            [
                "server closed the connection",
                "connection to server",
                "no connection to the server",
                "terminating connection",
                "the database system is",
                "could not receive data",
                "could not send data",
                "SSL connection has been closed",
                "SSL SYSCALL",
            ]
            .iter()
            .any(|words| message.contains(words))
        }
        _ => false,
    }
}

/// Adds to a connection string what keeps a dead network from holding a thread for minutes, unless
/// the string says otherwise.
fn with_time_limits(url: &str) -> String {
    const LIMITS: [(&str, &str); 5] = [
        ("connect_timeout", "3"),
        ("keepalives_idle", "5"),
        ("keepalives_interval", "2"),
        ("keepalives_count", "3"),
        ("tcp_user_timeout", "10000"),
    ];
    let is_uri = url.contains("://");
    let mut url = url.to_owned();
    for (name, value) in LIMITS {
        if url.contains(name) {
            continue;
        }
        let separator = match (is_uri, url.contains('?')) {
            (false, _) => ' ',
            (true, false) => '?',
            (true, true) => '&',
        };
        url.push(separator);
        url.push_str(name);
        url.push('=');
        url.push_str(value);
    }
    url
}

/// What a session is told so that in a distributed store each `SET LOCAL` holds on the other machines
/// too; elsewhere it means nothing. Citus hands on the whole text in which one came, so each has to
/// come by itself.
const HAND_ON: &str = "SET citus.propagate_set_commands = 'local'";

/// How connections for pages are set up.
#[derive(Debug)]
struct PageConnection;

impl CustomizeConnection<PgConnection, diesel::r2d2::Error> for PageConnection {
    fn on_acquire(&self, connection: &mut PgConnection) -> Result<(), diesel::r2d2::Error> {
        // To compile a query, or to start workers for it, costs more than any of ours takes: 30-day
        // filters took 1.2 s compiled and 0.3 s not; counters of a day 5 ms with workers and 0.6
        // without.
        connection
            .batch_execute(&format!(
                "SET jit = off; SET max_parallel_workers_per_gather = 0; \
                 SET statement_timeout = '10s'; SET lock_timeout = '5s'; \
                 SET TIME ZONE 'UTC'; SET application_name = 'api-status-page'; {HAND_ON}"
            ))
            .map_err(diesel::r2d2::Error::QueryError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connection_strings_of_both_forms_get_time_limits() {
        let uri = with_time_limits("postgres://db.example/status?connect_timeout=9");
        assert!(
            uri.starts_with("postgres://db.example/status?connect_timeout=9&keepalives_idle=5")
        );
        let pairs = with_time_limits("host=/run/postgresql dbname=status");
        assert!(pairs.starts_with("host=/run/postgresql dbname=status connect_timeout=3 "));
    }
}
