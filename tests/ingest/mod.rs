//! The machine's way in, over HTTP.

use serde_json::json;

use crate::support::TestApp;
use crate::support::company::accepted;

#[test]
fn an_accepted_request_is_echoed_and_stored() {
    let app = TestApp::start();
    let answer = app.production().requests(&accepted());
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json(), accepted());
    let row = app.row_of("requests", answer.request_id());
    assert_eq!(row["error_mask"], json!(0));
    assert_eq!(app.visitor().get("/healthz").status, 200);
}
