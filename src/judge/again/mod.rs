//! Stored requests judged again: what the rules say of them now, without side effects but the note
//! of it, and sent again where they would pass.

mod resubmit;
mod run;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::clock::Clock;
use crate::config::PublicUrl;
use crate::domain::company::CompanyId;
use crate::domain::recheck::{Recheck, recheck};
use crate::domain::request::RequestId;
use crate::domain::resubmission::{Known, Standing, is_old};
use crate::domain::run::Sum;
use crate::domain::settings::CompanySettings;
use crate::store::rechecks::{self, RecheckRow};
use crate::store::recorder::Recorder;
use crate::store::requests::{self, ListRow, SentBody};
use crate::store::settings::{LiveSettings, Snapshot};
use crate::store::{Store, StoreError, resubmissions};

pub use resubmit::{By, Fate, Resubmitted};

/// What judging again needs. Cheap to clone.
#[derive(Clone)]
pub struct Again {
    /// Where requests are read from.
    pub store: Store,
    /// The companies' settings in memory.
    pub settings: LiveSettings,
    /// The writer of what is sent again.
    pub recorder: Recorder,
    /// The time.
    pub clock: Clock,
    /// What links in answers begin with.
    pub public_url: PublicUrl,
}

/// A stored request, how it would come out now, and whether it can be sent again.
pub struct Case {
    /// Its id.
    pub id: RequestId,
    /// Its facts.
    pub row: ListRow,
    /// Its body, while it is there.
    pub sent: Option<SentBody>,
    /// What the rules say now.
    pub recheck: Recheck,
    /// Whether it can be sent again.
    pub standing: Standing,
}

impl Again {
    /// Judges requests once more, notes what came out, and sums it up. Ids that are not there are
    /// passed over.
    pub async fn recheck(
        &self,
        company: CompanyId,
        ids: Vec<RequestId>,
    ) -> Result<Sum, StoreError> {
        let (snapshot, now) = (
            self.settings.snapshot(&self.store, company).await?,
            self.clock.now(),
        );
        self.store
            .write(company, move |connection| {
                let cases = cases(connection, company, &ids, &snapshot.rules)?;
                note(connection, company, &cases, snapshot.rules.version, now)?;
                Ok(sum(&cases, now))
            })
            .await
    }

    /// Judges requests of a company once more, by these settings of it, and changes nothing.
    pub async fn look(
        &self,
        snapshot: Arc<Snapshot>,
        ids: Vec<RequestId>,
    ) -> Result<Vec<Case>, StoreError> {
        let company = snapshot.company;
        let read = self.store.read(company, move |connection| {
            cases(connection, company, &ids, &snapshot.rules)
        });
        read.await
    }
}

/// What came out of cases, in numbers.
pub fn sum(cases: &[Case], now: DateTime<Utc>) -> Sum {
    let mut sum = Sum::default();
    for case in cases {
        let is_old = is_old(case.id.received_at(), now);
        sum.count(case.recheck.now, case.standing, is_old);
    }
    sum
}

fn cases(
    connection: &mut PgConnection,
    company: CompanyId,
    ids: &[RequestId],
    settings: &CompanySettings,
) -> QueryResult<Vec<Case>> {
    let uuids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
    let rows = requests::rows(connection, company, &uuids)?;
    let mut bodies: HashMap<_, SentBody> = requests::sent_bodies(connection, company, ids)?;
    let sent_again = resubmissions::sent_again(connection, company, ids)?;
    let case = |row: ListRow| {
        let sent = bodies.remove(&row.id);
        let was_sent_again = sent_again.contains_key(&row.id);
        Case::new(row, sent, was_sent_again, settings)
    };
    Ok(rows.into_iter().filter_map(case).collect())
}

fn note(
    connection: &mut PgConnection,
    company: CompanyId,
    cases: &[Case],
    settings_version: i64,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    let row = |case: &Case| RecheckRow::new(company, case.id, &case.recheck, settings_version, now);
    let rows: Vec<RecheckRow> = cases.iter().map(row).collect();
    match rows.is_empty() {
        true => Ok(()),
        false => rechecks::keep(connection, &rows).map(|_| ()),
    }
}

impl Case {
    fn new(
        row: ListRow,
        sent: Option<SentBody>,
        was_sent_again: bool,
        settings: &CompanySettings,
    ) -> Option<Self> {
        let id = RequestId::from_uuid(row.id)?;
        let body = sent.as_ref().map(|sent| &sent.body[..]);
        let recheck = recheck(&row.stored(body)?, settings);
        let standing = Standing::of(Known {
            was_accepted: row.error_mask == 0,
            was_sent_again,
            has_body: sent.is_some(),
            is_cut: sent.as_ref().is_some_and(|sent| sent.body_cut),
            now: recheck.now,
        });
        Some(Self {
            id,
            row,
            sent,
            recheck,
            standing,
        })
    }
}
