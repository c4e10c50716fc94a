//! Blocking work that is not the store's: password hashing, reading and writing CSV. It has a thread
//! pool to go to and a bound, so that a flood of sign-ins cannot take all memory (19 MiB each) and
//! both processors.

use tokio::sync::Semaphore;

/// At most so many at once.
static PLACES: Semaphore = Semaphore::const_new(2);

/// Runs `work` on the blocking pool when a place is free.
pub async fn run<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> anyhow::Result<T> {
    let _place = PLACES.acquire().await?;
    Ok(tokio::task::spawn_blocking(work).await?)
}
