//! The status page, as those who signed in see it.

mod cause_states;
mod causes;
mod chart;
mod dictionary;
mod empty;
mod errors;
mod export;
mod facets;
mod filters;
mod living;
mod paging;
mod recheck;
mod request;
mod resubmission;
mod search;
mod simulator;
mod tenancy;
mod views;

use crate::support::page::Page;
use crate::support::{Person, TestApp};

const INVALID: &str = "/settings/integrations/api-status/invalid-requests";
const TEST: &str = "/settings/integrations/api-status/test-requests";

/// A page that must be there.
#[track_caller]
fn page(person: &mut Person, path: &str) -> Page {
    let answer = person.get(path);
    assert_eq!(answer.status, 200, "{path}");
    Page(String::from_utf8(answer.body).unwrap())
}

/// A program with Larkspur on it, and its admin.
fn app_with_admin() -> (TestApp, Person) {
    let app = TestApp::start();
    let admin = app.admin();
    (app, admin)
}
