//! Passwords cannot be tried out: after ten failures an account waits, after thirty an address. Nor
//! can people be sent links without end. The store counts, so that it holds for all nodes together.

use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use crate::domain::email;
use crate::error::PageError;
use crate::store::sign_in_attempts::{self, Failures};
use crate::store::{Scope, Store, StoreError};

/// What is attempted. What is counted for one does not count for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To give a password; only failures count.
    Password,
    /// To be sent a link; each counts, for the mailbox is somebody's.
    Link,
}

/// How much is borne with.
struct Limits {
    /// So many attempts with an account.
    per_account: usize,
    /// So many from an address, whatever the account.
    per_address: usize,
    /// For so long an attempt counts.
    window: TimeDelta,
}

impl Purpose {
    fn limits(self) -> Limits {
        match self {
            Self::Password => Limits {
                per_account: 10,
                per_address: 30,
                window: TimeDelta::minutes(10),
            },
            Self::Link => Limits {
                per_account: 3,
                per_address: 30,
                window: TimeDelta::minutes(60),
            },
        }
    }

    /// What is counted under which name.
    fn name(self, name: &str) -> String {
        match self {
            Self::Password => name.to_owned(),
            Self::Link => format!("link {name}"),
        }
    }
}

/// An attempt to sign in: written down before the password is checked, so that many at once do not
/// get past the limit.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// Its row.
    pub id: i64,
    /// Where it came from.
    pub address: String,
}

/// Writes an attempt down; refuses it when there were too many before.
pub async fn begin(
    store: &Store,
    purpose: Purpose,
    account: &str,
    address: Option<IpAddr>,
    now: DateTime<Utc>,
) -> Result<Attempt, PageError> {
    let (account, address) = (name_account(account), name_address(address));
    let limits = purpose.limits();
    let counted = (purpose.name(&account), purpose.name(&address));
    let names = counted.clone();
    let id = store
        .write(Scope::Installation, move |connection| {
            let id = sign_in_attempts::begin(connection, &names.0, &names.1, now)?;
            Ok::<_, StoreError>(id)
        })
        .await?;
    let attempt = Attempt { id, address };
    let others = store
        .read(Scope::Installation, move |connection| {
            let most = limits.per_account.max(limits.per_address) as i64;
            let names = (counted.0.as_str(), counted.1.as_str());
            sign_in_attempts::others(connection, id, names, now - limits.window, most)
        })
        .await?;
    let Some(wait) = wait(&others, &purpose.limits(), now) else {
        return Ok(attempt);
    };
    store
        .write(Scope::Installation, move |connection| {
            Ok::<_, StoreError>(sign_in_attempts::forget(connection, id)?)
        })
        .await?;
    Err(PageError::TooManyAttempts(wait))
}

/// For how many seconds there have been too many failures.
fn wait(failures: &Failures, limits: &Limits, now: DateTime<Utc>) -> Option<u64> {
    // The limit is free again when the failure that reached it is out of the window.
    let until =
        |failures: &[DateTime<Utc>], limit: usize| Some(*failures.get(limit - 1)? + limits.window);
    let account = until(&failures.account, limits.per_account);
    let address = until(&failures.address, limits.per_address);
    let milliseconds = (account.max(address)? - now).num_milliseconds();
    Some(u64::try_from(milliseconds).unwrap_or(0).div_ceil(1_000))
}

/// What stands for an account: hashed, for a password may have been typed into the wrong field.
fn name_account(address: &str) -> String {
    let digest = Sha256::digest(email::fold(address).as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What stands for an address. Of IPv6 the network: whoever has one address has 2^64 of them.
fn name_address(address: Option<IpAddr>) -> String {
    match address {
        None => "unknown".to_owned(),
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => match address.to_ipv4_mapped() {
            Some(address) => address.to_string(),
            None => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failures(account: usize, address: usize, now: DateTime<Utc>) -> Failures {
        let minutes = |count: usize| {
            let ago = |n| now - TimeDelta::seconds(n as i64 * 10);
            (1..=count).map(ago).collect()
        };
        Failures {
            account: minutes(account),
            address: minutes(address),
        }
    }

    #[test]
    fn ten_failures_of_an_account_and_thirty_of_an_address_are_borne_with() {
        let now = "2026-11-23T19:02:11Z".parse().unwrap();
        let limits = Purpose::Password.limits();
        let wait = |failures| wait(&failures, &limits, now);
        assert_eq!(wait(failures(9, 29, now)), None);
        // The tenth is 100 seconds old.
        assert_eq!(wait(failures(10, 10, now)), Some(500));
        assert_eq!(wait(failures(0, 30, now)), Some(300));
        assert_eq!(wait(failures(10, 30, now)), Some(500));
    }

    #[test]
    fn accounts_are_compared_folded_and_networks_of_ipv6_as_one() {
        assert_eq!(
            name_account(" Ada@acme.example"),
            name_account("ada@ACME.example")
        );
        assert_eq!(name_account("ada@acme.example").len(), 64);
        let name = |address: &str| name_address(Some(address.parse().unwrap()));
        assert_eq!(name("2001:db8:1:2:3::4"), name("2001:db8:1:2:ffff::1"));
        assert_ne!(name("2001:db8:1:2::1"), name("2001:db8:1:3::1"));
        assert_eq!(name("::ffff:198.51.100.1"), name("198.51.100.1"));
    }
}
