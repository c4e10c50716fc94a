//! The companies' settings in memory: every key's hash, and per company one immutable snapshot
//! behind an `Arc`, loaded when first needed and bounded by weight. A node that makes a change
//! swaps its snapshot before it answers; the others ask twice a second what changed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use diesel::prelude::*;
use moka::sync::Cache;
use subtle::ConstantTimeEq;

use super::aliases::AliasRow;
use super::api_keys::{self, KeyRow};
use super::labels::LabelKind;
use super::schema::{brands, channels, companies, employees, languages};
use super::{Scope, Store, StoreError, aliases};
use crate::domain::api_key::KeyHash;
use crate::domain::company::CompanyId;
use crate::domain::request::Environment;
use crate::domain::settings::{
    Brand, Channel, CompanySettings, Employee, Employees, Language, ProfileStatus,
};

/// The snapshots together weigh at most about so much, in bytes.
const MAX_WEIGHT: u64 = 256 * 1024 * 1024;

/// A node that has not heard of changes for so long may judge by old settings: it is not ready.
const STALE_AFTER: Duration = Duration::from_secs(5);

/// A company as requests are judged by it.
#[derive(Debug)]
pub struct Snapshot {
    /// Whose it is.
    pub company: CompanyId,
    /// What requests are judged against.
    pub rules: CompanySettings,
    /// Key of the hash by which requests are found by their customer's e-mail.
    pub lookup_key: Vec<u8>,
}

/// What a presented key turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownKey {
    /// The id of its row.
    pub id: i64,
    /// Whose requests it brings.
    pub company: CompanyId,
    /// Its environment.
    pub environment: Environment,
    /// Whether it was revoked.
    pub revoked: bool,
    hash: KeyHash,
}

impl KnownKey {
    /// The key of a row; `None` for a row that no version of this program wrote.
    pub fn of(row: KeyRow) -> Option<Self> {
        Some(Self {
            id: row.id,
            company: CompanyId(row.company_id),
            environment: Environment::from_number(row.environment)?,
            revoked: row.revoked_at.is_some(),
            hash: KeyHash::try_from(row.hash).ok()?,
        })
    }
}

/// Keys and snapshots of all companies. Cheap to clone.
#[derive(Clone)]
pub struct LiveSettings(Arc<Inner>);

/// When the last load of a snapshot failed.
type Loading = tokio::sync::Mutex<Option<Instant>>;

struct Inner {
    keys: ArcSwap<HashMap<KeyHash, KnownKey>>,
    /// Whoever reads the keys holds it until they are stored.
    loading_keys: tokio::sync::Mutex<()>,
    snapshots: Cache<CompanyId, Arc<Snapshot>>,
    /// Whoever loads a company's snapshot holds its lock.
    loading: Mutex<HashMap<CompanyId, Arc<Loading>>>,
    versions: ArcSwap<HashMap<CompanyId, i64>>,
    started: Instant,
    /// Milliseconds from `started` to the last time that the store told what changed.
    heard: AtomicU64,
}

impl LiveSettings {
    /// Reads all keys; snapshots are read when they are first needed.
    pub async fn load(store: &Store) -> Result<Self, StoreError> {
        Self::within(store, MAX_WEIGHT).await
    }

    /// The same with snapshots that together weigh at most about so many bytes: those that are asked
    /// for least give way, and are read again when they are.
    pub async fn within(store: &Store, max_weight: u64) -> Result<Self, StoreError> {
        let live = Self(Arc::new(Inner {
            keys: ArcSwap::default(),
            loading_keys: tokio::sync::Mutex::default(),
            snapshots: Cache::builder()
                .weigher(|_, snapshot: &Arc<Snapshot>| {
                    (snapshot.rules.employees.weight() + 1_000)
                        .try_into()
                        .unwrap_or(u32::MAX)
                })
                .max_capacity(max_weight)
                .build(),
            loading: Mutex::default(),
            versions: ArcSwap::default(),
            started: Instant::now(),
            heard: AtomicU64::new(0),
        }));
        live.refresh(store).await?;
        Ok(live)
    }

    /// The key of this hash, if the installation has it.
    pub fn key(&self, hash: &KeyHash) -> Option<KnownKey> {
        let keys = self.0.keys.load();
        keys.get(hash)
            .filter(|key| bool::from(key.hash.ct_eq(hash)))
            .copied()
    }

    /// A company's settings: from memory, else from the store.
    pub async fn snapshot(
        &self,
        store: &Store,
        company: CompanyId,
    ) -> Result<Arc<Snapshot>, StoreError> {
        if let Some(snapshot) = self.0.snapshots.get(&company) {
            return Ok(snapshot);
        }
        // Several requests of one company may come at once: one of them loads, the others wait for
        // it, without a connection. They share its failure too, or each would fail by itself, one
        // after the other.
        let asked = Instant::now();
        let loading = self.loading(company);
        let mut failed_at = loading.lock().await;
        if let Some(snapshot) = self.0.snapshots.get(&company) {
            return Ok(snapshot);
        }
        if failed_at.is_some_and(|at| at > asked) {
            let error = anyhow::anyhow!("the load that this one waited for failed");
            return Err(StoreError::Unavailable(error));
        }
        let loaded = store
            .read_settings(company, move |connection| load(connection, company))
            .await;
        match loaded {
            Ok(snapshot) => Ok(self.put(snapshot)),
            Err(error) => {
                *failed_at = Some(Instant::now());
                Err(error)
            }
        }
    }

    fn loading(&self, company: CompanyId) -> Arc<Loading> {
        let mut all = self
            .0
            .loading
            .lock()
            .expect("nothing panics under this lock");
        all.entry(company).or_default().clone()
    }

    /// Swaps in a company's settings as they are now; call it after a change, before the answer.
    pub async fn reload(&self, store: &Store, company: CompanyId) -> Result<(), StoreError> {
        let snapshot = store
            .read_settings(company, move |connection| load(connection, company))
            .await?;
        self.put(snapshot);
        store.changed(company);
        self.reload_keys(store).await
    }

    /// Asks the store what changed since the last time, and loads that.
    pub async fn refresh(&self, store: &Store) -> Result<(), StoreError> {
        let asked = self.0.started.elapsed().as_millis() as u64;
        let versions: HashMap<CompanyId, i64> = store
            .read_settings(Scope::Installation, |connection| {
                companies::table
                    .select((companies::id, companies::settings_version))
                    .load::<(i64, i64)>(connection)
            })
            .await?
            .into_iter()
            .map(|(id, version)| (CompanyId(id), version))
            .collect();
        let before = self.0.versions.load_full();
        if *before != versions {
            let is_newer =
                |(company, version): &(&_, &_)| before.get(company).is_some_and(|b| b < version);
            versions
                .iter()
                .filter(is_newer)
                .for_each(|(company, _)| store.changed(*company));
            self.reload_keys(store).await?;
        }
        // Every time: a snapshot whose loading began before a change may have come into memory
        // after the change was heard of.
        for (company, snapshot) in &self.0.snapshots {
            let company = *company;
            if versions.get(&company) > Some(&snapshot.rules.version) {
                let snapshot = store
                    .read_settings(company, move |connection| load(connection, company))
                    .await?;
                self.put(snapshot);
            }
        }
        self.0.versions.store(Arc::new(versions));
        self.0.heard.fetch_max(asked, Ordering::Relaxed);
        Ok(())
    }

    /// Whether the store told recently what changed.
    pub fn is_fresh(&self) -> bool {
        let heard = Duration::from_millis(self.0.heard.load(Ordering::Relaxed));
        self.0.started.elapsed().saturating_sub(heard) < STALE_AFTER
    }

    /// Keeps a snapshot, unless a newer one came first: two loads may overtake each other. Returns
    /// the one kept.
    fn put(&self, snapshot: Snapshot) -> Arc<Snapshot> {
        let snapshot = Arc::new(snapshot);
        self.0
            .snapshots
            .entry(snapshot.company)
            .and_upsert_with(|kept| match kept.map(|entry| entry.into_value()) {
                Some(kept) if kept.rules.version > snapshot.rules.version => kept,
                _ => snapshot.clone(),
            })
            .into_value()
    }

    async fn reload_keys(&self, store: &Store) -> Result<(), StoreError> {
        // One after the other: what was read before a revocation must not be stored after it.
        let _loading = self.0.loading_keys.lock().await;
        let rows = store
            .read_settings(Scope::Installation, api_keys::all)
            .await?;
        let keys = rows.into_iter().filter_map(KnownKey::of);
        let keys = keys.map(|key| (key.hash, key));
        self.0.keys.store(Arc::new(keys.collect()));
        Ok(())
    }
}

/// Reads a company's settings, all at one version, in a transaction of its own.
pub fn load(connection: &mut PgConnection, company: CompanyId) -> QueryResult<Snapshot> {
    connection
        .build_transaction()
        .repeatable_read()
        .read_only()
        .run(|connection| load_within(connection, company))
}

/// The same within a transaction that makes or changes the company.
pub fn load_within(connection: &mut PgConnection, company: CompanyId) -> QueryResult<Snapshot> {
    let (version, lookup_key) = companies::table
        .find(company.0)
        .select((companies::settings_version, companies::lookup_key))
        .first(connection)?;
    let mut rules = CompanySettings {
        version,
        channels: load_channels(connection, company)?,
        brands: load_brands(connection, company)?,
        languages: load_languages(connection, company)?,
        employees: load_employees(connection, company)?,
    };
    for alias in aliases::all(connection, company)? {
        add_alias(&mut rules, alias);
    }
    Ok(Snapshot {
        company,
        rules,
        lookup_key,
    })
}

fn add_alias(rules: &mut CompanySettings, alias: AliasRow) {
    let target = alias.target;
    let mut channels = rules.channels.iter_mut();
    let mut brands = rules.brands.iter_mut();
    let mut languages = rules.languages.iter_mut();
    let aliases = match LabelKind::from_number(alias.kind) {
        Some(LabelKind::Channel) => channels.find(|c| c.label == target).map(|c| &mut c.aliases),
        Some(LabelKind::Brand) => brands.find(|b| b.label == target).map(|b| &mut b.aliases),
        Some(LabelKind::Language) => languages
            .find(|l| l.label == target)
            .map(|l| &mut l.aliases),
        None => None,
    };
    if let Some(aliases) = aliases {
        aliases.push(alias.folded);
    }
}

fn load_channels(connection: &mut PgConnection, company: CompanyId) -> QueryResult<Vec<Channel>> {
    let rows: Vec<(String, bool, bool)> = channels::table
        .filter(channels::company_id.eq(company.0))
        .order(channels::id)
        .select((channels::label, channels::enabled, channels::integrated))
        .load(connection)?;
    let channel =
        |(label, enabled, integrated): (String, _, _)| Channel::new(&label, enabled, integrated);
    Ok(rows.into_iter().map(channel).collect())
}

fn load_brands(connection: &mut PgConnection, company: CompanyId) -> QueryResult<Vec<Brand>> {
    let rows: Vec<(String, bool)> = brands::table
        .filter(brands::company_id.eq(company.0))
        .order(brands::id)
        .select((brands::label, brands::active))
        .load(connection)?;
    Ok(rows
        .iter()
        .map(|(label, active)| Brand::new(label, *active))
        .collect())
}

fn load_languages(connection: &mut PgConnection, company: CompanyId) -> QueryResult<Vec<Language>> {
    let rows: Vec<(String, bool)> = languages::table
        .filter(languages::company_id.eq(company.0))
        .order(languages::id)
        .select((languages::tag, languages::active))
        .load(connection)?;
    Ok(rows
        .iter()
        .map(|(tag, active)| Language::new(tag, *active))
        .collect())
}

fn load_employees(connection: &mut PgConnection, company: CompanyId) -> QueryResult<Employees> {
    type Row = (i64, Option<String>, Option<String>, i16);
    let rows: Vec<Row> = employees::table
        .filter(employees::company_id.eq(company.0))
        .select((
            employees::id,
            employees::email,
            employees::custom_id,
            employees::status,
        ))
        .load(connection)?;
    Ok(Employees::new(rows.into_iter().filter_map(
        |(id, email, custom_id, status)| {
            Some(Employee {
                id,
                email,
                custom_id,
                status: ProfileStatus::from_number(status)?,
            })
        },
    )))
}

/// Raises a company's settings version under its row lock and returns the new one. The first thing
/// in the transaction of every change.
pub fn next_version(connection: &mut PgConnection, company: CompanyId) -> QueryResult<i64> {
    diesel::update(companies::table.find(company.0))
        .set(companies::settings_version.eq(companies::settings_version + 1))
        .returning(companies::settings_version)
        .get_result(connection)
}
