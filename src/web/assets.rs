//! The files in `static/`, built into the program. Their addresses carry their hash, so browsers
//! keep them for good and take a new one as soon as there is one.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use actix_web::http::header::{self, EntityTag, IfNoneMatch};
use actix_web::{HttpResponse, web};
use rust_embed::RustEmbed;
use serde::Deserialize;

use crate::error::PageError;

#[derive(RustEmbed)]
#[folder = "static/"]
struct Static;

/// The beginning of each file's SHA-256, by name.
static VERSIONS: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let version = |name: &str| {
        let file = Static::get(name).expect("it was just listed");
        let hash = file.metadata.sha256_hash();
        hash[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    };
    Static::iter()
        .map(|name| (name.to_string(), version(&name)))
        .collect()
});

/// The address of a file, such as `/static/app.css?v=0f6ee1d0a3b2c455`.
pub fn url(name: &str) -> String {
    let version = VERSIONS.get(name).map_or("", String::as_str);
    format!("/static/{name}?v={version}")
}

/// Which version of a file is wanted.
#[derive(Debug, Deserialize)]
pub struct Version {
    v: Option<String>,
}

/// `GET /static/{name}`.
pub async fn show(
    name: web::Path<String>,
    wanted: web::Query<Version>,
    known: web::Header<IfNoneMatch>,
) -> Result<HttpResponse, PageError> {
    answer(&name, wanted.v.as_deref(), &known)
}

/// `GET /favicon.ico`, which browsers ask for by themselves.
pub async fn favicon(known: web::Header<IfNoneMatch>) -> Result<HttpResponse, PageError> {
    answer("icon.svg", None, &known)
}

/// `GET /robots.txt`: nothing here is for search engines.
pub async fn robots() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body("User-agent: *\nDisallow: /\n")
}

fn answer(
    name: &str,
    wanted: Option<&str>,
    known: &IfNoneMatch,
) -> Result<HttpResponse, PageError> {
    let version = VERSIONS.get(name).ok_or(PageError::NotFound)?;
    let file = Static::get(name).ok_or(PageError::NotFound)?;
    let tag = EntityTag::new_weak(version.clone());
    let is_known = match known {
        IfNoneMatch::Any => true,
        IfNoneMatch::Items(tags) => tags.iter().any(|known| known.weak_eq(&tag)),
    };
    let mut response = match is_known {
        true => HttpResponse::NotModified(),
        false => HttpResponse::Ok(),
    };
    let keep = match wanted == Some(version) {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    response
        .insert_header((header::ETAG, tag.to_string()))
        .insert_header((header::CACHE_CONTROL, keep));
    if is_known {
        return Ok(response.finish());
    }
    Ok(response
        .content_type(file.metadata.mimetype())
        .body(file.data.into_owned()))
}
