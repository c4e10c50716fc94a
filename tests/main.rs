//! All tests in one binary; the modules mirror those of the program.

mod access;
mod architecture;
mod commands;
mod domain;
mod faults;
mod ingest;
mod status;
mod store;
mod support;
