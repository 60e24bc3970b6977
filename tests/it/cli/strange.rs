//! What a client meets that is not as it should be: nobody there, another program, an older server,
//! hostile texts, a pipe that closes.

use super::fake::Fake;
use super::house::{Person, said, without_colours};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::io::Read;
use std::process::Stdio;

const HIDDEN: [char; 5] = ['\u{202e}', '\u{9b}', '\u{200b}', '\u{7f}', '\u{7}'];

fn hostile() -> Value {
    let text = "a\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}b\u{9b}31mc\u{200b}\u{7f}\nd";
    json!({"executions": [{
        "execution_id": "exec_1", "plan_id": "plan_1", "title": text, "status": "RUNNING",
        "agent_id": text, "progress": {"tasks_completed": 0, "tasks_total": 1, "percent": 0},
    }], "next_cursor": null})
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_server_is_the_failure_names_the_place_and_what_to_do() -> Result<()> {
    let person = Person::at("http://127.0.0.1:9")?;
    let words: [&[&str]; 4] = [
        &["exec", "list"],
        &["exec", "watch", "exec_1"],
        &["agent", "simulate", "--can", "nothing"],
        &["plan", "list"],
    ];
    for words in words {
        let said = person.refused(7, words)?;
        ensure!(said.contains("http://127.0.0.1:9") && said.contains("ax serve"), "{said}");
    }
    let said = person.refused(7, &["exec", "list", "--server", "http://nobody.invalid"])?;
    ensure!(said.contains("no machine has that name"), "{said}");
    let said = person.refused(2, &["exec", "list", "--server", "localhost:8000"])?;
    ensure!(said.contains("http://127.0.0.1:8000"), "{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_server_of_this_kind_is_called_so() -> Result<()> {
    let strangers = [
        Fake::saying("404 Not Found", "text/html", "<h1>It works!</h1>")?,
        Fake::saying("200 OK", "text/html", "<h1>It works!</h1>")?,
        Fake::saying("200 OK", "application/json", r#"{"items": []}"#)?,
        Fake::saying("302 Found", "text/html", "elsewhere")?,
        Fake::answering(vec!["SSH-2.0-OpenSSH_9\r\n".to_owned()])?,
    ];
    for stranger in &strangers {
        let said = Person::at(&stranger.url)?.refused(7, &["exec", "list"])?;
        ensure!(said.contains("ax server") && said.contains(&stranger.url), "{said}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_server_that_tells_less_is_understood_as_far_as_it_goes() -> Result<()> {
    let less = r#"{"executions": [{"execution_id": "exec_1", "plan_id": "p", "status": "ASLEEP",
        "progress": {"tasks_completed": 0, "tasks_total": 1, "percent": 0}}]}"#;
    let old = Fake::saying("200 OK", "application/json", less)?;
    let person = Person::at(&old.url)?;
    let screen = without_colours(&person.screen(80, 24, &["exec", "list"])?);
    ensure!(screen.contains("exec_1") && screen.contains("UNKNOWN"), "{screen}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_asks_to_send_again_is_sent_again_with_the_same_key() -> Result<()> {
    let later = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0\r\nContent-Length: 47\r\n\
        Connection: close\r\n\r\n{\"status\":503,\"code\":\"busy\",\"retryable\":true}   ";
    let done = r#"{"agent_id": "larry", "name": "Larry", "status": "paused", "position": 7}"#;
    let done = super::fake::answer("200 OK", "application/json", done);
    let server = Fake::answering(vec![later.to_owned(), later.to_owned(), done])?;
    let person = Person::at(&server.url)?;
    person.told(&["agent", "pause", "larry", "--reason", "lunch"])?;
    let asked = server.asked();
    ensure!(asked.len() == 3 && asked[0] == asked[1] && asked[1] == asked[2], "{asked:#?}");
    ensure!(asked[0].to_lowercase().contains("\r\nidempotency-key: "), "{}", asked[0]);
    ensure!(asked[0].starts_with("PATCH /api/agents/larry?reason=lunch "), "{}", asked[0]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_of_others_changes_the_terminal_or_hides_in_json() -> Result<()> {
    let server = Fake::saying("200 OK", "application/json", &hostile().to_string())?;
    let person = Person::at(&server.url)?;
    for columns in [40, 120] {
        let screen = without_colours(&person.screen(columns, 24, &["exec", "list"])?);
        let is_bad = |c: char| (c.is_control() && c != '\n') || HIDDEN.contains(&c);
        ensure!(!screen.contains(is_bad), "{screen:?}");
        ensure!(screen.contains('␛'), "{screen:?}");
    }
    let printed = person.told(&["exec", "list", "--json"])?;
    ensure!(!printed.contains(HIDDEN) && printed.lines().count() == 1, "{printed:?}");
    ensure!(serde_json::from_str::<Value>(&printed)? == hostile(), "{printed}");
    let evil = json!({"status": 404, "code": "gone", "detail": "no\u{1b}[2J\u{202e}"}).to_string();
    let server = Fake::saying("404 Not Found", "application/problem+json", &evil)?;
    let said = Person::at(&server.url)?.refused(5, &["agent", "show", "larry"])?;
    ensure!(said.trim_end() == "error: no␛[2J⟨U+202E⟩", "{said:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_read_enough_ends_the_program_quietly() -> Result<()> {
    let many = vec![hostile()["executions"][0].clone(); 2_000];
    let many = json!({"executions": many}).to_string();
    let server = Fake::saying("200 OK", "application/json", &many)?;
    let person = Person::at(&server.url)?;
    let words: [&[&str]; 3] =
        [&["exec", "list"], &["completions", "bash"], &["config", "show", "--json"]];
    for words in words {
        let mut command = person.command(words);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let mut out = child.stdout.take().context("it is piped")?;
        let mut first = [0; 1];
        out.read_exact(&mut first)?;
        drop(out);
        let output = child.wait_with_output()?;
        let said = said(&output);
        ensure!(output.status.code() == Some(0) && said.is_empty(), "{words:?}: {said}");
    }
    Ok(())
}
