//! Users and roles: who may sign in, and as what. One is invited by a one-time link, which is also
//! the way back in for who forgot the password. The last admin cannot be locked out.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::{DateTime, Utc};
use diesel::PgConnection;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use serde::Deserialize;
use serde_json::{Value, json};

use super::link_mail::{self, Occasion};
use super::password_link;
use crate::clock::Clock;
use crate::config::PublicUrl;
use crate::domain::user::Role;
use crate::error::PageError;
use crate::mail::{Mailer, NotSent};
use crate::store::audit::{self, Entry};
use crate::store::users::{self, ListedUser, NewUser};
use crate::store::{Store, StoreError, sessions};
use crate::web::confirm::{ConfirmPage, Notice};
use crate::web::form::{self, Control, Field, Problems};
use crate::web::redirect::see_other;
use crate::web::shell::{Admin, Shell};
use crate::web::{flash, page};

const HERE: &str = "/settings/users";

/// The list.
#[derive(Template)]
#[template(path = "access/users.html")]
struct UsersPage {
    shell: Shell,
    users: Vec<ListedUser>,
}

/// The form to invite one.
#[derive(Template)]
#[template(path = "access/user_new.html")]
struct NewUserPage {
    shell: Shell,
    fields: Vec<Field>,
}

/// One user.
#[derive(Template)]
#[template(path = "access/user.html")]
struct UserPage {
    shell: Shell,
    user: ListedUser,
    role: Field,
}

/// A one-time link, this once.
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
    /// It was not sent, for this reason.
    Failed(String),
}

/// What is typed to invite one.
#[derive(Debug, Default, Deserialize)]
pub struct Typed {
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    role: String,
}

/// What became of a change.
enum Outcome {
    Done,
    AsItWas,
    LastAdmin,
    Gone,
}

/// `GET /settings/users`.
pub async fn list(Admin(shell): Admin, store: web::Data<Store>) -> Result<HttpResponse, PageError> {
    let company = shell.company.id;
    let users = store
        .read(company, move |connection| {
            users::of_company(connection, company)
        })
        .await?;
    page::show(&UsersPage { shell, users })
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
pub async fn invite(
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
            let token = password_link::make(connection, id, now, password_link::TIME_TO_LIVE)?;
            Ok((id, token))
        })
        .await;
    match made {
        Ok((id, token)) => {
            let by = shell.operator.name.clone();
            let link = NewLink {
                url: public_url.join(&format!("/password/{token}")),
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

/// `GET /settings/users/{id}`.
pub async fn show(
    Admin(shell): Admin,
    store: web::Data<Store>,
    id: web::Path<i64>,
) -> Result<HttpResponse, PageError> {
    let user = find(&store, &shell, *id).await?;
    page::show(&UserPage::new(shell, user, None))
}

/// What is chosen on a user's page.
#[derive(Debug, Deserialize)]
pub struct ChosenRole {
    #[serde(default)]
    role: String,
}

/// `POST /settings/users/{id}`: the role.
pub async fn save(
    Admin(shell): Admin,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
    session: Session,
    id: web::Path<i64>,
    chosen: web::Form<ChosenRole>,
) -> Result<HttpResponse, PageError> {
    let user = find(&store, &shell, *id).await?;
    let Some(role) = read_role(&chosen.role) else {
        let page = UserPage::new(shell, user, Some("Choose one."));
        return page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    let outcome = change(
        &store,
        &shell,
        user.id,
        clock.now(),
        move |connection, user| {
            users::set_role(connection, user.id, role)?;
            let before = json!({"role": word(role_of(user))});
            Ok(("user.role_changed", before, json!({"role": word(role)})))
        },
        move |user| role_of(user) == role,
        role == Role::Support,
    )
    .await?;
    match outcome {
        Outcome::Gone => Err(PageError::NotFound),
        Outcome::LastAdmin => {
            let page = UserPage::new(shell, user, Some(LAST_ADMIN));
            page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Outcome::Done | Outcome::AsItWas => {
            let title = role.title().to_lowercase();
            flash::say(&session, &format!("{} is {title} now.", user.name))?;
            Ok(see_other(HERE))
        }
    }
}

const LAST_ADMIN: &str = "This is the last admin who can sign in: make another one first.";

/// `POST /settings/users/{id}/link`: a new one-time link; the ones before it still work.
pub async fn make_link(
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
    let token = store
        .write(company, move |connection| {
            let entry = entry(&by, now, "user.link_made", &email, None, None);
            audit::add(connection, company, &entry)?;
            let token = password_link::make(connection, id, now, password_link::TIME_TO_LIVE)?;
            Ok::<_, StoreError>(token)
        })
        .await?;
    let by = shell.operator.name.clone();
    let link = NewLink {
        url: public_url.join(&format!("/password/{token}")),
        user,
        occasion: Occasion::MadeBy(&by),
        made_at: now,
    };
    link.show(shell, &mailer).await
}

/// `POST /settings/users/{id}/sign-out`: everywhere.
pub async fn sign_out(
    Admin(shell): Admin,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
    session: Session,
    id: web::Path<i64>,
) -> Result<HttpResponse, PageError> {
    let user = find(&store, &shell, *id).await?;
    let words = format!("{} is signed out everywhere.", user.name);
    let (company, now) = (shell.company.id, clock.now());
    let by = shell.operator.clone();
    store
        .write(company, move |connection| {
            sessions::end_all_of(connection, user.id)?;
            let entry = entry(&by, now, "user.signed_out", &user.email, None, None);
            Ok::<_, StoreError>(audit::add(connection, company, &entry)?)
        })
        .await?;
    flash::say(&session, &words)?;
    Ok(see_other(HERE))
}

/// `GET /settings/users/{id}/{verb}`.
pub async fn ask(
    Admin(shell): Admin,
    store: web::Data<Store>,
    path: web::Path<(i64, String)>,
) -> Result<HttpResponse, PageError> {
    let user = find(&store, &shell, path.0).await?;
    confirm(shell, &user, path.1 == "disabling").answer(false)
}

/// `POST /settings/users/{id}/{verb}`: disabled, or let in again.
pub async fn act(
    Admin(shell): Admin,
    store: web::Data<Store>,
    clock: web::Data<Clock>,
    session: Session,
    path: web::Path<(i64, String)>,
) -> Result<HttpResponse, PageError> {
    let is_off = path.1 == "disabling";
    let user = find(&store, &shell, path.0).await?;
    let now = clock.now();
    let outcome = change(
        &store,
        &shell,
        user.id,
        now,
        move |connection, user| {
            let action = match is_off {
                true => {
                    users::disable(connection, user.id, now)?;
                    "user.disabled"
                }
                false => {
                    users::enable(connection, user.id)?;
                    "user.enabled"
                }
            };
            Ok((
                action,
                json!({"disabled": !is_off}),
                json!({"disabled": is_off}),
            ))
        },
        move |user| user.disabled_at.is_some() == is_off,
        is_off,
    )
    .await?;
    match outcome {
        Outcome::Gone => Err(PageError::NotFound),
        Outcome::LastAdmin => {
            let mut page = confirm(shell, &user, is_off);
            page.notices
                .insert(0, Notice::problem(LAST_ADMIN.to_owned()));
            page.answer(true)
        }
        Outcome::Done | Outcome::AsItWas => {
            let state = match is_off {
                true => "cannot sign in any more",
                false => "can sign in again",
            };
            flash::say(&session, &format!("{} {state}.", user.name))?;
            Ok(see_other(HERE))
        }
    }
}

fn confirm(shell: Shell, user: &ListedUser, is_off: bool) -> ConfirmPage {
    let name = &user.name;
    let (heading, sentence, button) = match is_off {
        true => (
            format!("Disable {name}?"),
            "All their sessions end at once, and they cannot sign in until they are let in again.",
            format!("Disable {name}"),
        ),
        false => (
            format!("Let {name} in again?"),
            "They can sign in with the password they had.",
            format!("Let {name} in again"),
        ),
    };
    ConfirmPage {
        shell,
        above: vec![
            ("Settings", "/settings".to_owned()),
            ("Users and roles", HERE.to_owned()),
        ],
        heading,
        sentence: sentence.to_owned(),
        notices: Vec::new(),
        button,
        is_danger: is_off,
        leave: (
            "Leave it as it is".to_owned(),
            format!("{HERE}/{}", user.id),
        ),
        hidden: Vec::new(),
    }
}

/// Changes a user under the lock of the admins: of two who leave at once, one is the last.
async fn change(
    store: &Store,
    shell: &Shell,
    id: i64,
    now: DateTime<Utc>,
    work: impl FnOnce(
        &mut PgConnection,
        &ListedUser,
    ) -> Result<(&'static str, Value, Value), DieselError>
    + Send
    + 'static,
    is_so: impl FnOnce(&ListedUser) -> bool + Send + 'static,
    takes_an_admin: bool,
) -> Result<Outcome, PageError> {
    let company = shell.company.id;
    let by = shell.operator.clone();
    let changed = store.write(company, move |connection| {
        let admins = users::lock_admins(connection, company)?;
        let Some(user) = users::find(connection, company, id)? else {
            return Ok(Outcome::Gone);
        };
        if is_so(&user) {
            return Ok(Outcome::AsItWas);
        }
        if takes_an_admin && admins == [id] {
            return Ok(Outcome::LastAdmin);
        }
        let (action, before, after) = work(connection, &user)?;
        let entry = entry(&by, now, action, &user.email, Some(before), Some(after));
        audit::add(connection, company, &entry)?;
        Ok::<_, StoreError>(Outcome::Done)
    });
    Ok(changed.await?)
}

fn entry<'a>(
    by: &'a crate::web::shell::Operator,
    at: DateTime<Utc>,
    action: &'a str,
    subject: &'a str,
    before: Option<Value>,
    after: Option<Value>,
) -> Entry<'a> {
    Entry {
        at,
        user_id: Some(by.user_id),
        actor: &by.name,
        action,
        subject,
        before,
        after,
        settings_version: None,
    }
}

/// A link that was made just now.
struct NewLink<'a> {
    url: String,
    user: ListedUser,
    occasion: Occasion<'a>,
    made_at: DateTime<Utc>,
}

impl NewLink<'_> {
    /// Sends it to its user where mail is sent, and shows it this once in any case.
    async fn show(self, shell: Shell, mailer: &Mailer) -> Result<HttpResponse, PageError> {
        let link = link_mail::Link {
            url: self.url,
            ends_at: self.made_at + password_link::TIME_TO_LIVE,
            zone: shell.company.zone,
        };
        let (email, company) = (&self.user.email, &shell.company.name);
        let letter = link_mail::letter(self.occasion, email, company, &link, self.made_at);
        let mailed = match mailer.send(letter).await {
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

async fn find(store: &Store, shell: &Shell, id: i64) -> Result<ListedUser, PageError> {
    let company = shell.company.id;
    let found = store
        .read(company, move |connection| {
            users::find(connection, company, id)
        })
        .await?;
    found.ok_or(PageError::NotFound)
}

fn role_of(user: &ListedUser) -> Role {
    Role::from_number(user.role).unwrap_or(Role::Support)
}

fn word(role: Role) -> &'static str {
    match role {
        Role::Admin => "admin",
        Role::Support => "support",
    }
}

fn read_role(text: &str) -> Option<Role> {
    Role::ALL.into_iter().find(|role| word(*role) == text)
}

fn role_field(role: &str) -> Field {
    let roles = [
        (Role::Admin, "Admin: sees and changes everything"),
        (
            Role::Support,
            "Support: sees requests and settings, changes nothing",
        ),
    ];
    let roles = roles.map(|(role, words)| (word(role).to_owned(), words.to_owned()));
    Field::text("role", "Role", role).typed(Control::Select(roles.into()))
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

impl UsersPage {
    fn is_self(&self, user: &ListedUser) -> bool {
        user.id == self.shell.operator.user_id
    }

    fn role(&self, user: &ListedUser) -> &'static str {
        role_of(user).title()
    }
}

impl UserPage {
    fn new(shell: Shell, user: ListedUser, problem: Option<&str>) -> Self {
        let mut role = role_field(word(role_of(&user)));
        role.problem = problem.map(str::to_owned);
        Self { shell, user, role }
    }
}
