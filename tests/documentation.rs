//! The API is documented: as an OpenAPI document, and as a page drawn from it. That every answer is
//! as the document says is checked with every call of every test, see `support::contract`.

use api_status_page::domain::dictionary::ErrorCode;
use api_status_page::domain::warning;
use serde_json::{Value, json};

use crate::support::TestApp;
use crate::support::page::Page;

/// The table of addresses itself, so that no endpoint can be forgotten.
const ROUTES: &str = include_str!("../src/routes.rs");

fn document(app: &TestApp) -> Value {
    let answer = app.visitor().get("/openapi.json");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    answer.json()
}

#[test]
fn the_document_is_openapi_3_1_and_has_every_endpoint() {
    let app = TestApp::start();
    let document = document(&app);
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["servers"][0]["url"], "https://status.example");
    let paths = document["paths"].as_object().unwrap();
    let (_, machines) = ROUTES.split_once("fn machines").unwrap();
    let (machines, _) = machines.split_once("\n}\n").unwrap();
    let endpoints = machines
        .split('"')
        .filter(|text| text.starts_with("/v1/") && !text.ends_with('/'));
    let endpoints: Vec<&str> = endpoints.collect();
    assert!(endpoints.contains(&"/v1/recoveries"), "{endpoints:?}");
    for endpoint in &endpoints {
        assert!(paths.contains_key(*endpoint), "{endpoint}");
    }
    assert_eq!(paths.len(), endpoints.len());
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
}

#[test]
fn every_endpoint_that_takes_requests_names_both_forms_of_the_key() {
    let app = TestApp::start();
    let document = document(&app);
    let schemes = document.pointer("/components/securitySchemes").unwrap();
    assert_eq!(schemes["api_key"]["name"], "x-api-key");
    assert_eq!(schemes["basic"]["scheme"], "basic");
    for path in ["/v1/requests", "/v1/auth", "/v1/recoveries"] {
        let security = &document["paths"][path]["post"]["security"];
        for form in ["api_key", "basic"] {
            let is_there = security.as_array().unwrap().contains(&json!({form: []}));
            assert!(is_there, "{path}: {security}");
        }
    }
}

#[test]
fn the_page_shows_every_endpoint_field_status_error_and_warning() {
    let app = TestApp::start();
    let document = document(&app);
    let answer = app.visitor().get("/docs");
    assert_eq!(answer.status, 200);
    let words = Page(answer.text().to_owned()).words();
    for (path, item) in document["paths"].as_object().unwrap() {
        assert!(words.contains(path.as_str()), "{path}");
        for operation in item.as_object().unwrap().values() {
            for status in operation["responses"].as_object().unwrap().keys() {
                assert!(answer.text().contains(&format!("<code>{status}</code>")));
            }
        }
    }
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas {
        for field in schema["properties"].as_object().unwrap().keys() {
            assert!(words.contains(field.as_str()), "{name}: {field}");
        }
    }
    for code in ErrorCode::ALL {
        let link = format!("href=\"/errors/{}\"", code.as_str());
        assert!(answer.text().contains(&link), "{code:?}");
    }
    for (code, sentence) in warning::KINDS {
        assert!(words.contains(code) && words.contains(sentence), "{code}");
    }
    for sentence in [
        "may nevertheless have been stored",
        "256 KiB",
        "Retry-After",
    ] {
        assert!(words.contains(sentence), "{sentence}");
    }
    assert!(words.contains("curl -i https://status.example/v1/requests"));
    assert!(words.contains("-u 'any:YOUR KEY'"));
}

#[test]
fn the_documentation_is_linked_from_integrations_and_from_every_page() {
    let app = TestApp::start();
    let mut admin = app.admin();
    for path in [
        "/settings/integrations",
        "/errors/invalid_brand",
        "/settings",
    ] {
        let page = Page(admin.get(path).text().to_owned());
        assert_eq!(
            page.link("API documentation").as_deref(),
            Some("/docs"),
            "{path}"
        );
    }
}
