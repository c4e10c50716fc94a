//! Would they pass now? Checked, sent again and simulated, as an admin does it.

use crate::chromium::Chromium;
use crate::support::TestApp;
use crate::support::company::accepted_but;
use crate::support::people::PASSWORD;

use api_status_page::domain::user::Role;

const ROOT: &str = "/settings/integrations/api-status";

/// Ends the cause, checks one request and then all of the list, sends what would pass again, and tries
/// one in the simulator.
pub fn checked_sent_and_simulated(browser: &Chromium) {
    let app = TestApp::start();
    app.user(&app.store().larkspur, "admin@larkspur.example", Role::Admin);
    for brand in ["larkspur-outlet", "larkspur-outlet", "nobodys"] {
        app.production().requests(&accepted_but("/brand", brand));
    }
    let base = format!("http://{}", app.address);
    browser.go(&format!("{base}{ROOT}"));
    browser.fill("email", "admin@larkspur.example");
    browser.fill("password", PASSWORD);
    browser.click("main form button");
    browser.sees(".tabs", "Invalid Requests 3");

    let activation = "/settings/company-info/brands/larkspur-outlet/activation";
    browser.go(&format!("{base}{activation}"));
    browser.click("main form button");
    browser.sees(".notice.good", "larkspur-outlet");

    browser.go(&format!("{base}{ROOT}/invalid-requests"));
    browser.click("tbody tr:nth-child(1) input[name=id]");
    browser.click_text("Check selected");
    browser.sees(".notice.good", "1 still fail for the same reason");
    browser.sees("tbody tr:nth-child(1) .chip.recheck", "same reason");

    browser.click_text("Check all 3");
    browser.sees(".figures", "2 would pass now");
    browser.sees(".actions", "Send 2 requests again");
    browser.click_text("Send 2 requests again");
    browser.sees(".notice.good", "Sends 2 requests again.");
    browser.sees(".notice.either", "1 request left out.");
    browser.click("main form .button.primary");
    browser.sees("h1", "Requests were sent again");
    browser.sees(".figures", "2 sent again");

    browser.go(&format!("{base}{ROOT}/invalid-requests"));
    browser.click("tbody tr:nth-child(2) th.received a");
    browser.sees(".notice.good", "Sent again by Ada Osei");
    browser.click_text("Try it in the simulator");
    browser.sees("h1", "Simulator");
    browser.click_text("Simulate");
    browser.sees(".simulated", "It would be accepted");
    browser.sees(".check-table caption", "5 passed");
}
