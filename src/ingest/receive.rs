//! Reads the body of a call: whole up to the limit, its beginning beyond it, and never without an
//! end. What cannot be read is a finding like any other, so that it is recorded and answered.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::dev::Decompress;
use actix_web::http::header::{self, ContentEncoding};
use actix_web::web;
use futures_util::StreamExt;

use crate::domain::body::MAX_BYTES;
use crate::domain::dictionary::Reason;
use crate::domain::validate::Finding;

/// Of a body over the limit so much is kept, in bytes.
const KEPT_OF_TOO_LARGE: usize = 64 * 1024;

/// A sender is let finish a body over the limit, so that it reads our answer instead of an error of
/// its own; up to here, in bytes.
const READ_OF_TOO_LARGE: usize = 8 * 1024 * 1024;

/// A body takes so long at most.
const TIME_TO_ARRIVE: Duration = Duration::from_secs(30);

/// A body as it arrived.
#[derive(Debug)]
pub struct Received {
    /// Its bytes, unpacked.
    pub bytes: Vec<u8>,
    /// Whether only its beginning was kept.
    pub cut: bool,
    /// Why it cannot be read at all.
    pub problem: Option<Finding>,
    /// The content type as sent.
    pub content_type: Option<String>,
    /// Whether the content type says JSON.
    pub is_declared_json: bool,
    /// Whether it was packed in a way that nobody here can unpack.
    pub unknown_encoding: bool,
}

/// Reads the body.
pub async fn receive(http: &HttpRequest, payload: web::Payload) -> Received {
    let content_type = header_text(http, header::CONTENT_TYPE);
    let mut received = Received {
        bytes: Vec::new(),
        cut: false,
        problem: None,
        is_declared_json: content_type.as_deref().is_some_and(says_json),
        content_type,
        unknown_encoding: false,
    };
    let encoding = header_text(http, header::CONTENT_ENCODING);
    let encoding = match encoding.as_deref().map(str::trim) {
        None | Some("") => ContentEncoding::Identity,
        Some(name) => match name.parse() {
            Ok(
                known @ (ContentEncoding::Identity
                | ContentEncoding::Brotli
                | ContentEncoding::Deflate
                | ContentEncoding::Gzip),
            ) => known,
            _ => {
                received.unknown_encoding = true;
                received.fail("The content encoding is unknown. Send the body as it is, or packed with gzip, deflate or br.");
                ContentEncoding::Identity
            }
        },
    };
    let reading = received.read(Decompress::new(payload.into_inner(), encoding));
    if tokio::time::timeout(TIME_TO_ARRIVE, reading).await.is_err() {
        received.fail("The body did not arrive whole within 30 seconds.");
    }
    received
}

impl Received {
    async fn read(&mut self, mut body: Decompress<actix_web::dev::Payload>) {
        let mut read = 0;
        while let Some(chunk) = body.next().await {
            let chunk = match chunk {
                Ok(chunk) => chunk,
                Err(error) => {
                    return self.fail(&format!("The body did not arrive whole: {error}."));
                }
            };
            read += chunk.len();
            if !self.cut {
                self.bytes.extend_from_slice(&chunk);
            }
            if read > MAX_BYTES && !self.cut {
                self.bytes.truncate(KEPT_OF_TOO_LARGE);
                self.bytes.shrink_to_fit();
                self.cut = true;
                self.problem = Some(Finding::new(Reason::TooLarge, "", None));
            }
            if read > READ_OF_TOO_LARGE {
                return;
            }
        }
    }

    fn fail(&mut self, detail: &str) {
        if self.problem.is_none() {
            self.problem = Some(Finding::new(Reason::NotJson, "", None).with_detail(detail));
        }
    }
}

fn says_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
        || essence.eq_ignore_ascii_case("text/json")
        || essence.to_ascii_lowercase().ends_with("+json")
}

/// The text of a header, whatever bytes it has; the first 255 characters.
pub fn header_text(http: &HttpRequest, name: header::HeaderName) -> Option<String> {
    let value = http.headers().get(name)?;
    let text = String::from_utf8_lossy(value.as_bytes());
    Some(text.chars().take(255).collect())
}
