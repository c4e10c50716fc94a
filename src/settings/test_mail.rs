//! A test mail to the alert e-mails: whoever sets mail up wants to know now, and not at the first
//! alert.

use std::time::{Duration, Instant};

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use uuid::Uuid;

use super::Settings;
use super::integrations::{self, IntegrationsPage};
use crate::error::PageError;
use crate::mail::{FOR_A_PAGE, Letter, NotSent};
use crate::store::audit::{self, Entry};
use crate::store::{StoreError, companies};
use crate::web::redirect::see_other;
use crate::web::shell::{Admin, Shell};
use crate::web::{flash, page};

/// So long the page waits for the mails to all addresses together.
const FOR_ALL: Duration = Duration::from_secs(12);

/// With less time left another address is not tried: too many servers take as long.
const WORTH_A_TRY: Duration = Duration::from_secs(3);

/// `POST /settings/integrations/test-mail`: to every alert e-mail that is saved.
pub async fn send(
    Admin(shell): Admin,
    settings: web::Data<Settings>,
    session: Session,
) -> Result<HttpResponse, PageError> {
    let addresses = note(&settings, &shell).await?;
    let mut taken = Vec::new();
    let mut failures = Vec::new();
    let since = Instant::now();
    let time_left = || FOR_ALL.saturating_sub(since.elapsed());
    let mut left = addresses.iter();
    while time_left() >= WORTH_A_TRY
        && let Some(address) = left.next()
    {
        let letter = letter(&settings, &shell, address);
        let patience = time_left().min(FOR_A_PAGE);
        let sent = settings.mailer.send(letter, patience).await;
        let Err(reason) = sent else {
            taken.push(address.as_str());
            continue;
        };
        failures.push(format!("{address}: {reason}"));
        // The others would wait as long for nothing.
        if matches!(
            reason,
            NotSent::NotSetUp | NotSent::Unreachable(_) | NotSent::NoAnswer(_)
        ) {
            break;
        }
    }
    let not_tried: Vec<&str> = left.map(String::as_str).collect();
    let is_done = failures.is_empty() && not_tried.is_empty();
    let words = match (addresses.is_empty(), is_done) {
        (true, _) => "There is no alert e-mail to send a test mail to: save one first.".to_owned(),
        (false, true) => {
            let words = format!(
                "The mail server took a test mail to {}. Look whether it arrives.",
                taken.join(", ")
            );
            flash::say(&session, &words)?;
            return Ok(see_other("/settings/integrations"));
        }
        (false, false) => {
            let mut words = match taken.is_empty() {
                true => "The mail server took no test mail.".to_owned(),
                false => format!(
                    "The mail server took a test mail to {} only.",
                    taken.join(", ")
                ),
            };
            if !failures.is_empty() {
                words += &format!(" {}.", failures.join("; "));
            }
            if !not_tried.is_empty() {
                words += &format!(" Not tried: {}.", not_tried.join(", "));
            }
            words
        }
    };
    let stored = integrations::read(&settings, &shell).await?;
    let mut page = IntegrationsPage::new(&settings, shell, &stored, None);
    page.problem = Some(words);
    page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// Writes the test into the audit log and returns the addresses.
async fn note(settings: &Settings, shell: &Shell) -> Result<Vec<String>, StoreError> {
    let (company, operator, now) = (
        shell.company.id,
        shell.operator.clone(),
        settings.clock.now(),
    );
    settings
        .store
        .write(company, move |connection| {
            let row = companies::find(connection, company)?;
            let addresses: Vec<String> = row.alert_emails.into_iter().flatten().collect();
            let entry = Entry {
                at: now,
                user_id: Some(operator.user_id),
                actor: &operator.name,
                action: "mail.tested",
                subject: &addresses.join(", "),
                before: None,
                after: None,
                settings_version: None,
            };
            audit::add(connection, company, &entry)?;
            Ok(addresses)
        })
        .await
}

fn letter(settings: &Settings, shell: &Shell, address: &str) -> Letter {
    let company = &shell.company.name;
    let link = settings.public_url.join("/settings/integrations#mail");
    Letter {
        to: address.to_owned(),
        subject: format!("[{company}] Test mail"),
        text: format!(
            "This is a test mail: nothing is wrong. When too many of {company}'s production \
             requests fail, you will be told at this address.\n\n\
             {} sent it from here:\n{link}\n",
            shell.operator.name
        ),
        id: format!("test-{}", Uuid::new_v4()),
        at: settings.clock.now(),
    }
}
