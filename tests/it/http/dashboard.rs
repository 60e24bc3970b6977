//! The dashboard's page and files: at their addresses, kept for as long as they may be, and under a
//! policy that lets nothing else run.

use super::house::{Server, on_every};
use anyhow::{Context, Result, ensure};

/// The addresses that people open.
const VIEWS: [&str; 7] = [
    "/",
    "/executions",
    "/executions/exec_1",
    "/plans/a/b",
    "/agent-plans/a",
    "/login",
    "/operator?tab=keys",
];

async fn page(server: &Server) -> Result<String> {
    let page = server.get("/").await?;
    Ok(page.body.as_str().context("the page is text")?.to_owned())
}

/// The files that the page names.
fn files(page: &str) -> Vec<&str> {
    let named = page.split(['"', '\'']).filter(|it| it.starts_with("/assets/"));
    named.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_address_of_the_dashboard_begins_with_its_page_and_no_other_does() -> Result<()> {
    on_every(async |server| {
        let text = page(&server).await?;
        for path in VIEWS {
            let page = server.get(path).await?;
            ensure!(page.status == 200 && page.body == text.as_str(), "{path}: {page:?}");
            ensure!(page.header("content-type") == Some("text/html; charset=utf-8"), "{path}");
            ensure!(page.header("cache-control") == Some("no-cache"), "{path}");
        }
        for path in ["/executionsx", "/api/nothing", "/assets/nothing.js", "/assets/../Cargo.toml"]
        {
            let none = server.get(path).await?;
            ensure!(none.status == 404 && none.body["code"] == "not_found", "{path}: {none:?}");
        }
        let posted = server.ask("POST", "/executions", &[], b"").await?;
        ensure!(posted.status == 404, "{posted:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_lets_nothing_run_that_is_not_its_own() -> Result<()> {
    on_every(async |server| {
        let answer = server.get("/").await?;
        let policy = answer.header("content-security-policy").context("no policy")?;
        ensure!(policy.starts_with("default-src 'none'; script-src 'self'"), "{policy}");
        ensure!(policy.contains("require-trusted-types-for 'script'; trusted-types 'none'"));
        for loose in ["unsafe", "*", "http:", "https:", "blob:"] {
            ensure!(!policy.contains(loose), "{policy}");
        }
        ensure!(answer.header("referrer-policy") == Some("no-referrer"), "{answer:?}");
        ensure!(answer.header("cross-origin-opener-policy") == Some("same-origin"), "{answer:?}");
        ensure!(answer.header("x-content-type-options") == Some("nosniff"), "{answer:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_kept_for_ever_and_sent_small_to_those_who_take_them_so() -> Result<()> {
    on_every(async |server| {
        let text = page(&server).await?;
        for path in files(&text) {
            let plain = server.ask("HEAD", path, &[], b"").await?;
            ensure!(plain.status == 200, "{path}: {plain:?}");
            let kept = plain.header("cache-control").context("no cache-control")?;
            ensure!(kept.contains("immutable"), "{path}: {kept}");
            ensure!(plain.header("content-encoding").is_none(), "{path}: {plain:?}");
            let etag = plain.header("etag").context("no etag")?;
            let known = server.ask("GET", path, &[("if-none-match", etag)], b"").await?;
            ensure!(known.status == 304, "{path}: {known:?}");
            let small = server.ask("HEAD", path, &[("accept-encoding", "gzip, br")], b"").await?;
            let is_text = path.ends_with(".js") || path.ends_with(".css");
            ensure!(small.header("content-encoding").is_some() == is_text, "{path}: {small:?}");
            ensure!((small.header("etag") == Some(etag)) != is_text, "{path}: {small:?}");
        }
        let etag = server.get("/").await?.header("etag").context("no etag")?.to_owned();
        let known = server.ask("GET", "/plans", &[("if-none-match", &etag)], b"").await?;
        ensure!(known.status == 304, "{known:?}");
        server.stop().await
    })
    .await
}
