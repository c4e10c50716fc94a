//! `user reset-link`: lets a user choose a new password, also where no mail is sent.

use anyhow::{Context, ensure};
use chrono::{DateTime, Utc};
use clap::Args;
use diesel::{Connection, PgConnection};

use super::database::{Database, say};
use crate::access::password_link;
use crate::clock::Clock;
use crate::config::{LinkConfig, StoreConfig};
use crate::store::audit::{self, Entry};
use crate::store::users;

/// The command line.
#[derive(Debug, Args)]
pub struct ResetLink {
    /// The e-mail that the user signs in with
    email: String,

    #[command(flatten)]
    store: StoreConfig,

    #[command(flatten)]
    links: LinkConfig,
}

impl ResetLink {
    /// Makes the link and prints it. The old password works until a new one is chosen.
    pub fn run(&self) -> anyhow::Result<()> {
        let database = Database::open(&self.store)?;
        let now = Clock::system().now();
        let path = database
            .connect()?
            .transaction(|connection| self.make(connection, now))?;
        let link = self.links.join(database.served_at(), &path);
        let hours = password_link::TIME_TO_LIVE.num_hours();
        say(&format!(
            "{} chooses a password here, within {hours} hours:\n{link}\n",
            self.email
        ))
    }

    fn make(&self, connection: &mut PgConnection, now: DateTime<Utc>) -> anyhow::Result<String> {
        let found = users::find_by_email(connection, &self.email)?;
        let user = found.with_context(|| format!("there is no user {}", self.email))?;
        let is_enabled = user.disabled_at.is_none();
        ensure!(
            is_enabled,
            "{} is disabled: an admin must enable them first",
            self.email
        );
        let entry = Entry {
            at: now,
            user_id: None,
            actor: "console",
            action: "user.link_made",
            subject: &user.email,
            before: None,
            after: None,
            settings_version: None,
        };
        audit::add(connection, user.company(), &entry)?;
        Ok(password_link::make(
            connection,
            user.id,
            now,
            password_link::TIME_TO_LIVE,
        )?)
    }
}
