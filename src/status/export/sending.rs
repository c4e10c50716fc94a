//! The way of a file to its reader, at the reader's pace. It is made ahead by a little, and given up
//! when nobody reads: else a download that was paused and forgotten would keep its place for as long
//! as its connection lives.

use std::pin::pin;
use std::time::Duration;

use actix_web::rt;
use actix_web::web::Bytes;
use anyhow::bail;
use futures_util::{Stream, StreamExt, stream};
use tokio::sync::mpsc::{self, Sender};
use tokio::time::timeout;

use super::places::Place;
use crate::error::PageError;

/// A reader who takes nothing for so long has gone.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Sends the pieces of a file. Its place is free again when all are sent, when one fails, when the
/// connection ends, and when nothing is taken for as long as `patience`.
pub fn send(
    pieces: impl Stream<Item = Result<Bytes, PageError>> + 'static,
    place: Place,
    patience: Duration,
) -> impl Stream<Item = anyhow::Result<Bytes>> {
    let (sender, receiver) = mpsc::channel(1);
    let writing = rt::spawn(async move {
        let written = write(pieces, &sender, patience).await;
        drop(place);
        if let Err(error) = &written {
            tracing::error!(error = format!("{error:#}"), "an export broke off");
        }
        written
    });
    let sent = stream::unfold(receiver, async |mut receiver| {
        Some((Ok(receiver.recv().await?), receiver))
    });
    // Only what was written to its end ends well.
    let end = stream::once(writing)
        .filter_map(async |ended| ended.map_err(anyhow::Error::from).flatten().err().map(Err));
    sent.chain(end)
}

async fn write(
    pieces: impl Stream<Item = Result<Bytes, PageError>>,
    sender: &Sender<Bytes>,
    patience: Duration,
) -> anyhow::Result<()> {
    let mut pieces = pin!(pieces);
    loop {
        // A filter that matches rarely makes no piece for a long time.
        let piece = tokio::select! {
            piece = pieces.next() => piece,
            () = sender.closed() => None,
        };
        let Some(piece) = piece else { return Ok(()) };
        match timeout(patience, sender.send(piece?)).await {
            Ok(Ok(())) => {}
            // The connection has ended.
            Ok(Err(_)) => return Ok(()),
            Err(_) => bail!("nobody has read it for {patience:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::places::Exports;
    use super::*;
    use crate::domain::company::CompanyId;

    fn pieces() -> impl Stream<Item = Result<Bytes, PageError>> {
        stream::iter((0..8).map(|_| Ok(Bytes::from(vec![b'x'; 1_000]))))
    }

    /// How many places the company has left.
    fn free(exports: &Exports) -> usize {
        let taken = std::iter::from_fn(|| exports.take(CompanyId(1)));
        taken.collect::<Vec<_>>().len()
    }

    #[actix_web::test]
    async fn a_file_that_nobody_reads_gives_its_place_up_and_breaks_off() {
        let (exports, patience) = (Exports::default(), Duration::from_millis(50));
        let place = exports.take(CompanyId(1)).unwrap();
        let mut file = pin!(send(pieces(), place, patience));
        assert!(file.next().await.unwrap().is_ok());
        assert_eq!(free(&exports), 1);
        tokio::time::sleep(patience * 4).await;
        assert_eq!(free(&exports), 2);
        let rest: Vec<_> = file.collect().await;
        assert!(rest.len() < 7);
        assert!(rest.last().unwrap().is_err());
    }

    #[actix_web::test]
    async fn a_file_that_is_read_slowly_arrives_whole() {
        let (exports, patience) = (Exports::default(), Duration::from_millis(500));
        let place = exports.take(CompanyId(1)).unwrap();
        let file = send(pieces(), place, patience).then(async |piece| {
            tokio::time::sleep(patience / 10).await;
            piece
        });
        let pieces: Vec<_> = file.collect().await;
        assert_eq!(pieces.len(), 8);
        assert!(pieces.iter().all(Result::is_ok));
        assert_eq!(free(&exports), 2);
    }
}
