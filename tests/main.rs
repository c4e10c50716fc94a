//! All tests in one binary; the modules mirror those of the program.

mod commands;
mod domain;
mod ingest;
mod support;
