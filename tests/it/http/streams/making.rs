//! A plan that PlanExe makes, watched live from the order to the plan.

use super::client::Sse;
use crate::http::generating::fake::{Fake, Speaks, Stand};
use crate::http::generating::{PLAN, asked, looked};
use crate::http::house::on_every_with;
use anyhow::{Result, ensure};

#[tokio::test(flavor = "multi_thread")]
async fn who_watches_a_plan_in_the_making_sees_how_far_it_is_and_that_it_is_there() -> Result<()> {
    let script = [Stand::At(10), Stand::At(60), Stand::Complete];
    let fake = Fake::start(Speaks::McpCloud, &script).await?;
    on_every_with(&fake.config(&[])?, async |server| {
        fake.forget(&script)?;
        asked(&server).await?;
        let mut sse = Sse::open(&server, &format!("/api/plans/{PLAN}/stream?after=0")).await?;
        for _ in 0..4 {
            looked(&server).await?;
        }
        let came = sse.until(|came| came.frame["event_type"] == "plan_imported").await?;
        let told = |kind: &str| {
            let frames = came.iter().filter(|came| came.frame["event_type"] == kind);
            frames.map(|came| came.frame["message"].to_string()).collect::<Vec<_>>()
        };
        ensure!(told("plan_generation_asked").len() == 1, "{came:?}");
        let further = told("plan_generation_progressed");
        ensure!(further.len() == 2 && further[1].contains("60 %"), "{further:?}");
        ensure!(further[1].contains("Select Scenario"), "{further:?}");
        server.stop().await
    })
    .await
}
