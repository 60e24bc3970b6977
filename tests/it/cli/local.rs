//! What needs no server: contexts, completions, the doctor; and where a key goes.

use super::fake::Fake;
use super::house::Person;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn mode(path: &Path) -> Result<u32> {
    Ok(fs::metadata(path)?.permissions().mode() & 0o777)
}

fn key_file(person: &Person, rights: u32) -> Result<String> {
    let path = person.path().join(format!("key_{rights:o}"));
    fs::write(&path, "ax_k1_secret\n")?;
    fs::set_permissions(&path, fs::Permissions::from_mode(rights))?;
    Ok(path.display().to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_context_names_a_server_and_the_file_of_its_key() -> Result<()> {
    let person = Person::alone()?;
    let file = key_file(&person, 0o600)?;
    person.told(&["context", "add", "here", "http://127.0.0.1:8000"])?;
    person.told(&["context", "add", "office", "https://ax.example", "--key-file", &file])?;
    let listed = person.json(&["context", "list"])?;
    ensure!(listed["current"] == "here", "{listed}");
    ensure!(listed["contexts"]["office"]["server"] == "https://ax.example", "{listed}");
    ensure!(!listed.to_string().contains("secret"), "{listed}");
    ensure!(mode(&person.path().join("contexts.json"))? == 0o600);
    person.told(&["context", "use", "office"])?;
    person.told(&["context", "remove", "office"])?;
    let listed = person.json(&["context", "list"])?;
    ensure!(listed["current"].is_null() && listed["contexts"]["office"].is_null(), "{listed}");
    let said = person.refused(2, &["context", "use", "office"])?;
    ensure!(said.contains("there are here"), "{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_others_may_read_is_refused() -> Result<()> {
    let person = Person::alone()?;
    let file = key_file(&person, 0o644)?;
    let add = ["context", "add", "office", "https://ax.example", "--key-file", &file];
    let said = person.refused(2, &add)?;
    ensure!(said.contains("chmod 600"), "{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_goes_to_its_own_server_only() -> Result<()> {
    let person = Person::alone()?;
    let file = key_file(&person, 0o600)?;
    let empty = r#"{"executions": []}"#;
    let own = Fake::saying("200 OK", "application/json", empty)?;
    let other = Fake::saying("200 OK", "application/json", empty)?;
    person.told(&["context", "add", "own", &own.url, "--key-file", &file])?;
    person.told(&["exec", "list"])?;
    person.told(&["exec", "list", "--context", "own"])?;
    person.told(&["exec", "list", "--server", &other.url])?;
    let shows = |asked: &String| asked.contains("Bearer ax_k1_secret");
    ensure!(own.asked().len() == 2 && own.asked().iter().all(shows), "{:?}", own.asked());
    ensure!(other.asked().len() == 1 && !other.asked().iter().any(shows), "{:?}", other.asked());
    let person = person.with_key("ax_k2_other");
    person.told(&["exec", "list", "--server", &other.url])?;
    ensure!(other.asked()[1].contains("Bearer ax_k2_other"), "{:?}", other.asked());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn shells_are_told_what_can_be_said() -> Result<()> {
    let person = Person::alone()?;
    for shell in ["bash", "zsh", "fish"] {
        let told = person.told(&["completions", shell])?;
        ensure!(told.contains("simulate") && told.contains("context"), "{shell}");
    }
    let output = person.run(&["completions", "csh"])?;
    ensure!(output.status.code() == Some(2), "{output:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_finds_what_is_wrong_and_says_what_to_do() -> Result<()> {
    let person = Person::alone()?;
    let found = person.json(&["doctor"])?;
    ensure!(found["faults"] == 0, "{found}");
    let checks = found["checks"].as_array().context("a list")?;
    for wanted in ["settings", "data directory", "disk", "secrets", "clock", "database", "server"] {
        ensure!(checks.iter().any(|it| it["check"] == wanted), "{wanted}: {found}");
    }
    let file = key_file(&person, 0o644)?;
    let output = person.run(&["doctor", "--secret-key-file", &file])?;
    let told: Value = serde_json::from_slice(&output.stdout)?;
    ensure!(output.status.code() == Some(1) && told["faults"] == 1, "{told}");
    ensure!(told.to_string().contains(&file), "{told}");
    let nowhere = Person::at("http://127.0.0.1:9")?;
    let output = nowhere.run(&["doctor"])?;
    ensure!(output.status.code() == Some(1), "a server that was named must answer");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_almost_a_command_is_answered_with_the_one_that_was_meant() -> Result<()> {
    let person = Person::alone()?;
    for (words, meant) in [(["exec", "lsit"], "'list'"), (["agnet", "list"], "'agent'")] {
        let said = person.refused(2, &words)?;
        ensure!(said.contains(meant), "{said}");
    }
    Ok(())
}
