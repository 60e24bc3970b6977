//! `ax demo`: an execution, live, to its end, and nothing is left behind.

use super::house::Person;
use anyhow::{Result, ensure};

#[tokio::test(flavor = "multi_thread")]
async fn the_demonstration_is_carried_to_its_end_and_leaves_nothing_behind() -> Result<()> {
    let person = Person::alone()?;
    let place = person.path().join("tmp");
    std::fs::create_dir(&place)?;
    let mut command = person.command(&["demo", "--pace", "200"]);
    command.env("TMPDIR", &place).env("DATABASE_URL", "postgres://nobody@127.0.0.1:9/nothing");
    let output = tokio::task::block_in_place(|| command.output())?;
    let told = String::from_utf8(output.stdout)?;
    let said = String::from_utf8(output.stderr)?;
    ensure!(output.status.code() == Some(0), "{:?}: {said}", output.status);
    ensure!(told.ends_with("exec_demonstration COMPLETED 100% 17/17\n"), "{told}");
    ensure!(said.starts_with("a server of its own: http://127.0.0.1:"), "{said}");
    ensure!(std::fs::read_dir(&place)?.next().is_none(), "something is left behind");
    ensure!(!person.path().join("data").exists(), "the visitor's own database was touched");
    Ok(())
}
