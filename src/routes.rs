//! The whole URL table, grouped by who calls.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::{Compress, Next, from_fn};
use actix_web::{HttpRequest, HttpResponse, Resource, web};
use tracing_actix_web::TracingLogger;

use crate::access::session::{self, Sessions};
use crate::access::{forgotten_password, guard, own_password, password_link, sign_in, users};
use crate::error::{self, PageError, Problem};
use crate::settings::{
    aliases, audit_log, company_info, employees, integrations, keys, labels, test_mail,
};
use crate::status::{
    again, cause_decisions, dictionary, export, list, living, request, resubmissions, search,
    simulator, views,
};
use crate::web::{assets, headers, redirect, same_site};
use crate::{context, documentation, ingest, probes, settings, telemetry};

/// Every route of the program.
pub fn configure(config: &mut web::ServiceConfig, sessions: &Sessions) {
    config
        .configure(machines)
        .configure(probes)
        .configure(files)
        // Last, for it takes every address that is left.
        .configure(|config| pages(config, sessions));
}

/// Middleware: HEAD is answered as GET, and the server leaves the body out.
pub async fn head_as_get<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    next.call(request).await
}

/// Senders and their programs.
fn machines(config: &mut web::ServiceConfig) {
    // A resource of both paths would look every call up with a regular expression.
    for slash in ["", "/"] {
        let post = |path: &str, route: actix_web::Route| {
            web::resource(format!("{path}{slash}"))
                .route(route)
                .default_service(web::to(takes_post))
        };
        config
            .service(post("/v1/requests", web::post().to(ingest::requests)))
            .service(post("/v1/recoveries", web::post().to(ingest::recoveries)))
            .service(post("/v1/auth", web::post().to(ingest::auth)));
    }
    config
        .service(get("/v1/errors", web::get().to(dictionary::json::show)))
        .service(get("/openapi.json", web::get().to(documentation::openapi)))
        .service(web::scope("/v1").default_service(web::to(no_endpoint)));
}

/// Those who watch over the process.
fn probes(config: &mut web::ServiceConfig) {
    config
        .service(get("/healthz", web::get().to(probes::healthz)))
        .service(get("/readyz", web::get().to(probes::readyz)))
        .service(get("/metrics", web::get().to(telemetry::show_metrics)));
}

/// What can only be looked at.
fn get(path: &str, route: actix_web::Route) -> Resource {
    web::resource(path)
        .route(route)
        .default_service(web::to(takes_get))
}

/// What browsers fetch beside pages.
fn files(config: &mut web::ServiceConfig) {
    config
        .service(get("/static/{name}", web::get().to(assets::show)).wrap(Compress::default()))
        .service(get("/favicon.ico", web::get().to(assets::favicon)))
        .service(get("/robots.txt", web::get().to(assets::robots)));
}

/// People.
fn pages(config: &mut web::ServiceConfig, sessions: &Sessions) {
    config.service(
        web::scope("")
            .app_data(web::FormConfig::default().error_handler(|_, _| UNREADABLE_FORM.into()))
            .app_data(web::QueryConfig::default().error_handler(|_, _| UNREADABLE_QUERY.into()))
            .app_data(web::PathConfig::default().error_handler(|_, _| PageError::NotFound.into()))
            .configure(public_pages)
            .configure(guarded_pages)
            .default_service(web::to(nowhere))
            // The last is the first to see a request.
            .wrap(sessions.middleware())
            .wrap(from_fn(session::by_itself))
            .wrap(from_fn(error::store_is_away))
            .wrap(from_fn(same_site::refuse_other_sites))
            .wrap(from_fn(error::name_the_call))
            .wrap(from_fn(headers::never_stored))
            .wrap(Compress::default())
            .wrap(TracingLogger::<telemetry::CallSpan>::new()),
    );
}

/// Pages for everybody.
fn public_pages(config: &mut web::ServiceConfig) {
    let page = |path: &str| web::resource(path).wrap(from_fn(guard::anyone));
    config
        .service(
            page("/sign-in")
                .route(web::get().to(sign_in::show))
                .route(web::post().to(sign_in::sign_in)),
        )
        .service(
            page("/forgotten-password")
                .route(web::get().to(forgotten_password::show))
                .route(web::post().to(forgotten_password::ask)),
        )
        .service(page("/forgotten-password/sent").route(web::get().to(forgotten_password::sent)))
        .service(page("/errors").route(web::get().to(dictionary::index)))
        .service(page("/errors/{code}").route(web::get().to(dictionary::show)))
        .service(page("/docs").route(web::get().to(documentation::page::show)))
        .service(page("/sign-out").route(web::post().to(sign_in::sign_out)))
        .service(
            page("/password/{token}")
                .route(web::get().to(password_link::show))
                .route(web::post().to(password_link::choose)),
        );
}

/// Pages for those who signed in.
fn guarded_pages(config: &mut web::ServiceConfig) {
    let page = |path: &str| web::resource(path).wrap(from_fn(guard::signed_in));
    config
        .service(page("/").route(web::get().to(home)))
        .service(page("/r/{id}").route(web::get().to(request::short_link)))
        .service(
            web::scope("/settings")
                .wrap(from_fn(guard::signed_in))
                .route("", web::get().to(settings::index))
                .configure(settings_pages)
                .route("/integrations/api-status", web::get().to(list::first_tab))
                .route(
                    "/integrations/api-status/invalid-requests",
                    web::get().to(list::invalid),
                )
                .route(
                    "/integrations/api-status/invalid-requests/causes",
                    web::get().to(list::causes_of_invalid),
                )
                .route(
                    "/integrations/api-status/test-requests/causes",
                    web::get().to(list::causes_of_test),
                )
                .route(
                    "/integrations/api-status/test-requests",
                    web::get().to(list::test),
                )
                .route(
                    "/integrations/api-status/invalid-requests/newer",
                    web::get().to(living::invalid),
                )
                .route(
                    "/integrations/api-status/test-requests/newer",
                    web::get().to(living::test),
                )
                .route(
                    "/integrations/api-status/invalid-requests/export.csv",
                    web::get().to(export::invalid_csv),
                )
                .route(
                    "/integrations/api-status/invalid-requests/export.jsonl",
                    web::get().to(export::invalid_json_lines),
                )
                .route(
                    "/integrations/api-status/test-requests/export.csv",
                    web::get().to(export::test_csv),
                )
                .route(
                    "/integrations/api-status/test-requests/export.jsonl",
                    web::get().to(export::test_json_lines),
                )
                .service(
                    web::resource("/integrations/api-status/views")
                        .route(web::get().to(views::show))
                        .route(web::post().to(views::save)),
                )
                .route(
                    "/integrations/api-status/views/{id}/name",
                    web::post().to(views::rename),
                )
                .route(
                    "/integrations/api-status/views/{id}/deletion",
                    web::post().to(views::delete),
                )
                .route(
                    "/integrations/api-status/causes/{verb}",
                    web::post().to(cause_decisions::decide),
                )
                .route(
                    "/integrations/api-status/search",
                    web::get().to(search::show),
                )
                .route(
                    "/integrations/api-status/requests/{id}",
                    web::get().to(request::show),
                )
                .route(
                    "/integrations/api-status/rechecks",
                    web::post().to(again::recheck),
                )
                .service(
                    web::resource("/integrations/api-status/resubmissions")
                        .route(web::get().to(resubmissions::ask))
                        .route(web::post().to(resubmissions::send)),
                )
                .service(
                    web::resource("/integrations/api-status/simulator")
                        // A body of 256 KiB, written as a form is.
                        .app_data(
                            web::FormConfig::default()
                                .limit(1024 * 1024)
                                .error_handler(|_, _| UNREADABLE_FORM.into()),
                        )
                        .route(web::get().to(simulator::show))
                        .route(web::post().to(simulator::simulate)),
                )
                .route(
                    "/integrations/api-status/runs/{id}",
                    web::get().to(again::show),
                )
                .route(
                    "/integrations/api-status/runs/{id}/cancellation",
                    web::post().to(again::cancel),
                )
                .default_service(web::to(nowhere)),
        );
}

/// What the gear leads to. Support may look; what changes something takes an
/// [`Admin`](crate::web::shell::Admin).
fn settings_pages(config: &mut web::ServiceConfig) {
    let form = |path: &str, show: actix_web::Route, save: actix_web::Route| {
        web::resource(path).route(show).route(save)
    };
    let (get, post) = (web::get, web::post);
    config
        .service(form(
            "/company-info",
            get().to(company_info::show),
            post().to(company_info::save),
        ))
        .service(form(
            "/company-info/{kind}/new",
            get().to(labels::add::new),
            post().to(labels::add::create),
        ))
        .service(form(
            "/company-info/{kind}/aliases/new",
            get().to(aliases::new),
            post().to(aliases::create),
        ))
        .service(form(
            "/company-info/{kind}/aliases/{label}/removal",
            get().to(aliases::ask),
            post().to(aliases::remove),
        ))
        .service(form(
            "/company-info/{kind}/{label}/name",
            get().to(labels::name::form),
            post().to(labels::name::rename),
        ))
        .service(form(
            "/company-info/{kind}/{label}/{verb:activation|deactivation}",
            get().to(labels::switch::ask),
            post().to(labels::switch::act),
        ))
        .service(form(
            "/integrations",
            get().to(integrations::show),
            post().to(integrations::save_mail),
        ))
        .route("/integrations/test-mail", post().to(test_mail::send))
        .service(form(
            "/integrations/{kind:channels}/{label}/{verb:integration|manual-mode}",
            get().to(labels::switch::ask),
            post().to(labels::switch::act),
        ))
        .service(form(
            "/integrations/keys/new",
            get().to(keys::new),
            post().to(keys::create),
        ))
        .service(form(
            "/integrations/keys/{id}/revocation",
            get().to(keys::ask),
            post().to(keys::revoke),
        ))
        .route("/employees", get().to(employees::list))
        .route(
            "/employees/employees.csv",
            get().to(employees::files::export),
        )
        .route(
            "/employees/template.csv",
            get().to(employees::files::template),
        )
        .service(form(
            "/employees/new",
            get().to(employees::one::new),
            post().to(employees::one::create),
        ))
        .service(form(
            "/employees/imports/new",
            get().to(employees::files::new),
            post().to(employees::files::upload),
        ))
        .service(form(
            "/employees/imports/{id}",
            get().to(employees::files::preview),
            post().to(employees::files::save),
        ))
        .service(form(
            "/employees/{id}",
            get().to(employees::one::show),
            post().to(employees::one::save),
        ))
        .service(form(
            "/employees/{id}/{verb}",
            get().to(employees::status::ask),
            post().to(employees::status::act),
        ))
        .service(form(
            "/users/new",
            get().to(users::invite::new),
            post().to(users::invite::create),
        ))
        .route("/users", get().to(users::list))
        .route("/users/{id}/link", post().to(users::link::make))
        .route("/users/{id}/sign-out", post().to(users::one::sign_out))
        .service(form(
            "/users/{id}",
            get().to(users::one::show),
            post().to(users::one::save),
        ))
        .service(form(
            "/users/{id}/{verb:disabling|enabling}",
            get().to(users::one::ask),
            post().to(users::one::act),
        ))
        .service(form(
            "/password",
            get().to(own_password::show),
            post().to(own_password::change),
        ))
        .route(
            "/sign-out-everywhere",
            post().to(own_password::sign_out_everywhere),
        )
        .route("/audit-log", get().to(audit_log::show));
}

const UNREADABLE_FORM: PageError =
    PageError::BadRequest("The form could not be read. Open the page here and send it again.");
const UNREADABLE_QUERY: PageError =
    PageError::BadRequest("What follows the question mark in the address could not be read.");

async fn home() -> HttpResponse {
    redirect::see_other("/settings/integrations/api-status")
}

async fn nowhere() -> Result<HttpResponse, PageError> {
    Err(PageError::NotFound)
}

async fn takes_post(request: HttpRequest) -> HttpResponse {
    wrong_method(&request, "This endpoint takes POST.", "POST")
}

async fn takes_get(request: HttpRequest) -> HttpResponse {
    wrong_method(&request, "This address takes GET and HEAD.", "GET, HEAD")
}

fn wrong_method(request: &HttpRequest, detail: &str, allowed: &'static str) -> HttpResponse {
    let id = context::request_id(request);
    let mut response = Problem::plain(StatusCode::METHOD_NOT_ALLOWED, detail, id).into_response();
    let allowed = header::HeaderValue::from_static(allowed);
    response.headers_mut().insert(header::ALLOW, allowed);
    response
}

async fn no_endpoint(request: HttpRequest) -> HttpResponse {
    let id = context::request_id(&request);
    let detail =
        "There is no such endpoint. Requests go to /v1/requests, /v1/recoveries or /v1/auth.";
    Problem::plain(StatusCode::NOT_FOUND, detail, id).into_response()
}
