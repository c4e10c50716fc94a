//! Pages while the database hangs.

use std::time::{Duration, Instant};

use crate::support::{Cluster, TestApp, TestStore, within};

const LIST: &str = "/settings/integrations/api-status/invalid-requests";

#[test]
fn a_page_says_so_when_the_database_hangs_and_is_there_again_afterwards() {
    let cluster = Cluster::start();
    let store = TestStore::database_in(&cluster);
    let app = TestApp::on(&store);
    let mut ada = app.admin();
    assert_eq!(ada.get(LIST).status, 200);
    let frozen = cluster.freeze(&store.sessions());
    let since = Instant::now();
    let answer = ada.get(LIST);
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("retry-after"), Some("5"));
    assert!(answer.text().contains("The store does not answer"));
    let waited = since.elapsed();
    assert!(waited < Duration::from_secs(20), "{waited:?}");
    drop(frozen);
    within(Duration::from_secs(15), "the page is there again", || {
        (ada.get(LIST).status == 200).then_some(())
    });
}
