//! From the order to the plan.

use super::*;
use crate::http::generating::fake::KEY;
use planexe_ax::planexe::{Generations, RunsItself};

const SCRIPT: [Stand; 4] = [Stand::At(10), Stand::At(60), Stand::At(60), Stand::Complete];

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_asked_for_followed_and_read_in_by_either_protocol() -> Result<()> {
    with_each(&SCRIPT, &[], async |server, fake| {
        let told = asked(&server).await?;
        let title = "Prospect dog breeders in New England.";
        ensure!(told.body["plan_id"] == PLAN && told.body["title"] == title, "{told:?}");
        let plan = server.get(&format!("/api/plans/{PLAN}")).await?;
        ensure!(plan.body["status"] == "generating" && plan.body["title"] == title, "{plan:?}");
        ensure!(looked(&server).await?["status"] == "running");
        let seen = looked(&server).await?;
        ensure!(seen["progress_percent"].as_u64().is_some_and(|it| (9..=10).contains(&it)));
        let seen = looked(&server).await?;
        ensure!(seen["progress_percent"].as_u64().is_some_and(|it| (59..=60).contains(&it)));
        let before = kinds(&server).await?.len();
        looked(&server).await?;
        ensure!(kinds(&server).await?.len() == before, "what did not change is not recorded");
        let done = looked(&server).await?;
        ensure!(done["status"] == "done" && done["progress_percent"] == 100, "{done}");
        let position = server.store.head().await?.position;
        let plan = server.get(&format!("/api/plans/{PLAN}?min_position={position}")).await?;
        ensure!(plan.body["status"] == "ready" && plan.body["leaf_count"] == 8, "{plan:?}");
        ensure!(plan.body["title"] == "Village Orchard", "{plan:?}");
        ensure!(plan.body["created_by"] == told.body["asked_by"], "{plan:?} for {told:?}");
        ensure!(server.generations.step().await? == 0, "nothing more is in the making");
        let all = [
            "plan_generation_asked",
            "plan_generation_started",
            "plan_generation_progressed",
            "plan_generation_progressed",
            "plan_imported",
            "plan_tasks_added",
        ];
        ensure!(kinds(&server).await?[..6] == all, "{:?}", kinds(&server).await?);
        what_was_asked(&fake)?;
        what_is_kept(&server).await?;
        let made = server.post("/api/executions", &json!({"plan_id": PLAN})).await?;
        ensure!(made.status == 201, "{made:?}");
        server.stop().await
    })
    .await
}

/// One order with the prompt as it was given, and the key where it belongs.
fn what_was_asked(fake: &Fake) -> Result<()> {
    let words = match fake.speaks {
        Speaks::WorkerPlan => "submit_or_retry",
        Speaks::McpCloud => "plan_create",
    };
    let orders = fake.asked(words);
    ensure!(orders.len() == 1, "{orders:?}");
    let body: Value = serde_json::from_str(&orders[0].body)?;
    let (prompt, profile) = match fake.speaks {
        Speaks::WorkerPlan => (&body["plan_prompt"], &body["model_profile"]),
        Speaks::McpCloud => {
            let arguments = &body["params"]["arguments"];
            (&arguments["prompt"], &arguments["model_profile"])
        }
    };
    ensure!(prompt == GOAL && profile == "baseline", "{body}");
    let downloads = fake.asked("/download/");
    ensure!(downloads.iter().all(|it| !it.shows_the_key()), "{downloads:?}");
    Ok(())
}

/// The prompt, once; neither the key nor what PlanExe asked its own models.
async fn what_is_kept(server: &Server) -> Result<()> {
    let events = server.store.read_log(Position::ZERO, &LogFilter::default(), 500).await?;
    let texts = events.iter().map(|event| String::from_utf8_lossy(&event.payload).into_owned());
    let all = texts.collect::<Vec<_>>().join("\n");
    ensure!(all.matches("Close three paid deals").count() == 1, "{all}");
    ensure!(!all.contains(KEY), "the key is nobody's business");
    for word in ["\"query\"", "\"user_prompt\"", "\"system_prompt\""] {
        ensure!(!all.contains(word), "{word}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_in_the_middle_goes_on_from_the_log() -> Result<()> {
    with_each(&SCRIPT, &[], async |server, fake| {
        asked(&server).await?;
        looked(&server).await?;
        looked(&server).await?;
        server.generations.stop().await;
        let config = fake.config(&[])?.planexe;
        let (engine, asked_only) = (server.engine.clone(), RunsItself::OnlyWhenAsked);
        let later = Generations::start(engine, config, asked_only);
        later.adopt_all().await?;
        while later.step().await? > 0 {}
        let done = server.get(GENERATION).await?;
        ensure!(done.body["status"] == "done", "{done:?}");
        ensure!(fake.known().runs.len() == 1, "it is the same run");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_that_look_at_the_same_plan_bring_it_in_once() -> Result<()> {
    with_one(Speaks::McpCloud, &[Stand::Complete], &[], async |server, fake| {
        asked(&server).await?;
        let config = fake.config(&[])?.planexe;
        let (engine, asked_only) = (server.engine.clone(), RunsItself::OnlyWhenAsked);
        let other = Generations::start(engine, config, asked_only);
        other.adopt_all().await?;
        for _ in 0..4 {
            let (one, two) = tokio::join!(server.generations.step(), other.step());
            one?;
            two?;
        }
        let seen = kinds(&server).await?;
        let count = |kind: &str| seen.iter().filter(|it| *it == kind).count();
        ensure!(count("plan_generation_started") == 1 && count("plan_imported") == 1, "{seen:?}");
        let stopped = fake.asked("plan_stop").len();
        ensure!(stopped + 1 == fake.known().runs.len(), "what nobody waits for is stopped");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_is_checked_and_asked_once_and_no_more_at_once_than_may_be() -> Result<()> {
    let one = [("AX_PLANEXE_AT_ONCE_MAX", "1")];
    with_one(Speaks::WorkerPlan, &[Stand::At(5)], &one, async |server, fake| {
        let path = "/api/plans/generate";
        for (order, pointer) in [
            (json!({}), ""),
            (json!({"goal": " \n"}), "/goal"),
            (json!({"goal": GOAL, "sequencing": "soon"}), "/sequencing"),
            (json!({"goal": GOAL, "url": "http://127.0.0.1:1"}), ""),
        ] {
            let refused = server.post(path, &order).await?;
            ensure!(refused.status == 422, "{order}: {refused:?}");
            let said = refused.body["errors"][0]["pointer"].as_str().unwrap_or_default();
            ensure!(said.starts_with(pointer), "{order}: {refused:?}");
        }
        let told = server.post(&format!("{path}?dry_run=true"), &order()).await?;
        ensure!(told.body["events"][0]["event_type"] == "plan_generation_asked", "{told:?}");
        ensure!(server.store.head().await?.position == Position::ZERO);
        let key = [("Idempotency-Key", "once")];
        let first = server.json("POST", path, &key, &order()).await?;
        let again = server.json("POST", path, &key, &order()).await?;
        ensure!(first.status == 202 && first.body == again.body, "{first:?} {again:?}");
        let full = server.post(path, &json!({"goal": "another"})).await?;
        ensure!(full.status == 503 && full.body["code"] == "busy", "{full:?}");
        looked(&server).await?;
        ensure!(fake.known().runs.len() == 1, "it was asked once");
        let import = json!({"plan_id": PLAN, "goal": "mine", "phases": []});
        let refused = server.post("/api/plans", &import).await?;
        ensure!(refused.status >= 400, "nobody else brings a plan in under its id: {refused:?}");
        let gone = server.ask("DELETE", &format!("/api/plans/{PLAN}"), &[], b"").await?;
        ensure!(gone.status == 409, "{gone:?}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_a_planexe_says_how_to_set_one_up() -> Result<()> {
    crate::http::house::on_every(async |server| {
        let refused = server.post("/api/plans/generate", &order()).await?;
        ensure!(refused.status == 409 && refused.body["code"] == "not_configured", "{refused:?}");
        let detail = refused.body["detail"].as_str().unwrap_or_default();
        ensure!(detail.contains("AX_PLANEXE_URL"), "{refused:?}");
        let refused = server.post("/api/plans", &json!({"planexe_run": "abc"})).await?;
        ensure!(refused.body["code"] == "not_configured", "{refused:?}");
        ensure!(server.get(GENERATION).await?.status == 404);
        server.stop().await
    })
    .await
}
