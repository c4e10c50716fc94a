//! Makes the demo companies, in one transaction: a start that is interrupted leaves an empty store,
//! and the next one begins anew.

use anyhow::{Context, anyhow, ensure};
use chrono::{DateTime, Days, Utc};
use diesel::{Connection, PgConnection};
use futures_util::future::try_join_all;
use rand::Rng;
use serde_json::json;

use super::companies::{self as demo, larkspur_email};
use super::file::{DemoCompany, DemoFile, Login};
use super::history::{self, Keys, Sent, local_time};
use crate::access::passwords;
use crate::domain::api_key::{self, ApiKey};
use crate::domain::company::CompanyId;
use crate::domain::request::{Environment, RequestId};
use crate::domain::settings::ProfileStatus;
use crate::domain::user::Role;
use crate::ingest::Ingest;
use crate::judge::{Arrival, Received, judge};
use crate::store::audit::{self, Entry};
use crate::store::companies::{self, NewSettings};
use crate::store::recorder::{Record, Recorder};
use crate::store::settings::{KnownKey, Snapshot, load_within, next_version};
use crate::store::users::{self, NewUser};
use crate::store::{api_keys, partitions};

/// So many records wait for the recorder at a time.
const RECORDED_AT_ONCE: usize = 500;

/// Admin and support of Larkspur Outdoor.
const LARKSPUR_USERS: [&str; 2] = ["Robin Marsh", "Sam Reyes"];

/// Admin and support of Solo Tea.
const SOLO_TEA_USERS: [&str; 2] = ["Nell Ward", "Joe Firth"];

/// A company's settings from some moment on.
struct Epoch {
    since: DateTime<Utc>,
    settings: Snapshot,
}

/// Makes both companies, eight days old at `now`, and Larkspur's last seven days.
pub fn make(
    connection: &mut PgConnection,
    ingest: &Ingest,
    file: &DemoFile,
    now: DateTime<Utc>,
    rng: &mut impl Rng,
) -> anyhow::Result<()> {
    let began = now - Days::new(8);
    partitions::ensure(connection, began, now)?;
    let [larkspur, solo_tea] = &file.companies[..] else {
        return Err(anyhow!("demo.json does not name two companies: delete it"));
    };
    connection.transaction(|connection| {
        let company = make_company(connection, larkspur, &demo::larkspur(), began, rng)?;
        let other = make_company(connection, solo_tea, &demo::solo_tea(), began, rng)?;
        let admin = make_users(connection, company, larkspur, LARKSPUR_USERS, began)?;
        make_users(connection, other, solo_tea, SOLO_TEA_USERS, began)?;
        let mut other_key = |environment, name| {
            let key = ApiKey::generate(environment, rng);
            make_key(connection, company, environment, name, &key, began)
        };
        let keys = Keys {
            salesforce: other_key(Environment::Production, "Salesforce")?,
            outlet_shop: other_key(Environment::Production, "Outlet web shop")?,
            staging: other_key(Environment::Test, "Staging")?,
            zendesk: known(connection, &larkspur.production_key)?,
            dev_laptop: known(connection, &larkspur.test_key)?,
        };
        let epochs = live_through(connection, company, admin, began, now)?;
        let week = history::week(&keys, now, rng);
        let records = week.into_iter().map(|sent| judged(sent, &epochs, ingest));
        // The recorder has a connection of its own. Should this transaction fail, its rows belong
        // to a company that never came to be, and nobody sees them.
        record(&ingest.recorder, records.collect())
    })
}

fn make_company(
    connection: &mut PgConnection,
    company: &DemoCompany,
    settings: &NewSettings,
    began: DateTime<Utc>,
    rng: &mut impl Rng,
) -> anyhow::Result<CompanyId> {
    let mut lookup_key = [0; 32];
    rng.fill_bytes(&mut lookup_key);
    let id = companies::create(connection, &company.name, settings, &lookup_key, began)?;
    let own_key = |text: &str| ApiKey::from_text(text).context("demo.json has a broken key");
    for (environment, name, key) in [
        (Environment::Production, "Zendesk", &company.production_key),
        (Environment::Test, "Dev laptop", &company.test_key),
    ] {
        make_key(connection, id, environment, name, &own_key(key)?, began)?;
    }
    let made = Entry {
        at: began,
        user_id: None,
        actor: "console",
        action: "company.created",
        subject: &company.name,
        before: None,
        after: None,
        settings_version: Some(1),
    };
    audit::add(connection, id, &made)?;
    Ok(id)
}

/// Makes admin and support and returns the admin's id.
fn make_users(
    connection: &mut PgConnection,
    id: CompanyId,
    company: &DemoCompany,
    names: [&str; 2],
    at: DateTime<Utc>,
) -> anyhow::Result<i64> {
    let [admin, support] = names;
    let mut make = |login: &Login, name, role| -> anyhow::Result<i64> {
        let email = &login.email;
        let user = users::create(connection, id, NewUser { email, name, role }, at)?;
        users::set_password(connection, user, &passwords::hash(&login.password)?)?;
        Ok(user)
    };
    make(&company.support, support, Role::Support)?;
    make(&company.admin, admin, Role::Admin)
}

fn make_key(
    connection: &mut PgConnection,
    company: CompanyId,
    environment: Environment,
    name: &str,
    key: &ApiKey,
    at: DateTime<Utc>,
) -> anyhow::Result<KnownKey> {
    api_keys::create(connection, company, environment, name, key, at)?;
    known(connection, key.expose())
}

fn known(connection: &mut PgConnection, key: &str) -> anyhow::Result<KnownKey> {
    let row = api_keys::find(connection, &api_key::hash(key))?;
    row.and_then(KnownKey::of).context("a key made just now")
}

/// What the admin changed at Larkspur: Ben Ruiz left two days ago, and the outlet brand was switched
/// off yesterday. Each change is made and logged as the settings pages do it, with its own time.
fn live_through(
    connection: &mut PgConnection,
    company: CompanyId,
    admin: i64,
    began: DateTime<Utc>,
    now: DateTime<Utc>,
) -> anyhow::Result<Vec<Epoch>> {
    let mut epochs = vec![Epoch {
        since: began,
        settings: load_within(connection, company)?,
    }];

    let ben = larkspur_email("Ben Ruiz");
    let version = next_version(connection, company)?;
    let status = ProfileStatus::Deactivated;
    ensure!(companies::set_employee_status(
        connection, company, &ben, status
    )?);
    let ben_left = Entry {
        at: local_time(now, 2, 17, 32),
        user_id: Some(admin),
        actor: LARKSPUR_USERS[0],
        action: "employee.deactivated",
        subject: &ben,
        before: Some(json!({"email": ben, "status": "active"})),
        after: Some(json!({"email": ben, "status": "deactivated"})),
        settings_version: Some(version),
    };
    audit::add(connection, company, &ben_left)?;
    epochs.push(Epoch {
        since: ben_left.at,
        settings: load_within(connection, company)?,
    });

    let outlet = "larkspur-outlet";
    let version = next_version(connection, company)?;
    ensure!(companies::set_brand_active(
        connection, company, outlet, false
    )?);
    let outlet_closed = Entry {
        at: local_time(now, 1, 7, 41),
        action: "brand.deactivated",
        subject: outlet,
        before: Some(json!({"active": true})),
        after: Some(json!({"active": false})),
        settings_version: Some(version),
        ..ben_left
    };
    audit::add(connection, company, &outlet_closed)?;
    epochs.push(Epoch {
        since: outlet_closed.at,
        settings: load_within(connection, company)?,
    });
    Ok(epochs)
}

/// Judges a call by the settings of its time.
fn judged(sent: Sent, epochs: &[Epoch], ingest: &Ingest) -> Record {
    let current = epochs.iter().rev().find(|epoch| epoch.since <= sent.at);
    let settings = &current.unwrap_or(&epochs[0]).settings;
    let arrival = Arrival {
        id: RequestId::new(sent.at),
        kind: sent.kind,
        key_id: sent.key.id,
        environment: sent.key.environment,
        received: Received::whole(sent.body, Some("application/json".to_owned())),
        sender: sent.sender,
    };
    judge(arrival, settings, &ingest.public_url).1
}

fn record(recorder: &Recorder, mut records: Vec<Record>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Handle::current();
    while !records.is_empty() {
        let rest = records.split_off(records.len().min(RECORDED_AT_ONCE));
        let group = std::mem::replace(&mut records, rest);
        let written = group.into_iter().map(|record| recorder.record(record));
        runtime.block_on(try_join_all(written))?;
    }
    Ok(())
}
