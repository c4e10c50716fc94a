//! A test mail to the alert e-mails: whoever sets mail up wants to know now, and not at the first
//! alert.

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

/// `POST /settings/integrations/test-mail`: to every alert e-mail that is saved.
pub async fn send(
    Admin(shell): Admin,
    settings: web::Data<Settings>,
    session: Session,
) -> Result<HttpResponse, PageError> {
    let addresses = note(&settings, &shell).await?;
    let mut taken = Vec::new();
    let mut failures = Vec::new();
    let mut left = addresses.iter();
    for address in left.by_ref() {
        let sent = settings
            .mailer
            .send(letter(&settings, &shell, address), FOR_A_PAGE)
            .await;
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
    let words = match (addresses.is_empty(), failures.is_empty()) {
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
            let sent = match taken.is_empty() {
                true => "The mail server took no test mail.".to_owned(),
                false => format!(
                    "The mail server took a test mail to {} only.",
                    taken.join(", ")
                ),
            };
            let not_tried = match not_tried.is_empty() {
                true => String::new(),
                false => format!(" Not tried: {}.", not_tried.join(", ")),
            };
            format!("{sent} {}.{not_tried}", failures.join("; "))
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
