//! The demo companies: made on the first start with the private Postgres, so that a newcomer has
//! something to sign in to and a week of traffic to look at. Their passwords and keys are kept in
//! `demo.json`, because they are shown again at every start.

mod bodies;
mod companies;
mod file;
mod history;
mod making;

use std::path::Path;

use anyhow::Context;
use futures_util::future::join_all;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::access::passwords;
use crate::blocking;
use crate::domain::api_key;
use crate::ingest::Ingest;
use crate::store::settings::LiveSettings;
use crate::store::{self, Scope, Store, users};

pub use file::{DemoCompany, DemoFile, Login};

/// The history is the same for everyone who starts at the same time.
const SEED: u64 = 1_947;

/// The demo companies as they are now.
#[derive(Debug)]
pub struct Demo {
    /// What `demo.json` says.
    pub file: DemoFile,
    /// What no longer holds of it: a password or key in clear, and what became of it.
    pub outdated: Vec<(String, &'static str)>,
}

impl Demo {
    /// What became of a password or key since it was made; `None` while it holds.
    pub fn fate_of(&self, secret: &str) -> Option<&'static str> {
        let found = self
            .outdated
            .iter()
            .find(|(outdated, _)| outdated == secret);
        found.map(|(_, fate)| *fate)
    }
}

/// Makes the demo companies where the store is empty, and says how to get in, as it was then. `None`
/// where the store has other companies and no `demo.json`.
pub async fn prepare(
    ingest: &Ingest,
    database_url: &str,
    data_dir: &Path,
) -> anyhow::Result<Option<DemoFile>> {
    let kept = DemoFile::read(data_dir)?;
    let is_empty = ingest
        .store
        .read(Scope::Installation, store::companies::are_none)
        .await?;
    let mut file = match (kept, is_empty) {
        (Some(file), _) => file,
        (None, true) => DemoFile::generate(&mut rand::rng()),
        (None, false) => return Ok(None),
    };
    // Before the companies: nobody could sign in to those whose passwords were lost.
    if file.serve_at(&ingest.public_url) || is_empty {
        file.write(data_dir)?;
    }
    if is_empty {
        make(ingest, database_url, &file).await?;
    }
    Ok(Some(file))
}

/// Looks what of the file no longer holds. It checks four passwords, which takes longer than the
/// rest of a start.
pub async fn check(ingest: Ingest, file: DemoFile) -> anyhow::Result<Demo> {
    let outdated = outdated(&ingest.store, &ingest.settings, &file).await?;
    Ok(Demo { file, outdated })
}

async fn make(ingest: &Ingest, database_url: &str, file: &DemoFile) -> anyhow::Result<()> {
    tracing::info!("making the demo companies");
    let (maker, file) = (ingest.clone(), file.clone());
    let database_url = database_url.to_owned();
    tokio::task::spawn_blocking(move || {
        let mut connection = store::connect(&database_url)?;
        let now = maker.clock.now();
        let mut rng = StdRng::seed_from_u64(SEED);
        making::make(&mut connection, &maker, &file, now, &mut rng)
    })
    .await?
    .context("the demo companies could not be made")?;
    Ok(ingest.settings.refresh(&ingest.store).await?)
}

/// Which passwords and keys of the file no longer hold.
async fn outdated(
    store: &Store,
    settings: &LiveSettings,
    file: &DemoFile,
) -> anyhow::Result<Vec<(String, &'static str)>> {
    let mut outdated = Vec::new();
    for company in &file.companies {
        for key in [&company.test_key, &company.production_key] {
            match settings.key(&api_key::hash(key)) {
                None => outdated.push((key.clone(), "not in this store")),
                Some(known) if known.revoked => outdated.push((key.clone(), "revoked since")),
                Some(_) => {}
            }
        }
    }
    let logins = file.companies.iter().flat_map(|c| [&c.admin, &c.support]);
    // A password check takes long on purpose: all at once.
    let fates = join_all(logins.map(|login| fate_of_login(store, login.clone()))).await;
    for fate in fates {
        outdated.extend(fate?);
    }
    Ok(outdated)
}

async fn fate_of_login(
    store: &Store,
    login: Login,
) -> anyhow::Result<Option<(String, &'static str)>> {
    let email = login.email;
    let user = store
        .read(Scope::Installation, move |connection| {
            users::find_by_email(connection, &email)
        })
        .await?;
    let Some(user) = user else {
        return Ok(Some((login.password, "not in this store")));
    };
    if user.disabled_at.is_some() {
        return Ok(Some((login.password, "disabled since")));
    }
    blocking::run(move || {
        let holds = passwords::verify(&login.password, user.password_hash.as_deref());
        (!holds).then_some((login.password, "changed since"))
    })
    .await
}
