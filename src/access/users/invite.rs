//! Somebody is invited.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use serde::Deserialize;
use serde_json::json;

use super::super::link_mail::Occasion;
use super::super::password_link;
use super::link::NewLink;
use super::{entry, find, read_role, role_field, word};
use crate::clock::Clock;
use crate::config::PublicUrl;
use crate::domain::user::Role;
use crate::error::PageError;
use crate::mail::Mailer;
use crate::store::users::{self, NewUser};
use crate::store::{Store, StoreError, audit};
use crate::web::form::{self, Control, Field, Problems};
use crate::web::page;
use crate::web::shell::{Admin, Shell};

/// The form.
#[derive(Template)]
#[template(path = "access/user_new.html")]
struct NewUserPage {
    shell: Shell,
    fields: Vec<Field>,
}

/// What is typed.
#[derive(Debug, Default, Deserialize)]
pub struct Typed {
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    role: String,
}

/// `GET /settings/users/new`.
pub async fn new(Admin(shell): Admin) -> Result<HttpResponse, PageError> {
    let typed = Typed {
        role: word(Role::Support).to_owned(),
        ..Typed::default()
    };
    page::show(&NewUserPage::new(shell, &typed, &Problems::default()))
}

/// `POST /settings/users/new`: makes the user and shows the link.
pub async fn create(
    Admin(shell): Admin,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
    public_url: web::Data<PublicUrl>,
    mailer: web::Data<Mailer>,
    typed: web::Form<Typed>,
) -> Result<HttpResponse, PageError> {
    let (name, email, role) = match typed.judge() {
        Ok(judged) => judged,
        Err(problems) => {
            let page = NewUserPage::new(shell, &typed, &problems);
            return page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    let (company, now) = (shell.company.id, clock.now());
    let by = shell.operator.clone();
    let made = store
        .write(company, move |connection| {
            let new = NewUser {
                email: &email,
                name: &name,
                role,
            };
            let id = match users::create(connection, company, new, now) {
                Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
                    return Err(Invitation::Taken);
                }
                made => made?,
            };
            let after = json!({"name": name, "role": word(role)});
            let entry = entry(&by, now, "user.invited", &email, None, Some(after));
            audit::add(connection, company, &entry)?;
            let path = password_link::make(connection, id, now, password_link::TIME_TO_LIVE)?;
            Ok((id, path))
        })
        .await;
    match made {
        Ok((id, path)) => {
            let by = shell.operator.name.clone();
            let link = NewLink {
                url: public_url.join(&path),
                user: find(&store, &shell, id).await?,
                occasion: Occasion::Invited(&by),
                made_at: now,
            };
            link.show(shell, &mailer).await
        }
        Err(Invitation::Taken) => {
            let words = "This e-mail has an account already. If it is one of this company’s, make a new link on its page.";
            let page = NewUserPage::new(shell, &typed, &Problems::one("email", words));
            page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(Invitation::Store(error)) => Err(error.into()),
    }
}

/// Why nobody was invited.
enum Invitation {
    Taken,
    Store(StoreError),
}

impl From<StoreError> for Invitation {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<DieselError> for Invitation {
    fn from(error: DieselError) -> Self {
        Self::Store(error.into())
    }
}

impl Typed {
    fn judge(&self) -> Result<(String, String, Role), Problems> {
        let mut problems = Problems::default();
        let name = form::name(&self.name).unwrap_or_else(|words| {
            problems.add("name", words);
            String::new()
        });
        let email = match form::mailbox(&self.email) {
            Ok(Some(email)) => email,
            Ok(None) => {
                problems.add("email", "Type the e-mail they will sign in with.");
                String::new()
            }
            Err(words) => {
                problems.add("email", words);
                String::new()
            }
        };
        let role = read_role(&self.role).unwrap_or_else(|| {
            problems.add("role", "Choose one.");
            Role::Support
        });
        problems.or((name, email, role))
    }
}

impl NewUserPage {
    fn new(shell: Shell, typed: &Typed, problems: &Problems) -> Self {
        let fields = [
            Field::text("name", "Name", &typed.name),
            Field::text("email", "E-mail", &typed.email)
                .typed(Control::Email)
                .hint("They sign in with it."),
            role_field(&typed.role),
        ];
        Self {
            shell,
            fields: fields.into_iter().map(|f| f.with(problems)).collect(),
        }
    }
}
