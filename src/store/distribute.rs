//! The tables spread over the machines of a Citus cluster. What belongs to a company is distributed
//! by `company_id`, all tables alike, so that everything of one company is on one machine and every
//! page asks that one alone. The few small tables that companies share are whole on each machine, so
//! that a join with them stays there.
//!
//! What that asks of every other file here: each query names its company, in every table it touches;
//! each unique key has `company_id` in it; no update of a shared table reads a distributed one; what
//! defines something, and each `SET LOCAL`, is sent as a command of one statement, for Citus hands on
//! the whole text of a command: a step of the schema that changes a table in several statements is a
//! block, which sends each by itself.

use anyhow::{Context, ensure};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Text};

/// The tables that companies share. Every other one belongs to a company, and says to which.
pub const SHARED: [&str; 7] = [
    "api_keys",
    "companies",
    "installation",
    "password_links",
    "sessions",
    "sign_in_attempts",
    "users",
];

/// The others are placed like this one.
const FIRST: &str = "requests";

/// The steps of the schema are read by the machine that applies them.
const LOCAL: &str = "__diesel_schema_migrations";

/// A table and those that its foreign keys lead to.
#[derive(Debug, Clone, QueryableByName)]
struct Table {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Array<Text>)]
    refers_to: Vec<String>,
    /// Whether it is spread already.
    #[diesel(sql_type = Bool)]
    is_done: bool,
}

impl Table {
    fn is_shared(&self) -> bool {
        SHARED.contains(&self.name.as_str())
    }
}

/// Sets a connection up for changes of the schema: they take longer than a role may let its statements
/// take. On a server without Citus its settings mean nothing. By itself Citus takes what refers to a
/// shared table for local ones of its own, which it cannot spread where they number their rows; and what
/// hangs together by foreign keys has to be done machine by machine, on one connection each.
pub fn prepare(connection: &mut PgConnection) -> QueryResult<()> {
    connection.batch_execute(
        "SET statement_timeout = 0; SET lock_timeout = 0; \
         SET citus.enable_local_reference_table_foreign_keys = off; \
         SET citus.multi_shard_modify_mode = 'sequential'",
    )
}

/// Spreads every table that is not spread yet and returns their names, in the order in which it was
/// done. Each is done for itself: what was interrupted goes on where it was. What was copied is left
/// behind by Citus and goes at the end, for foreign keys may lead to it until then.
pub fn run(connection: &mut PgConnection) -> anyhow::Result<Vec<String>> {
    ensure!(
        has_citus(connection)?,
        "this PostgreSQL has no Citus. Install it on every machine of the cluster, run \
         `CREATE EXTENSION citus` in this database on each of them and `citus_add_node` for each \
         worker on this one, then run this again"
    );
    prepare(connection)?;
    let all = in_order(tables(connection)?);
    drop_keys_between_shared(connection)?;
    let mut done = Vec::new();
    for table in all.iter().filter(|table| !table.is_done) {
        let name = &table.name;
        let placed_like = if name == FIRST { "none" } else { FIRST };
        let statement = match table.is_shared() {
            true => format!("SELECT create_reference_table('{name}')"),
            false => format!(
                "SELECT create_distributed_table('{name}', 'company_id', \
                                                 colocate_with => '{placed_like}')"
            ),
        };
        connection
            .batch_execute(&statement)
            .with_context(|| format!("the table {name} could not be distributed"))?;
        done.push(name.clone());
    }
    for Table { name, .. } in all {
        let statement = format!("SELECT truncate_local_data_after_distributing_table('{name}')");
        connection
            .batch_execute(&statement)
            .with_context(|| format!("what was copied of {name} could not be deleted"))?;
    }
    Ok(done)
}

/// The same for tables that a new version brought into a store that is distributed already.
pub fn keep_up(connection: &mut PgConnection) -> anyhow::Result<()> {
    if has_citus(connection)? && tables(connection)?.iter().any(|table| table.is_done) {
        run(connection)?;
    }
    Ok(())
}

fn has_citus(connection: &mut PgConnection) -> QueryResult<bool> {
    let is_there = "to_regproc('create_distributed_table') IS NOT NULL";
    diesel::select(diesel::dsl::sql::<Bool>(is_there)).get_result(connection)
}

fn tables(connection: &mut PgConnection) -> QueryResult<Vec<Table>> {
    // A table that only has a foreign key to a shared one may be known to Citus and yet be local.
    diesel::sql_query(
        "SELECT c.relname::text AS name, \
                coalesce(array_agg(r.relname::text) FILTER (WHERE r.oid <> c.oid), '{}') AS refers_to, \
                EXISTS (SELECT FROM pg_dist_partition d WHERE d.logicalrelid = c.oid \
                        AND (d.partmethod = 'h' OR d.repmodel = 't')) AS is_done \
         FROM pg_class c LEFT JOIN pg_constraint f ON f.conrelid = c.oid AND f.contype = 'f' \
         LEFT JOIN pg_class r ON r.oid = f.confrelid \
         WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') \
               AND NOT c.relispartition AND c.relname <> $1 \
         GROUP BY c.oid, c.relname",
    )
    .bind::<Text, _>(LOCAL)
    .load(connection)
}

/// Whoever writes a shared table has it to themselves until the transaction ends, and with it those that
/// its foreign keys lead to: who signs in would wait for whoever changes a company's settings, and in
/// turn be waited for. Nothing that is shared and referred to is ever deleted.
fn drop_keys_between_shared(connection: &mut PgConnection) -> QueryResult<()> {
    #[derive(QueryableByName)]
    struct ForeignKey {
        #[diesel(sql_type = Text)]
        of: String,
        #[diesel(sql_type = Text)]
        name: String,
    }
    let keys: Vec<ForeignKey> = diesel::sql_query(
        "SELECT c.relname::text AS of, f.conname::text AS name \
         FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid \
         WHERE f.contype = 'f' AND c.relnamespace = current_schema()::regnamespace \
               AND c.relname = ANY($1)",
    )
    .bind::<Array<Text>, _>(SHARED.to_vec())
    .load(connection)?;
    for ForeignKey { of, name } in keys {
        connection.batch_execute(&format!("ALTER TABLE {of} DROP CONSTRAINT {name}"))?;
    }
    Ok(())
}

/// Shared tables before the others, the one that the others are placed like before those, and each
/// after those that it refers to.
fn in_order(mut rest: Vec<Table>) -> Vec<Table> {
    rest.sort_by_key(|table| (!table.is_shared(), table.name != FIRST, table.name.clone()));
    let mut ordered = Vec::new();
    let is_free = |table: &Table, rest: &[Table]| {
        let waits = |name: &String| rest.iter().any(|other| other.name == *name);
        !table.refers_to.iter().any(waits)
    };
    while let Some(place) = rest.iter().position(|table| is_free(table, &rest)) {
        ordered.push(rest.remove(place));
    }
    ordered
}
