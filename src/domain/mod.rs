//! What is true whoever asks: the parsed request, the company's settings, the rules, the words for
//! every error, the filter of the status page. No HTTP, no SQL, no HTML, no clock, no I/O.

pub mod alert;
pub mod api_key;
pub mod body;
pub mod cause;
pub mod change;
pub mod company;
pub mod correction;
pub mod cube;
pub mod dictionary;
pub mod effect;
pub mod email;
pub mod employee_file;
pub mod filter;
pub mod label;
pub mod language;
pub mod paging;
pub mod recheck;
pub mod request;
pub mod resubmission;
pub mod run;
pub mod search;
pub mod settings;
pub mod similar;
pub mod spreadsheet;
pub mod user;
pub mod validate;
pub mod warning;
pub mod window;
pub mod words;
