//! The documentation of the Requests API: what the endpoints say of themselves, gathered into one
//! OpenAPI document, and a page of our own drawn from that document. A vendored viewer would bring
//! megabytes of script, and styles that our content security policy refuses; the page needs neither,
//! prints well, and can be read with any screen reader.

mod examples;
mod guide;
mod limits;
mod outline;
pub mod page;

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde_json::Value;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{OpenApi as Document, Server};
use utoipa::{Modify, OpenApi};

use crate::config::PublicUrl;
use crate::domain::dictionary::{EndedBy, ErrorCode};
use crate::domain::warning::Warning;
use crate::domain::words::{Variant, WarningCode};
use crate::ingest::{self, contract};
use crate::judge::ErrorItem;
use crate::status::dictionary::json as dictionary;

/// What is gathered.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Requests API",
        description = "Helpdesks and programs ask customers for feedback. Every request is validated against the settings of its company, stored, and answered with every problem found. The page /docs says the same in more words, /errors explains every error.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    paths(ingest::requests, ingest::auth, ingest::recoveries, dictionary::show),
    components(schemas(
        contract::FeedbackRequest,
        contract::Customer,
        contract::Employee,
        contract::RecoveryRequest,
        contract::RecoveryAccepted,
        contract::RequestProblem,
        ErrorItem,
        contract::PlainProblem,
        ErrorCode,
        Variant,
        EndedBy,
        Warning,
        WarningCode,
        dictionary::DictionaryEntry,
        dictionary::DictionaryVariant
    )),
    tags(
        (name = "Requests", description = "What senders call."),
        (name = "Errors", description = "What can be wrong.")
    ),
    modifiers(&Keys)
)]
struct Api;

/// The two forms in which a key is sent.
struct Keys;

impl Modify for Keys {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        let header = ApiKeyValue::with_description(
            "x-api-key",
            "A key of the company, `acs_test_…` or `acs_live_…`. It decides between the test and the production environment.",
        );
        components.add_security_scheme("api_key", SecurityScheme::ApiKey(ApiKey::Header(header)));
        let basic = HttpBuilder::new()
            .scheme(HttpAuthScheme::Basic)
            .description(Some("Any user name, the key as the password."));
        components.add_security_scheme("basic", SecurityScheme::Http(basic.build()));
    }
}

/// The OpenAPI 3.1 document of an installation.
pub fn document(public_url: &PublicUrl) -> Value {
    let mut document = Api::openapi();
    document.servers = Some(vec![Server::new(public_url.join(""))]);
    let document = serde_json::to_value(document);
    let mut document = document.expect("a document of texts always becomes JSON");
    limits::add(&mut document);
    examples::add(&mut document, public_url);
    document
}

/// `GET /openapi.json`
pub async fn openapi(public_url: web::Data<PublicUrl>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .json(document(&public_url))
}
