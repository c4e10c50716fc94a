//! What would pass now is sent again: a new request through the same judge and the same recorder,
//! with the key and in the environment of the old one, linked to it. Whether an original is still
//! free is decided by the store, in the transaction that writes the new request.

use std::sync::Arc;

use futures_util::future::join_all;
use uuid::Uuid;

use super::{Again, Case};
use crate::domain::recheck::Now;
use crate::domain::request::{Environment, Kind, RequestId};
use crate::domain::resubmission::Standing;
use crate::judge::{Arrival, Received, Sender, judge};
use crate::store::StoreError;
use crate::store::recorder::{NotRecorded, Record};
use crate::store::resubmissions::Resubmission;
use crate::store::settings::Snapshot;

/// Who sends requests again.
#[derive(Debug, Clone)]
pub struct By {
    /// The user.
    pub user_id: i64,
    /// By name.
    pub actor: String,
    /// The run over many that it is part of.
    pub run: Option<RequestId>,
}

/// What became of a request.
pub struct Resubmitted {
    /// The original, how it came out now.
    pub now: Now,
    /// What became of it.
    pub fate: Fate,
}

/// What became of sending a request again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It was sent, as this one.
    Sent(RequestId),
    /// It was left out.
    LeftOut(Standing),
    /// Our store would not take it, nor would it the next time; the log says why.
    Refused,
    /// The store could not confirm it just now; asked again it tells.
    Unconfirmed,
}

impl Again {
    /// Sends what would pass of these requests of a company again, by these settings of it. Ids that
    /// are not there are passed over.
    pub async fn resubmit(
        &self,
        snapshot: &Arc<Snapshot>,
        ids: Vec<RequestId>,
        by: &By,
    ) -> Result<Vec<Resubmitted>, StoreError> {
        let cases = self.look(snapshot.clone(), ids).await?;
        let sent = cases.into_iter().map(|case| self.send(case, snapshot, by));
        Ok(join_all(sent).await)
    }

    async fn send(&self, case: Case, snapshot: &Snapshot, by: &By) -> Resubmitted {
        let (now, standing) = (case.recheck.now, case.standing);
        let fate = match standing {
            Standing::Sendable => match self.record(case, snapshot, by) {
                Some(record) => self.write(record).await,
                None => Fate::LeftOut(Standing::StillFails),
            },
            other => Fate::LeftOut(other),
        };
        Resubmitted { now, fate }
    }

    /// The new request; `None` where the judge would refuse it after all.
    fn record(&self, case: Case, snapshot: &Snapshot, by: &By) -> Option<Record> {
        let sent = case.sent?;
        let id = RequestId::new(self.clock.now());
        let arrival = Arrival {
            id,
            kind: Kind::from_number(case.row.kind)?,
            key_id: case.row.key_id,
            environment: Environment::from_number(case.row.environment)?,
            received: Received::whole(sent.body, sent.content_type),
            // Not the original's sender: whoever sends it now is named by the link.
            sender: Sender {
                correlation_id: case.row.correlation_id,
                ..Sender::unknown()
            },
        };
        let (_, mut record) = judge(arrival, snapshot, &self.public_url);
        record.resubmission = Some(Resubmission {
            company_id: snapshot.company.0,
            original_id: case.id.uuid(),
            id: id.uuid(),
            at: id.received_at(),
            user_id: by.user_id,
            actor: by.actor.clone(),
            run_id: by.run.map(RequestId::uuid),
        });
        (record.request.error_mask == 0).then_some(record)
    }

    async fn write(&self, record: Record) -> Fate {
        let id = RequestId::from_uuid(record.request.id);
        match (self.recorder.record(record).await, id) {
            (Ok(()), Some(id)) => Fate::Sent(id),
            (Err(NotRecorded::SentBefore), _) => Fate::LeftOut(Standing::SentBefore),
            (Err(NotRecorded::Refused(_)), _) => Fate::Refused,
            _ => Fate::Unconfirmed,
        }
    }
}

impl By {
    /// Whether a resubmission of this run is meant by the id kept of it.
    pub(super) fn is_run(&self, kept: Option<Uuid>) -> bool {
        self.run.is_some() && kept == self.run.map(RequestId::uuid)
    }
}
