//! The settings pages, against the program and its store.

mod aliases;
mod audit_log;
mod company_info;
mod employees;
mod files;
mod integrations;
mod labels;
mod request_page;
mod roles;
mod traffic;
