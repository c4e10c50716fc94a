//! Employees by file: out, the template, and in. A file that comes in is kept, compared and shown;
//! it is saved whole, by one change, or not at all.

use actix_multipart::Multipart;
use actix_session::Session;
use actix_web::http::{StatusCode, header};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, web};
use askama::Template;
use diesel::PgConnection;
use futures_util::{StreamExt, stream};
use uuid::Uuid;

use super::super::{Sent, Settings, done};
use super::HERE;
use crate::blocking;
use crate::domain::employee_file::{self, FileFault, Plan, Profile};
use crate::domain::request::RequestId;
use crate::error::PageError;
use crate::store::change::{Outcome, Thing};
use crate::store::employees::{self, Import};
use crate::store::{StoreError, companies};
use crate::web::format::{counted, number};
use crate::web::page;
use crate::web::redirect::see_other;
use crate::web::shell::{Admin, Shell};

/// The largest file, in bytes: 50,000 lines have about five million.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// So many lines of each kind are shown; the rest is counted.
const SHOWN: usize = 100;

/// Employees are read out in chunks of so many.
const CHUNK: i64 = 5_000;

/// The form to send a file.
#[derive(Template)]
#[template(path = "settings/employee_file.html")]
struct FilePage {
    shell: Shell,
    problem: Option<String>,
}

/// What a file would do.
#[derive(Template)]
#[template(path = "settings/employee_import.html")]
struct ImportPage {
    shell: Shell,
    file_name: String,
    alert: Option<String>,
    summary: Vec<(&'static str, String)>,
    new: Shown<(u64, Profile)>,
    changed: Shown<Difference>,
    wrong: Shown<employee_file::Wrong>,
    /// The words on the button; `None` where there is nothing to save, or something wrong.
    save: Option<String>,
    hidden: Vec<(&'static str, String)>,
}

/// The first of many.
struct Shown<T> {
    items: Vec<T>,
    more: Option<String>,
}

/// A line that changes somebody.
struct Difference {
    line: u64,
    who: String,
    /// What, before, after.
    changes: Vec<(&'static str, String, String)>,
}

/// `GET /settings/employees/template.csv`.
pub async fn template(_shell: Shell) -> HttpResponse {
    csv("employees-template.csv").body(employee_file::template())
}

/// `GET /settings/employees/employees.csv`: everybody, a chunk at a time.
pub async fn export(shell: Shell, settings: web::Data<Settings>) -> HttpResponse {
    let company = shell.company.id;
    let header = stream::iter([Ok(Bytes::from(employee_file::header()))]);
    let chunks = stream::unfold(Some(0), move |after| {
        let settings = settings.clone();
        async move {
            let after = after?;
            let read = settings.store.read(company, move |connection| {
                employees::after(connection, company, after, CHUNK)
            });
            match read.await {
                Ok(rows) => {
                    let last = rows.last()?.id;
                    let profiles: Vec<_> = rows.into_iter().map(|known| known.profile).collect();
                    Some((Ok(Bytes::from(employee_file::lines(&profiles))), Some(last)))
                }
                Err(error) => Some((Err(PageError::from(error)), None)),
            }
        }
    });
    csv("employees.csv").streaming(header.chain(chunks))
}

fn csv(name: &str) -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .content_type("text/csv; charset=utf-8")
        .insert_header((
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ));
    response
}

/// `GET /settings/employees/imports/new`.
pub async fn new(Admin(shell): Admin) -> Result<HttpResponse, PageError> {
    let problem = None;
    page::show(&FilePage { shell, problem })
}

/// `POST /settings/employees/imports/new`: keeps the file and leads to what it would do.
pub async fn upload(
    Admin(shell): Admin,
    settings: web::Data<Settings>,
    form: Multipart,
) -> Result<HttpResponse, PageError> {
    let text = match receive(form).await {
        Ok((name, bytes)) => {
            let decoded = blocking::run(move || employee_file::decode(&bytes)).await?;
            decoded
                .map(|text| (name, text))
                .map_err(|fault| fault.to_string())
        }
        Err(words) => Err(words.to_owned()),
    };
    let (file_name, content) = match text {
        Ok((_, text)) if text.trim().is_empty() => {
            return refuse(shell, FileFault::Empty.to_string());
        }
        Ok(file) => file,
        Err(words) => return refuse(shell, words),
    };
    let (company, now) = (shell.company.id, settings.clock.now());
    let id = RequestId::new(now).uuid();
    let user_id = shell.operator.user_id;
    settings
        .store
        .write(company, move |connection| {
            let import = Import {
                company_id: company.0,
                id,
                user_id,
                made_at: now,
                settings_version: companies::find(connection, company)?.settings_version,
                file_name,
                content,
            };
            Ok::<_, StoreError>(employees::keep(connection, &import)?)
        })
        .await?;
    Ok(see_other(&format!("{HERE}/imports/{id}")))
}

fn refuse(shell: Shell, words: String) -> Result<HttpResponse, PageError> {
    let problem = Some(words);
    let page = FilePage { shell, problem };
    page::show_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// Name and bytes of the file in a form.
async fn receive(mut form: Multipart) -> Result<(String, Vec<u8>), &'static str> {
    const BROKEN: &str = "The file did not arrive whole. Send it again.";
    while let Some(field) = form.next().await {
        let mut field = field.map_err(|_| BROKEN)?;
        if field.name() != Some("file") {
            continue;
        }
        let name = field
            .content_disposition()
            .and_then(|d| d.get_filename())
            .unwrap_or_default();
        let name: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
        let mut bytes = Vec::new();
        while let Some(chunk) = field.next().await {
            bytes.extend_from_slice(&chunk.map_err(|_| BROKEN)?);
            if bytes.len() > MAX_BYTES {
                return Err("The file has more than 32 MiB. Split it.");
            }
        }
        return match name.is_empty() {
            true => Err("Choose a file first."),
            false => Ok((name, bytes)),
        };
    }
    Err("Choose a file first.")
}

/// `GET /settings/employees/imports/{id}`: what the file would do now.
pub async fn preview(
    Admin(shell): Admin,
    settings: web::Data<Settings>,
    id: web::Path<Uuid>,
) -> Result<HttpResponse, PageError> {
    show(&settings, shell, *id, None).await
}

async fn show(
    settings: &Settings,
    shell: Shell,
    id: Uuid,
    alert: Option<String>,
) -> Result<HttpResponse, PageError> {
    let company = shell.company.id;
    let read = settings.store.read(company, move |connection| {
        let Some(import) = employees::kept(connection, company, id)? else {
            return Ok(None);
        };
        // The version first: what is read after it is at least as new.
        let version = companies::find(connection, company)?.settings_version;
        Ok(Some((
            import,
            version,
            employees::all(connection, company)?,
        )))
    });
    let (import, version, known) = read.await?.ok_or(PageError::NotFound)?;
    let (name, content) = (import.file_name, import.content);
    let planned = blocking::run(move || employee_file::plan(&content, &known)).await?;
    let plan = match planned {
        Ok(plan) => plan,
        Err(fault) => return refuse(shell, fault.to_string()),
    };
    let status = match alert {
        Some(_) => StatusCode::CONFLICT,
        None if plan.wrong.is_empty() => StatusCode::OK,
        None => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let page = ImportPage::new(shell, name, version, plan, alert);
    page::show_with(status, &page)
}

/// `POST /settings/employees/imports/{id}`: saves all of it, by one change.
pub async fn save(
    Admin(shell): Admin,
    settings: web::Data<Settings>,
    session: Session,
    id: web::Path<Uuid>,
    sent: web::Form<Sent>,
) -> Result<HttpResponse, PageError> {
    let (company, id) = (shell.company.id, *id);
    let everybody = Thing {
        noun: "employee",
        id: None,
    };
    let outcome = settings
        .change(&shell, &sent, Some(everybody), move |connection| {
            import(connection, company, id)
        })
        .await?;
    match outcome {
        Outcome::Saved(_) => done(&session, &sent, HERE, "The file is saved, all of it."),
        // Sent twice: the first did it.
        Outcome::AsItWas => Ok(see_other(HERE)),
        Outcome::Overtaken(other) => {
            let words = settings.overtaken(&shell, &other);
            show(&settings, shell, id, Some(words)).await
        }
        Outcome::Refused(()) => show(&settings, shell, id, None).await,
    }
}

/// The plan is made once more under the lock: nobody can come between.
fn import(
    connection: &mut PgConnection,
    company: crate::domain::company::CompanyId,
    id: Uuid,
) -> crate::store::change::Made<()> {
    let Some(import) = employees::kept(connection, company, id)? else {
        return Ok(Ok(None));
    };
    let known = employees::all(connection, company)?;
    match employee_file::plan(&import.content, &known) {
        Ok(plan) if plan.wrong.is_empty() => {
            employees::forget(connection, company, id)?;
            let made = employees::import(connection, company, &plan, &import.file_name)?;
            Ok(made.map_err(|_| ()))
        }
        _ => Ok(Err(())),
    }
}

impl ImportPage {
    fn new(
        shell: Shell,
        file_name: String,
        version: i64,
        plan: Plan,
        alert: Option<String>,
    ) -> Self {
        let (new, changed) = (plan.new.len(), plan.changed.len());
        let save = (plan.wrong.is_empty() && new + changed > 0).then(|| {
            let parts = [(new, "add"), (changed, "change")];
            let parts: Vec<String> = parts
                .into_iter()
                .filter(|(count, _)| *count > 0)
                .map(|(count, verb)| format!("{verb} {}", number(count as i64)))
                .collect();
            format!("Save all: {}", parts.join(", "))
        });
        let differences = plan.changed.iter().take(SHOWN).map(Difference::new);
        Self {
            file_name,
            alert,
            summary: vec![
                ("New", number(new as i64)),
                ("Changed", number(changed as i64)),
                ("As they are", number(plan.unchanged as i64)),
                ("Wrong", number(plan.wrong.len() as i64)),
            ],
            changed: Shown {
                items: differences.collect(),
                more: more(changed),
            },
            new: Shown::first_of(plan.new),
            wrong: Shown::first_of(plan.wrong),
            save,
            hidden: Sent::new(version, None).hidden(),
            shell,
        }
    }
}

impl<T> Shown<T> {
    fn first_of(mut items: Vec<T>) -> Self {
        let more = more(items.len());
        items.truncate(SHOWN);
        Self { items, more }
    }
}

fn more(count: usize) -> Option<String> {
    let rest = count.checked_sub(SHOWN).filter(|rest| *rest > 0)?;
    Some(format!("… and {} more", counted(rest as i64, "line")))
}

impl Difference {
    fn new(changed: &employee_file::Changed) -> Self {
        let (before, after) = (&changed.before, &changed.after);
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
        let all = [
            ("name", before.name.clone(), after.name.clone()),
            ("e-mail", text(&before.email), text(&after.email)),
            ("custom id", text(&before.custom_id), text(&after.custom_id)),
            (
                "status",
                before.status.title().to_owned(),
                after.status.title().to_owned(),
            ),
        ];
        Self {
            line: changed.line,
            who: before.name.clone(),
            changes: all.into_iter().filter(|(_, b, a)| b != a).collect(),
        }
    }
}
