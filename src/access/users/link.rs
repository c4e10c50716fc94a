//! A one-time link for a user: shown this once, and mailed where mail is sent.

use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::{DateTime, Utc};

use super::super::link_mail::{self, Occasion};
use super::super::password_link;
use super::{entry, find};
use crate::clock::Clock;
use crate::config::PublicUrl;
use crate::error::PageError;
use crate::mail::{FOR_A_PAGE, Mailer, NotSent};
use crate::store::users::ListedUser;
use crate::store::{Store, StoreError, audit};
use crate::web::page;
use crate::web::shell::{Admin, Shell};

/// The link, this once.
#[derive(Template)]
#[template(path = "access/user_link.html")]
struct LinkPage {
    shell: Shell,
    user: ListedUser,
    link: String,
    hours: i64,
    mailed: Mailed,
}

/// Whether the link went to its user by mail as well.
enum Mailed {
    Yes,
    /// No mail is sent.
    Never,
    /// The mail server did not take it, for this reason.
    Failed(String),
}

/// `POST /settings/users/{id}/link`: a new one-time link; the ones before it still work.
pub async fn make(
    Admin(shell): Admin,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
    public_url: web::Data<PublicUrl>,
    mailer: web::Data<Mailer>,
    id: web::Path<i64>,
) -> Result<HttpResponse, PageError> {
    let user = find(&store, &shell, *id).await?;
    if user.disabled_at.is_some() {
        return Err(PageError::BadRequest(
            "This user is disabled: let them in again first.",
        ));
    }
    let (company, now, id) = (shell.company.id, clock.now(), user.id);
    let (by, email) = (shell.operator.clone(), user.email.clone());
    let path = store
        .write(company, move |connection| {
            let entry = entry(&by, now, "user.link_made", &email, None, None);
            audit::add(connection, company, &entry)?;
            let path = password_link::make(connection, id, now, password_link::TIME_TO_LIVE)?;
            Ok::<_, StoreError>(path)
        })
        .await?;
    let by = shell.operator.name.clone();
    let link = NewLink {
        url: public_url.join(&path),
        user,
        occasion: Occasion::MadeBy(&by),
        made_at: now,
    };
    link.show(shell, &mailer).await
}

/// A link that was made just now.
pub(super) struct NewLink<'a> {
    pub(super) url: String,
    pub(super) user: ListedUser,
    pub(super) occasion: Occasion<'a>,
    pub(super) made_at: DateTime<Utc>,
}

impl NewLink<'_> {
    /// Sends it to its user where mail is sent, and shows it this once in any case.
    pub(super) async fn show(
        self,
        shell: Shell,
        mailer: &Mailer,
    ) -> Result<HttpResponse, PageError> {
        let link = link_mail::Link {
            url: self.url,
            ends_at: self.made_at + password_link::TIME_TO_LIVE,
            zone: shell.company.zone,
        };
        let (email, company) = (&self.user.email, &shell.company.name);
        let letter = link_mail::letter(self.occasion, email, company, &link, self.made_at);
        let mailed = match mailer.send(letter, FOR_A_PAGE).await {
            Ok(()) => Mailed::Yes,
            Err(NotSent::NotSetUp) => Mailed::Never,
            Err(reason) => Mailed::Failed(reason.to_string()),
        };
        page::show(&LinkPage {
            shell,
            user: self.user,
            link: link.url,
            hours: password_link::TIME_TO_LIVE.num_hours(),
            mailed,
        })
    }
}
