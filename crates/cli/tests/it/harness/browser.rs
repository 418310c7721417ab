//! A headless browser with the sandbox's pages in it: finds, presses, reads.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use thirtyfour::prelude::*;

/// Longer than anything on a page takes, the platform's three tries of five seconds included.
const PATIENCE: Duration = Duration::from_secs(30);
const OFTEN: Duration = Duration::from_millis(50);

/// Notes the pages' own errors from before their first line runs, over all pages of the session.
const LISTEN: &str = "if (window === window.top) { \
  const note = (text) => { const key = '__errors'; const all = JSON.parse(sessionStorage.getItem(key) || '[]'); \
    all.push(String(text)); sessionStorage.setItem(key, JSON.stringify(all)); }; \
  addEventListener('error', (e) => { const from = e.target; \
    if (from instanceof HTMLScriptElement || from instanceof HTMLLinkElement) note('not loaded: ' + (from.src || from.href)); \
    else if (e.message) note(e.message); }, true); \
  addEventListener('unhandledrejection', (e) => note(e.reason && e.reason.stack || e.reason)); \
  addEventListener('securitypolicyviolation', (e) => note('policy: ' + e.violatedDirective + ' ' + e.blockedURI)); \
  const told = console.error; console.error = (...words) => { note(words.join(' ')); told(...words); }; }";

/// A window as wide as a phone.
pub(crate) async fn browser() -> WebDriver {
    wide(520, 980).await
}

/// A window of this size.
pub(crate) async fn wide(width: u32, height: u32) -> WebDriver {
    let address = std::env::var("HONGYAN_TEST_WEBDRIVER")
        .expect("HONGYAN_TEST_WEBDRIVER is not set: run scripts/test, which starts ChromeDriver");
    let size = format!("--window-size={width},{height}");
    let mut wanted = DesiredCapabilities::chrome();
    wanted.set_binary("/usr/bin/chromium").unwrap();
    for argument in [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        size.as_str(),
        "--lang=zh-CN",
    ] {
        wanted.add_arg(argument).unwrap();
    }
    let driver = WebDriver::new(&address, wanted).await.unwrap();
    let command = json!({"cmd": "Page.addScriptToEvaluateOnNewDocument", "params": {"source": LISTEN}});
    let path = format!("{address}/session/{}/goog/cdp/execute", driver.session_id());
    let answer = reqwest::Client::new().post(path).json(&command).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    driver
}

/// What stands in an attribute of the marks of design section 2.
pub(crate) fn mark(testid: &str) -> String {
    format!(r#"[data-testid="{testid}"]"#)
}

/// Waits for an element that a person could see and press, and that holds the text.
///
/// What is redrawn between two looks is simply looked for again.
async fn shown(driver: &WebDriver, selector: &str, text: &str) -> WebElement {
    let began = Instant::now();
    loop {
        for element in driver.find_all(By::Css(selector)).await.unwrap_or_default() {
            let visible = element.is_displayed().await.unwrap_or(false);
            if visible && (text.is_empty() || element.text().await.is_ok_and(|own| own.contains(text))) {
                return element;
            }
        }
        if began.elapsed() > PATIENCE {
            let page =
                script(driver, "return location.href + '\\n' + document.body.innerText.slice(0, 900);").await;
            panic!("no {selector} with {text:?} in {page}");
        }
        tokio::time::sleep(OFTEN).await;
    }
}

/// Waits for an element that a person could see and press.
pub(crate) async fn find(driver: &WebDriver, selector: &str) -> WebElement {
    shown(driver, selector, "").await
}

/// Waits until nothing fits any more.
pub(crate) async fn gone(driver: &WebDriver, selector: &str) {
    let began = Instant::now();
    while count(driver, selector).await > 0 {
        assert!(began.elapsed() < PATIENCE, "{selector} is still there");
        tokio::time::sleep(OFTEN).await;
    }
}

pub(crate) async fn press(driver: &WebDriver, selector: &str) {
    choose(driver, selector, "").await;
}

/// Presses the element with this text in it.
pub(crate) async fn choose(driver: &WebDriver, selector: &str, text: &str) {
    for _ in 0..10 {
        if shown(driver, selector, text).await.click().await.is_ok() {
            return;
        }
        tokio::time::sleep(OFTEN).await;
    }
    panic!("{selector} with {text:?} cannot be pressed");
}

/// Waits for an element with this text in it.
pub(crate) async fn says(driver: &WebDriver, selector: &str, text: &str) -> WebElement {
    shown(driver, selector, text).await
}

/// Waits for the last message of the account to hold a text.
pub(crate) async fn reads(driver: &WebDriver, kind: &str, text: &str) {
    let selector = format!(r#"[data-testid="message"][data-from="account"][data-type="{kind}"]"#);
    says(driver, &selector, text).await;
}

/// How many elements fit now.
pub(crate) async fn count(driver: &WebDriver, selector: &str) -> usize {
    driver.find_all(By::Css(selector)).await.unwrap().len()
}

/// Runs JavaScript in the page and gives its value.
pub(crate) async fn script(driver: &WebDriver, code: &str) -> Value {
    driver.execute(code, Vec::new()).await.unwrap_or_else(|error| panic!("{error}")).json().clone()
}

/// Runs JavaScript whose promise is awaited.
pub(crate) async fn awaited(driver: &WebDriver, code: &str) -> Value {
    let code = format!(
        "const done = arguments[0]; (async () => {{ {code} }})().then(done, e => done({{failed: String(e)}}));"
    );
    let value = driver.execute_async(&code, Vec::new()).await.unwrap_or_else(|error| panic!("{error}"));
    let value = value.json().clone();
    assert!(value.get("failed").is_none(), "{value}");
    value
}

/// Opens a page.
pub(crate) async fn open(driver: &WebDriver, address: &str) {
    driver.goto(address).await.unwrap();
}

/// The errors of all pages of this sandbox that the browser has shown so far.
pub(crate) async fn page_errors(driver: &WebDriver) -> Value {
    script(driver, "return JSON.parse(sessionStorage.getItem('__errors') || '[]');").await
}

/// Writes a value into a field as a person would who replaces all of it.
pub(crate) async fn put(driver: &WebDriver, testid: &str, value: &str) {
    find(driver, &mark(testid)).await;
    let code = format!(
        "const field = document.querySelector('[data-testid=\"{testid}\"]'); field.value = {}; \
         field.dispatchEvent(new Event('input', {{bubbles: true}})); field.dispatchEvent(new Event('change', {{bubbles: true}}));",
        serde_json::to_string(value).unwrap()
    );
    script(driver, &code).await;
}

/// What a field holds.
pub(crate) async fn value(driver: &WebDriver, testid: &str) -> String {
    find(driver, &mark(testid)).await.prop("value").await.unwrap().unwrap_or_default()
}

/// Opens a button of the menu and presses one below it.
pub(crate) async fn menu_item(driver: &WebDriver, top: &str, item: &str) {
    for (testid, name) in [("menu-button", top), ("menu-item", item)] {
        choose(driver, &mark(testid), name).await;
    }
}

/// Writes into the composer and sends.
pub(crate) async fn write(driver: &WebDriver, text: &str) {
    if count(driver, r#"[data-testid="menu-toggle"][data-mode="menu"]"#).await > 0 {
        press(driver, &mark("menu-toggle")).await;
    }
    find(driver, &mark("composer")).await.send_keys(text).await.unwrap();
    press(driver, &mark("send")).await;
}
