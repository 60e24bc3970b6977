//! `ax exec watch`: to the end, also when the server is away for a while.

use super::fake::{Fake, answer};
use super::house::{Person, without_colours};
use anyhow::{Result, ensure};
use serde_json::{Value, json};

fn sse(frames: &[Value]) -> String {
    let mut text =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
            .to_owned();
    for frame in frames {
        text += &format!("id: {}\ndata: {frame}\n\n", frame["position"]);
    }
    text
}

fn snapshot(status: &str, position: u64, tasks: usize) -> Value {
    let task = |at: usize| {
        let parent = (at > 0).then_some("task_0");
        json!({"task_id": format!("task_{at}"), "parent_task_id": parent, "status": "RUNNING",
            "title": format!("A task of a title with many words, number {at}"), "attempt": 1})
    };
    let tasks: Vec<_> = (0..tasks).map(task).collect();
    json!({"type": "snapshot", "position": position, "tasks": tasks, "execution": {
        "execution_id": "exec_1", "title": "Say hello", "status": status, "status_message": "why",
        "progress": {"tasks_completed": 1, "tasks_total": 2, "percent": 50}}})
}

fn event(position: u64, message: &str) -> Value {
    json!({"type": "event", "event_type": "task_started", "execution_id": "exec_1",
        "message": message, "timestamp": "2026-02-11T16:10:27Z", "position": position})
}

fn update(status: &str, position: u64) -> Value {
    json!({"type": "execution_update", "execution_id": "exec_1", "status": status,
        "status_message": "it is so", "position": position,
        "progress": {"tasks_completed": 2, "tasks_total": 2, "percent": 100}})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_goes_on_where_it_was_after_the_server_was_away() -> Result<()> {
    let away = answer(
        "503 Service Unavailable",
        "application/problem+json",
        r#"{"status":503,"code":"stopping","retryable":true,"detail":"the server stops"}"#,
    );
    let first = sse(&[snapshot("RUNNING", 4, 2), event(5, "larry began")]);
    let then = sse(&[event(6, "larry is done"), update("COMPLETED", 7)]);
    let server = Fake::answering(vec![first, away, then])?;
    let output = Person::at(&server.url)?.run(&["exec", "watch", "exec_1"])?;
    let told = String::from_utf8(output.stdout)?;
    let wanted = "exec_1 RUNNING 50% 1/2\n2026-02-11T16:10:27Z larry began\n\
        2026-02-11T16:10:27Z larry is done\nexec_1 COMPLETED 100% 2/2\n";
    ensure!(output.status.code() == Some(0) && told == wanted, "{:?}: {told}", output.status);
    let said = String::from_utf8(output.stderr)?;
    ensure!(said.contains("the server is away, trying again: the server stops"), "{said}");
    let asked = server.asked();
    ensure!(asked.len() == 3 && !asked[0].contains("after="), "{asked:#?}");
    ensure!(asked[1].contains("?after=5 ") && asked[2].contains("?after=5 "), "{asked:#?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_that_fails_ends_the_watch_with_its_own_code() -> Result<()> {
    for status in ["FAILED", "CANCELLED"] {
        let server = Fake::answering(vec![sse(&[snapshot("RUNNING", 4, 2), update(status, 5)])])?;
        let output = Person::at(&server.url)?.run(&["exec", "watch", "exec_1", "--json"])?;
        ensure!(output.status.code() == Some(8), "{:?}", output.status);
        let told = String::from_utf8(output.stdout)?;
        let frames: Vec<Value> =
            told.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        ensure!(frames.len() == 2 && frames[1]["status"] == status, "{told}");
        let said = String::from_utf8(output.stderr)?;
        ensure!(said == format!("error: exec_1 is {status}: it is so\n"), "{said}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_terminal_the_tree_is_drawn_in_one_place_and_fits_it() -> Result<()> {
    let frames = [snapshot("RUNNING", 4, 30), event(5, "larry began"), update("COMPLETED", 6)];
    let server = Fake::answering(vec![sse(&frames)])?;
    let screen = Person::at(&server.url)?.screen(40, 10, &["exec", "watch", "exec_1"])?;
    let drawings: Vec<&str> = screen.split("A\r").collect();
    ensure!(drawings.len() == 4, "three drawings and what is left behind: {screen:?}");
    for (at, drawing) in drawings.iter().enumerate() {
        let clean = drawing.replace("\u{1b}[K", "").replace("\u{1b}[J", "");
        let plain = without_colours(&clean);
        let lines: Vec<_> = plain.lines().filter(|line| !line.starts_with('\u{1b}')).collect();
        ensure!(lines.iter().all(|line| line.chars().count() <= 40), "{lines:#?}");
        ensure!(at + 1 == drawings.len() || lines.len() <= 10, "{lines:#?}");
    }
    let last = drawings.last().copied().unwrap_or_default();
    ensure!(
        last.contains("COMPLETED") && last.contains("number 29") || last.contains("…"),
        "{last}"
    );
    Ok(())
}
