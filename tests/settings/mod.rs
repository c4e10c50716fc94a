//! The settings pages, against the program and its store.

mod company_info;
mod employees;
mod files;
mod integrations;
mod labels;

mod roles;
