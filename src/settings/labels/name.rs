//! The name of a channel, brand or language, as people see it.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Deserialize;

use super::super::{CameFrom, Sent, Settings, done};
use super::{LabelPage, find, list, thing};
use crate::error::PageError;
use crate::store::change::Outcome;
use crate::store::labels::{self, LabelKind, LabelRow};
use crate::web::form::{self, Field};
use crate::web::page;
use crate::web::shell::{Admin, Shell};

/// What is typed to name one.
#[derive(Debug, Deserialize)]
pub struct Typed {
    #[serde(default)]
    name: String,
    #[serde(flatten)]
    sent: Sent,
}

/// `GET /settings/company-info/{kind}/{label}/name`.
pub async fn form(
    Admin(shell): Admin,
    settings: web::Data<Settings>,
    path: web::Path<(String, String)>,
    from: web::Query<CameFrom>,
) -> Result<HttpResponse, PageError> {
    let (kind, row, version) = find(&settings, &shell, &path).await?;
    let sent = Sent::new(version, from.return_to.as_deref());
    page::show(&LabelPage::to_name(shell, kind, &row, &row.name, &sent))
}

/// `POST /settings/company-info/{kind}/{label}/name`.
pub async fn rename(
    Admin(shell): Admin,
    settings: web::Data<Settings>,
    session: Session,
    path: web::Path<(String, String)>,
    typed: web::Form<Typed>,
) -> Result<HttpResponse, PageError> {
    let (kind, row, version) = find(&settings, &shell, &path).await?;
    let sent = typed.sent.clone();
    let name = match form::name(&typed.name) {
        Ok(name) => name,
        Err(words) => {
            let mut page = LabelPage::to_name(shell, kind, &row, &typed.name, &sent);
            page.fields[0].problem = Some(words.to_owned());
            return page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    let (company, id) = (shell.company.id, row.id);
    let new = name.clone();
    let outcome = settings
        .change(&shell, &sent, thing(kind, id), move |connection| {
            labels::rename(connection, company, kind, id, &new)
        })
        .await?;
    match outcome {
        Outcome::Saved(_) | Outcome::AsItWas => {
            let words = format!("The {} {} is called {name}.", kind.noun(), row.label);
            done(&session, &sent, &list(kind), &words)
        }
        Outcome::Overtaken(other) => {
            let words = settings.overtaken(&shell, &other);
            let sent = Sent { version, ..sent };
            let mut page = LabelPage::to_name(shell, kind, &row, &name, &sent);
            page.alert = Some(format!("{words} It is called {} now.", row.name));
            page::show_with(StatusCode::CONFLICT, &page)
        }
        Outcome::Refused(_) => Err(PageError::NotFound),
    }
}

impl LabelPage {
    fn to_name(shell: Shell, kind: LabelKind, row: &LabelRow, name: &str, sent: &Sent) -> Self {
        Self {
            shell,
            heading: format!("Name of {}", row.label),
            sentence: "As people see it. Requests name the label, which stays.".to_owned(),
            list: list(kind),
            notices: Vec::new(),
            alert: None,
            fields: vec![Field::text("name", "Name", name)],
            hidden: sent.hidden(),
            leave: sent.back().unwrap_or_else(|| list(kind)),
            button: "Save".to_owned(),
        }
    }
}
