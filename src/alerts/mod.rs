//! The documented alert. Each company's hour is measured, and `domain::alert` decides; opening and
//! closing write the mails down in the same transaction, and telling sends what is written down.
//!
//! A mail is sent at least once: who is told twice loses a minute, who is not told loses a night. A
//! second one comes only where the mail server took the first and that was not written down: it took
//! longer over it than it is waited for, the connection broke, the node ended, or the store was away.
//! Both have the same id, by which mail programs show one.

mod letter;

use std::collections::HashMap;

use chrono::TimeDelta;

use crate::clock::Clock;
use crate::config::PublicUrl;
use crate::domain::alert::{self, Event};
use crate::domain::company::CompanyId;
use crate::domain::cube::Rate;
use crate::mail::{Mailer, NotSent};
use crate::store::alerts::{self as rows, Claimed};
use crate::store::settings::LiveSettings;
use crate::store::{Scope, Store, StoreError, maintenance};

/// So many companies are measured in one statement: 18 ms in a store of 5,000.
const MEASURED_AT_ONCE: usize = 500;

/// For so long a mail is one node's to send: longer than a mail server is waited for, which is a minute.
const CLAIMED_FOR: TimeDelta = TimeDelta::minutes(2);

/// What alerts work on.
#[derive(Clone)]
pub struct Alerts {
    /// The store.
    pub store: Store,
    /// The settings in memory.
    pub settings: LiveSettings,
    /// The way out for mail.
    pub mailer: Mailer,
    /// The time.
    pub clock: Clock,
    /// What links begin with.
    pub public_url: PublicUrl,
}

impl Alerts {
    /// Measures every company's hour, and opens and closes alerts.
    pub async fn watch(&self) -> Result<(), StoreError> {
        let hour = alert::hour(self.clock.now());
        let (companies, open) = self
            .store
            .read(Scope::Installation, |connection| {
                Ok((
                    maintenance::companies(connection)?,
                    rows::open_ones(connection)?,
                ))
            })
            .await?;
        for companies in companies.chunks(MEASURED_AT_ONCE).map(<[_]>::to_vec) {
            let measured = companies.clone();
            let rates = self.store.read(Scope::Installation, move |connection| {
                rows::rates(connection, &measured, hour)
            });
            let rates: HashMap<CompanyId, Rate> = rates.await?.into_iter().collect();
            for company in companies {
                let rate = rates.get(&company).copied().unwrap_or_default();
                if alert::decide(open.contains(&company), rate).is_some() {
                    self.judge(company).await?;
                }
            }
        }
        Ok(())
    }

    /// Opens or closes a company's alert, when that is so as of this moment. One node at a time.
    async fn judge(&self, company: CompanyId) -> Result<(), StoreError> {
        let now = self.clock.now();
        let happened = self.store.write(company, move |connection| {
            if !rows::try_lock(connection, company)? {
                return Ok(None);
            }
            let open_since = rows::open_since(connection, company)?;
            let rate = rows::rate(connection, company, alert::hour(now))?;
            let event = alert::decide(open_since.is_some(), rate);
            let is_done = match (event, open_since) {
                (Some(Event::Closed), Some(since)) => {
                    rows::close(connection, company, since, rate, now)?
                }
                (Some(Event::Opened), _) => rows::open(connection, company, rate, now)?,
                _ => false,
            };
            Ok::<_, StoreError>(event.filter(|_| is_done))
        });
        if let Some(event) = happened.await? {
            let did = match event {
                Event::Opened => "opened",
                Event::Closed => "closed",
            };
            tracing::info!(
                company.id = company.0,
                "the alert of company {company} {did}"
            );
        }
        Ok(())
    }

    /// The companies whose mails are due.
    pub async fn to_be_told(&self) -> Result<Vec<CompanyId>, StoreError> {
        if !self.mailer.is_set_up() {
            return Ok(Vec::new());
        }
        let now = self.clock.now();
        let due = self.store.read(Scope::Installation, move |connection| {
            rows::with_mails(connection, now)
        });
        due.await
    }

    /// Sends one mail that is due; `false` when there is none.
    pub async fn tell_next(&self, company: CompanyId) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let claimed = self.store.write(company, move |connection| {
            let claimed = rows::claim(connection, company, now, now + CLAIMED_FOR)?;
            Ok::<_, StoreError>(claimed)
        });
        let Some(mail) = claimed.await? else {
            return Ok(false);
        };
        let sent = match alert::is_stale(mail.made_at, now) {
            true => Err(NotSent::TooLate),
            false => self.send(company, &mail).await?,
        };
        self.note(company, mail, sent).await?;
        Ok(true)
    }

    async fn note(
        &self,
        company: CompanyId,
        mail: Claimed,
        sent: Result<(), NotSent>,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let problem = sent.err().map(|error| {
            let reason = error.in_short();
            tracing::warn!(
                company.id = company.0,
                "a mail about the alert of company {company} was not sent: {reason}"
            );
            (
                error.to_string(),
                alert::try_again(mail.attempts, mail.made_at, now),
            )
        });
        let noted = self.store.write(company, move |connection| {
            match problem {
                None => rows::sent(connection, company, &mail, now)?,
                Some((words, next)) => rows::not_sent(connection, company, &mail, &words, next)?,
            }
            Ok::<_, StoreError>(())
        });
        noted.await
    }
}
