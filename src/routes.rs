//! The whole URL table, grouped by who calls.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use crate::error::{PageError, Problem};
use crate::{context, ingest, probes, telemetry};

/// Every route of the program.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .configure(machines)
        .configure(probes)
        .default_service(web::to(nowhere));
}

/// Senders and their programs.
fn machines(config: &mut web::ServiceConfig) {
    let post = |paths: [&str; 2], route: actix_web::Route| {
        web::resource(paths)
            .route(route)
            .default_service(web::to(wrong_method))
    };
    config
        .service(post(
            ["/v1/requests", "/v1/requests/"],
            web::post().to(ingest::requests),
        ))
        .service(post(
            ["/v1/recoveries", "/v1/recoveries/"],
            web::post().to(ingest::recoveries),
        ))
        .service(post(
            ["/v1/auth", "/v1/auth/"],
            web::post().to(ingest::requests),
        ))
        .service(web::scope("/v1").default_service(web::to(no_endpoint)));
}

/// Those who watch over the process.
fn probes(config: &mut web::ServiceConfig) {
    config
        .route("/healthz", web::get().to(probes::healthz))
        .route("/readyz", web::get().to(probes::readyz))
        .route("/metrics", web::get().to(telemetry::show_metrics));
}

async fn nowhere() -> Result<HttpResponse, PageError> {
    Err(PageError::NotFound)
}

async fn wrong_method(request: HttpRequest) -> HttpResponse {
    let id = context::request_id(&request);
    let detail = "This endpoint takes POST.";
    let mut response = Problem::plain(StatusCode::METHOD_NOT_ALLOWED, detail, id).into_response();
    let allowed = actix_web::http::header::HeaderValue::from_static("POST");
    response
        .headers_mut()
        .insert(actix_web::http::header::ALLOW, allowed);
    response
}

async fn no_endpoint(request: HttpRequest) -> HttpResponse {
    let id = context::request_id(&request);
    let detail =
        "There is no such endpoint. Requests go to /v1/requests, /v1/recoveries or /v1/auth.";
    Problem::plain(StatusCode::NOT_FOUND, detail, id).into_response()
}
