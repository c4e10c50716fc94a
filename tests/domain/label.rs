//! When a label sent means a label configured, and which one was probably meant.

use api_status_page::domain::label::{did_you_mean, fold};

#[test]
fn two_labels_are_the_same_regardless_of_case_space_and_underscore() {
    for label in [
        "larkspur-kids",
        " Larkspur_Kids",
        "LARKSPUR - KIDS",
        "larkspur\u{a0}-\tkids",
    ] {
        assert_eq!(fold(label), "larkspur-kids", "{label}");
    }
    assert_eq!(fold("ÉTÉ"), fold("été"));
}

#[test]
fn other_differences_count() {
    assert_ne!(fold("en-US"), fold("en"));
    assert_ne!(fold("e.mail"), fold("email"));
    assert_ne!(fold("e-mail"), fold("email"));
}

#[test]
fn the_closest_candidate_is_suggested() {
    let brands = ["larkspur-kids", "larkspur", "north"];
    assert_eq!(did_you_mean("lakspur", brands), Some("larkspur"));
    assert_eq!(did_you_mean("larkspurkids", brands), Some("larkspur-kids"));
    assert_eq!(did_you_mean("larkspur-man", brands), Some("larkspur-kids"));
    assert_eq!(did_you_mean("south", brands), None);
}

#[test]
fn a_short_label_must_be_closer() {
    assert_eq!(did_you_mean("it", ["en", "de"]), None);
    assert_eq!(did_you_mean("sns", ["sms"]), Some("sms"));
    assert_eq!(did_you_mean("fax", ["sms"]), None);
}
