//! Pages read on a real standby, which streams from the primary.

use std::time::{Duration, Instant};

use api_status_page::store::Store;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use uuid::Uuid;

use crate::support::company::accepted_but;
use crate::support::page::Page;
use crate::support::postgres::Shutdown;
use crate::support::{Cluster, Person, TestApp, TestStore, eventually, on_a_runtime, within};

const LIST: &str = "/settings/integrations/api-status/invalid-requests";

/// A program that reads its pages on a standby of its store.
struct Stage {
    // Dropped in this order.
    app: TestApp,
    admin: Person,
    standby: Cluster,
    _primary: Cluster,
}

impl Stage {
    fn new() -> Self {
        let primary = Cluster::alone();
        let standby = primary.standby();
        let store = TestStore::database_in(&primary);
        let app = TestApp::with_standby(&store, &on_standby(&store, &standby));
        Self {
            admin: app.admin(),
            app,
            standby,
            _primary: primary,
        }
    }

    /// A request that is on the list of those that failed.
    fn fails(&self) -> Uuid {
        let body = accepted_but("/brand", "nowhere");
        let answer = self.app.production().requests(&body);
        assert_eq!(answer.status, 400);
        answer.request_id()
    }

    /// Whether a request is on the list, and what the page says of its own age.
    fn list(&mut self) -> (Vec<String>, Option<String>) {
        let answer = self.admin.get(LIST);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let html = answer.text().to_owned();
        let as_of = html.split_once("role=\"status\">As of ");
        let as_of = as_of.map(|(_, rest)| rest.split('.').next().unwrap().to_owned());
        (Page(html).ids(), as_of)
    }

    fn is_listed(&mut self, id: Uuid) -> bool {
        self.list().0.contains(&id.to_string())
    }

    /// From here on the standby shows nothing new, and pages are read there.
    fn pause(&mut self) {
        eventually("pages are read on the standby", || {
            self.standby.execute(&["SELECT pg_wal_replay_pause()"]);
            let id = self.fails();
            let is_new = self.is_listed(id);
            if is_new {
                self.resume();
            }
            (!is_new).then_some(())
        });
    }

    fn resume(&self) {
        self.standby.execute(&["SELECT pg_wal_replay_resume()"]);
    }
}

fn on_standby(store: &TestStore, standby: &Cluster) -> String {
    let database = store.rows("SELECT current_database() AS name")[0]["name"].clone();
    standby.url(database.as_str().unwrap(), "")
}

#[test]
fn a_page_that_lags_says_so_and_what_was_just_answered_is_found_all_the_same() {
    let mut stage = Stage::new();
    let old = stage.fails();
    eventually("it is listed", || stage.is_listed(old).then_some(()));
    assert_eq!(stage.list().1, None, "a standby that keeps up is as good");

    stage.pause();
    let new = stage.fails();
    let as_of = within(Duration::from_secs(5), "the page says its age", || {
        stage.list().1
    });
    let seconds: u64 = as_of.trim_end_matches(" s ago").parse().unwrap();
    assert!((2..9).contains(&seconds), "{as_of}");
    assert!(!stage.is_listed(new));
    assert!(stage.is_listed(old));
    let page = format!("/settings/integrations/api-status/requests/{new}");
    assert_eq!(stage.admin.get(&page).status, 200);
    assert_eq!(stage.admin.get(&format!("/r/{new}")).location(), page);
    let search = format!("/settings/integrations/api-status/search?q={new}");
    assert!(stage.admin.get(&search).location().starts_with(&page));
    // Who signs in is asked of the primary.
    assert_eq!(stage.app.support().get(LIST).status, 200);

    stage.resume();
    eventually("it is listed", || stage.is_listed(new).then_some(()));
    eventually("it keeps up again", || {
        stage.list().1.is_none().then_some(())
    });
}

#[test]
fn after_a_change_of_settings_an_admin_sees_what_was_just_written() {
    let mut stage = Stage::new();
    stage.pause();
    let before = stage.fails();
    assert!(!stage.is_listed(before));
    let path = "/settings/company-info/brands/larkspur-outlet/activation";
    let saved = stage.admin.fill_in(path, &[]);
    assert_eq!(saved.status, 303);
    let page = stage.admin.get("/settings/company-info");
    assert!(page.text().contains("larkspur-outlet"));
    assert!(
        stage.is_listed(before),
        "read on the primary until the standby has the change"
    );
    stage.resume();
    stage.pause();
    let after = stage.fails();
    assert!(!stage.is_listed(after), "and then on the standby again");
    stage.resume();
}

#[test]
fn after_a_request_is_sent_again_it_is_not_offered_once_more() {
    let mut stage = Stage::new();
    let body = accepted_but("/brand", "larkspur-outlet");
    let old = stage.app.production().requests(&body).request_id();
    let path = "/settings/company-info/brands/larkspur-outlet/activation";
    assert_eq!(stage.admin.fill_in(path, &[]).status, 303);
    stage.pause();
    let root = "/settings/integrations/api-status";
    let page = format!("{root}/requests/{old}");
    assert!(stage.admin.get(&page).text().contains("Send it again"));
    let id = old.to_string();
    let sent = stage
        .admin
        .post(&format!("{root}/resubmissions"), &[("id", id.as_str())]);
    assert_eq!(sent.status, 303);
    assert!(!stage.admin.get(&page).text().contains("Send it again"));
    stage.resume();
}

#[test]
fn without_its_standby_pages_are_read_on_the_primary_until_it_is_back() {
    let mut stage = Stage::new();
    stage.pause();
    let hidden = stage.fails();
    assert!(!stage.is_listed(hidden));
    let standby = std::mem::replace(&mut stage.standby, Cluster::alone());
    let start_again = standby.stop(Shutdown::Immediate);
    let since = Instant::now();
    assert!(stage.is_listed(hidden), "read on the primary");
    assert!(since.elapsed() < Duration::from_secs(3), "at once");
    start_again();
    stage.standby = standby;
    stage.pause();
    stage.resume();
}

#[test]
fn a_program_starts_without_its_standby() {
    let primary = Cluster::alone();
    let standby = primary.standby();
    let store = TestStore::database_in(&primary);
    let url = on_standby(&store, &standby);
    drop(standby);
    let app = TestApp::with_standby(&store, &url);
    assert_eq!(app.admin().get(LIST).status, 200);
}

#[test]
fn what_decides_something_is_never_read_on_the_standby() {
    let primary = Cluster::alone();
    let standby = primary.standby();
    let store = TestStore::database_in(&primary);
    on_a_runtime(async {
        let pages = Store::connect(&store.url)
            .unwrap()
            .with_standby(&on_standby(&store, &standby));
        let is_standby = |connection: &mut PgConnection| {
            let asked = diesel::dsl::sql::<Bool>("pg_is_in_recovery()");
            diesel::select(asked).get_result::<bool>(connection)
        };
        while !pages
            .look(store.larkspur.id, is_standby)
            .await
            .unwrap()
            .found
        {
            pages.follow_standby().await.unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(!pages.read(store.larkspur.id, is_standby).await.unwrap());
    });
}
