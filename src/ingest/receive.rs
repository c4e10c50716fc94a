//! Reads the body of a call: whole up to the limit, its beginning beyond it, and never without an
//! end. What cannot be read is a finding like any other, so that it is recorded and answered.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header;
use actix_web::web;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use futures_util::StreamExt;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::domain::body::MAX_BYTES;
use crate::domain::dictionary::Reason;
use crate::domain::request::KEPT_CHARS;
use crate::domain::validate::Finding;
use crate::judge::Received;

/// Of a body over the limit so much is kept, in bytes.
pub const KEPT_OF_TOO_LARGE: usize = 64 * 1024;

/// A sender is let finish a body over the limit, so that it reads our answer instead of an error of
/// its own; up to here, in bytes.
const READ_OF_TOO_LARGE: usize = 8 * 1024 * 1024;

/// A body takes so long at most.
pub const TIME_TO_ARRIVE: Duration = Duration::from_secs(30);

/// Bodies that are still arriving hold so much together, in KiB; the recorder bounds those that have.
const ROOM_KIB: usize = 64 * 1024;

/// Room for bodies that are still arriving, so that slow senders cannot take all memory. Cheap to
/// clone.
#[derive(Clone)]
pub struct Arriving(Arc<Semaphore>);

/// There is no room for more of a body.
struct NoRoom;

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    Gzip,
    Deflate,
}

impl Default for Arriving {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(ROOM_KIB)))
    }
}

impl Arriving {
    /// Reads the body of a call; `None` where there is no room for it.
    pub(super) async fn receive(
        &self,
        http: &HttpRequest,
        payload: web::Payload,
    ) -> Option<Received> {
        receive(&self.0, http, payload).await.ok()
    }
}

async fn receive(
    room: &Semaphore,
    http: &HttpRequest,
    payload: web::Payload,
) -> Result<Received, NoRoom> {
    let content_type = header_text(http, header::CONTENT_TYPE);
    let mut received = Received::whole(Vec::new(), content_type);
    let packing = match header_text(http, header::CONTENT_ENCODING)
        .map(|name| name.trim().to_ascii_lowercase())
        .as_deref()
    {
        None | Some("" | "identity") => None,
        Some("gzip") => Some(Packing::Gzip),
        Some("deflate") => Some(Packing::Deflate),
        Some(_) => {
            received.unknown_encoding = true;
            received.fail("The content encoding is unknown. Send the body as it is, or packed with gzip or deflate.");
            None
        }
    };
    let reading = received.read(payload, room);
    match tokio::time::timeout(TIME_TO_ARRIVE, reading).await {
        Ok(read) => read?,
        Err(_) => received.fail(&format!(
            "The body did not arrive whole within {} seconds.",
            TIME_TO_ARRIVE.as_secs()
        )),
    }
    if let Some(packing) = packing
        && received.problem.is_none()
    {
        received.unpack(packing);
    }
    received.cut_to_limit();
    Ok(received)
}

impl Received {
    /// Reads the bytes on the wire, and of too many one more than the limit.
    async fn read(&mut self, mut payload: web::Payload, room: &Semaphore) -> Result<(), NoRoom> {
        let mut read = 0;
        let mut held: Option<SemaphorePermit<'_>> = None;
        while let Some(chunk) = payload.next().await {
            let chunk = match chunk {
                Ok(chunk) => chunk,
                Err(error) => {
                    self.fail(&format!("The body did not arrive whole: {error}."));
                    break;
                }
            };
            let kept = &chunk[..chunk.len().min(MAX_BYTES + 1 - self.bytes.len())];
            // Of all that is kept, for a body may come in pieces of a byte.
            let needed = (self.bytes.len() + kept.len()).div_ceil(1024);
            let has = held.as_ref().map_or(0, SemaphorePermit::num_permits);
            let more = room
                .try_acquire_many((needed - has) as u32)
                .map_err(|_| NoRoom)?;
            match &mut held {
                Some(held) => held.merge(more),
                None => held = Some(more),
            }
            self.bytes.extend_from_slice(kept);
            read += chunk.len();
            if read > READ_OF_TOO_LARGE {
                break;
            }
        }
        Ok(())
    }

    /// Unpacks the body, and of one that is too large only so much that this shows: 600 bytes can
    /// hold gigabytes. What cannot be unpacked stays as it came.
    fn unpack(&mut self, packing: Packing) {
        let packed = &self.bytes[..];
        let is_whole = packed.len() <= MAX_BYTES;
        let unpacked = match packing {
            Packing::Gzip => unpack(MultiGzDecoder::new(packed)),
            // By the standard it is zlib's; some senders leave zlib's frame away.
            Packing::Deflate => match unpack(ZlibDecoder::new(packed)) {
                (begun, Err(_)) if begun.is_empty() => unpack(DeflateDecoder::new(packed)),
                unpacked => unpacked,
            },
        };
        match unpacked {
            (bytes, Ok(())) if is_whole => self.bytes = bytes,
            (_, Err(error)) if is_whole => {
                self.fail(&format!("The body could not be unpacked: {error}."));
            }
            (bytes, _) => {
                // Only its beginning was kept, so only that could be unpacked.
                if !bytes.is_empty() {
                    self.bytes = bytes;
                }
                self.problem = Some(Finding::new(Reason::TooLarge, "", None));
                self.cut = true;
            }
        }
    }

    /// Of a body over the limit keeps the beginning.
    fn cut_to_limit(&mut self) {
        if self.bytes.len() > MAX_BYTES {
            self.problem = Some(Finding::new(Reason::TooLarge, "", None));
            self.cut = true;
        }
        if self.cut {
            self.bytes.truncate(KEPT_OF_TOO_LARGE);
            self.bytes.shrink_to_fit();
        }
    }

    fn fail(&mut self, detail: &str) {
        if self.problem.is_none() {
            self.problem = Some(Finding::new(Reason::NotJson, "", None).with_detail(detail));
        }
    }
}

/// What was unpacked, at most one byte more than the limit, and how it ended.
fn unpack(packed: impl Read) -> (Vec<u8>, io::Result<()>) {
    let mut bytes = Vec::new();
    let ended = packed.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes);
    (bytes, ended.map(drop))
}

/// The text of a header, whatever bytes it has; as much of it as is kept.
pub fn header_text(http: &HttpRequest, name: header::HeaderName) -> Option<String> {
    let value = http.headers().get(name)?;
    let text = String::from_utf8_lossy(value.as_bytes());
    Some(match text.len() {
        ..=KEPT_CHARS => text.into_owned(),
        _ => text.chars().take(KEPT_CHARS).collect(),
    })
}

#[cfg(test)]
mod tests {
    use actix_web::FromRequest;
    use actix_web::test::TestRequest;

    use super::*;

    async fn sent(room: &Arriving, kib: usize) -> Option<usize> {
        let call = TestRequest::default().set_payload(vec![b' '; kib * 1024]);
        let (http, mut payload) = call.to_http_parts();
        let payload = web::Payload::from_request(&http, &mut payload).await;
        let received = room.receive(&http, payload.unwrap()).await;
        received.map(|received| received.bytes.len())
    }

    #[actix_web::test]
    async fn what_there_is_no_room_for_is_not_read_and_what_was_read_makes_room() {
        let room = Arriving(Arc::new(Semaphore::new(4)));
        assert_eq!(sent(&room, 4).await, Some(4096));
        assert_eq!(sent(&room, 5).await, None);
        let other = room.0.try_acquire_many(3).unwrap();
        assert_eq!(sent(&room, 2).await, None);
        assert_eq!(sent(&room, 1).await, Some(1024));
        drop(other);
        assert_eq!(sent(&room, 4).await, Some(4096));
    }
}
