//! A run of the PlanExe that is set up, read in by its name or its address there.

use super::*;
use crate::http::generating::fake::Act;
use crate::store::backend::Backend;
use crate::webhooks::proxy::Proxy;

async fn import(server: &Server, run: &str) -> Result<Answer> {
    server.post("/api/plans?gates=false", &json!({"planexe_run": run})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_read_in_by_its_name_and_by_its_address_at_the_planexe_that_is_set_up()
-> Result<()> {
    with_each(&[Stand::Complete], &[], async |server, fake| {
        let run = fake.known().begin();
        let made = import(&server, &run).await?;
        ensure!(made.status == 201 && made.body["title"] == "Village Orchard", "{made:?}");
        ensure!(made.body["import_report"]["counts"]["leaves"] == 8, "{made:?}");
        for address in ["runs/RUN", "runs/RUN/zip", "download/RUN/run.zip?token=old"] {
            let address = format!("{}/{}", fake.url(), address.replace("RUN", &run));
            let again = import(&server, &address).await?;
            ensure!(again.status == 200, "{address}: {again:?}");
            ensure!(again.body["plan_id"] == made.body["plan_id"], "{address}: {again:?}");
        }
        let unknown = import(&server, "00000000-0000-4000-8000-000000000000").await?;
        ensure!(unknown.status == 404, "{unknown:?}");
        fake.once(run_words(&fake), Act::Status(503, "{}"));
        let away = import(&server, &run).await?;
        ensure!(away.status == 502 && away.body["code"] == "planexe_unreachable", "{away:?}");
        fake.known().archive = b"PK\x03\x04 and nothing more".to_vec();
        let hostile = import(&server, &run).await?;
        ensure!(hostile.status == 422, "{hostile:?}");
        server.stop().await
    })
    .await
}

/// Words of the first question for an archive.
fn run_words(fake: &Fake) -> &'static str {
    match fake.speaks {
        Speaks::WorkerPlan => "/zip",
        Speaks::McpCloud => "plan_file_info",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_address_is_ever_asked() -> Result<()> {
    let elsewhere = Fake::start(Speaks::WorkerPlan, &[Stand::Complete]).await?;
    with_each(&[Stand::Complete], &[], async |server, fake| {
        let run = elsewhere.known().begin();
        let own = fake.known().begin();
        for address in [
            format!("{}/runs/{run}/zip", elsewhere.url()),
            format!("{}/runs/{own}/zip", fake.url().replace("http:", "https:")),
            format!("{}@{}/runs/{own}", fake.url(), elsewhere.known().address),
            "http://169.254.169.254/runs/latest".to_owned(),
            "file:///etc/passwd".to_owned(),
            format!("{}/runs/..%2F..%2Fllm-info/zip", fake.url()),
            "../../llm-info".to_owned(),
            String::new(),
        ] {
            let refused = import(&server, &address).await?;
            ensure!(refused.status == 422 && refused.body["code"] == "invalid", "{refused:?}");
            let pointer = &refused.body["errors"][0]["pointer"];
            ensure!(pointer == "/planexe_run", "{address}: {refused:?}");
        }
        ensure!(fake.asked("").is_empty() && elsewhere.asked("").is_empty());
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planexe_on_another_machine_is_asked_through_the_proxy() -> Result<()> {
    let (fake, proxy) =
        (Fake::start(Speaks::WorkerPlan, &[Stand::Complete]).await?, Proxy::start().await?);
    let place = format!("planexe.example:{}", fake.known().address.port());
    let (url, through) = (format!("http://{place}"), proxy.url());
    let set = [("AX_PLANEXE_URL", url.as_str()), ("AX_OUTBOUND_PROXY", through.as_str())];
    let server = Server::set(Backend::sqlite()?, fake.config(&set)?).await?;
    let run = fake.known().begin();
    let made = import(&server, &run).await?;
    ensure!(made.status == 201, "{made:?}");
    let asked = proxy.asked();
    ensure!(!asked.is_empty() && asked.iter().all(|it| *it == place), "{asked:?}");
    server.stop().await
}
