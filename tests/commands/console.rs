//! The commands, run as a person runs them.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use api_status_page::store::connect;
use api_status_page::store::embedded::attach;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::TestStore;

const PROGRAM: &str = env!("CARGO_BIN_EXE_api-status-page");

fn folder() -> TempDir {
    let mut builder = tempfile::Builder::new();
    let builder = builder.permissions(Permissions::from_mode(0o755));
    builder.tempdir_in("/tmp").unwrap()
}

/// The program without any setting but these.
fn program(settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.env_clear().env("PATH", "/usr/bin:/bin");
    command.envs(settings.iter().copied());
    command
}

fn on(data_dir: &Path) -> Command {
    let data_dir = data_dir.to_str().unwrap();
    program(&[("DATA_DIR", data_dir), ("BIND_ADDRESS", "127.0.0.1:0")])
}

fn words(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8(text).unwrap()
}

/// Runs a command that must fail with this exit code and returns what it said.
#[track_caller]
fn refused(command: &mut Command, code: i32) -> String {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(code), "{}", words(&output));
    words(&output)
}

#[track_caller]
fn done(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", words(&output));
    words(&output)
}

/// A `serve` that has said its welcome.
struct Served {
    child: Child,
    welcome: String,
}

impl Served {
    fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut welcome = String::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            welcome.push_str(&line.unwrap());
            welcome.push('\n');
            if welcome.contains("\nStop ") {
                return Self { child, welcome };
            }
        }
        panic!("no welcome: {:?} {welcome}", child.wait());
    }

    fn stop(mut self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).unwrap();
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn demo_json(data_dir: &Path) -> Value {
    serde_json::from_slice(&fs::read(data_dir.join("demo.json")).unwrap()).unwrap()
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

fn count(data_dir: &Path, query: &str) -> i64 {
    let url = attach(data_dir).unwrap().unwrap();
    let query = format!("SELECT count(*) AS number FROM {query}");
    let row = diesel::sql_query(query).get_result::<Number>(&mut connect(&url).unwrap());
    row.unwrap().number
}

#[test]
fn the_first_start_makes_the_demo_and_the_second_keeps_it() {
    let folder = folder();
    let served = Served::start(&mut on(folder.path()));
    let demo = demo_json(folder.path());
    let mode = fs::metadata(folder.path().join("demo.json")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);
    for company in demo["companies"].as_array().unwrap() {
        for secret in [
            "/test_key",
            "/production_key",
            "/admin/password",
            "/support/password",
        ] {
            let secret = company.pointer(secret).unwrap().as_str().unwrap();
            assert!(served.welcome.contains(secret), "{}", served.welcome);
        }
    }
    let all = count(folder.path(), "requests");
    assert!((2_500..3_500).contains(&all), "{all}");
    let last_day = "requests WHERE received_at > now() - interval '1 day'";
    let invalid = count(folder.path(), &format!("{last_day} AND error_mask <> 0"));
    let share = invalid as f64 / count(folder.path(), last_day) as f64;
    assert!((0.02..0.09).contains(&share), "{share}");
    let codes = "(SELECT DISTINCT code FROM request_findings) AS codes";
    assert_eq!(count(folder.path(), codes), 11);
    let later = "requests WHERE received_at > now()";
    assert_eq!(count(folder.path(), later), 0);
    let epochs = "(SELECT DISTINCT settings_version FROM requests) AS versions";
    assert_eq!(count(folder.path(), epochs), 3);
    served.stop(Signal::INT);

    let begun = Instant::now();
    let served = Served::start(&mut on(folder.path()));
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(count(folder.path(), "requests"), all);
    assert_eq!(demo_json(folder.path())["companies"], demo["companies"]);
    assert!(!served.welcome.contains("since)"), "{}", served.welcome);

    let url = attach(folder.path()).unwrap().unwrap();
    let changes = "UPDATE api_keys SET revoked_at = now(); \
                   UPDATE users SET password_hash = NULL WHERE id = 1";
    let mut connection = connect(&url).unwrap();
    diesel::connection::SimpleConnection::batch_execute(&mut connection, changes).unwrap();
    served.stop(Signal::TERM);
    let served = Served::start(&mut on(folder.path()));
    assert_eq!(served.welcome.matches("(revoked since)").count(), 4);
    assert!(!served.welcome.contains("curl "), "{}", served.welcome);
    assert_eq!(served.welcome.matches("(changed since)").count(), 1);
}

#[test]
fn the_curl_lines_of_the_welcome_do_what_they_say() {
    let folder = folder();
    let served = Served::start(&mut on(folder.path()));
    let lines: Vec<&str> = served.welcome.split("\ncurl ").skip(1).collect();
    let answers = lines.iter().map(|line| {
        let line = line.split("\n\n").next().unwrap();
        let mut shell = Command::new("sh");
        done(shell.args(["-c", &format!("curl -s {line}")]))
    });
    let answers: Vec<String> = answers.collect();
    assert_eq!(answers.len(), 2);
    assert!(answers[0].contains("deactivated_employee"), "{answers:?}");
    assert!(answers[0].contains("invalid_brand"), "{answers:?}");
    assert!(answers[1].starts_with(r#"{"customer":"#), "{answers:?}");
}

#[test]
fn an_interrupted_first_start_is_made_good_by_the_next() {
    let folder = folder();
    for millis in [1_200, 1_600, 2_000] {
        let mut child = on(folder.path());
        let child = child.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = child.spawn().unwrap();
        std::thread::sleep(Duration::from_millis(millis));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let served = Served::start(&mut on(folder.path()));
    assert_eq!(count(folder.path(), "companies"), 2);
    assert_eq!(count(folder.path(), "users"), 4);
    let of_larkspur = "requests JOIN companies c ON c.id = company_id WHERE c.name LIKE 'L%'";
    assert!(count(folder.path(), of_larkspur) > 2_500);
    let key = demo_json(folder.path())["companies"][0]["test_key"].clone();
    assert!(served.welcome.contains(key.as_str().unwrap()));
    assert!(!served.welcome.contains("not in this store"));
}

#[test]
fn other_commands_use_the_store_that_runs_or_start_it_for_themselves() {
    let folder = folder();
    let create = |name: &str, email: &str| {
        let mut command = on(folder.path());
        command.args(["company", "create", name, "--admin-email", email]);
        command
    };
    let said = done(&mut create("Acme", "jane@acme.example"));
    assert!(
        said.contains("acs_test_") && said.contains("acs_live_"),
        "{said}"
    );
    assert!(said.contains("/password/"), "{said}");
    assert!(attach(folder.path()).unwrap().is_none());

    // A store with a company gets no demo.
    let served = Served::start(&mut on(folder.path()));
    assert_eq!(count(folder.path(), "companies"), 1);
    assert!(!folder.path().join("demo.json").exists());
    let address = served
        .welcome
        .split_whitespace()
        .find(|word| word.starts_with("http://"));
    let said = done(on(folder.path()).args(["user", "reset-link", "Jane@Acme.example"]));
    assert!(
        said.contains(&format!("{}/password/", address.unwrap())),
        "{said}"
    );
    let said = refused(
        on(folder.path()).args(["user", "reset-link", "joe@acme.example"]),
        1,
    );
    assert!(said.contains("there is no user joe@acme.example"), "{said}");
    let said = refused(&mut create("ACME", "joe@acme.example"), 1);
    assert!(said.contains("there is a company `ACME` already"), "{said}");
    let said = refused(&mut create("Other", "JANE@acme.example"), 1);
    assert!(
        said.contains("there is a user JANE@acme.example already"),
        "{said}"
    );
    assert_eq!(count(folder.path(), "companies"), 1);
    refused(&mut create("Other", "joe"), 2);
}

#[test]
fn a_company_is_made_from_a_file_and_a_slip_in_it_is_named() {
    let store = TestStore::new();
    let folder = folder();
    let file = folder.path().join("settings.json");
    let create = || {
        let mut command = program(&[("DATABASE_URL", &store.url)]);
        command.args([
            "company",
            "create",
            "Acme",
            "--admin-email",
            "jane@acme.example",
        ]);
        command.arg("--settings").arg(&file);
        command
    };
    fs::write(&file, "{\n  \"brands\": [{\"lable\": \"north\"}]\n}").unwrap();
    let said = refused(&mut create(), 1);
    assert!(
        said.contains("`lable`") && said.contains("line 2 column 21"),
        "{said}"
    );
    fs::write(
        &file,
        r#"{"brands": [{"label": "north", "aliases": ["North Inc"]}], "languages": [{"tag": "en"}]}"#,
    )
    .unwrap();
    done(&mut create());
    let aliases = store.rows("SELECT kind, label, folded, target FROM label_aliases");
    let north = json!({"kind": 2, "label": "North Inc", "folded": "northinc", "target": "north"});
    assert_eq!(aliases, [north]);
}

#[test]
fn a_port_in_use_is_named_and_nothing_is_left_running() {
    let folder = folder();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let said = refused(on(folder.path()).env("BIND_ADDRESS", &address), 1);
    assert!(
        said.contains(&address) && said.contains("BIND_ADDRESS="),
        "{said}"
    );
    assert!(attach(folder.path()).unwrap().is_none());
}

#[test]
fn a_database_that_cannot_be_reached_is_named_without_its_password() {
    for url in [
        "postgres://app:s3cret@127.0.0.1:1/status",
        "postgres://app:s3c@ret@127.0.0.1:1/status",
        "postgrs//app:s3cret@127.0.0.1/status",
        "host=127.0.0.1 port=1 password=s3cret",
    ] {
        let said = refused(
            &mut program(&[("DATABASE_URL", url), ("BIND_ADDRESS", "127.0.0.1:0")]),
            1,
        );
        assert!(said.contains("DATABASE_URL"), "{said}");
        assert!(!said.contains("s3c") && !said.contains("ret@"), "{said}");
    }
}

#[test]
fn a_newer_schema_is_refused() {
    let store = TestStore::new();
    let mut connection = connect(&store.url).unwrap();
    diesel::sql_query("INSERT INTO __diesel_schema_migrations VALUES ('20990101000000')")
        .execute(&mut connection)
        .unwrap();
    let said = refused(program(&[("DATABASE_URL", &store.url)]).arg("migrate"), 1);
    assert!(said.contains("a newer version of this program"), "{said}");
}

#[test]
fn only_migrate_and_serve_bring_a_store_in_use_up_to_date() {
    let store = TestStore::new();
    let steps = "SELECT count(*) FROM __diesel_schema_migrations";
    let all = store.number(steps);
    store.execute(
        "DELETE FROM __diesel_schema_migrations \
         WHERE version = (SELECT max(version) FROM __diesel_schema_migrations)",
    );
    let mut command = program(&[("DATABASE_URL", &store.url)]);
    let said = refused(command.args(["user", "reset-link", "jane@acme.example"]), 1);
    assert!(said.contains("lacks 1 of the schema's steps"), "{said}");
    assert!(said.contains("`api-status-page migrate`"), "{said}");
    assert_eq!(store.number(steps), all - 1);
}

#[test]
fn a_server_that_cannot_distribute_is_refused_with_the_way_on() {
    let store = TestStore::on_one_server();
    let said = refused(
        program(&[("DATABASE_URL", &store.url)]).arg("distribute"),
        1,
    );
    assert!(said.contains("CREATE EXTENSION citus"), "{said}");
}

#[test]
fn an_empty_variable_is_none_for_every_setting() {
    let store = TestStore::new();
    let help = done(program(&[]).args(["serve", "--help"]));
    let names = help.split("[env: ").skip(1);
    let names: Vec<&str> = names.filter_map(|rest| rest.split('=').next()).collect();
    assert!(names.contains(&"TRUSTED_PROXIES"), "{names:?}");
    let empty = |command: &mut Command| {
        command.env("RUST_LOG", "");
        for name in names.iter().filter(|name| **name != "DATABASE_URL") {
            command.env(name, "");
        }
    };
    let mut command = program(&[("DATABASE_URL", &store.url)]);
    empty(&mut command);
    done(command.arg("migrate"));
    // The address is taken, so the start ends there, with all else understood.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut command = program(&[("DATABASE_URL", &store.url)]);
    empty(&mut command);
    let said = refused(command.args(["serve", "--bind-address", &address]), 1);
    assert!(said.contains("cannot listen on"), "{said}");
    let public = refused(program(&[("PUBLIC_URL", "status.example")]).arg("serve"), 2);
    assert!(public.contains("it looks like https://"), "{public}");
}

#[test]
fn a_mail_server_that_cannot_be_one_is_told_at_the_start_without_the_password() {
    let store = TestStore::new();
    let start = |name, value| {
        let settings = [
            ("DATABASE_URL", &*store.url),
            ("BIND_ADDRESS", "127.0.0.1:0"),
            ("SMTP_URL", "smtp://mail.example"),
        ];
        refused(program(&settings).env(name, value).arg("serve"), 1)
    };
    let scheme = start("SMTP_URL", "http://ada:sesame@mail.example");
    assert!(
        scheme.contains("SMTP_URL must begin with smtp:// or smtps://"),
        "{scheme}"
    );
    assert!(
        scheme.contains("smtps://USER:PASSWORD@HOST:465"),
        "{scheme}"
    );
    assert!(!scheme.contains("sesame"), "{scheme}");
    let ca = start("SMTP_URL", "smtps://mail.example?ca=/nowhere.pem");
    assert!(ca.contains("/nowhere.pem, which cannot be read"), "{ca}");
    let from = start("MAIL_FROM", "nobody in particular");
    assert!(from.contains("MAIL_FROM cannot be used"), "{from}");
}

#[test]
fn what_is_no_command_line_has_an_exit_code_of_its_own() {
    refused(program(&[]).arg("sevre"), 2);
    refused(program(&[]).args(["company", "create"]), 2);
    let help = done(program(&[]).args(["serve", "--help"]));
    for name in [
        "BIND_ADDRESS",
        "DATA_DIR",
        "DATABASE_URL",
        "SECRET_KEY",
        "SMTP_URL",
        "MAIL_FROM",
        "RETENTION_DAYS",
    ] {
        assert!(help.contains(&format!("[env: {name}")), "{help}");
    }
}
