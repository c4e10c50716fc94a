//! Calls with revoked keys: refused, but counted per key, so that the admin sees who still uses
//! one. Counted in memory and written down by a job; a stranger's flood costs the store nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::company::CompanyId;
use crate::domain::window::floor;
use crate::store::api_keys::RevokedCalls;
use crate::store::settings::KnownKey;

/// The counts not written down yet. Cheap to clone.
#[derive(Clone, Default)]
pub struct RevokedKeyCalls(Arc<Mutex<HashMap<KeyHour, RevokedCalls>>>);

/// A key of a company, and an hour.
type KeyHour = (CompanyId, i64, DateTime<Utc>);

impl RevokedKeyCalls {
    /// Counts one call.
    pub fn count(&self, key: KnownKey, at: DateTime<Utc>) {
        let hour = floor(at, TimeDelta::hours(1));
        let mut counts = self.0.lock().expect("nothing panics under this lock");
        counts
            .entry((key.company, key.id, hour))
            .or_insert(RevokedCalls {
                company: key.company,
                key_id: key.id,
                calls: 0,
                first_at: at,
            })
            .calls += 1;
    }

    /// Takes all counts out, to be written down.
    pub fn take(&self) -> Vec<RevokedCalls> {
        let mut counts = self.0.lock().expect("nothing panics under this lock");
        counts.drain().map(|(_, calls)| calls).collect()
    }

    /// Puts back what could not be written.
    pub fn put_back(&self, refused: Vec<RevokedCalls>) {
        let mut counts = self.0.lock().expect("nothing panics under this lock");
        for calls in refused {
            let hour = floor(calls.first_at, TimeDelta::hours(1));
            let key = (calls.company, calls.key_id, hour);
            counts
                .entry(key)
                .and_modify(|kept| {
                    kept.calls += calls.calls;
                    kept.first_at = kept.first_at.min(calls.first_at);
                })
                .or_insert(calls);
        }
    }
}
