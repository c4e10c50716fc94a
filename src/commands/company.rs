//! `company create`: a company, its first admin, and a key for each environment.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use chrono::{DateTime, Utc};
use clap::Args;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel::{Connection, PgConnection};
use rand::Rng;
use serde_json::json;

use super::database::{Database, say};
use super::settings_file;
use crate::access::password_link;
use crate::clock::Clock;
use crate::config::{LinkConfig, StoreConfig};
use crate::domain::api_key::ApiKey;
use crate::domain::email;
use crate::domain::request::Environment;
use crate::domain::user::Role;
use crate::store::api_keys;
use crate::store::audit::{self, Entry};
use crate::store::companies::{self, NewSettings};
use crate::store::users::{self, NewUser};

/// The command line.
#[derive(Debug, Args)]
pub struct Create {
    /// The company's name
    #[arg(value_parser = name)]
    name: String,

    /// The e-mail of its first admin
    #[arg(long, value_name = "EMAIL", value_parser = mailbox)]
    admin_email: String,

    /// The admin's name [default: the e-mail's part before the @]
    #[arg(long, value_name = "NAME", value_parser = name)]
    admin_name: Option<String>,

    /// Channels, brands, languages and employees, in JSON
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,

    #[command(flatten)]
    store: StoreConfig,

    #[command(flatten)]
    links: LinkConfig,
}

/// What is shown this once.
struct Secrets {
    test_key: ApiKey,
    production_key: ApiKey,
    link: String,
}

impl Create {
    /// Makes the company and prints how to get in.
    pub fn run(&self) -> anyhow::Result<()> {
        let settings = match &self.settings {
            Some(path) => settings_file::read(path)?,
            None => NewSettings::default(),
        };
        let database = Database::open(&self.store)?;
        let now = Clock::system().now();
        let made = database
            .connect()?
            .transaction(|connection| self.make(connection, &settings, now, &mut rand::rng()))?;
        let link = self.links.join(database.served_at(), &made.link);
        say(&format!(
            "Made the company {name}.\n\n\
             Test key        {test_key}\n\
             Production key  {production_key}\n\
             They are shown this once: keep them where the senders find them.\n\n\
             {email} chooses a password here, within {hours} hours:\n{link}\n",
            name = self.name,
            test_key = made.test_key.expose(),
            production_key = made.production_key.expose(),
            email = self.admin_email,
            hours = password_link::TIME_TO_LIVE.num_hours(),
        ))
    }

    fn make(
        &self,
        connection: &mut PgConnection,
        settings: &NewSettings,
        now: DateTime<Utc>,
        rng: &mut impl Rng,
    ) -> anyhow::Result<Secrets> {
        let is_taken = companies::is_name_taken(connection, &self.name)?;
        ensure!(
            !is_taken,
            "there is a company `{}` already: choose another name",
            self.name
        );
        let mut lookup_key = [0; 32];
        rng.fill_bytes(&mut lookup_key);
        let company = companies::create(connection, &self.name, settings, &lookup_key, now)?;
        let admin = NewUser {
            email: &self.admin_email,
            name: self.admin_name(),
            role: Role::Admin,
        };
        let admin = users::create(connection, company, admin, now).map_err(|e| self.explain(e))?;
        let made = Secrets {
            test_key: ApiKey::generate(Environment::Test, rng),
            production_key: ApiKey::generate(Environment::Production, rng),
            link: password_link::make(connection, admin, now, password_link::TIME_TO_LIVE)?,
        };
        for (environment, key) in [
            (Environment::Test, &made.test_key),
            (Environment::Production, &made.production_key),
        ] {
            api_keys::create(connection, company, environment, "First key", key, now)?;
        }
        let entry = Entry {
            at: now,
            user_id: None,
            actor: "console",
            action: "company.created",
            subject: &self.name,
            before: None,
            after: Some(json!({"admin": self.admin_email})),
            settings_version: Some(1),
        };
        audit::add(connection, company, &entry).context("the audit log")?;
        Ok(made)
    }

    fn admin_name(&self) -> &str {
        let mailbox = self.admin_email.split('@').next();
        let name = self.admin_name.as_deref().or(mailbox);
        name.unwrap_or(&self.admin_email)
    }

    fn explain(&self, error: DieselError) -> anyhow::Error {
        match error {
            DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => anyhow::anyhow!(
                "there is a user {} already, and an e-mail belongs to one company only: choose \
                 another --admin-email",
                self.admin_email
            ),
            other => other.into(),
        }
    }
}

/// A name as the forms take it.
fn name(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 100 || text.chars().any(char::is_control) {
        return Err("a name has 1 to 100 characters, and no line break");
    }
    Ok(text.to_owned())
}

fn mailbox(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    match email::is_mailbox(text) {
        true => Ok(text.to_owned()),
        false => Err("this is no e-mail address"),
    }
}
