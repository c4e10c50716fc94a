//! Alerts: watching the error rates, and telling. Telling is a job of its own, so that a mail server
//! that does not answer holds no alert up.

use std::time::Duration;

use tokio::sync::watch;

use super::{Work, log, pause};
use crate::store::StoreError;

/// Error rates are measured this often.
const WATCH: Duration = Duration::from_secs(5);

/// Mails that are due are looked for this often.
const TELL: Duration = Duration::from_secs(2);

/// So long a node that is to stop waits for the mail under way; another sends it, under the same id.
const LAST_MAIL: Duration = Duration::from_secs(10);

/// Opens and closes alerts.
pub(super) async fn watch(work: Work, mut stopped: watch::Receiver<bool>) {
    while pause(&mut stopped, WATCH).await {
        if work.knows_the_time().await {
            log("watch the error rates", work.alerts.watch().await);
        }
    }
}

/// Sends the mails about them.
pub(super) async fn tell(work: Work, mut stopped: watch::Receiver<bool>) {
    let mut stop = stopped.clone();
    let too_late = async {
        let _ = stop.wait_for(|stop| *stop).await;
        tokio::time::sleep(LAST_MAIL).await;
    };
    let telling = async {
        while pause(&mut stopped, TELL).await {
            log("tell of alerts", tell_all(&work, &stopped).await);
        }
    };
    tokio::select! {
        () = telling => {}
        () = too_late => {}
    }
}

/// Sends what is due, one mail of each company in turn: a mail that a server takes long over holds up
/// the others of its company, and not everybody's.
async fn tell_all(work: &Work, stopped: &watch::Receiver<bool>) -> Result<(), StoreError> {
    let mut goes_on = true;
    while goes_on && work.knows_the_time().await {
        goes_on = false;
        for company in work.alerts.to_be_told().await? {
            if *stopped.borrow() {
                return Ok(());
            }
            goes_on |= work.alerts.tell_next(company).await?;
        }
    }
    Ok(())
}
