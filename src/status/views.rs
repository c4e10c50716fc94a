//! Saved views: lists that people come back to, their own and the company's. Support keeps its own;
//! the company's are the admins'.

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;
use uuid::Uuid;

use super::filters::Address;
use super::{ROOT, Status};
use crate::error::PageError;
use crate::store::StoreError;
use crate::store::saved_views::{self, Author, MOST_VIEWS, Outcome, ViewRow};
use crate::web::form::{self, Control, Field, Problems};
use crate::web::redirect::see_other;
use crate::web::shell::Shell;
use crate::web::{flash, page};

/// The page of all that a user sees.
#[derive(Template)]
#[template(path = "status/views.html")]
struct ViewsPage {
    shell: Shell,
    /// The list to be saved, where one is.
    address: Option<String>,
    fields: Vec<Field>,
    own: Vec<ViewLine>,
    companys: Vec<ViewLine>,
}

/// A view on the page.
struct ViewLine {
    id: Uuid,
    name: String,
    url: String,
    /// What is wrong with the new name that was typed.
    problem: Option<String>,
}

/// Links to saved views.
pub struct ViewLinks {
    /// The user's own: name, address.
    pub own: Vec<(String, String)>,
    /// The company's.
    pub companys: Vec<(String, String)>,
    /// The page on which this list is saved.
    pub save: String,
}

/// What a form says, and the address of the page.
#[derive(Debug, Default, Deserialize)]
pub struct Typed {
    #[serde(default)]
    name: String,
    #[serde(default)]
    address: String,
    #[serde(default)]
    whose: String,
}

impl ViewLinks {
    /// The links for a list.
    pub fn new(views: &[ViewRow], here: &Address) -> Self {
        let links = |is_own: bool| {
            let views = views.iter().filter(|view| view.user_id.is_some() == is_own);
            let link = |view: &ViewRow| (view.name.clone(), view.address.clone());
            views.map(link).collect()
        };
        let mut save = form_urlencoded::Serializer::new(format!("{ROOT}/views?"));
        save.append_pair("address", &here.url());
        Self {
            own: links(true),
            companys: links(false),
            save: save.finish(),
        }
    }

    /// Whether there are any.
    pub fn are_none(&self) -> bool {
        self.own.is_empty() && self.companys.is_empty()
    }
}

/// `GET …/api-status/views`, with `?address=…` to save one.
pub async fn show(
    shell: Shell,
    status: web::Data<Status>,
    typed: web::Query<Typed>,
) -> Result<HttpResponse, PageError> {
    let views = of_user(&status, &shell).await?;
    page::show(&ViewsPage::new(shell, &typed, &views, &Problems::default()))
}

/// `POST …/api-status/views`
pub async fn save(
    shell: Shell,
    status: web::Data<Status>,
    session: Session,
    typed: web::Form<Typed>,
) -> Result<HttpResponse, PageError> {
    let is_companys = typed.whose == "company";
    if is_companys && !shell.operator.is_admin() {
        return Err(PageError::Forbidden);
    }
    let Some(address) = Address::read(&typed.address, shell.company.zone) else {
        return Err(PageError::BadRequest(
            "Only lists of the API Status Page can be saved. Open one and save it from there.",
        ));
    };
    let view = form::name(&typed.name).map(|name| ViewRow {
        id: Uuid::new_v4(),
        user_id: (!is_companys).then_some(shell.operator.user_id),
        name,
        address: address.url(),
    });
    let outcome = match &view {
        Ok(view) => {
            let (company, kept, author) = (shell.company.id, view.clone(), author(&status, &shell));
            write(&status, &shell, move |connection| {
                saved_views::save(connection, company, &kept, &author)
            })
            .await?
        }
        Err(words) => return again(&status, shell, &typed, Problems::one("name", *words)).await,
    };
    let problem = match outcome {
        Outcome::Saved | Outcome::Gone => {
            flash::say(&session, &format!("Saved as {}.", typed.name.trim()))?;
            return Ok(see_other(&address.url()));
        }
        Outcome::TooMany => format!("There are {MOST_VIEWS} already. Delete one below first."),
        Outcome::NameTaken => "Another view has this name. Type another.".to_owned(),
    };
    again(&status, shell, &typed, Problems::one("name", problem)).await
}

/// `POST …/api-status/views/{id}/name`
pub async fn rename(
    shell: Shell,
    status: web::Data<Status>,
    session: Session,
    id: web::Path<Uuid>,
    typed: web::Form<Typed>,
) -> Result<HttpResponse, PageError> {
    let view = changeable(&status, &shell, *id).await?;
    let problem = match form::name(&typed.name) {
        Ok(name) => {
            let (company, author) = (shell.company.id, author(&status, &shell));
            let outcome = write(&status, &shell, move |connection| {
                saved_views::rename(connection, company, &view, &name, &author)
            });
            match outcome.await? {
                Outcome::Saved => {
                    flash::say(&session, &format!("Renamed to {}.", typed.name.trim()))?;
                    return Ok(see_other(&format!("{ROOT}/views")));
                }
                Outcome::Gone => return Err(PageError::NotFound),
                Outcome::TooMany | Outcome::NameTaken => "Another view has this name.",
            }
        }
        Err(words) => words,
    };
    let views = of_user(&status, &shell).await?;
    let mut page = ViewsPage::new(shell, &Typed::default(), &views, &Problems::default());
    for line in page.own.iter_mut().chain(&mut page.companys) {
        if line.id == *id {
            line.name = typed.name.clone();
            line.problem = Some(problem.to_owned());
        }
    }
    page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// `POST …/api-status/views/{id}/deletion`
pub async fn delete(
    shell: Shell,
    status: web::Data<Status>,
    session: Session,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, PageError> {
    let view = changeable(&status, &shell, *id).await?;
    let (company, author) = (shell.company.id, author(&status, &shell));
    let said = format!("Deleted {}.", view.name);
    let outcome = write(&status, &shell, move |connection| {
        saved_views::delete(connection, company, &view, &author)
    });
    match outcome.await? {
        Outcome::Gone => Err(PageError::NotFound),
        Outcome::Saved | Outcome::TooMany | Outcome::NameTaken => {
            flash::say(&session, &said)?;
            Ok(see_other(&format!("{ROOT}/views")))
        }
    }
}

fn author(status: &Status, shell: &Shell) -> Author {
    Author {
        user_id: shell.operator.user_id,
        name: shell.operator.name.clone(),
        at: status.clock.now(),
    }
}

async fn of_user(status: &Status, shell: &Shell) -> Result<Vec<ViewRow>, PageError> {
    let (company, user_id) = (shell.company.id, shell.operator.user_id);
    let read = status.store.read(company, move |connection| {
        saved_views::of_user(connection, company, user_id)
    });
    Ok(read.await?)
}

/// A view that this user may change: their own, and the company's for admins.
async fn changeable(status: &Status, shell: &Shell, id: Uuid) -> Result<ViewRow, PageError> {
    let views = of_user(status, shell).await?;
    let view = views.into_iter().find(|view| view.id == id);
    let view = view.ok_or(PageError::NotFound)?;
    match view.user_id.is_some() || shell.operator.is_admin() {
        true => Ok(view),
        false => Err(PageError::Forbidden),
    }
}

async fn write(
    status: &Status,
    shell: &Shell,
    work: impl FnOnce(&mut diesel::PgConnection) -> diesel::QueryResult<Outcome> + Send + 'static,
) -> Result<Outcome, PageError> {
    let outcome: Result<_, StoreError> = status
        .store
        .write(shell.company.id, move |connection| Ok(work(connection)?))
        .await;
    status.store.changed(shell.company.id);
    Ok(outcome?)
}

/// The form once more, with what is wrong.
async fn again(
    status: &Status,
    shell: Shell,
    typed: &Typed,
    problems: Problems,
) -> Result<HttpResponse, PageError> {
    let views = of_user(status, &shell).await?;
    let page = ViewsPage::new(shell, typed, &views, &problems);
    page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

impl ViewsPage {
    fn new(shell: Shell, typed: &Typed, views: &[ViewRow], problems: &Problems) -> Self {
        let address = Address::read(&typed.address, shell.company.zone);
        let mut fields = vec![
            Field::text("name", "Name", &typed.name).hint("Such as Failures of the web shop."),
        ];
        if shell.operator.is_admin() {
            let whose = [
                ("own".to_owned(), "Only me".to_owned()),
                (
                    "company".to_owned(),
                    format!("Everybody at {}", shell.company.name),
                ),
            ];
            let field = Field::text("whose", "Who sees it", &typed.whose);
            fields.push(field.typed(Control::Select(whose.into())));
        }
        let lines = |is_own: bool| {
            let views = views.iter().filter(|view| view.user_id.is_some() == is_own);
            let line = |view: &ViewRow| ViewLine {
                id: view.id,
                name: view.name.clone(),
                url: view.address.clone(),
                problem: None,
            };
            views.map(line).collect()
        };
        Self {
            address: address.map(|address| address.url()),
            fields: fields.into_iter().map(|f| f.with(problems)).collect(),
            own: lines(true),
            companys: lines(false),
            shell,
        }
    }
}
