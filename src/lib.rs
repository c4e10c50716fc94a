//! API Status Page: feedback requests come in, are judged against the company's settings, recorded
//! durably and answered with every problem found; admins and support see which fail, why, and what
//! ends it.
//!
//! Two flows, two folders:
//!
//! - a request comes in: [`ingest`](https://docs.rs) — receive, authenticate, validate, record, respond
//! - a person looks at it: filter, query, render

pub mod access;
pub mod app;
pub mod blocking;
pub mod clock;
pub mod commands;
pub mod config;
pub mod context;
pub mod demo;
pub mod domain;
pub mod error;
pub mod ingest;
pub mod jobs;
pub mod probes;
pub mod routes;
pub mod settings;
pub mod status;
pub mod store;
pub mod telemetry;
pub mod web;
