//! A PlanExe that leads elsewhere: nothing is asked there, and nothing is shown.

use super::*;
use crate::http::generating::fake::Act;

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_followed_nowhere_and_the_key_goes_to_nobody_else() -> Result<()> {
    let elsewhere = Fake::start(Speaks::McpCloud, &[Stand::Complete]).await?;
    with_each(&[Stand::Complete], &[], async |server, fake| {
        let words = match fake.speaks {
            Speaks::WorkerPlan => "/runs",
            Speaks::McpCloud => "plan_create",
        };
        fake.once(words, Act::Redirect(format!("{}/mcp/", elsewhere.url())));
        asked(&server).await?;
        let failed = looked(&server).await?;
        ensure!(failed["status"] == "failed" && failed["fault"] == "bad_answer", "{failed}");
        let message = failed["message"].as_str().unwrap_or_default();
        ensure!(message.contains("planexe.url"), "{failed}");
        let there = elsewhere.asked("");
        ensure!(there.is_empty(), "nobody else is asked, with the key or without: {there:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_at_another_address_is_fetched_neither_there_nor_by_a_redirect() -> Result<()> {
    let elsewhere = Fake::start(Speaks::McpCloud, &[Stand::Complete]).await?;
    let run = elsewhere.known().begin();
    let there = format!("{}/download/{run}/run.zip?token=1795254073.91b4", elsewhere.url());
    with_one(Speaks::McpCloud, &[Stand::Complete], &[], async |server, fake| {
        fake.known().archive_at = Some(there.clone());
        asked(&server).await?;
        looked(&server).await?;
        let failed = looked(&server).await?;
        ensure!(failed["fault"] == "bad_archive" && failed["resumable"] == true, "{failed}");
        ensure!(elsewhere.asked("").is_empty(), "{:?}", elsewhere.asked(""));
        server.stop().await
    })
    .await?;
    with_each(&[Stand::Complete], &[], async |server, fake| {
        let words = match fake.speaks {
            Speaks::WorkerPlan => "/zip",
            Speaks::McpCloud => "/download/",
        };
        fake.once(words, Act::Redirect(there.clone()));
        asked(&server).await?;
        looked(&server).await?;
        let failed = looked(&server).await?;
        ensure!(failed["status"] == "failed" && failed["fault"] == "bad_answer", "{failed}");
        ensure!(elsewhere.asked("").is_empty(), "{:?}", elsewhere.asked(""));
        server.stop().await
    })
    .await
}
