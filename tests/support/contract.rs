//! Every answer of the API in every test is held against what `/openapi.json` says of it.

use std::collections::HashMap;
use std::sync::LazyLock;

use api_status_page::documentation;
use jsonschema::Validator;
use serde_json::{Value, json};

use super::http::Answer;

/// The document of every program of the tests.
pub static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| documentation::document(&"https://status.example".parse().unwrap()));

static CONTRACT: LazyLock<Contract> = LazyLock::new(Contract::read);

/// An answer as it is documented.
struct Documented {
    content_type: String,
    headers: Vec<String>,
    body: Validator,
}

struct Contract {
    answers: HashMap<(String, u16), Documented>,
    /// What every address below `/v1` may answer that is no endpoint, or to a wrong method.
    plain_problem: Validator,
}

/// Checks the answer to a call of an address below `/v1`.
#[track_caller]
pub fn check(method: &str, path: &str, answer: &Answer) {
    let path = path.split('?').next().unwrap_or_default();
    let path = path.trim_end_matches('/');
    // What has no id was refused by the HTTP layer, before anything of the program saw it.
    if !path.starts_with("/v1/") || answer.header("x-request-id").is_none() {
        return;
    }
    let said = format!("{method} {path}: {}", answer.status);
    let status = answer.status;
    let Some(documented) = CONTRACT.answers.get(&(path.to_owned(), status)) else {
        assert!([404, 405].contains(&status), "{said} is not documented");
        return assert_valid(&CONTRACT.plain_problem, method, answer, &said);
    };
    let content_type = answer.header("content-type");
    assert_eq!(content_type, Some(&*documented.content_type), "{said}");
    for name in &documented.headers {
        assert!(answer.header(name).is_some(), "{said} lacks {name}");
    }
    assert_valid(&documented.body, method, answer, &said);
}

#[track_caller]
fn assert_valid(schema: &Validator, method: &str, answer: &Answer, said: &str) {
    if method == "HEAD" {
        return;
    }
    let body = answer.json();
    let errors = schema.iter_errors(&body).map(|error| {
        let place = error.instance_path().to_string();
        format!("{place}: {error}")
    });
    let errors: Vec<String> = errors.collect();
    assert!(errors.is_empty(), "{said}: {errors:#?} in {body:#}");
}

/// Checks that the answer to a `POST` is the example of this name, but for its id.
#[track_caller]
pub fn expect_example(path: &str, name: &str, answer: &Answer) {
    let said = format!("{path}: {name}: {}", answer.text());
    let status = answer.status.to_string();
    let content = &DOCUMENT["paths"][path]["post"]["responses"][&status]["content"];
    let example = &content[answer.header("content-type").unwrap()]["examples"][name]["value"];
    let id = answer.request_id().to_string();
    let example = match example["request_id"].as_str() {
        Some(of_example) => example.to_string().replace(of_example, &id),
        None => example.to_string(),
    };
    assert_eq!(
        serde_json::from_str::<Value>(&example).unwrap(),
        answer.json(),
        "{said}"
    );
}

impl Contract {
    fn read() -> Self {
        let document = &*DOCUMENT;
        let plain = json!({"$ref": "#/components/schemas/PlainProblem"});
        let mut contract = Self {
            answers: HashMap::new(),
            plain_problem: validator(document, &plain),
        };
        for (path, item) in document["paths"].as_object().unwrap() {
            for operation in item.as_object().unwrap().values() {
                for (status, answer) in operation["responses"].as_object().unwrap() {
                    let key = (path.clone(), status.parse().unwrap());
                    contract.answers.insert(key, documented(document, answer));
                }
            }
        }
        contract
    }
}

fn documented(document: &Value, answer: &Value) -> Documented {
    let (content_type, media) = answer["content"]
        .as_object()
        .unwrap()
        .iter()
        .next()
        .unwrap();
    let names = answer["headers"].as_object().unwrap().keys();
    Documented {
        content_type: content_type.clone(),
        // The one that is not always there.
        headers: names
            .filter(|name| *name != "x-request-warnings")
            .cloned()
            .collect(),
        body: validator(document, &media["schema"]),
    }
}

/// What a schema of the document says, and nothing besides: answers may get further fields, but then
/// the document has to name them.
pub fn validator(document: &Value, schema: &Value) -> Validator {
    let mut components = document["components"].clone();
    for schema in components["schemas"].as_object_mut().unwrap().values_mut() {
        if schema["type"] == "object" {
            schema["additionalProperties"] = false.into();
        }
    }
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "allOf": [schema],
        "components": components,
    });
    let options = jsonschema::draft202012::options().should_validate_formats(true);
    options.build(&schema).unwrap()
}
