//! The status page: against the real program and Postgres.

mod chart;
mod filters;
