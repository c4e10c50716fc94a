//! From each error to its end: a request is refused, its page opened, the one button pressed, and the
//! same body is accepted.

use serde_json::{Value, json};

use crate::chromium::Chromium;
use crate::support::company::{accepted, accepted_but, with};
use crate::support::people::PASSWORD;
use crate::support::{Sender, TestApp};

use api_status_page::domain::user::Role;

/// A button on a request's page, and what is typed into the form that it leads to.
type Step = (&'static str, &'static [(&'static str, &'static str)]);

struct Admin<'a> {
    app: &'a TestApp,
    browser: &'a Chromium,
    base: String,
}

impl<'a> Admin<'a> {
    fn sign_in(app: &'a TestApp, browser: &'a Chromium) -> Self {
        app.user(&app.store().larkspur, "admin@larkspur.example", Role::Admin);
        let base = format!("http://{}", app.address);
        browser.go(&format!("{base}/sign-in?next=/settings"));
        browser.fill("email", "admin@larkspur.example");
        browser.fill("password", PASSWORD);
        browser.click("main form button");
        browser.sees("h1", "Settings");
        Self { app, browser, base }
    }

    /// Lets a sender be refused and looks at why.
    #[track_caller]
    fn looks_at_refusal(&self, sender: &Sender, body: &Value) {
        let refused = sender.requests(body);
        assert_eq!(refused.status, 400, "{body}");
        let id = refused.request_id();
        self.browser.go(&format!("{}/r/{id}", self.base));
        self.browser.sees("h1", "Refused: 1 error");
    }

    #[track_caller]
    fn ends(&self, sender: &Sender, body: &Value, title: &str, steps: &[Step]) {
        self.looks_at_refusal(sender, body);
        self.browser.sees(".finding h3", title);
        let request = self.browser.path();
        for (button, typed) in steps {
            self.browser.click_text(button);
            self.browser.text("main form button");
            for (field, text) in *typed {
                self.browser.fill(field, text);
            }
            self.browser.click("main form .button.primary");
            self.browser.text("[role=status]");
            assert_eq!(self.browser.path(), request, "{button}");
        }
        self.browser.sees(
            ".request-layout .notice.good",
            "This request would pass now.",
        );
        let answer = sender.requests(body);
        assert_eq!(answer.status, 200, "{title}: {}", answer.text());
    }
}

/// Whatever an admin can end is ended by the buttons on the page.
pub fn each_error_is_ended_by_its_button(browser: &Chromium) {
    let app = TestApp::start();
    let admin = Admin::sign_in(&app, browser);
    let (production, trying_out) = (app.production(), app.trying_out());
    let employee = |email: &str| accepted_but("/employee", json!({"email": email}));
    let ends = |body: &Value, title, steps: &[Step]| admin.ends(&production, body, title, steps);

    let chen = employee("chen.wei@larkspur.example");
    let steps: [Step; 1] = [("Approve chen.wei@larkspur.example", &[])];
    ends(&chen, "Employee profile not complete", &steps);
    let ben = employee("ben.ruiz@larkspur.example");
    let steps: [Step; 1] = [("Reactivate ben.ruiz@larkspur.example", &[])];
    ends(&ben, "Deactivated employee", &steps);
    let zoe = employee("zoe.lund@larkspur.example");
    let steps: [Step; 1] = [("Add this employee", &[("name", "Zoe Lund")])];
    ends(&zoe, "Employee not found", &steps);
    let slip = employee("ada.osie@larkspur.example");
    let steps: [Step; 1] = [("Give them this e-mail", &[])];
    ends(&slip, "Employee not found", &steps);

    let sms = with(employee("zoe.lund@larkspur.example"), "/channel", "sms");
    let steps: [Step; 1] = [("Enable sms", &[])];
    admin.ends(&trying_out, &sms, "Channel not enabled for company", &steps);
    let steps: [Step; 1] = [("Switch sms to integrated", &[])];
    ends(&sms, "Channel is in manual mode", &steps);
    let voice = with(sms.clone(), "/channel", "voice");
    let steps: [Step; 1] = [("Add voice as a channel", &[])];
    ends(&voice, "Channel not enabled for company", &steps);
    let chatt = with(sms, "/channel", "chatt");
    let steps: [Step; 1] = [("Treat chatt as chat", &[])];
    ends(&chatt, "Channel not enabled for company", &steps);

    let brand = |label: &str| with(zoe.clone(), "/brand", label);
    let title = "Invalid/inactive brand signifier";
    let steps: [Step; 1] = [("Activate larkspur-outlet", &[])];
    ends(&brand("larkspur-outlet"), title, &steps);
    let steps: [Step; 1] = [("Add acme-de as a brand", &[])];
    ends(&brand("acme-de"), title, &steps);
    let steps: [Step; 1] = [("Treat Larkspur Kids as larkspur-kids", &[])];
    ends(&brand("Larkspur Kids"), title, &steps);

    let language = |tag: &str| with(zoe.clone(), "/language", tag);
    let title = "Language not available/active";
    let steps: [Step; 1] = [("Activate de", &[])];
    ends(&language("de"), title, &steps);
    let steps: [Step; 1] = [("Add es as a language", &[])];
    ends(&language("es"), title, &steps);
    let steps: [Step; 1] = [("Treat en-UK as en", &[])];
    ends(&language("en-UK"), title, &steps);
}

/// What the sender alone can end has no button: the page says what to change, and so changed it is
/// accepted.
pub fn what_the_sender_must_end_is_said_and_helps(browser: &Chromium) {
    let app = TestApp::start();
    let admin = Admin::sign_in(&app, browser);
    let production = app.production();
    for (field, wrong, says, right) in [
        ("/brand", Value::Null, "brand", json!("larkspur")),
        ("/language", Value::Null, "language", json!("en")),
        (
            "/customer/email",
            Value::Null,
            "e-mail",
            json!("jane@customer.example"),
        ),
        (
            "/customer/email",
            json!("jane@"),
            "e-mail",
            json!("jane@customer.example"),
        ),
        (
            "/customer/name",
            json!("www.spam.example"),
            "name",
            json!("Jane Doe"),
        ),
        ("/channel", Value::Null, "channel", json!("email")),
        ("/tags", json!({"a": 1}), "tags", json!(["a"])),
        (
            "/employee",
            json!({}),
            "employee",
            json!({"custom_id": "L-1001"}),
        ),
    ] {
        let body = accepted_but(field, wrong);
        admin.looks_at_refusal(&production, &body);
        let page = browser.text(".finding").to_lowercase();
        assert!(
            page.contains("what to do") && page.contains(says),
            "{field}: {page}"
        );
        assert!(browser.texts(".finding .button").is_empty(), "{field}");
        let corrected = with(body, field, right);
        assert_eq!(production.requests(&corrected).status, 200, "{field}");
    }
}

/// Neither a double click nor the way back does any harm.
pub fn twice_is_once(browser: &Chromium) {
    let app = TestApp::start();
    let admin = Admin::sign_in(&app, browser);
    let path = "/settings/company-info/brands/larkspur-kids/deactivation";
    browser.go(&format!("{}{path}", admin.base));
    browser.ask(
        "const button = document.querySelector('main form button'); button.click(); button.click();",
    );
    browser.sees("[role=status]", "larkspur-kids is not active any more");
    browser.back();
    browser.sees("h1", "Deactivate larkspur-kids?");
    browser.click("main form button");
    browser.sees("[role=status]", "larkspur-kids is not active any more");
    let made = "SELECT count(*) FROM audit_log WHERE action = 'brand.deactivated'";
    assert_eq!(admin.app.number(made), 1);

    browser.go(&format!("{}/settings/company-info/brands/new", admin.base));
    browser.fill("label", "north");
    browser.click("main form button");
    browser.sees("[role=status]", "The brand north is active");
    browser.back();
    browser.fill("label", "north");
    browser.click("main form button");
    browser.sees("[role=status]", "The brand north is active");
    let made = "SELECT count(*) FROM audit_log WHERE action = 'brand.created'";
    assert_eq!(admin.app.number(made), 1);
    assert_eq!(app.production().requests(&accepted()).status, 200);
}
