//! API Status Page: feedback requests come in, are judged against the company's settings, recorded
//! durably and answered with every problem found; admins and support see which fail, why, and what
//! ends it.
//!
//! # Two flows
//!
//! Every address is in [`routes`], grouped by who calls: machines, probes, people.
//!
//! **A request comes in** ([`ingest`]).
//!
//! 1. [`context::at_the_door`] gives the call an id; when its body is there it gets another, which is
//!    also the id of its row.
//! 2. The key's hash is looked up in memory, in [`LiveSettings`]; a call without a valid key ends
//!    here and is not recorded.
//! 3. The body is received, unpacked, and read forgivingly by [`Body::parse`]: what can be put right
//!    is a warning.
//! 4. [`validate`] judges it against an immutable [`Snapshot`] of the company's settings and finds
//!    all errors at once, in the order of the rules.
//! 5. [`Recorder::record`] returns when the rows are committed: one thread writes all that waits in
//!    one transaction, so the busier it gets the larger the groups are.
//! 6. Only then the [`Answer`] is sent.
//!
//! **A person looks at it** ([`status`]; the pages of [`settings`] go the same way).
//!
//! 1. [`guard::signed_in`] reads the session and hands the page its [`Shell`]: who looks, at which
//!    company.
//! 2. The address becomes a tab, a [`Window`] and a [`Filter`].
//! 3. [`Store::look`], always with the company first, answers as of one moment: lists by key, newest
//!    first; numbers from the counters of [`store::counts`], so that they are exact and cost the same
//!    however many rows there are.
//! 4. The page is a struct, such as [`ListPage`], and the template of its name draws it.
//!
//! # The rooms
//!
//! Imports point one way, and features do not import each other:
//!
//! ```text
//! domain  <-  store  <-  judge  <-  { ingest, status, settings, alerts, access }  <-  routes  <-  app  <-  commands
//! domain  <-  web    <-            {         status, settings, alerts, access }
//! ```
//!
//! | room | what lives there |
//! |---|---|
//! | [`domain`] | what is true whoever asks: requests, settings, rules, words; no HTTP, no SQL, no clock |
//! | [`store`] | the only SQL, a file per noun; the recorder, the partitions, the private PostgreSQL |
//! | [`judge`] | from a call as it arrived to its answer and its rows, without side effects; in `again`, stored requests judged once more |
//! | [`ingest`] | the machine's way in |
//! | [`status`] | the API Status Page and the dictionary of errors |
//! | [`settings`] | a file per page of settings |
//! | [`alerts`] | the documented alert: measured, decided, told |
//! | [`access`] | sessions, passwords, the guard before the pages |
//! | [`web`] | what every page shares: the frame, forms, formats, headers |
//! | [`mail`] | the way out for mail |
//! | [`jobs`] | what runs by itself: following the settings, folding counters, alerts, upkeep, runs over many requests |
//! | [`documentation`] | the OpenAPI document that the endpoints make up, and its page |
//! | [`commands`], [`demo`] | the command line; the demo companies and their week |
//!
//! Beside them stand single files: [`app`] builds and runs the program, for `main` and for tests
//! alike; [`config`] has every variable with its default; [`error`] says which error type to use
//! where; [`clock`] and [`blocking`] are the only homes of the time and of slow work.
//!
//! [`LiveSettings`]: store::settings::LiveSettings
//! [`Body::parse`]: domain::body::Body::parse
//! [`validate`]: domain::validate::validate
//! [`Snapshot`]: store::settings::Snapshot
//! [`Recorder::record`]: store::recorder::Recorder::record
//! [`Answer`]: judge::Answer
//! [`guard::signed_in`]: access::guard::signed_in
//! [`Shell`]: web::shell::Shell
//! [`Window`]: domain::window::Window
//! [`Filter`]: domain::filter::Filter
//! [`Store::look`]: store::Store::look
//! [`ListPage`]: status::list::ListPage

pub mod access;
pub mod alerts;
pub mod app;
pub mod blocking;
pub mod clock;
pub mod commands;
pub mod config;
pub mod context;
pub mod demo;
pub mod documentation;
pub mod domain;
pub mod error;
pub mod ingest;
pub mod jobs;
pub mod judge;
pub mod mail;
pub mod probes;
pub mod routes;
pub mod settings;
pub mod status;
pub mod store;
pub mod telemetry;
pub mod web;
