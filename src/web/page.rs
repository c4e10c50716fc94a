//! From a page struct to an answer.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use anyhow::Context;
use askama::Template;

use crate::error::PageError;

/// The page, with status 200.
pub fn show(page: &impl Template) -> Result<HttpResponse, PageError> {
    show_with(StatusCode::OK, page)
}

/// The page with another status, such as 422 for a form that has to be shown again.
pub fn show_with(status: StatusCode, page: &impl Template) -> Result<HttpResponse, PageError> {
    let html = page.render().context("a page could not be rendered")?;
    Ok(HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .body(html))
}
