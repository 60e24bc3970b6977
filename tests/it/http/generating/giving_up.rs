//! A plan in the making that somebody gives up, and asks for once more.

use super::*;
use planexe_ax::domain::event::plan::GenerationWishes;
use planexe_ax::domain::plan::{AskGeneration, GenerationCommand, PlanCommand};
use planexe_ax::domain::{Actor, Command, PlanId, StreamName, Text, Title, WorkspaceId};
use planexe_ax::engine::Request;

async fn post(server: &Server, what: &str) -> Result<Answer> {
    server.post(&format!("{GENERATION}/{what}"), &json!({})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_up_is_stopped_at_planexe_and_goes_on_when_it_is_asked_for_again()
-> Result<()> {
    with_each(&[Stand::At(40)], &[], async |server, fake| {
        asked(&server).await?;
        looked(&server).await?;
        looked(&server).await?;
        let told = post(&server, "cancel").await?;
        ensure!(told.status == 202 && told.body["status"] == "stopping", "{told:?}");
        ensure!(looked(&server).await?["status"] == "stopped");
        ensure!(fake.known().runs.values().all(|stand| *stand == Stand::Stopped));
        ensure!(post(&server, "cancel").await?.status == 202, "it is so already");
        let position = server.store.head().await?.position;
        let plan = server.get(&format!("/api/plans/{PLAN}?min_position={position}")).await?;
        ensure!(plan.body["status"] == "stopped", "{plan:?}");
        fake.known().script = [Stand::At(80), Stand::Complete].into();
        let told = post(&server, "retry").await?;
        ensure!(told.status == 202 && told.body["status"] == "asked", "{told:?}");
        while server.generations.step().await? > 0 {}
        let done = server.get(GENERATION).await?;
        ensure!(done.body["status"] == "done", "{done:?}");
        ensure!(fake.known().runs.len() == 1, "it went on with the same run");
        ensure!(post(&server, "retry").await?.status == 409);
        ensure!(post(&server, "cancel").await?.status == 409);
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_up_before_it_began_never_begins() -> Result<()> {
    with_each(&[Stand::At(40)], &[], async |server, fake| {
        asked(&server).await?;
        ensure!(post(&server, "cancel").await?.status == 202);
        ensure!(looked(&server).await?["status"] == "stopped");
        ensure!(fake.known().runs.is_empty());
        let gone = server.ask("DELETE", &format!("/api/plans/{PLAN}"), &[], b"").await?;
        ensure!(gone.status == 200, "{gone:?}");
        ensure!(server.get(GENERATION).await?.status == 404);
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_without_a_planexe_finds_in_its_log_can_be_given_up() -> Result<()> {
    crate::http::house::on_every(async |server| {
        let ask = AskGeneration {
            plan_id: PlanId::parse(PLAN)?,
            title: Title::parse("Prospecting")?,
            prompt: Text::parse(GOAL)?,
            profile: None,
            wishes: GenerationWishes::default(),
            assigned_to: None,
        };
        let ask = PlanCommand::Generate(GenerationCommand::Ask(Box::new(ask)));
        let (workspace, stream) =
            (WorkspaceId::parse("default")?, StreamName::plan(&PlanId::parse(PLAN)?));
        let by = Actor::user("before")?;
        server.engine.execute(Request::new(&workspace, stream, Command::Plan(ask), by)).await?;
        let told = post(&server, "cancel").await?;
        ensure!(told.status == 202 && told.body["status"] == "stopped", "{told:?}");
        ensure!(post(&server, "retry").await?.body["code"] == "not_configured");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_is_gone_on_with_or_begun_anew() -> Result<()> {
    with_each(&[Stand::At(40), Stand::Failed], &[], async |server, fake| {
        asked(&server).await?;
        looked(&server).await?;
        looked(&server).await?;
        let failed = looked(&server).await?;
        ensure!(failed["fault"] == "failed" && failed["resumable"] == true, "{failed}");
        fake.known().script = [Stand::Complete].into();
        ensure!(post(&server, "retry").await?.status == 202);
        fake.known().runs.clear();
        let lost = looked(&server).await?;
        ensure!(lost["fault"] == "lost" && lost["resumable"] == false, "{lost}");
        ensure!(post(&server, "retry").await?.status == 202);
        while server.generations.step().await? > 0 {}
        let done = server.get(GENERATION).await?;
        ensure!(done.body["status"] == "done" && fake.known().runs.len() == 1, "{done:?}");
        server.stop().await
    })
    .await
}
