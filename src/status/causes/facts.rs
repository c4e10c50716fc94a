//! What the store tells about the causes of a list, and what follows about where each stands.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::PgConnection;
use diesel::result::QueryResult;
use uuid::Uuid;

use crate::domain::cause::{self, CauseId, Decision, Known, Sent, Standing};
use crate::domain::company::CompanyId;
use crate::domain::dictionary::Reason;
use crate::domain::paging::Shown;
use crate::domain::recheck::{Now, recheck};
use crate::domain::request::RequestId;
use crate::domain::settings::CompanySettings;
use crate::domain::window::Window;
use crate::store::audit::{self, RuleChange};
use crate::store::cause_decisions::{self, Decided};
use crate::store::causes::{self, Cause, Causes};
use crate::store::counts::{self, SentByKey};
use crate::store::requests::{self, ListRow, Selection, SentBody};

/// A cause is compared with at most so many changes of the settings.
const MOST_CHANGES: i64 = 200;

/// What the store tells about the causes of a list.
pub struct CauseFacts {
    pub(super) found: Causes,
    pub(super) changes: Vec<RuleChange>,
    decided: Vec<Decided>,
    /// The changes since the first of the acknowledgements that hold, or did.
    changes_since: Vec<RuleChange>,
    /// The latest request of each cause.
    latest: Vec<ListRow>,
    /// The bodies of those, while they are there.
    bodies: HashMap<Uuid, SentBody>,
    /// What the keys of causes that are quiet sent since.
    sent: Vec<SentByKey>,
}

/// Reads the causes of a list, and what says where they stand.
pub fn read(
    connection: &mut PgConnection,
    company: CompanyId,
    selection: &Selection<'_>,
    shown: Shown,
    now: DateTime<Utc>,
) -> QueryResult<CauseFacts> {
    let found = causes::causes(connection, company, selection, shown, now)?;
    let ids = || found.causes.iter().map(|cause| cause.latest);
    let uuids: Vec<Uuid> = ids().map(|id| id.uuid()).collect();
    let quiet = || {
        let causes = found.causes.iter();
        causes.filter(|cause| cause::is_quiet(cause.latest.received_at(), now))
    };
    let quiet_since: Vec<DateTime<Utc>> = quiet().map(|c| c.latest.received_at()).collect();
    let mut keys: Vec<i64> = quiet()
        .flat_map(|cause| cause.senders.iter().map(|sender| sender.key_id))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    let decided = cause_decisions::about(connection, company, found.causes.iter().map(|c| &c.id))?;
    let acknowledged = decided
        .iter()
        .filter(|decided| decided.decision == Decision::Acknowledged);
    let changes_since = match acknowledged.map(|decided| decided.at).min() {
        Some(from) => {
            let since = Window { from, to: None };
            audit::rule_changes(connection, company, since, MOST_CHANGES)?
        }
        None => Vec::new(),
    };
    Ok(CauseFacts {
        changes: audit::rule_changes(connection, company, selection.window, MOST_CHANGES)?,
        decided,
        changes_since,
        latest: requests::rows(connection, company, &uuids)?,
        bodies: requests::sent_bodies(connection, company, &ids().collect::<Vec<_>>())?,
        sent: counts::sent_by_keys(connection, company, &keys, &quiet_since)?,
        found,
    })
}

impl CauseFacts {
    /// Whether none is listed.
    pub fn are_none(&self) -> bool {
        self.found.total == 0
    }

    /// Whether only those are listed about which an admin decided: then others may be there.
    pub fn are_of_decision(&self) -> bool {
        self.found.are_of_decision
    }

    /// Where the look ended that found them, where there was too much to look at.
    pub fn searched_to(&self) -> Option<RequestId> {
        self.found.searched_to
    }

    pub(super) fn decided(&self, cause: &CauseId) -> Option<&Decided> {
        self.decided.iter().find(|decided| decided.cause == *cause)
    }

    pub(super) fn standing(
        &self,
        cause: &Cause,
        settings: &CompanySettings,
        now: DateTime<Utc>,
    ) -> Standing {
        // What is not quiet cannot have stayed away, and most causes are not.
        let last = cause.latest.received_at();
        let is_its_key = |sent: &&SentByKey| {
            cause::is_quiet(last, now) && cause.senders.iter().any(|s| s.key_id == sent.key_id)
        };
        let sent = self.sent.iter().filter(is_its_key);
        let sent: Vec<Sent> = sent
            .map(|sent| Sent {
                begins: sent.begins,
                requests: sent.requests,
            })
            .collect();
        let decided = self.decided(&cause.id);
        let known = Known {
            last,
            passes_now: self.passes_now(cause, settings),
            sent: &sent,
            decided: decided.map(|decided| (decided.decision, decided.away)),
            began_again: decided.is_some_and(|decided| self.began_again(cause, decided.at)),
        };
        known.standing(now)
    }

    /// Whether a change began a cause after `since`: then it had ended before that.
    fn began_again(&self, cause: &Cause, since: DateTime<Utc>) -> bool {
        let during = since..cause.latest.received_at();
        let mut changes = self.changes_since.iter();
        changes.any(|c| during.contains(&c.at) && c.change().may_begin(&cause.id))
    }

    /// The decisive value as people read it: a label that the company does not have as its latest
    /// request spelled it, for the form in which labels are compared has no spaces.
    pub(super) fn in_words<'c>(&'c self, cause: &'c Cause) -> Option<&'c str> {
        let CauseId { reason, value } = &cause.id;
        let spelled = || {
            let findings = &self.latest(cause)?.findings.0;
            let finding = findings.iter().find(|f| f.reason == reason.number())?;
            finding.sent.as_deref()
        };
        match reason {
            Reason::ChannelUnknown | Reason::BrandUnknown | Reason::LanguageUnknown => {
                spelled().or(value.as_deref())
            }
            _ => value.as_deref(),
        }
    }

    fn latest(&self, cause: &Cause) -> Option<&ListRow> {
        let id = cause.latest.uuid();
        self.latest.iter().find(|row| row.id == id)
    }

    fn passes_now(&self, cause: &Cause, settings: &CompanySettings) -> bool {
        let row = self.latest(cause);
        let id = cause.latest.uuid();
        let body = self.bodies.get(&id).map(|sent| &sent.body[..]);
        let stored = row.and_then(|row| row.stored(body));
        stored.is_some_and(|stored| recheck(&stored, settings).now == Now::Passes)
    }
}
