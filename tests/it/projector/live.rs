//! Windows that follow the log.

use super::house::on_every;
use super::story::{Story, write_all};
use anyhow::{Result, ensure};
use planexe_ax::projections::progress;

#[tokio::test(flavor = "multi_thread")]
async fn windows_are_what_a_fresh_replay_says() -> Result<()> {
    on_every(async |house| {
        let projector = house.projector(37);
        ensure!(projector.catch_up().await?, "it leads");
        write_all(&house.store, 1..40, 9).await?;
        ensure!(projector.catch_up().await?, "it leads");
        house.check().await?;
        ensure!(house.rows("progress", &progress::TABLES[0]).await?.len() == 39, "all are there");
        house.close().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn another_projector_goes_on_where_the_first_one_ended() -> Result<()> {
    on_every(async |house| {
        let mut stories: Vec<_> = (40..60).map(Story::of).collect();
        for round in 0..8 {
            let projector = house.projector(11 + round);
            projector.catch_up().await?;
            for story in &mut stories {
                story.go_on(&house.store, 1 + round).await?;
            }
            projector.catch_up().await?;
            projector.stop().await;
            house.check().await?;
        }
        house.close().await;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_projectors_only_one_writes() -> Result<()> {
    on_every(async |house| {
        let (one, other) = (house.projector(20), house.projector(20));
        ensure!(one.catch_up().await?, "the first one leads");
        ensure!(!other.catch_up().await?, "the other one waits");
        write_all(&house.store, 60..70, 20).await?;
        ensure!(!other.catch_up().await?, "the other one waits");
        one.stop().await;
        ensure!(other.catch_up().await?, "the other one leads when the first one has stopped");
        house.check().await?;
        house.close().await;
        Ok(())
    })
    .await
}
