//! What Citus asks of the schema, read from the catalogue: a new table that breaks it fails here. The
//! statements of `distribute` are run against functions that write down how they were called.

use api_status_page::store::distribute::{self, SHARED};
use diesel::PgConnection;
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

use crate::support::TestStore;

/// Functions and a catalogue of the names that Citus has, as far as they are used.
const CITUS: &str = "
    CREATE TEMP TABLE pg_dist_partition (logicalrelid regclass, partmethod char, repmodel char);
    CREATE TEMP TABLE calls (id serial, name text, shared boolean, placed_like text);
    CREATE FUNCTION create_reference_table(name regclass) RETURNS void LANGUAGE sql AS $$
        INSERT INTO pg_dist_partition VALUES (name, 'n', 't');
        INSERT INTO calls (name, shared) VALUES (name::text, true);
    $$;
    CREATE FUNCTION create_distributed_table(name regclass, distribution_column text,
                                             colocate_with text) RETURNS void LANGUAGE sql AS $$
        SELECT 1 / (distribution_column = 'company_id')::int;
        INSERT INTO pg_dist_partition VALUES (name, 'h', 's');
        INSERT INTO calls (name, shared, placed_like) VALUES (name::text, false, colocate_with);
    $$;
    CREATE FUNCTION truncate_local_data_after_distributing_table(name regclass) RETURNS void
        LANGUAGE sql AS $$
        SELECT 1 / count(*) FROM pg_dist_partition WHERE logicalrelid = name;
    $$;";

/// A query's rows, asked on this connection.
fn rows(connection: &mut PgConnection, query: &str) -> Vec<Value> {
    use diesel::prelude::*;
    use diesel::sql_types::Jsonb;
    let all = format!("(SELECT coalesce(jsonb_agg(to_jsonb(r)), '[]') FROM ({query}) AS r)");
    let all: Value = diesel::select(diesel::dsl::sql::<Jsonb>(&all))
        .get_result(connection)
        .unwrap();
    all.as_array().unwrap().clone()
}

/// The tables of companies, as a condition on `pg_class c`.
fn of_companies() -> String {
    let shared = SHARED.map(|name| format!("'{name}'")).join(", ");
    format!(
        "c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') \
         AND NOT c.relispartition AND c.relname <> '__diesel_schema_migrations' \
         AND c.relname NOT IN ({shared})"
    )
}

fn none(store: &TestStore, query: &str) {
    assert_eq!(store.rows(query), Vec::<Value>::new());
}

#[test]
fn every_table_is_shared_or_says_which_company_a_row_belongs_to() {
    let store = TestStore::new();
    let tables = of_companies();
    let without = format!(
        "SELECT c.relname::text AS name FROM pg_class c WHERE {tables} AND NOT EXISTS ( \
             SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'company_id' \
             AND a.atttypid = 'bigint'::regtype AND a.attnotnull)"
    );
    none(&store, &without);
    for name in SHARED {
        assert_eq!(
            store.number(&format!(
                "SELECT count(*) FROM pg_class WHERE oid = '{name}'::regclass"
            )),
            1
        );
    }
}

#[test]
fn every_unique_key_of_a_company_s_table_has_the_company_in_it() {
    let store = TestStore::new();
    let tables = of_companies();
    let without = format!(
        "SELECT c.relname::text AS name, i.indexrelid::regclass::text AS key \
         FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid \
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'company_id' \
         WHERE {tables} AND i.indisunique AND NOT a.attnum = ANY (i.indkey::int2[])"
    );
    none(&store, &without);
}

#[test]
fn foreign_keys_lead_to_the_same_company_or_to_a_shared_table() {
    let store = TestStore::new();
    let tables = of_companies();
    let shared = SHARED.map(|name| format!("'{name}'")).join(", ");
    // To a table of companies both sides name the company, in the same place of the key.
    none(
        &store,
        &format!(
            "SELECT f.conname::text AS name FROM pg_constraint f \
             JOIN pg_class c ON c.oid = f.confrelid \
             JOIN pg_attribute there ON there.attrelid = f.confrelid AND there.attname = 'company_id' \
             LEFT JOIN pg_attribute here ON here.attrelid = f.conrelid AND here.attname = 'company_id' \
             WHERE f.contype = 'f' AND {tables} \
                   AND array_position(f.conkey, here.attnum) \
                       IS DISTINCT FROM array_position(f.confkey, there.attnum)"
        ),
    );
    // No shared table refers to one of companies.
    none(
        &store,
        &format!(
            "SELECT f.conname::text AS name FROM pg_constraint f \
             JOIN pg_class s ON s.oid = f.conrelid JOIN pg_class c ON c.oid = f.confrelid \
             WHERE f.contype = 'f' AND s.relname IN ({shared}) AND {tables}"
        ),
    );
}

#[test]
fn no_table_has_triggers_and_every_sequence_is_a_bigint() {
    let store = TestStore::new();
    none(
        &store,
        "SELECT tgname::text AS name FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid \
         WHERE c.relnamespace = current_schema()::regnamespace AND NOT tgisinternal",
    );
    none(
        &store,
        "SELECT seqrelid::regclass::text AS name FROM pg_sequence \
         JOIN pg_class c ON c.oid = seqrelid \
         WHERE c.relnamespace = current_schema()::regnamespace AND seqtypid <> 'bigint'::regtype",
    );
}

/// What of a step Citus hands on with the whole text that it stands in.
fn is_handed_on(statement: &str, step: &str) -> bool {
    let table = |after: &str| {
        let (_, rest) = statement.split_once(after)?;
        rest.split_whitespace().next().map(str::to_owned)
    };
    let is_new = |table: Option<String>| {
        table.is_some_and(|table| step.contains(&format!("CREATE TABLE {table} (")))
    };
    match statement.split_whitespace().next() {
        Some("DROP") => statement.starts_with("DROP INDEX"),
        Some("CREATE") => statement.contains("INDEX ") && !is_new(table(" ON ")),
        Some("ALTER") => {
            let is_one_column = statement.matches(" COLUMN ").count() == 1;
            !is_one_column && !is_new(table("ALTER TABLE "))
        }
        _ => false,
    }
}

#[test]
fn a_step_that_changes_a_spread_table_in_several_statements_is_a_block() {
    // The first that a store can be distributed with.
    const FIRST: &str = "2026-11-24-000601";
    let steps = std::fs::read_dir("migrations").unwrap();
    let steps = steps.map(|step| step.unwrap().path());
    let steps = steps.filter(|step| step.file_name().unwrap().to_str().unwrap() >= FIRST);
    let mut blocks = 0;
    for file in steps.flat_map(|step| ["up.sql", "down.sql"].map(|name| step.join(name))) {
        let step = std::fs::read_to_string(&file).unwrap();
        let lines = step.lines().filter(|line| !line.starts_with("--"));
        let text = lines.collect::<Vec<_>>().join("\n");
        let statements: Vec<&str> = text.split(';').map(str::trim).collect();
        let is_one = statements.iter().filter(|s| !s.is_empty()).count() == 1;
        let is_block = text.starts_with("DO $step$ BEGIN\n") && text.ends_with("\nEND $step$;");
        let handed_on = statements.iter().find(|s| is_handed_on(s, &text));
        blocks += usize::from(is_block);
        assert!(
            is_one || is_block || handed_on.is_none(),
            "{}: {handed_on:?}",
            file.display()
        );
    }
    assert!(blocks > 0);
}

#[test]
fn a_server_without_the_extension_is_refused_with_the_way_on() {
    let store = TestStore::on_one_server();
    let error = distribute::run(&mut store.connection()).unwrap_err();
    assert!(
        error.to_string().contains("CREATE EXTENSION citus"),
        "{error}"
    );
    distribute::keep_up(&mut store.connection()).unwrap();
}

#[test]
fn each_table_is_distributed_once_after_those_that_it_refers_to() {
    let store = TestStore::on_one_server();
    let mut connection = store.connection();
    connection.batch_execute(CITUS).unwrap();
    let done = distribute::run(&mut connection).unwrap();
    assert!(
        distribute::run(&mut connection).unwrap().is_empty(),
        "a second run"
    );

    let calls = rows(&mut connection, "SELECT * FROM calls ORDER BY id");
    let names: Vec<&str> = calls.iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(names, done);
    let tables = "SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p') \
                  AND relnamespace = current_schema()::regnamespace AND NOT relispartition \
                  AND relname <> '__diesel_schema_migrations'";
    assert_eq!(done.len() as i64, store.number(tables));
    for call in &calls {
        let name = call["name"].as_str().unwrap();
        let (shared, placed_like) = match (SHARED.contains(&name), name) {
            (true, _) => (true, Value::Null),
            (false, "requests") => (false, json!("none")),
            (false, _) => (false, json!("requests")),
        };
        assert_eq!(
            (&call["shared"], &call["placed_like"]),
            (&json!(shared), &placed_like)
        );
    }
    let shared = SHARED.map(|name| format!("'{name}'")).join(", ");
    none(
        &store,
        &format!(
            "SELECT conname::text AS name FROM pg_constraint JOIN pg_class c ON c.oid = conrelid \
             WHERE contype = 'f' AND c.relname IN ({shared}) \
                   AND c.relnamespace = current_schema()::regnamespace"
        ),
    );
    let place = |name: &Value| names.iter().position(|n| *n == name.as_str().unwrap());
    let references = "SELECT conrelid::regclass::text AS of, confrelid::regclass::text AS to \
                      FROM pg_constraint JOIN pg_class c ON c.oid = conrelid WHERE contype = 'f' \
                      AND c.relnamespace = current_schema()::regnamespace AND NOT c.relispartition";
    for reference in store.rows(references) {
        assert!(
            place(&reference["to"]) < place(&reference["of"]),
            "{reference}"
        );
    }
}

#[test]
fn what_was_interrupted_or_came_with_a_new_version_is_done_later() {
    let store = TestStore::on_one_server();
    let mut connection = store.connection();
    connection.batch_execute(CITUS).unwrap();
    distribute::keep_up(&mut connection).unwrap();
    let none: Vec<Value> = Vec::new();
    assert_eq!(
        rows(&mut connection, "SELECT * FROM calls"),
        none,
        "it is not distributed"
    );
    distribute::run(&mut connection).unwrap();
    connection
        .batch_execute(
            "TRUNCATE calls; DELETE FROM pg_dist_partition WHERE logicalrelid = 'brands'::regclass; \
             CREATE TABLE novelties (company_id bigint NOT NULL REFERENCES companies)",
        )
        .unwrap();
    distribute::keep_up(&mut connection).unwrap();
    let calls = rows(&mut connection, "SELECT name FROM calls ORDER BY id");
    assert_eq!(
        calls,
        [json!({"name": "brands"}), json!({"name": "novelties"})]
    );
}
