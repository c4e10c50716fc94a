//! The status page: against the real program and Postgres.

mod causes;
mod chart;
mod filters;
