//! The page in a real browser: Chromium, driven by ChromeDriver. Where there is no browser the
//! tests are reported as ignored, with the reason; with `REQUIRE_BROWSER` they fail instead. Those
//! of accessibility need axe-core too: `AXE_CORE` is the path of its `axe.min.js`.

#[path = "../support/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    reason = "shared with the other tests, which use more of it"
)]
mod support;

mod accessibility;
mod again;
mod chromium;
mod filters;
mod journey;
mod on_the_way;
mod reading;
mod settings;
mod status;

use std::process::ExitCode;

use chromium::{Chromium, Width};
use libtest_mimic::{Arguments, Completion, Failed, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = vec![
        trial("the_whole_journey_on_a_desk", Width::Desk, journey::whole),
        trial("the_whole_journey_on_a_phone", Width::Phone, journey::whole),
        trial(
            "the_keyboard_alone_is_enough",
            Width::Desk,
            journey::by_keyboard,
        ),
        trial(
            "one_key_each_goes_through_a_list_and_helps",
            Width::Desk,
            status::keys,
        ),
        trial(
            "newer_requests_are_said_and_move_nothing",
            Width::Desk,
            status::living,
        ),
        trial(
            "newer_requests_are_said_after_an_outage",
            Width::Desk,
            status::living_through_an_outage,
        ),
        trial(
            "newer_requests_are_a_link_without_script",
            Width::WithoutScript,
            status::living_without_script,
        ),
        trial(
            "a_stretch_of_the_chart_becomes_the_window",
            Width::Desk,
            status::zoom,
        ),
        trial(
            "a_bar_leads_to_its_requests_and_a_mark_to_the_audit_log",
            Width::Desk,
            status::bars_and_marks,
        ),
        trial(
            "a_bar_leads_to_its_requests_and_a_mark_to_the_audit_log_without_script",
            Width::WithoutScript,
            status::bars_and_marks,
        ),
        trial(
            "a_cause_is_acknowledged_and_ignored_on_a_desk",
            Width::Desk,
            status::causes,
        ),
        trial(
            "a_cause_is_acknowledged_and_ignored_without_script",
            Width::WithoutScript,
            status::causes,
        ),
        trial(
            "nothing_scrolls_sideways_on_a_phone",
            Width::Phone,
            journey::no_sideways,
        ),
        trial(
            "each_error_is_ended_by_its_button",
            Width::Desk,
            settings::each_error_is_ended_by_its_button,
        ),
        trial(
            "each_error_is_ended_by_its_button_without_script",
            Width::WithoutScript,
            settings::each_error_is_ended_by_its_button,
        ),
        trial(
            "what_the_sender_must_end_is_said_and_helps",
            Width::Desk,
            settings::what_the_sender_must_end_is_said_and_helps,
        ),
        trial("twice_is_once", Width::Desk, settings::twice_is_once),
        trial(
            "requests_are_checked_sent_again_and_simulated",
            Width::Desk,
            again::checked_sent_and_simulated,
        ),
        trial(
            "requests_are_checked_sent_again_and_simulated_on_a_phone",
            Width::Phone,
            again::checked_sent_and_simulated,
        ),
        trial(
            "requests_are_checked_sent_again_and_simulated_without_script",
            Width::WithoutScript,
            again::checked_sent_and_simulated,
        ),
        trial(
            "support_checks_requests_and_is_offered_nothing_to_change",
            Width::Desk,
            again::checked_by_support,
        ),
        trial(
            "a_corrected_body_is_offered_copied_and_accepted",
            Width::Desk,
            again::corrected_in_the_simulator,
        ),
        trial(
            "a_run_is_followed_to_its_end",
            Width::Desk,
            again::followed_to_its_end,
        ),
        trial(
            "what_another_tab_did_is_not_done_again",
            Width::Desk,
            again::in_two_tabs,
        ),
        trial(
            "values_are_chosen_excluded_and_counted_exactly",
            Width::Desk,
            filters::panel,
        ),
        trial(
            "values_are_chosen_excluded_and_counted_exactly_without_script",
            Width::WithoutScript,
            filters::panel,
        ),
        trial(
            "the_way_back_and_a_garbled_address_say_what_applies",
            Width::Desk,
            filters::back,
        ),
        trial(
            "a_filter_is_applied_by_the_keyboard_when_its_value_is_chosen",
            Width::Desk,
            filters::by_keys,
        ),
        trial(
            "a_filter_applied_in_another_tab_leaves_the_page_as_it_was",
            Width::Desk,
            filters::applied_elsewhere,
        ),
        trial(
            "whatever_is_pasted_into_the_search_box_is_found",
            Width::Desk,
            filters::search,
        ),
        trial(
            "support_saves_views_for_itself_and_admins_for_everybody",
            Width::Desk,
            filters::views,
        ),
        trial(
            "a_request_and_a_list_are_copied_to_take_along",
            Width::Desk,
            reading::copied,
        ),
        trial(
            "the_export_holds_what_its_button_counts",
            Width::Desk,
            reading::exported,
        ),
        trial(
            "the_errors_and_the_api_are_read_signed_out_and_signed_in",
            Width::Desk,
            reading::read_beside,
        ),
        trial(
            "pages_work_without_script",
            Width::WithoutScript,
            journey::whole,
        ),
        accessible("every_page_is_accessible", accessibility::with_data),
        accessible("every_empty_page_is_accessible", accessibility::empty),
        accessible(
            "every_page_is_accessible_to_support",
            accessibility::as_support,
        ),
        accessible("every_refused_form_is_accessible", accessibility::refused),
        accessible(
            "every_page_on_the_way_is_accessible",
            on_the_way::accessible,
        ),
        accessible(
            "a_page_that_lags_is_accessible",
            on_the_way::accessible_when_behind,
        ),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial(name: &str, width: Width, test: fn(&Chromium)) -> Trial {
    Trial::ignorable_test(name, move || run(Chromium::open(width), test))
}

/// A trial that needs axe-core as well.
fn accessible(name: &str, test: fn(&Chromium)) -> Trial {
    Trial::ignorable_test(name, move || {
        run(
            accessibility::axe().and_then(|_| Chromium::open(Width::Desk)),
            test,
        )
    })
}

fn run(browser: Result<Chromium, String>, test: fn(&Chromium)) -> Result<Completion, Failed> {
    match browser {
        Ok(browser) => {
            test(&browser);
            match browser.complaints() {
                complaints if complaints.is_empty() => Ok(Completion::Completed),
                complaints => Err(Failed::from(complaints.join("\n"))),
            }
        }
        Err(missing) if std::env::var_os("REQUIRE_BROWSER").is_some() => Err(Failed::from(missing)),
        Err(missing) => Ok(Completion::ignored_with(missing)),
    }
}
