//! What people see on their terminals: as wide as those are, in colours where they are wanted.

use super::fake::Fake;
use super::house::{Person, without_colours};
use anyhow::{Result, ensure};
use serde_json::json;

fn agents() -> String {
    let agent = |at: usize| {
        json!({"agent_id": format!("agent_{at}"), "name": "A name of many words, as people have",
            "status": "idle", "capabilities": [{"action": "send_email"}, {"action": "call"}]})
    };
    json!({"agents": (0..3).map(agent).collect::<Vec<_>>(), "next_cursor": "more"}).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_as_wide_as_the_terminal_at_most() -> Result<()> {
    let server = Fake::saying("200 OK", "application/json", &agents())?;
    let person = Person::at(&server.url)?;
    for columns in [24, 40, 60, 120] {
        let screen = without_colours(&person.screen(columns, 24, &["agent", "list"])?);
        let (rows, more) = screen.split_once("there are more").unwrap_or((&screen, ""));
        ensure!(more.ends_with("--cursor more\n"), "{screen}");
        let is_long = |line: &&str| line.chars().count() > usize::from(columns);
        ensure!(rows.lines().find(is_long).is_none(), "{columns}: {screen}");
        ensure!(screen.contains("agent_2"), "{screen}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn colours_are_for_terminals_that_want_them() -> Result<()> {
    let server = Fake::saying("200 OK", "application/json", &agents())?;
    let person = Person::at(&server.url)?;
    ensure!(person.screen(80, 24, &["agent", "list"])?.contains("\u{1b}[32m"));
    for (name, value) in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let mut command = person.on_terminal(80, 24, &["agent", "list"]);
        let output = command.env(name, value).output()?;
        let screen = String::from_utf8(output.stdout)?;
        ensure!(screen.contains("agent_1") && !screen.contains('\u{1b}'), "{name}: {screen:?}");
    }
    ensure!(!person.told(&["agent", "list"])?.contains('\u{1b}'), "a program is told JSON");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_get_json_where_people_get_tables() -> Result<()> {
    let server = Fake::saying("200 OK", "application/json", &agents())?;
    let person = Person::at(&server.url)?;
    let wanted: serde_json::Value = serde_json::from_str(&agents())?;
    ensure!(person.json(&["agent", "list"])? == wanted);
    let screen = person.screen(80, 24, &["agent", "list", "--json"])?;
    ensure!(serde_json::from_str::<serde_json::Value>(&screen)? == wanted, "{screen}");
    Ok(())
}
