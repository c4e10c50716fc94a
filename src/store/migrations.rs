//! The schema's steps, built into the program and applied at start.

use anyhow::{Context, anyhow, bail, ensure};
use diesel::connection::SimpleConnection;
use diesel::migration::{Migration, MigrationSource};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::distribute;

/// All steps, oldest first.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

/// Two nodes that start at once must not both migrate; any number serves as long as nobody else
/// uses it in this database.
const MIGRATION_LOCK: i64 = 0x6170_695f_6d69;

/// The oldest server that the steps are written for, as `server_version_num`.
const OLDEST_SERVER: i32 = 140_000;

/// Applies what is missing and says how many steps that were. Refuses a server before
/// PostgreSQL 14 and a schema that is newer than this program.
pub fn run(connection: &mut PgConnection) -> anyhow::Result<usize> {
    ensure_version(connection)?;
    if lacking(connection)? == Some(0) {
        return Ok(0);
    }
    distribute::prepare(connection)?;
    connection.batch_execute(&format!("SELECT pg_advisory_lock({MIGRATION_LOCK})"))?;
    let result = apply(connection);
    connection.batch_execute(&format!("SELECT pg_advisory_unlock({MIGRATION_LOCK})"))?;
    result
}

/// How many steps a store lacks; `None` for one that has none yet. Most starts find that nothing is
/// lacking. They take no lock, for that of a session is not theirs behind a pooler of transactions,
/// and would stay when they are gone.
pub fn lacking(connection: &mut PgConnection) -> anyhow::Result<Option<usize>> {
    let has_steps = "to_regclass('__diesel_schema_migrations') IS NOT NULL";
    if !diesel::select(diesel::dsl::sql::<Bool>(has_steps)).get_result(connection)? {
        return Ok(None);
    }
    ensure_known(connection)?;
    let pending = connection.pending_migrations(MIGRATIONS);
    Ok(Some(pending.map_err(|error| anyhow!(error))?.len()))
}

fn apply(connection: &mut PgConnection) -> anyhow::Result<usize> {
    ensure_known(connection)?;
    let applied = connection
        .run_pending_migrations(MIGRATIONS)
        .map(|applied| applied.len())
        .map_err(|error| anyhow!(error))
        .context("the schema could not be migrated")?;
    if applied > 0 {
        distribute::keep_up(connection)?;
    }
    Ok(applied)
}

/// A step that this program does not know was made by a newer one, whose tables it would misread.
fn ensure_known(connection: &mut PgConnection) -> anyhow::Result<()> {
    let known = MigrationSource::<Pg>::migrations(&MIGRATIONS).map_err(|error| anyhow!(error))?;
    let newest = known.iter().map(|step| step.name().version()).max();
    let applied = connection
        .applied_migrations()
        .map_err(|error| anyhow!(error))
        .context("the steps already applied could not be read")?;
    let unknown = applied
        .into_iter()
        .filter(|step| Some(step) > newest.as_ref());
    if let Some(step) = unknown.max() {
        bail!(
            "the data was written by a newer version of this program (its schema is at step \
             {step}). Run that version, or point this one at other data with DATA_DIR or \
             DATABASE_URL"
        );
    }
    Ok(())
}

fn ensure_version(connection: &mut PgConnection) -> anyhow::Result<()> {
    let query = "current_setting('server_version_num')::int";
    let version = diesel::select(diesel::dsl::sql::<Integer>(query)).get_result(connection)?;
    check_version(version)
}

/// Takes `server_version_num`, such as 150018.
fn check_version(version: i32) -> anyhow::Result<()> {
    ensure!(
        version >= OLDEST_SERVER,
        "the database server is PostgreSQL {}; at least PostgreSQL {} is needed. Point \
         DATABASE_URL at a newer server",
        version / 10_000,
        OLDEST_SERVER / 10_000
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check_version;

    #[test]
    fn a_server_before_14_is_refused_by_its_version() {
        assert!(check_version(140_000).is_ok());
        assert!(check_version(190_001).is_ok());
        let error = check_version(130_021).unwrap_err().to_string();
        assert!(error.contains("PostgreSQL 13;"), "{error}");
    }
}
