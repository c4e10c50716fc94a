//! The API is documented: as an OpenAPI document, and as a page drawn from it. That every answer is
//! as the document says is checked with every call of every test, see `support::contract`.

use api_status_page::domain::api_key::ApiKey;
use api_status_page::domain::dictionary::ErrorCode;
use api_status_page::domain::request::Environment;
use api_status_page::domain::warning;
use serde_json::{Value, json};

use crate::support::contract::{expect_example, validator};
use crate::support::page::Page;
use crate::support::{Answer, TestApp, eventually};

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
        for field in schema["properties"]
            .as_object()
            .into_iter()
            .flat_map(|all| all.keys())
        {
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
fn every_body_of_the_document_gets_the_answer_of_its_name() {
    let app = TestApp::start();
    let document = document(&app);
    for path in ["/v1/requests", "/v1/auth", "/v1/recoveries"] {
        let body = &document["paths"][path]["post"]["requestBody"];
        let bodies = body["content"]["application/json"]["examples"].as_object();
        for (name, example) in bodies.unwrap() {
            let call = app.production().post(path).json(&example["value"]);
            let answer = call.send();
            expect_example(path, name, &answer);
            let warnings = (name == "put_right").then_some("3");
            assert_eq!(answer.header("x-request-warnings"), warnings, "{name}");
        }
    }
}

#[test]
fn every_call_without_a_body_in_the_document_gets_the_answer_of_its_name() {
    let app = TestApp::start();
    let revoked = &app.larkspur.test_key;
    let revoke = format!(
        "UPDATE api_keys SET revoked_at = now() WHERE id = {}",
        revoked.id
    );
    app.larkspur.change(&mut app.connection(), &revoke);
    let unknown = ApiKey::generate(Environment::Test, &mut rand::rng());
    let with_key = |path: &str, key: &str| -> Answer {
        app.visitor()
            .call("POST", path)
            .header("x-api-key", key)
            .send()
    };
    let not_json =
        "{\n  \"employee\": {\n    \"custom_id\": \"L-1001\"\n  }\n  \"channel\": \"email\"\n}";
    for path in ["/v1/requests", "/v1/auth", "/v1/recoveries"] {
        let answer = app.visitor().call("POST", path).send();
        expect_example(path, "no_key", &answer);
        let call = app.visitor().call("POST", path);
        let answer = call.header("authorization", "Bearer abc").send();
        expect_example(path, "unreadable_key", &answer);
        expect_example(path, "mistyped_key", &with_key(path, "acs_test_mistyped"));
        expect_example(path, "unknown_key", &with_key(path, unknown.expose()));
        eventually("the revocation is followed", || {
            let answer = with_key(path, &revoked.text);
            (answer.status == 403).then(|| expect_example(path, "revoked_key", &answer))
        });
        let post = || app.production().post(path);
        let json = post().header("content-type", "application/json");
        expect_example(path, "not_json", &json.clone().body(not_json).send());
        let large = json.body(" ".repeat(256 * 1024 + 1)).send();
        expect_example(path, "too_large", &large);
        let text = post().header("content-type", "text/plain");
        expect_example(path, "plain_text", &text.body("channel: email").send());
    }
    for path in ["/v1/requests", "/v1/auth"] {
        let body = "jane@customer.example";
        let body = crate::support::company::accepted_but("/customer", body);
        expect_example(
            path,
            "wrong_type",
            &app.production().post(path).json(&body).send(),
        );
    }
    let errors = app.visitor().get("/v1/errors").json();
    let content = &document(&app)["paths"]["/v1/errors"]["get"]["responses"]["200"]["content"];
    let example = &content["application/json"]["examples"]["one_error"]["value"][0];
    assert!(errors.as_array().unwrap().contains(example));
}

#[test]
fn every_body_and_every_answer_has_examples_and_all_are_valid_by_their_schema() {
    let app = TestApp::start();
    let document = document(&app);
    let mut media = Vec::new();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let answers = operation["responses"].as_object().unwrap().values();
            for body in answers.chain(operation.get("requestBody")) {
                media.extend(body["content"].as_object().unwrap().values());
            }
        }
    }
    assert!(media.len() > 20);
    for media in media {
        let schema = validator(&document, &media["schema"]);
        let examples = media["examples"].as_object();
        let examples = examples.unwrap_or_else(|| panic!("{media} has no example"));
        for (name, example) in examples {
            let validated = schema.validate(&example["value"]);
            assert!(validated.is_ok(), "{name}: {validated:?}");
        }
    }
}

#[test]
fn limits_are_told_by_the_schemas_and_in_words() {
    let app = TestApp::start();
    let document = document(&app);
    let schemas = &document["components"]["schemas"];
    let request = &schemas["FeedbackRequest"]["properties"];
    assert_eq!(request["tags"]["maxItems"], 20);
    assert_eq!(request["tags"]["items"]["maxLength"], 2_000);
    assert_eq!(schemas["Customer"]["properties"]["name"]["maxLength"], 255);
    let page = Page(app.visitor().get("/docs").text().to_owned()).words();
    let description = document["info"]["description"].as_str().unwrap();
    for words in [
        "262,144 bytes",
        "first 64 KiB",
        "30 seconds",
        "254 bytes",
        "53 at most",
    ] {
        assert!(page.contains(words), "{words}");
        assert!(description.contains(words), "{words}");
    }
    assert!(page.contains("list of texts, at most 20; each at most 2,000 characters"));
    assert!(page.contains("text or null, at most 255 characters"));
}

#[test]
fn words_of_answers_are_enumerations() {
    let app = TestApp::start();
    let document = document(&app);
    let schemas = &document["components"]["schemas"];
    let codes = ErrorCode::ALL.map(ErrorCode::as_str);
    assert_eq!(schemas["ErrorCode"]["enum"], json!(codes));
    assert_eq!(
        schemas["WarningCode"]["enum"],
        json!(warning::KINDS.map(|(code, _)| code))
    );
    assert_eq!(
        schemas["EndedBy"]["enum"],
        json!(["admin", "sender", "either"])
    );
    let item = &schemas["ErrorItem"]["properties"];
    assert_eq!(item["code"]["$ref"], "#/components/schemas/ErrorCode");
    let variants = json!({"$ref": "#/components/schemas/Variant"});
    let variant = item["variant"]["oneOf"].as_array().unwrap();
    assert!(
        variant.iter().any(|one| one["$ref"] == variants["$ref"]),
        "{variant:?}"
    );
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
