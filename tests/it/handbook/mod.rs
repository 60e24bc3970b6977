//! The documentation, held against the program: every command in it is run, and every link leads
//! somewhere.

mod links;
mod pages;
mod terminal;

use anyhow::{Context, Result, ensure};
use pages::{Part, pages, parts};
use planexe_ax_testkit::{Database, Durability, Server as Postgres, postgres_is_skipped};
use terminal::Terminal;

/// The database that pages speak of.
const POSTGRES: &str = "postgres://ax@127.0.0.1/ax";
/// What there is on a server that a page does not begin itself.
const SOMETHING: &str = "ax agent register somebody --can nothing --server http://127.0.0.1:8000";
/// The fewest pages with commands: fewer, and they are not found any more.
const PAGES_MIN: usize = 12;

/// Runs the commands of a page in their order, as somebody would who reads it.
async fn walk(path: &str, text: &str) -> Result<()> {
    let parts = parts(text);
    let mut terminal = Terminal::open()?;
    // It must be one that loses nothing: the program refuses others.
    let postgres = match text.contains(POSTGRES) {
        true if postgres_is_skipped() => return Ok(()),
        true => Some(Postgres::start(Durability::On)?),
        false => None,
    };
    if let Some(postgres) = &postgres {
        let database = Database::on(postgres).await?;
        terminal.say_instead(POSTGRES, &database.url);
    }
    tokio::task::block_in_place(|| {
        if !parts.iter().any(|(_, part)| matches!(part, Part::Background(_))) {
            terminal.begin("ax serve --no-demo")?;
            terminal.run(SOMETHING)?;
            terminal.wait_for("/api/audit/checkpoint")?;
        }
        for (line, part) in &parts {
            let done = match part {
                Part::Commands(text) => terminal.run(text),
                Part::Background(text) => terminal.begin(text),
            };
            done.with_context(|| format!("{path}:{line}"))?;
        }
        terminal.close()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_documentation_works_as_it_stands() -> Result<()> {
    let mut walked = 0;
    for (path, text) in pages()? {
        if !parts(&text).is_empty() {
            walk(&path, &text).await?;
            walked += 1;
        }
    }
    ensure!(walked >= PAGES_MIN, "{walked} pages have commands");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_fails_is_found() -> Result<()> {
    let fails = "ax exec show absent --server http://127.0.0.1:8000";
    let page = format!("# A page\n\n```sh\ntrue\n```\n\n```sh\n{fails}\necho after\n```\n");
    let error = walk("page.md", &page).await.err().context("it went well")?;
    let error = format!("{error:#}");
    ensure!(error.contains("page.md:7") && error.contains("no such execution"), "{error}");
    Ok(())
}
