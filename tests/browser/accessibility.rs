//! Every page, with data and without, light and dark, on a desk and on a phone, looked at by axe-core:
//! no rule of WCAG 2.2 AA that a program can check is broken anywhere.

use api_status_page::domain::dictionary::Reason;
use api_status_page::domain::user::Role;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::chromium::Chromium;
use crate::support::company::{accepted, accepted_but, with};
use crate::support::people::PASSWORD;
use crate::support::{Company, Person, TestApp, eventually, routes};

const LISTS: &str = "/settings/integrations/api-status";

/// All rules, of best practice too, and those that axe-core leaves out unless asked.
const ALL_RULES: &str = "{rules: {'target-size': {enabled: true}}}";

/// What another set of colours can break.
const COLOURS: &str = "{runOnly: ['color-contrast', 'link-in-text-block']}";

/// Where axe-core is; it is no part of the repository.
pub fn axe() -> Result<String, String> {
    let path = std::env::var("AXE_CORE")
        .map_err(|_| "AXE_CORE names no axe.min.js of axe-core".to_owned())?;
    std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))
}

/// A page that is looked at: its address, and whether one must be signed in to see it.
struct Sight {
    address: String,
    is_public: bool,
}

/// Every page of a company in which something of everything happened.
pub fn with_data(browser: &Chromium) {
    let app = TestApp::start();
    let ids = traffic(&app);
    let mut admin = person(
        &app,
        &app.store().larkspur,
        "admin@larkspur.example",
        Role::Admin,
    );
    let sights = sights(&app, &mut admin, &ids);
    look_at_all(browser, &app, &mut admin, "admin@larkspur.example", sights);
}

/// Every page without a parameter of a company to which nothing happened yet, and pages that say
/// that something is wrong.
pub fn empty(browser: &Chromium) {
    let app = TestApp::start();
    let mut admin = person(
        &app,
        &app.store().solo_tea,
        "admin@solotea.example",
        Role::Admin,
    );
    let guarded = routes::guarded().into_iter().chain(routes::settings());
    let mut addresses: Vec<String> = guarded.filter(|a| !a.contains('{')).collect();
    addresses.extend([
        format!("{LISTS}/invalid-requests?channel=nothing&nonsense=1"),
        format!("{LISTS}/invalid-requests/causes?range=1h"),
        format!("{LISTS}/search?q=nothing"),
        "/settings/nowhere".to_owned(),
    ]);
    let sights = addresses.into_iter().map(|address| Sight {
        address,
        is_public: false,
    });
    look_at_all(
        browser,
        &app,
        &mut admin,
        "admin@solotea.example",
        sights.collect(),
    );
}

/// The same pages as support sees them: without what changes something, and with words to send to
/// an admin instead.
pub fn as_support(browser: &Chromium) {
    let app = TestApp::start();
    let ids = traffic(&app);
    let larkspur = &app.store().larkspur;
    let mut admin = person(&app, larkspur, "admin@larkspur.example", Role::Admin);
    let sights = sights(&app, &mut admin, &ids);
    let guarded = sights.into_iter().filter(|sight| !sight.is_public);
    let email = "support@larkspur.example";
    let mut support = person(&app, larkspur, email, Role::Support);
    look_at_all(browser, &app, &mut support, email, guarded.collect());
}

/// Every form that was sent with something wrong in it: the field, and what is wrong.
pub fn refused(browser: &Chromium) {
    let app = TestApp::start();
    let email = "admin@larkspur.example";
    person(&app, &app.store().larkspur, email, Role::Admin);
    let base = format!("http://{}", app.address);
    inject_axe(browser);
    let mut broken = Vec::new();
    let mut refuse = |address: &str, field: &str, value: &str| {
        browser.go(&format!("{base}{address}"));
        browser.ask(&format!(
            "const field = document.querySelector(\"main [name={field}]\"); \
             field.value = '{value}'; field.form.noValidate = true; field.form.requestSubmit()"
        ));
        let status = "return performance.getEntriesByType('navigation')[0].responseStatus";
        eventually(&format!("{address} is refused"), || {
            (browser.ask(status) == 422).then_some(())
        });
        broken.extend(look_at(browser, address));
    };
    refuse("/sign-in", "email", "nobody@larkspur.example");
    sign_in(browser, &base, email);
    let long = "x".repeat(300);
    let views = format!("{LISTS}/views?address={LISTS}/invalid-requests");
    let company = "/settings/company-info";
    for (address, field, value) in [
        (company, "zone", "Nowhere"),
        (&format!("{company}/channels/new"), "label", ""),
        (&format!("{company}/brands/new"), "label", ""),
        (&format!("{company}/languages/new"), "label", "!"),
        (&format!("{company}/brands/aliases/new"), "label", ""),
        (&format!("{company}/brands/larkspur/name"), "name", &long),
        ("/settings/integrations", "alert_emails", "nonsense"),
        ("/settings/integrations/keys/new", "name", ""),
        ("/settings/employees/new", "email", "nonsense"),
        ("/settings/employees/imports/new", "file", ""),
        ("/settings/users/new", "email", "nonsense"),
        ("/settings/password", "current", "wrong"),
        (&views, "name", ""),
    ] {
        refuse(address, field, value);
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

fn person(app: &TestApp, company: &Company, email: &str, role: Role) -> Person {
    app.user(company, email, role);
    let mut person = Person::new(app);
    assert_eq!(person.sign_in(email, PASSWORD).status, 303);
    person
}

/// A request of every reason, and others; returns the ids of those whose pages differ: a valid one, one
/// with warnings, one that is no JSON, a recovery, and one whose customer's data is gone.
fn traffic(app: &TestApp) -> Vec<String> {
    let raw = |body: &str| {
        let call = app.production().post("/v1/requests");
        let call = call.header("content-type", "application/json");
        call.body(body).send()
    };
    for reason in Reason::ALL {
        raw(reason.bad_body());
    }
    let sloppy = with(
        accepted_but("/brand", "larkspur-outlet"),
        "/ext_interaction_id",
        " T-48211",
    );
    let recovery = json!({"employee": {"custom_id": "L-1002"}, "tags": ["a"]});
    let answers = [
        app.trying_out().requests(&accepted()),
        app.production().requests(&sloppy),
        raw(Reason::NotJson.bad_body()),
        app.production().recovers(&recovery),
        app.trying_out().requests(&accepted_but("/channel", "sms")),
    ];
    let ids = answers.map(|answer| answer.request_id().to_string());
    let expunged = &ids[4];
    app.execute(&format!(
        "DELETE FROM request_documents WHERE id = '{expunged}'"
    ));
    ids.into()
}

/// Every page there is, each parameter with something that is there.
fn sights(app: &TestApp, admin: &mut Person, ids: &[String]) -> Vec<Sight> {
    let user = app.invited(&app.store().larkspur, "sam@larkspur.example", Role::Support);
    let link = app.link_for(user, TimeDelta::hours(1));
    let file = "name,email,custom_id,status\nSam,sam@larkspur.example,L-9,active\n,,,nonsense\n";
    let import = admin.upload(
        "/settings/employees/imports/new",
        "some.csv",
        file.as_bytes(),
    );
    let import = import.location().to_owned();
    let alias = [("label", "larkspur-shop"), ("target", "larkspur")];
    let added = admin.fill_in("/settings/company-info/brands/aliases/new", &alias);
    assert_eq!(added.status, 303, "{}", added.text());
    let invalid = format!("{LISTS}/invalid-requests");
    for whose in ["own", "company"] {
        let view = [
            ("name", whose),
            ("address", invalid.as_str()),
            ("whose", whose),
        ];
        assert_eq!(admin.post(&format!("{LISTS}/views"), &view).status, 303);
    }
    let list = admin.get(&invalid).hidden("list").unwrap();
    let all = [("all", "yes"), ("list", list.as_str())];
    let run = admin.post(&format!("{LISTS}/rechecks"), &all);
    let run = run.location().to_owned();
    let employee = app.number("SELECT min(id) FROM employees");
    let key = app.store().larkspur.production_key.id;
    let of_pattern = |pattern: &str| -> Vec<String> {
        let one = |address: String| vec![address];
        match pattern {
            "/errors/{code}" => ["invalid_brand", "malformed_request", "invalid_customer"]
                .map(|code| format!("/errors/{code}"))
                .into(),
            "/password/{token}" => vec![link.clone(), "/password/gone".to_owned()],
            "/r/{id}" => Vec::new(), // It leads on to the request.
            "/settings/integrations/api-status/requests/{id}" => ids
                .iter()
                .map(|id| format!("{LISTS}/requests/{id}"))
                .collect(),
            "/settings/company-info/{kind}/new" => ["channels", "brands", "languages"]
                .map(|kind| format!("/settings/company-info/{kind}/new"))
                .into(),
            "/settings/company-info/{kind}/aliases/new" => ["channels", "brands", "languages"]
                .map(|kind| format!("/settings/company-info/{kind}/aliases/new?label=other"))
                .into(),
            "/settings/company-info/{kind}/aliases/{label}/removal" => {
                one("/settings/company-info/brands/aliases/larkspur-shop/removal".to_owned())
            }
            "/settings/company-info/{kind}/{label}/name" => {
                one("/settings/company-info/brands/larkspur/name".to_owned())
            }
            "/settings/company-info/{kind}/{label}/{verb:activation|deactivation}" => vec![
                "/settings/company-info/brands/larkspur-outlet/activation".to_owned(),
                "/settings/company-info/channels/email/deactivation".to_owned(),
            ],
            "/settings/integrations/{kind:channels}/{label}/{verb:integration|manual-mode}" => {
                one("/settings/integrations/channels/phone/integration".to_owned())
            }
            "/settings/integrations/keys/{id}/revocation" => {
                one(format!("/settings/integrations/keys/{key}/revocation"))
            }
            "/settings/employees/imports/{id}" => one(import.clone()),
            "/settings/employees/{id}" => one(format!("/settings/employees/{employee}")),
            "/settings/employees/{id}/{verb}" => {
                one(format!("/settings/employees/{employee}/deactivation"))
            }
            "/settings/users/{id}" => one(format!("/settings/users/{user}")),
            "/settings/users/{id}/{verb:disabling|enabling}" => {
                one(format!("/settings/users/{user}/disabling"))
            }
            "/settings/integrations/api-status/runs/{id}" => one(run.clone()),
            // These take POST alone.
            "/settings/integrations/api-status/causes/{verb}"
            | "/settings/integrations/api-status/views/{id}/name"
            | "/settings/integrations/api-status/views/{id}/deletion"
            | "/settings/integrations/api-status/runs/{id}/cancellation"
            | "/settings/users/{id}/link"
            | "/settings/users/{id}/sign-out" => Vec::new(),
            whole if !whole.contains('{') => one(whole.to_owned()),
            unknown => panic!("say here where {unknown} is to be seen"),
        }
    };
    let sights = |patterns: Vec<String>, is_public| {
        let addresses = patterns
            .into_iter()
            .flat_map(|pattern| of_pattern(&pattern));
        let sight = |address| Sight { address, is_public };
        addresses.map(sight).collect::<Vec<_>>()
    };
    let mut all = sights(routes::public(), true);
    all.extend(sights(routes::guarded(), false));
    all.extend(sights(routes::settings(), false));
    let more = [
        format!("{LISTS}/invalid-requests?error=invalid_brand&-channel=sms&employee=L-1001"),
        format!("{LISTS}/search?q=T-48211"),
        "/errors".to_owned(),
        "/errors/invalid_brand".to_owned(),
    ];
    all.extend(more.map(|address| Sight {
        address,
        is_public: false,
    }));
    all
}

fn look_at_all(
    browser: &Chromium,
    app: &TestApp,
    admin: &mut Person,
    email: &str,
    sights: Vec<Sight>,
) {
    inject_axe(browser);
    let base = format!("http://{}", app.address);
    let (public, guarded): (Vec<Sight>, Vec<Sight>) = sights.into_iter().partition(|s| s.is_public);
    let mut broken = Vec::new();
    let mut seen = 0;
    let mut look = |sights: Vec<Sight>, admin: &mut Person| {
        for Sight { address, .. } in sights {
            // Files, and addresses that lead on or take POST alone, are no pages.
            let answer = admin.get(&address);
            let is_page = answer.header("content-type") == Some("text/html; charset=utf-8");
            if !is_page || [303, 405].contains(&answer.status) {
                continue;
            }
            browser.go(&format!("{base}{address}"));
            broken.extend(look_at(browser, &address));
            seen += 1;
        }
    };
    look(public, &mut Person::new(app));
    sign_in(browser, &base, email);
    look(guarded, admin);
    assert!(seen >= 20, "only {seen} pages were seen");
    assert!(
        broken.is_empty(),
        "{seen} pages seen:\n{}",
        broken.join("\n")
    );
}

/// Lets axe-core be on every page from now on.
pub fn inject_axe(browser: &Chromium) {
    browser.command(
        "Page.addScriptToEvaluateOnNewDocument",
        json!({"source": axe().unwrap()}),
    );
}

fn sign_in(browser: &Chromium, base: &str, email: &str) {
    browser.go(&format!("{base}/sign-in"));
    browser.fill("email", email);
    browser.fill("password", PASSWORD);
    browser.click("main form button");
    browser.sees("h1", "API Status Page");
}

/// What is broken on the page shown, by every width and every set of colours.
pub fn look_at(browser: &Chromium, address: &str) -> Vec<String> {
    let mut broken = Vec::new();
    for (width, folded_out) in [(1280, "details:not([data-panel])"), (390, "details")] {
        browser.command(
            "Emulation.setDeviceMetricsOverride",
            json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false}),
        );
        let fold_out =
            format!("for (const d of document.querySelectorAll('{folded_out}')) d.open = true");
        browser.ask(&fold_out);
        for (scheme, rules) in [("light", ALL_RULES), ("dark", COLOURS)] {
            // Without motion: halfway from one colour to the other nothing can be said of either.
            let features = [
                json!({"name": "prefers-color-scheme", "value": scheme}),
                json!({"name": "prefers-reduced-motion", "value": "reduce"}),
            ];
            let media = json!({"features": features});
            browser.command("Emulation.setEmulatedMedia", media);
            let found = browser.await_answer(&format!(
                "const done = arguments[arguments.length - 1]; \
                 const said = (v) => v.nodes.map((n) => `${{v.id}} at ${{n.target.join(' ')}}`); \
                 axe.run(document, {rules}) \
                    .then((r) => done(r.violations.flatMap(said)), (e) => done([String(e)]));"
            ));
            let found = found.as_array().cloned().unwrap_or_default();
            let words = found.iter().filter_map(Value::as_str);
            broken.extend(words.map(|w| format!("{address} ({width}, {scheme}): {w}")));
        }
    }
    broken
}
