//! Runs over many requests, in chunks: whichever node is free does the next one.

use std::time::Duration;

use tokio::sync::watch;

use super::{Work, log, pause};
use crate::store::{Scope, runs};

/// A run that was just started waits at most so long.
const LOOK: Duration = Duration::from_millis(500);

/// Works off whatever was started, company by company.
pub(super) async fn work_off(work: Work, mut stopped: watch::Receiver<bool>) {
    while pause(&mut stopped, LOOK).await {
        while goes_on(&work).await && !*stopped.borrow() {}
    }
}

/// Does a chunk for every company that has a run; says whether there is more to do at once.
async fn goes_on(work: &Work) -> bool {
    let companies = work
        .store
        .read(Scope::Installation, runs::companies_with_one);
    let companies = match companies.await {
        Ok(companies) => companies,
        Err(error) => {
            log("find runs over many requests", Err(error));
            return false;
        }
    };
    let mut goes_on = false;
    for company in companies {
        match work.again.step(company).await {
            Ok(may_go_on) => goes_on |= may_go_on,
            Err(error) => log("judge many requests again", Err(error)),
        }
    }
    goes_on
}
