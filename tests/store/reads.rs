//! Reading: as of one moment, without writing, and again when the connection was closed; planned once.

use api_status_page::clock::Clock;
use api_status_page::domain::filter::Filter;
use api_status_page::domain::paging::Cursor;
use api_status_page::domain::window::{Preset, Range};
use api_status_page::store::requests::{self, Selection, Tab};
use api_status_page::store::{Store, StoreError, settings};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::support::postgres::with_citus;
use crate::support::{TestStore, on_a_runtime};

fn counted(connection: &mut PgConnection) -> QueryResult<i64> {
    let count = diesel::dsl::sql::<BigInt>("(SELECT count(*) FROM audit_log)");
    diesel::select(count).get_result(connection)
}

/// An entry of the audit log, which nothing else here writes.
fn write(store: &TestStore) -> String {
    format!(
        "INSERT INTO audit_log (company_id, at, actor, action, subject) \
         VALUES ({}, now(), 'Ada', 'brand.created', 'north')",
        store.larkspur.id
    )
}

#[test]
fn all_that_a_page_reads_is_as_of_one_moment() {
    let store = TestStore::new();
    on_a_runtime(async {
        let pages = Store::connect(&store.url).unwrap();
        let others = store.clone();
        let read = pages.read(store.larkspur.id, move |connection| {
            let before = counted(connection)?;
            others.execute(&write(&others));
            Ok((before, counted(connection)?))
        });
        let (before, after) = read.await.unwrap();
        assert_eq!(before, after);
        let now = pages.read(store.larkspur.id, counted).await.unwrap();
        assert_eq!(now, after + 1);
    });
}

#[test]
fn whoever_reads_cannot_write() {
    let store = TestStore::new();
    on_a_runtime(async {
        let pages = Store::connect(&store.url).unwrap();
        let statement = write(&store);
        let written = pages.read(store.larkspur.id, move |connection| {
            connection.batch_execute(&statement)
        });
        assert!(matches!(written.await, Err(StoreError::Refused(_))));
        // The connection is of use again.
        assert_eq!(pages.read(store.larkspur.id, counted).await.unwrap(), 0);
    });
}

#[test]
fn a_read_whose_connection_was_closed_is_made_again() {
    let store = TestStore::database_in(crate::support::Cluster::shared());
    on_a_runtime(async {
        let pages = Store::connect(&store.url).unwrap();
        let runs = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
        let (counter, others) = (runs.clone(), store.clone());
        let read = pages.read(store.larkspur.id, move |connection| {
            if counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 {
                let pid = diesel::dsl::sql::<diesel::sql_types::Integer>("pg_backend_pid()");
                let pid: i32 = diesel::select(pid).get_result(connection)?;
                others.execute(&format!("SELECT pg_terminate_backend({pid}, 5000)"));
            }
            counted(connection)
        });
        assert_eq!(read.await.unwrap(), 0);
        assert_eq!(runs.load(std::sync::atomic::Ordering::Relaxed), 2);
    });
}

/// How often lists of several windows were planned for all values, and for the very ones.
fn plans_of_lists(store: &TestStore) -> (i64, i64) {
    #[derive(QueryableByName)]
    struct Plans {
        #[diesel(sql_type = BigInt)]
        generic: i64,
        #[diesel(sql_type = BigInt)]
        custom: i64,
    }
    let connection = &mut store.connection();
    let company = store.larkspur.id;
    let settings = settings::load(connection, company).unwrap().rules;
    let now = Clock::system().now();
    for preset in Preset::ALL {
        let selection = Selection {
            tab: Tab::Invalid,
            window: Range::Last(preset).at(now),
            now,
            filter: &Filter::default(),
            settings: &settings,
        };
        let page = |c: &mut _| requests::page(c, company, &selection, Cursor::Newest);
        connection.transaction(page).unwrap();
    }
    let plans = diesel::sql_query(
        "SELECT sum(generic_plans)::bigint AS generic, sum(custom_plans)::bigint AS custom \
         FROM pg_prepared_statements WHERE statement LIKE '%AS entries%'",
    );
    let Plans { generic, custom } = plans.get_result(connection).unwrap();
    (generic, custom)
}

#[test]
fn a_list_is_planned_once_for_all_windows_but_where_a_plan_must_know_the_company() {
    let lists = Preset::ALL.len() as i64;
    if !with_citus() {
        let alone = TestStore::on_one_server();
        assert_eq!(plans_of_lists(&alone), (lists, 0));
    }
    // As a server is that has Citus.
    let url = "-c%20citus.shard_count%3D32";
    let (_, custom) = plans_of_lists(&TestStore::on_one_server_with(url));
    assert!(custom > 0, "all plans are for any company");
}
