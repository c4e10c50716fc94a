//! A browser of its own per test, gone with it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::support::http::{Answer, Call};

/// What the browser is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// 1280 pixels.
    Desk,
    /// 390 pixels, a finger for a mouse.
    Phone,
    /// 1280 pixels, JavaScript switched off.
    WithoutScript,
}

/// A browser that runs. Its methods wait for what they name, and panic when it does not come.
pub struct Chromium {
    /// What it is like.
    pub width: Width,
    runtime: Runtime,
    client: Client,
    driver: Child,
    /// Where ChromeDriver listens.
    port: u16,
}

impl Chromium {
    /// Starts one; says what is missing when there is none on this machine.
    pub fn open(width: Width) -> Result<Self, String> {
        let driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut driver = driver.map_err(|error| format!("no chromedriver: {error}"))?;
        let port = announced_port(&mut driver).ok_or("chromedriver did not start")?;
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let capabilities = capabilities(width);
        let client = runtime.block_on(async {
            ClientBuilder::new(HttpConnector::new())
                .capabilities(capabilities)
                .connect(&format!("http://127.0.0.1:{port}"))
                .await
        });
        match client {
            Ok(client) => Ok(Self {
                width,
                runtime,
                client,
                driver,
                port,
            }),
            Err(error) => {
                driver.kill().ok();
                driver.wait().ok();
                Err(format!("no Chromium: {error}"))
            }
        }
    }

    /// Opens an address.
    #[track_caller]
    pub fn go(&self, url: &str) {
        self.runtime.block_on(self.client.goto(url)).unwrap();
    }

    /// Goes back.
    #[track_caller]
    pub fn back(&self) {
        self.runtime.block_on(self.client.back()).unwrap();
    }

    /// The path and query of the page shown.
    #[track_caller]
    pub fn path(&self) -> String {
        let url = self.runtime.block_on(self.client.current_url()).unwrap();
        let query = url
            .query()
            .map(|query| format!("?{query}"))
            .unwrap_or_default();
        format!("{}{query}", url.path())
    }

    /// Types into a field of this name.
    #[track_caller]
    pub fn fill(&self, field: &str, text: &str) {
        let element = self.find(&format!("[name={field}]"));
        self.runtime.block_on(element.clear()).unwrap();
        self.runtime.block_on(element.send_keys(text)).unwrap();
    }

    /// Pastes into a field of this name.
    #[track_caller]
    pub fn paste(&self, field: &str, text: &str) {
        self.fill(field, "");
        self.command("Input.insertText", json!({"text": text}));
    }

    /// Clicks on the first element of this selector.
    #[track_caller]
    pub fn click(&self, selector: &str) {
        let element = self.find(selector);
        self.runtime.block_on(element.click()).unwrap();
    }

    /// Clicks on the first link or button with this text.
    #[track_caller]
    pub fn click_text(&self, text: &str) {
        let path = format!("//*[self::a or self::button][contains(normalize-space(.), '{text}')]");
        let element = self.wait(Locator::XPath(&path));
        self.runtime.block_on(element.click()).unwrap();
    }

    /// Presses keys where the focus is.
    #[track_caller]
    pub fn press(&self, keys: &str) {
        let focused = self.runtime.block_on(self.client.active_element()).unwrap();
        self.runtime.block_on(focused.send_keys(keys)).unwrap();
    }

    /// The words of the first element of this selector.
    #[track_caller]
    pub fn text(&self, selector: &str) -> String {
        let element = self.find(selector);
        let text = self.runtime.block_on(element.text()).unwrap();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Waits until the first element of this selector says these words: a click may be back before
    /// the next page is there.
    #[track_caller]
    pub fn sees(&self, selector: &str, words: &str) {
        let since = Instant::now();
        let mut text = String::new();
        while since.elapsed() < Duration::from_secs(10) {
            let script = format!("return document.querySelector(\"{selector}\")?.innerText ?? ''");
            text = self.ask(&script).as_str().unwrap_or_default().to_owned();
            text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            if text.contains(words) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{words:?} is not in {text:?} on {}", self.path());
    }

    /// The texts of all elements of this selector.
    #[track_caller]
    pub fn texts(&self, selector: &str) -> Vec<String> {
        self.runtime.block_on(async {
            let mut texts = Vec::new();
            for element in self.client.find_all(Locator::Css(selector)).await.unwrap() {
                texts.push(element.text().await.unwrap());
            }
            texts
        })
    }

    /// What a script returns.
    #[track_caller]
    pub fn ask(&self, script: &str) -> Value {
        let asked = self.client.execute(script, Vec::new());
        self.runtime.block_on(asked).unwrap()
    }

    /// What a script hands to its last argument, a function, once it is done.
    #[track_caller]
    pub fn await_answer(&self, script: &str) -> Value {
        let asked = self.client.execute_async(script, Vec::new());
        self.runtime.block_on(asked).unwrap()
    }

    /// What was copied last.
    #[track_caller]
    pub fn copied(&self) -> String {
        // Whatever is not named here is taken away.
        let permissions = ["clipboardReadWrite", "clipboardSanitizedWrite"];
        let permissions = json!({"permissions": permissions});
        self.command("Browser.grantPermissions", permissions);
        let copied = self.await_answer(
            "const done = arguments[arguments.length - 1]; \
             navigator.clipboard.readText().then(done, (e) => done(String(e)));",
        );
        copied.as_str().unwrap().to_owned()
    }

    /// From now on files are saved in this folder.
    #[track_caller]
    pub fn save_in(&self, folder: &Path) {
        let behaviour = json!({"behavior": "allow", "downloadPath": folder});
        self.command("Browser.setDownloadBehavior", behaviour);
    }

    /// Does something in another tab, and comes back to this one.
    #[track_caller]
    pub fn in_another_tab(&self, work: impl FnOnce()) {
        let here = self.runtime.block_on(self.client.window()).unwrap();
        let other = self.runtime.block_on(self.client.new_window(true)).unwrap();
        let go = |tab| {
            self.runtime
                .block_on(self.client.switch_to_window(tab))
                .unwrap()
        };
        go(other.handle);
        work();
        self.runtime.block_on(self.client.close_window()).unwrap();
        go(here);
    }

    /// What the browser complains about since it was asked last: scripts that broke, files that did not
    /// come, and what the content security policy forbids. What a page was answered with is no
    /// complaint: that is for the test to say.
    #[track_caller]
    pub fn complaints(&self) -> Vec<String> {
        let answer = self.call("se/log", &json!({"type": "browser"}));
        let log = answer.json();
        let entries = log["value"].as_array().unwrap().iter();
        let is_complaint = |entry: &&Value| {
            let is_page =
                entry["source"] == "network" && !entry["message"].to_string().contains("/static/");
            entry["level"] == "SEVERE" && !is_page
        };
        let words = |entry: &Value| entry["message"].to_string();
        entries.filter(is_complaint).map(words).collect()
    }

    /// A command to the browser's own tools, for what WebDriver has no words for.
    #[track_caller]
    pub fn command(&self, name: &str, parameters: Value) {
        self.call(
            "goog/cdp/execute",
            &json!({"cmd": name, "params": parameters}),
        );
    }

    /// A call that ChromeDriver alone knows.
    #[track_caller]
    fn call(&self, path: &str, body: &Value) -> Answer {
        let session = self.runtime.block_on(self.client.session_id());
        let session = session.unwrap().expect("a session runs");
        let answer = Call::new("POST", &format!("/session/{session}/{path}"))
            // ChromeDriver looks at the host: pages from elsewhere must not drive it.
            .header("host", "localhost")
            .json(body)
            .send_to(SocketAddr::from(([127, 0, 0, 1], self.port)));
        assert_eq!(answer.status, 200, "{path} {body}: {}", answer.text());
        answer
    }

    #[track_caller]
    fn find(&self, selector: &str) -> Element {
        self.wait(Locator::Css(selector))
    }

    #[track_caller]
    fn wait(&self, locator: Locator<'_>) -> Element {
        let found = self.runtime.block_on(async {
            let wait = self.client.wait().at_most(Duration::from_secs(10));
            wait.for_element(locator).await
        });
        found.unwrap_or_else(|error| panic!("{locator:?} on {}: {error}", self.path()))
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let client = self.client.clone();
        self.runtime.block_on(client.close()).ok();
        self.driver.kill().ok();
        self.driver.wait().ok();
    }
}

/// ChromeDriver takes any free port and says which.
fn announced_port(driver: &mut Child) -> Option<u16> {
    let lines = BufReader::new(driver.stdout.take()?).lines();
    for line in lines.map_while(Result::ok) {
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            return port.trim_end_matches('.').parse().ok();
        }
    }
    None
}

fn capabilities(width: Width) -> serde_json::Map<String, Value> {
    let arguments = [
        "--headless=new",
        // Root needs it; the pages are our own.
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--window-size=1280,900",
    ];
    let mut options = json!({"args": arguments});
    match width {
        Width::Desk => {}
        Width::Phone => {
            let metrics = json!({"width": 390, "height": 844, "pixelRatio": 1.0, "touch": true});
            options["mobileEmulation"] = json!({"deviceMetrics": metrics});
        }
        Width::WithoutScript => {
            let setting = "profile.managed_default_content_settings.javascript";
            options["prefs"] = json!({setting: 2});
        }
    }
    let capabilities = json!({
        "browserName": "chrome",
        "goog:chromeOptions": options,
        "goog:loggingPrefs": {"browser": "ALL"},
    });
    capabilities.as_object().cloned().unwrap()
}
