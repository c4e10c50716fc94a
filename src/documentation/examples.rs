//! Puts the examples of calls into the document. A body and its answer have the same name.

use serde_json::{Value, json};

use crate::config::PublicUrl;
use crate::ingest::examples::{self, Example};
use crate::status::dictionary::json as dictionary;

/// Adds all of them.
pub fn add(document: &mut Value, public_url: &PublicUrl) {
    for example in examples::all(public_url) {
        for path in example.paths {
            let operation = &mut document["paths"][*path]["post"];
            if let Some(body) = &example.body {
                let media = &mut operation["requestBody"]["content"]["application/json"];
                insert(media, &example, body);
            }
            let media_type = match example.status {
                200 => "application/json",
                _ => "application/problem+json",
            };
            let answer = &mut operation["responses"][example.status.to_string()];
            insert(
                &mut answer["content"][media_type],
                &example,
                &example.answer,
            );
        }
    }
    let errors = &mut document["paths"]["/v1/errors"]["get"]["responses"]["200"];
    let media = &mut errors["content"]["application/json"];
    media["examples"]["one_error"] = json!({
        "summary": "One of the errors",
        "value": [dictionary::example(public_url)],
    });
}

fn insert(media: &mut Value, example: &Example, value: &Value) {
    media["examples"][example.name] = json!({"summary": example.summary, "value": value});
}
