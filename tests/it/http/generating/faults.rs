//! Everything that PlanExe can do wrong: told clearly, and waited for where it may pass.

use super::*;
use crate::http::generating::fake::Act;

/// An MCP answer in which a tool refuses.
fn refusal(code: &str) -> Act {
    let text = json!({"error": {"code": code, "message": "So it is"}}).to_string();
    let content = json!([{"type": "text", "text": text}]);
    let result = json!({"content": content, "isError": true});
    Act::Say(json!({"jsonrpc": "2.0", "id": 1, "result": result}).to_string())
}

/// Goes on until it has failed or is done.
async fn ended(server: &Server) -> Result<Value> {
    let mut seen = looked(server).await?;
    for _ in 0..10 {
        if seen["status"] == "failed" || seen["status"] == "done" {
            return Ok(seen);
        }
        seen = looked(server).await?;
    }
    Ok(seen)
}

/// What is asked about, what is done with it, and the fault and words that are told.
type Row = (&'static str, Act, &'static str, &'static str);

async fn tell(speaks: Speaks, rows: Vec<Row>) -> Result<()> {
    for (words, act, fault, said) in rows {
        with_one(speaks, &[Stand::At(5), Stand::Complete], &[], async |server, fake| {
            fake.once(words, act.clone());
            asked(&server).await?;
            let seen = ended(&server).await?;
            let message = seen["message"].as_str().unwrap_or_default();
            ensure!(seen["fault"] == fault && message.contains(said), "{words} {act:?}: {seen}");
            server.stop().await
        })
        .await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_worker_plan_refuses_or_garbles_is_told() -> Result<()> {
    let detail = r#"{"detail": [{"msg": "Input should be 'submit' or 'retry'"}]}"#;
    let unknown = json!({"run_dir_exists": false, "running": false, "returncode": null,
        "pipeline_complete": false, "last_update_seconds_ago": null});
    let rows = vec![
        ("plan_prompt", Act::Status(422, detail), "refused", "Input should be"),
        ("plan_prompt", Act::Status(401, "{}"), "unauthorized", "planexe.api_key_file"),
        ("plan_prompt", Act::Status(402, "{}"), "credits", "credits"),
        ("plan_prompt", Act::Say("<html>".to_owned()), "bad_answer", "planexe.url"),
        ("plan_prompt", Act::Say(json!({"run_id": "../x"}).to_string()), "bad_answer", "run_id"),
        ("/runs/", Act::Say(unknown.to_string()), "lost", "does not know"),
        ("/runs/", Act::Say("{}".to_owned()), "bad_answer", "JSON of a run"),
        ("/zip", Act::ShortLength, "bad_archive", "damaged"),
        ("/zip", Act::Say("no archive".to_owned()), "bad_archive", "damaged"),
    ];
    tell(Speaks::WorkerPlan, rows).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_mcp_cloud_refuses_or_garbles_is_told() -> Result<()> {
    let unauthorized = json!({"jsonrpc": "2.0", "id": 1,
        "error": {"code": -32_001, "message": "Unauthorized"}});
    tell(
        Speaks::McpCloud,
        vec![
            ("plan_create", refusal("INSUFFICIENT_CREDITS"), "credits", "So it is"),
            ("plan_create", refusal("USER_API_KEY_REQUIRED"), "unauthorized", "api_key_file"),
            ("plan_create", Act::Say(unauthorized.to_string()), "unauthorized", "api_key_file"),
            ("plan_create", refusal("MODEL_PROFILES_UNAVAILABLE"), "refused", "So it is"),
            ("plan_create", refusal("SOMETHING_NEW"), "bad_answer", "SOMETHING_NEW"),
            ("plan_status", refusal("PLAN_NOT_FOUND"), "lost", "does not know"),
            ("plan_status", refusal("PIPELINE_VERSION_MISMATCH"), "version_mismatch", "anew"),
            ("plan_status", Act::Say("[]".to_owned()), "bad_answer", "MCP"),
            ("plan_file_info", refusal("content_unavailable"), "bad_archive", "So it is"),
        ],
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_of_a_run_that_ended_badly_is_told() -> Result<()> {
    for (stand, of_worker, of_cloud) in [
        (Stand::Failed, "failed", "failed"),
        (Stand::Lost, "lost", "failed"),
        (Stand::Stopped, "stopped_there", "stopped_there"),
    ] {
        with_each(&[Stand::At(5), stand], &[], async |server, fake| {
            asked(&server).await?;
            let seen = ended(&server).await?;
            let fault = match fake.speaks {
                Speaks::WorkerPlan => of_worker,
                Speaks::McpCloud => of_cloud,
            };
            ensure!(seen["fault"] == fault && seen["resumable"] == true, "{stand:?}: {seen}");
            server.stop().await
        })
        .await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_that_holds_no_plan_or_would_harm_is_refused() -> Result<()> {
    let mut climbing = fake::archive()?;
    for at in 0..climbing.len() - 4 {
        if climbing[at..].starts_with(b"run/") {
            climbing[at..at + 3].copy_from_slice(b"../");
        }
    }
    for archive in [climbing, b"PK\x05\x06".to_vec(), vec![0; 1_024]] {
        with_each(&[Stand::Complete], &[], async |server, fake| {
            fake.known().archive = archive.clone();
            asked(&server).await?;
            let seen = ended(&server).await?;
            let fault = seen["fault"].as_str().unwrap_or_default();
            ensure!(["bad_archive", "no_plan"].contains(&fault), "{seen}");
            ensure!(seen["resumable"] == false, "{seen}");
            let position = server.store.head().await?.position;
            let plan = server.get(&format!("/api/plans/{PLAN}?min_position={position}")).await?;
            ensure!(plan.body["status"] == "failed" && plan.body["task_count"] == 0, "{plan:?}");
            server.stop().await
        })
        .await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_pass_is_waited_for_and_shown_meanwhile() -> Result<()> {
    let quick = [("AX_PLANEXE_TIMEOUT_MS", "300"), ("AX_PLANEXE_DOWNLOAD_MS_MAX", "300")];
    for act in [Act::Cut, Act::Hang, Act::Status(503, "{}"), Act::Status(429, "{}"), Act::CutBody] {
        with_each(&[Stand::At(30), Stand::Complete], &quick, async |server, fake| {
            let (order, archive) = match fake.speaks {
                Speaks::WorkerPlan => ("plan_prompt", "/zip"),
                Speaks::McpCloud => ("plan_create", "/download/"),
            };
            fake.once(order, act.clone());
            asked(&server).await?;
            ensure!(looked(&server).await?["status"] == "asked", "it is asked again");
            ensure!(looked(&server).await?["status"] == "running");
            ensure!(looked(&server).await?["trouble"] == Value::Null);
            fake.once(archive, act.clone());
            let seen = looked(&server).await?;
            ensure!(seen["trouble"] == "unreachable", "{act:?}: {seen}");
            let done = looked(&server).await?;
            ensure!(done["status"] == "done", "{act:?}: {done}");
            server.stop().await
        })
        .await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planexe_that_stays_away_or_floods_is_given_up() -> Result<()> {
    let quick = [("AX_PLANEXE_UNREACHABLE_MS_MAX", "0"), ("AX_PLANEXE_TIMEOUT_MS", "5000")];
    with_each(&[Stand::At(30)], &quick, async |server, fake| {
        asked(&server).await?;
        looked(&server).await?;
        let words = match fake.speaks {
            Speaks::WorkerPlan => "/runs/",
            Speaks::McpCloud => "plan_status",
        };
        for _ in 0..10 {
            fake.once(words, Act::Cut);
        }
        ensure!(looked(&server).await?["trouble"] == "unreachable");
        let seen = ended(&server).await?;
        ensure!(seen["fault"] == "unreachable" && seen["resumable"] == true, "{seen}");
        server.stop().await
    })
    .await?;
    with_each(&[Stand::At(30)], &quick, async |server, fake| {
        fake.once("", Act::Flood);
        asked(&server).await?;
        ensure!(ended(&server).await?["fault"] == "bad_answer");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_writes_nothing_is_shown_as_stalled_and_goes_on() -> Result<()> {
    let script = [Stand::At(5), Stand::Silent(700), Stand::At(50), Stand::Complete];
    with_each(&script, &[], async |server, _fake| {
        asked(&server).await?;
        looked(&server).await?;
        ensure!(looked(&server).await?["trouble"] == Value::Null);
        let seen = looked(&server).await?;
        ensure!(seen["trouble"] == "stalled" && seen["status"] == "running", "{seen}");
        ensure!(looked(&server).await?["trouble"] == Value::Null, "it writes again");
        ensure!(looked(&server).await?["status"] == "done");
        server.stop().await
    })
    .await
}
