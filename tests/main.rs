//! All tests in one binary; the modules mirror those of the program.

mod access;
mod alerts;
mod architecture;
mod commands;
mod documentation;
mod domain;
mod faults;
mod ingest;
mod settings;
mod status;
mod store;
mod support;
