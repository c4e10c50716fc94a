//! The schema's steps, built into the program and applied at start.

use anyhow::{Context, anyhow, ensure};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Integer;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

/// All steps, oldest first.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!();

/// Two nodes that start at once must not both migrate; any number serves as long as nobody else
/// uses it in this database.
const MIGRATION_LOCK: i64 = 0x6170_695f_6d69;

/// Applies what is missing and says how many steps that were. Refuses a server before
/// PostgreSQL 14 and a schema that is newer than this program.
pub fn run(connection: &mut PgConnection) -> anyhow::Result<usize> {
    ensure_version(connection)?;
    connection.batch_execute(&format!("SELECT pg_advisory_lock({MIGRATION_LOCK})"))?;
    let result = apply(connection);
    connection.batch_execute(&format!("SELECT pg_advisory_unlock({MIGRATION_LOCK})"))?;
    result
}

fn apply(connection: &mut PgConnection) -> anyhow::Result<usize> {
    connection
        .run_pending_migrations(MIGRATIONS)
        .map(|applied| applied.len())
        .map_err(|error| anyhow!(error))
        .context("the schema could not be migrated")
}

fn ensure_version(connection: &mut PgConnection) -> anyhow::Result<()> {
    let query = "current_setting('server_version_num')::int";
    let version: i32 = diesel::select(diesel::dsl::sql::<Integer>(query)).get_result(connection)?;
    ensure!(
        version >= 140_000,
        "the database server is PostgreSQL {}; at least PostgreSQL 14 is needed. \
         Point DATABASE_URL at a newer server",
        version / 10_000
    );
    Ok(())
}
