//! Servers to compare with, each in a process of its own: two that store nothing, and one written
//! the obvious way.

use std::net::SocketAddr;
use std::time::Instant;

use actix_web::middleware::from_fn;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use api_status_page::clock::Clock;
use api_status_page::config::PublicUrl;
use api_status_page::context::at_the_door;
use api_status_page::domain::api_key;
use api_status_page::domain::request::{Environment, Kind, RequestId};
use api_status_page::judge::{Arrival, Received, Sender, judge};
use api_status_page::routes;
use api_status_page::store::recorder::Record;
use api_status_page::store::schema::{
    request_count_deltas, request_documents, request_findings, requests,
};
use api_status_page::store::settings::LiveSettings;
use api_status_page::store::{Store, StoreError};
use api_status_page::web::headers;
use chrono::DurationRound;
use chrono::TimeDelta;
use diesel::prelude::*;

/// Answers what it was sent. No server on actix-web does less.
pub fn echo(listen: SocketAddr) -> anyhow::Result<()> {
    let server = || {
        App::new()
            .route("/readyz", web::get().to(HttpResponse::Ok))
            .route("/metrics", web::get().to(HttpResponse::Ok))
            .route("/v1/requests", web::post().to(echo_body))
    };
    actix_web::rt::System::new().block_on(HttpServer::new(server).bind(listen)?.run())?;
    Ok(())
}

/// The same behind all that the program does around a sender's call.
pub fn echo_inside(listen: SocketAddr) -> anyhow::Result<()> {
    let server = || {
        App::new()
            .route("/readyz", web::get().to(HttpResponse::Ok))
            .route("/metrics", web::get().to(HttpResponse::Ok))
            .route("/v1/requests", web::post().to(echo_body))
            .wrap(from_fn(routes::head_as_get))
            .wrap(from_fn(headers::secure))
            .wrap(from_fn(at_the_door))
    };
    actix_web::rt::System::new().block_on(HttpServer::new(server).bind(listen)?.run())?;
    Ok(())
}

async fn echo_body(body: web::Bytes) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(body)
}

/// Judges as the program does, then inserts the request's rows in a transaction of its own.
pub fn naive(listen: SocketAddr, url: &str) -> anyhow::Result<()> {
    actix_web::rt::System::new().block_on(async move {
        let store = Store::connect(url)?;
        let settings = LiveSettings::load(&store).await?;
        let server = move || {
            App::new()
                .app_data(web::Data::new(store.clone()))
                .app_data(web::Data::new(settings.clone()))
                .route("/readyz", web::get().to(HttpResponse::Ok))
                .route("/metrics", web::get().to(HttpResponse::Ok))
                .route("/v1/requests", web::post().to(insert_by_itself))
        };
        Ok(HttpServer::new(server).bind(listen)?.run().await?)
    })
}

async fn insert_by_itself(
    store: web::Data<Store>,
    settings: web::Data<LiveSettings>,
    http: HttpRequest,
    body: web::Bytes,
) -> HttpResponse {
    match judge_and_insert(&store, &settings, &http, &body).await {
        Ok(Some(response)) => response,
        Ok(None) => HttpResponse::Forbidden().finish(),
        Err(_) => HttpResponse::ServiceUnavailable().finish(),
    }
}

async fn judge_and_insert(
    store: &Store,
    settings: &LiveSettings,
    http: &HttpRequest,
    body: &[u8],
) -> Result<Option<HttpResponse>, StoreError> {
    let header = |name| {
        http.headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let presented = header("x-api-key").unwrap_or_default();
    let Some(key) = settings.key(&api_key::hash(presented)) else {
        return Ok(None);
    };
    let snapshot = settings.snapshot(store, key.company).await?;
    let arrival = Arrival {
        id: RequestId::new(Clock::system().now()),
        kind: Kind::Feedback,
        key_id: key.id,
        environment: key.environment,
        received: Received {
            bytes: body.to_vec(),
            cut: false,
            problem: None,
            content_type: header("content-type").map(str::to_owned),
            is_declared_json: true,
            unknown_encoding: false,
        },
        sender: Sender {
            address: http.peer_addr().map(|address| address.ip()),
            user_agent: header("user-agent").map(str::to_owned),
            correlation_id: None,
            since: Instant::now(),
        },
    };
    let public_url: PublicUrl = "http://localhost".parse().expect("it is one");
    let (answer, record) = judge(arrival, &snapshot, &public_url);
    store
        .write(key.company, move |connection| insert(connection, &record))
        .await
        .map(|()| Some(answer.into_response()))
}

fn insert(connection: &mut PgConnection, record: &Record) -> Result<(), StoreError> {
    let request = &record.request;
    diesel::insert_into(requests::table)
        .values(request)
        .execute(connection)?;
    diesel::insert_into(request_documents::table)
        .values(&record.document)
        .execute(connection)?;
    for finding in &record.findings {
        diesel::insert_into(request_findings::table)
            .values(finding)
            .execute(connection)?;
    }
    let bucket = request.received_at.duration_trunc(TimeDelta::minutes(5));
    let is_listed = request.error_mask != 0 || request.environment == Environment::Test.number();
    let employee = request.employee_sent.as_ref().filter(|_| is_listed);
    diesel::insert_into(request_count_deltas::table)
        .values((
            request_count_deltas::company_id.eq(request.company_id),
            request_count_deltas::bucket.eq(bucket.unwrap_or(request.received_at)),
            request_count_deltas::id.eq(request.id),
            request_count_deltas::environment.eq(request.environment),
            request_count_deltas::kind.eq(request.kind),
            request_count_deltas::key_id.eq(request.key_id),
            request_count_deltas::channel.eq(&record.counted.channel),
            request_count_deltas::brand.eq(&record.counted.brand),
            request_count_deltas::language.eq(&record.counted.language),
            request_count_deltas::error_mask.eq(request.error_mask),
            request_count_deltas::count.eq(1),
            request_count_deltas::employee_sent.eq(employee),
        ))
        .execute(connection)?;
    Ok(())
}
