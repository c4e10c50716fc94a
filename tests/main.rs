//! All tests in one binary; the modules mirror those of the program.

mod access;
mod domain;
mod ingest;
mod support;
