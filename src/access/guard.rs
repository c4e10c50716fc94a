//! The guard before the pages: who is signed in, and what a stranger gets instead.

use actix_session::{Session, SessionExt};
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpResponse, ResponseError, web};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use tracing::Span;

use super::session;
use crate::domain::company::CompanyId;
use crate::error::PageError;
use crate::store::companies::CompanyRow;
use crate::store::users::{self, UserRow};
use crate::store::{Scope, Store};
use crate::web::flash;
use crate::web::redirect::see_other;
use crate::web::shell::{Company, Operator, Shell};

/// What ends or splits a query, or is read as a space there.
const IN_A_QUERY: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'+')
    .add(b'<')
    .add(b'>');

/// Middleware before the pages of signed-in people: hands them their [`Shell`], and sends everybody
/// else to sign in.
pub async fn signed_in<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let refusal = match recognise(&request).await {
        Ok(true) => return show(request, next).await,
        Ok(false) => {
            // Whatever there was is of no use any more.
            request.get_session().purge();
            to_sign_in(&request)
        }
        Err(error) => error.error_response(),
    };
    Ok(request.into_response(refusal).map_into_right_body())
}

/// Middleware before the pages for everybody: who is signed in gets their frame there too. Where the
/// store cannot say who it is they are shown as to a stranger.
pub async fn anyone<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    if let Err(PageError::Unavailable(error) | PageError::Internal(error)) =
        recognise(&request).await
    {
        tracing::warn!(error = format!("{error:#}"), "a visitor is not known");
    }
    next.call(request).await
}

/// Puts the shell of whoever is signed in into the request; says whether anybody is.
async fn recognise(request: &ServiceRequest) -> Result<bool, PageError> {
    let session = request.get_session();
    let Some(user_id) = session::user_id(&session)? else {
        return Ok(false);
    };
    let store = request.app_data::<web::Data<Store>>();
    let store = store.ok_or_else(|| anyhow::anyhow!("the app has no store"))?;
    let found = store
        .read(Scope::Installation, move |connection| {
            users::with_company(connection, user_id)
        })
        .await?;
    let Some((user, company)) = found else {
        return Ok(false);
    };
    Span::current().record("company.id", company.id);
    let shell = shell(user, company, &session);
    request.extensions_mut().insert(shell);
    Ok(true)
}

fn shell(user: UserRow, company: CompanyRow, session: &Session) -> Shell {
    Shell {
        operator: Operator {
            user_id: user.id,
            role: user.role(),
            name: user.name,
            email: user.email,
        },
        company: Company {
            id: CompanyId(company.id),
            zone: company.zone(),
            name: company.name,
        },
        flash: flash::waiting(session),
        as_of: None,
    }
}

/// Shows the page. What the last form wanted to say counts as said when a page was shown, not when
/// it led on to another.
async fn show<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let is_page = request.method() == Method::GET;
    let session = request.get_session();
    let response = next.call(request).await?;
    if is_page && response.status().is_success() && flash::waiting(&session).is_some() {
        flash::forget(&session);
    }
    Ok(response.map_into_left_body())
}

/// To the sign-in page, and from there back here, where here is a page.
fn to_sign_in(request: &ServiceRequest) -> HttpResponse {
    if request.method() != Method::GET {
        return see_other("/sign-in");
    }
    let uri = request.uri();
    let here = uri
        .path_and_query()
        .map_or(uri.path(), |here| here.as_str());
    match here {
        "/" => see_other("/sign-in"),
        here => see_other(&format!(
            "/sign-in?next={}",
            utf8_percent_encode(here, IN_A_QUERY)
        )),
    }
}
