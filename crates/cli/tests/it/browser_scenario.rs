//! Recording on the page and running what was recorded: green as it was, red where an expectation was changed.

use serde_json::{Value, json};
use thirtyfour::prelude::*;

use crate::harness::Demo;
use crate::harness::browser::{
    count, find, gone, mark, menu_item, open, page_errors, press, put, reads, says, value, wide, write,
};

/// A bench on a demo of its own.
async fn bench() -> (Demo, WebDriver) {
    let demo = Demo::start("secure").await;
    let driver = wide(1600, 1100).await;
    open(&driver, &format!("{}/", demo.sandbox)).await;
    (demo, driver)
}

/// Records a follow, a text and a tap; gives the file.
async fn recorded(driver: &WebDriver) -> String {
    press(driver, &mark("record")).await;
    says(driver, &mark("recording"), "0").await;
    press(driver, &mark("follow")).await;
    reads(driver, "text", "欢迎").await;
    says(driver, &mark("record"), "1").await;
    menu_item(driver, "关于我们", "公司简介").await;
    reads(driver, "text", "公司简介").await;
    says(driver, &mark("record"), "2").await;
    write(driver, "快递 SF1001").await;
    reads(driver, "text", "SF1001").await;
    says(driver, &mark("record"), "3").await;
    assert!(value(driver, "scenario-text").await.contains("follow"), "the file grows while it is recorded");
    press(driver, &mark("record")).await;
    gone(driver, r#"[data-testid="record"][aria-pressed="true"]"#).await;
    let file = value(driver, "scenario-text").await;
    for line in ["follow", "tap 关于我们/公司简介", "say 快递 SF1001"] {
        assert!(file.contains(line), "no {line:?} in\n{file}");
    }
    file
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn what_was_recorded_runs_green_in_a_fresh_world_and_red_where_it_was_changed() {
    let (_demo, first) = bench().await;
    let file = recorded(&first).await;
    assert_eq!(page_errors(&first).await, json!([]));
    first.quit().await.unwrap();

    let (fresh, driver) = bench().await;
    press(&driver, &mark("card-scenario")).await;
    put(&driver, "scenario-text", &file).await;
    press(&driver, &mark("scenario-run")).await;
    find(&driver, r#"[data-testid="scenario-end"][data-passed="true"]"#).await;
    let steps = count(&driver, &mark("step")).await;
    assert!(steps >= 8, "three acts and what was expected of each, but {steps} steps");
    assert_eq!(count(&driver, r#"[data-testid="step"][data-outcome="ok"]"#).await, steps);
    // The people of the scenario have phones like everybody.
    press(&driver, &mark("scenario-person")).await;
    reads(&driver, "text", "SF1001").await;

    let number = file.lines().position(|line| line.contains("SF1001 现在在")).expect("the answer's line") + 1;
    put(&driver, "scenario-text", &file.replace("SF1001 现在在", "SF1001 已经丢了")).await;
    press(&driver, &mark("scenario-run")).await;
    find(&driver, r#"[data-testid="scenario-end"][data-passed="false"]"#).await;
    says(&driver, &mark("scenario-end"), &number.to_string()).await;
    let failed =
        find(&driver, &format!(r#"[data-testid="step"][data-outcome="failed"][data-line="{number}"]"#)).await;
    assert!(failed.text().await.unwrap().contains("已经丢了"));
    says(&driver, &mark("expected"), "已经丢了").await;
    says(&driver, &mark("got"), "SF1001 现在在").await;
    // A failed run leaves nothing that would stop the next one.
    put(&driver, "scenario-text", &file).await;
    press(&driver, &mark("scenario-run")).await;
    find(&driver, r#"[data-testid="scenario-end"][data-passed="true"]"#).await;
    let state: Value = fresh.control("GET", "record", None).await;
    assert_eq!(state["recording"], false);
    assert_eq!(page_errors(&driver).await, json!([]));
    driver.quit().await.unwrap();
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn a_file_that_cannot_be_read_names_its_line_and_a_run_can_be_stopped() {
    let (_demo, driver) = bench().await;
    press(&driver, &mark("card-scenario")).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.yaml");
    std::fs::write(&path, "name: x\nusers: [小明]\nsteps:\n  - 小明: jump\n").unwrap();
    press(&driver, &mark("scenario-file")).await;
    let input = driver.find(By::Css(mark("file"))).await.unwrap();
    input.send_keys(path.to_str().unwrap()).await.unwrap();
    for _ in 0..100 {
        if value(&driver, "scenario-text").await.contains("jump") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    press(&driver, &mark("scenario-run")).await;
    says(&driver, &mark("scenario-refused"), ":4:").await;
    says(&driver, &mark("scenario-refused"), "jump").await;
    // Somebody never answers; nobody has to wait for that.
    let slow = "name: slow\nusers: [小明]\nsteps:\n  - 小明: follow\n  - expect: {phone: 小明, text: never, within: 60s}\n";
    put(&driver, "scenario-text", slow).await;
    press(&driver, &mark("scenario-run")).await;
    find(&driver, r#"[data-testid="step"][data-outcome="ok"]"#).await;
    press(&driver, &mark("scenario-cancel")).await;
    find(&driver, &mark("scenario-refused")).await;
    press(&driver, &mark("scenario-example")).await;
    press(&driver, &mark("scenario-run")).await;
    find(&driver, r#"[data-testid="scenario-end"][data-passed="true"]"#).await;
    assert_eq!(page_errors(&driver).await, json!([]));
    driver.quit().await.unwrap();
}

#[tokio::test]
#[ignore = "scripts/test"]
async fn what_happened_is_gathered_step_by_step_into_a_scenario_that_runs() {
    let (demo, driver) = bench().await;
    press(&driver, &mark("follow")).await;
    reads(&driver, "text", "欢迎").await;
    write(&driver, "快递 SF1001").await;
    reads(&driver, "text", "SF1001").await;
    for kind in ["event.subscribe", "message.text"] {
        let line = format!(r#"[data-testid="exchange"][data-kind="{kind}"]"#);
        press(&driver, &format!("{line} summary")).await;
        press(&driver, &format!("{line} {}", mark("add-step"))).await;
    }
    press(&driver, &mark("card-scenario")).await;
    let file = value(&driver, "scenario-text").await;
    assert!(file.contains("follow") && file.contains("SF1001"), "{file}");
    press(&driver, &mark("scenario-run")).await;
    find(&driver, r#"[data-testid="scenario-end"][data-passed="true"]"#).await;
    assert_eq!(count(&driver, &mark("step")).await, 4);
    assert_eq!(demo.control("GET", "users", None).await.as_array().unwrap().len(), 2, "a person of its own");
    assert_eq!(page_errors(&driver).await, json!([]));
    driver.quit().await.unwrap();
}
