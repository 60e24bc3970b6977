//! The command line against a server, on both databases: what it commands, shows and ends with.

use super::house::{Server, on_every};
use crate::cli::house::{Person, without_colours};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};

const PLAN: &str = r##"{"plan_id": "hello", "goal": "Say hello", "phases": [{"phase_id": "p1",
    "name": "Outreach", "tasks": [{"task_id": "t1", "title": "Greet", "subtasks": [
        {"subtask_id": "s1", "title": "Write", "action": "write", "params": {"seconds": 1}},
        {"subtask_id": "s2", "title": "Send", "action": "send", "depends_on": ["s1"],
            "retry_policy": {"max_attempts": 9, "backoff": "fixed", "backoff_seconds": 0}}
    ]}]}]}"##;

/// Somebody at a server that has the plan, and shows it.
async fn person(server: &Server) -> Result<Person> {
    let person = Person::at(&format!("http://{}", server.address))?;
    let plan = person.path().join("plan.json");
    std::fs::write(&plan, PLAN)?;
    let made = person.json(&["plan", "import", &plan.display().to_string(), "--json"])?;
    ensure!(made["plan_id"] == "hello" && made["status"] == "ready", "{made}");
    settled(server, &made).await?;
    Ok(person)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_is_made_looked_at_and_commanded() -> Result<()> {
    on_every(async |server| {
        let person = person(&server).await?;
        let would = person.json(&["exec", "start", "hello", "--id", "first", "--dry-run"])?;
        ensure!(would["dry_run"] == true, "{would}");
        person.refused(5, &["exec", "show", "first"])?;
        let made = person.json(&["exec", "start", "hello", "--id", "first", "--label", "x"])?;
        ensure!(made["execution_id"] == "first" && made["labels"] == json!(["x"]), "{made}");
        settled(&server, &made).await?;
        let listed = person.json(&["exec", "list", "--label", "x"])?;
        ensure!(listed["executions"][0]["execution_id"] == "first", "{listed}");
        let shown = person.json(&["exec", "show", "first"])?;
        ensure!(shown["execution"]["status"] == "RUNNING", "{shown}");
        ensure!(shown["tasks"].as_array().map(Vec::len) == Some(4), "{shown}");
        let screen = without_colours(&person.screen(40, 24, &["exec", "show", "first"])?);
        ensure!(screen.contains("\n    · Write\n"), "{screen}");
        ensure!(screen.lines().all(|line| line.chars().count() <= 100), "{screen}");
        let why = person.json(&["exec", "why", "first"])?;
        ensure!(why["tasks"][1]["reasons"][0] == "it waits for s1, which is QUEUED", "{why}");
        let why = person.json(&["task", "why", "first", "s2"])?;
        ensure!(why["task_id"] == "s2", "{why}");
        ensure!(person.json(&["task", "show", "first", "s2"])?["action"] == "send");
        person.refused(5, &["task", "show", "first", "s9"])?;
        let paused = person.json(&["exec", "pause", "first", "--reason", "lunch"])?;
        ensure!(paused["status"] == "PAUSED", "{paused}");
        person.json(&["exec", "resume", "first"])?;
        person.json(&["agent", "register", "mark", "--can", "write", "--kind", "human"])?;
        let given = person.json(&["exec", "reassign", "first", "mark"])?;
        ensure!(given["agent_id"] == "mark", "{given}");
        let amendment = r#"{"remove": ["s2"]}"#;
        person.json(&["exec", "amend", "first", amendment, "--dry-run"])?;
        let amended = person.json(&["exec", "amend", "first", amendment])?;
        ensure!(amended["progress"]["tasks_total"] == 1, "{amended}");
        let forked = person.json(&["exec", "fork", "first", "--id", "second"])?;
        ensure!(forked["execution_id"] == "second", "{forked}");
        server.stop().await
    })
    .await
}

/// Waits until the windows have seen a write.
async fn settled(server: &Server, written: &Value) -> Result<()> {
    let position = written["position"].as_u64().context("no position")?;
    for list in ["executions", "plans", "agents", "blockers"] {
        let path = format!("/api/{list}?min_position={position}");
        ensure!(server.get(&path).await?.status == 200);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_ends_with_the_code_for_it() -> Result<()> {
    on_every(async |server| {
        let person = person(&server).await?;
        let made = person.json(&["exec", "start", "hello", "--id", "first"])?;
        settled(&server, &made).await?;
        let said = person.refused(5, &["exec", "show", "frist"])?;
        ensure!(said.contains("did you mean first?"), "{said}");
        person.refused(5, &["exec", "why", "something_else"])?;
        person.refused(6, &["exec", "start", "hello", "--id", "first"])?;
        person.refused(2, &["exec", "start", "hello", "--policy", r#"{"retry": 7}"#])?;
        person.refused(2, &["exec", "amend", "first", "no json"])?;
        for words in [
            ["exec", "cancel", "first"],
            ["plan", "delete", "hello"],
            ["agent", "retire", "mark"],
            ["webhooks", "remove", "wh_1"],
        ] {
            let said = person.refused(2, &words)?;
            ensure!(said.contains("--yes") && said.contains("--dry-run"), "{said}");
        }
        let would = person.json(&["exec", "cancel", "first", "--dry-run"])?;
        ensure!(would["events"][0]["event_type"] == "execution_cancelled", "{would}");
        ensure!(person.json(&["exec", "show", "first"])?["execution"]["status"] == "RUNNING");
        let gone = person.json(&["exec", "cancel", "first", "--yes", "--reason", "enough"])?;
        ensure!(gone["status"] == "CANCELLED", "{gone}");
        let said = person.refused(6, &["exec", "resume", "first"])?;
        ensure!(said.contains("CANCELLED"), "{said}");
        let output = person.run(&["exec", "watch", "first"])?;
        ensure!(output.status.code() == Some(8), "{:?}", output.status);
        let key = server.post("/api/keys", &json!({"name": "ada", "role": "owner"})).await?;
        let key = key.body["api_key"].as_str().context("no key")?.to_owned();
        let said = person.refused(4, &["exec", "list"])?;
        ensure!(said.contains("AX_KEY"), "{said}");
        let wrong = Person::at(&format!("http://{}", server.address))?.with_key("ax_nobody");
        let said = wrong.refused(4, &["exec", "list"])?;
        ensure!(!said.contains("ax_nobody"), "{said}");
        person.with_key(&key).json(&["exec", "list"])?;
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn simulated_agents_carry_an_execution_to_its_end_by_seed() -> Result<()> {
    on_every(async |server| {
        let person = person(&server).await?;
        let mut stories = Vec::new();
        for id in ["first", "second"] {
            let made = person.json(&["exec", "start", "hello", "--id", id])?;
            settled(&server, &made).await?;
            let words = ["agent", "simulate", "--execution", id, "--seed", "3", "--failing", "60"];
            let words = [&words[..], &["--pace", "100", "--agents", "1", "--json"]].concat();
            let told = person.told(&words)?;
            let deeds: Vec<Value> =
                told.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
            let story = deeds.iter().map(|deed| json!([deed["task_id"], deed["did"]]));
            stories.push(story.collect::<Vec<_>>());
        }
        let failures = stories[0].iter().filter(|deed| deed[1] == "failed at").count();
        ensure!(failures > 0 && stories[0] == stories[1], "{stories:#?}");
        ensure!(stories[0].last() == Some(&json!(["s2", "completed"])), "{stories:#?}");
        let told = person.told(&["exec", "watch", "first"])?;
        ensure!(told == "first COMPLETED 100% 2/2\n", "{told}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_replayed_step_by_step_with_what_became_of_what() -> Result<()> {
    on_every(async |server| {
        let person = person(&server).await?;
        let made = person.json(&["exec", "start", "hello", "--id", "first"])?;
        settled(&server, &made).await?;
        person.json(&["exec", "pause", "first", "--reason", "lunch with Carol"])?;
        let told = person.told(&["replay", "first"])?;
        let steps: Vec<Value> = told.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        let versions: Vec<_> = steps.iter().filter_map(|step| step["version"].as_u64()).collect();
        ensure!(versions == (1..=6).collect::<Vec<_>>(), "{versions:?}");
        let last = &steps[5];
        ensure!(last["event_type"] == "execution_paused", "{last}");
        ensure!(last["why"] == "lunch with Carol" && last["actor"] == "user:owner", "{last}");
        ensure!(last["changes"][0]["after"]["status"] == "PAUSED", "{last}");
        ensure!(
            person.told(&["replay", "first", "--from", "2", "--to", "3"])?.lines().count() == 2
        );
        person.refused(2, &["replay", "first", "--from", "9"])?;
        let screen = stepped(&person, "\nb\n6\nt\nq\n")?;
        let wanted = ["1/6 execution_created", "2/6 ", "6/6 execution_paused", "why: lunch"];
        for part in wanted {
            ensure!(screen.contains(part), "{part}: {screen}");
        }
        ensure!(screen.contains("Say hello") && screen.contains("· Write"), "{screen}");
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_between_two_moments_is_told_in_words() -> Result<()> {
    on_every(async |server| {
        let person = person(&server).await?;
        person.json(&["exec", "start", "hello", "--id", "first"])?;
        person.json(&["exec", "pause", "first", "--reason", "lunch"])?;
        let diff = ["audit", "diff", "first", "--from", "version:5"];
        let told = person.told(&diff)?;
        ensure!(told.starts_with("first from version 5 to 6:\n  execution changed\n"), "{told}");
        ensure!(told.contains("    status: \"RUNNING\" became \"PAUSED\"\n"), "{told}");
        let now = [&diff[..], &["--to", "version:5"]].concat();
        ensure!(person.told(&now)? == "first from version 5 to 5:\n  nothing changed\n");
        let json = person.json(&[&diff[..], &["--json"]].concat())?;
        ensure!(json["changes"][0]["after"]["status"] == "PAUSED", "{json}");
        person.refused(5, &["audit", "diff", "second", "--from", "1"])?;
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_followed_as_it_grows() -> Result<()> {
    on_every(async |server| {
        let person = person(&server).await?;
        let mut tail = person.command(&["events", "tail", "--after", "0"]);
        let mut tail = tail.stdout(std::process::Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(tail.stdout.take().context("it is piped")?).lines();
        let mut until = |kind: &str| -> Result<u64> {
            loop {
                let line = lines.next().context("the tail has ended")??;
                let event: Value = serde_json::from_str(&line)?;
                if event["kind"] == kind {
                    return event["position"].as_u64().context("no position");
                }
            }
        };
        let imported = tokio::task::block_in_place(|| until("plan_imported"))?;
        let made = person.json(&["exec", "start", "hello", "--id", "first"])?;
        let created = tokio::task::block_in_place(|| until("execution_created"))?;
        ensure!(imported < created && Some(created) <= made["position"].as_u64(), "{made}");
        tail.kill()?;
        tail.wait()?;
        server.stop().await
    })
    .await
}

/// What stands on the terminal of who steps through it so.
fn stepped(person: &Person, typed: &str) -> Result<String> {
    use std::io::Write;
    use std::process::Stdio;
    let mut command = person.on_terminal(80, 24, &["replay", "first"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    child.stdin.take().context("it is piped")?.write_all(typed.as_bytes())?;
    let output = tokio::task::block_in_place(|| child.wait_with_output())?;
    let screen = String::from_utf8(output.stdout)?;
    ensure!(output.status.code() == Some(0), "{screen}");
    Ok(without_colours(&screen))
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_and_blockers_are_listed_and_commanded() -> Result<()> {
    on_every(async |server| {
        let person = person(&server).await?;
        let made = person.json(&["exec", "start", "hello", "--id", "first"])?;
        settled(&server, &made).await?;
        let words = ["agent", "register", "larry", "--can", "write", "--role", "Writer"];
        ensure!(person.json(&words)?["status"] == "idle");
        let work = server.get("/api/agents/larry/work").await?;
        let lease = work.body["next_task"]["lease"].as_str().context("no lease")?;
        let report = json!({"agent_id": "larry", "event_type": "task_blocked", "task_id": "s1",
            "lease": lease, "message": "to whom?\u{1b}[2J", "suggestions": ["to Carol"]});
        let report = server.post("/api/executions/first/events", &report).await?;
        settled(&server, &report.body).await?;
        let shown = person.json(&["agent", "show", "larry"])?;
        ensure!(shown["role"] == "Writer", "{shown}");
        let open = person.json(&["blocker", "list"])?;
        let blocker = open["blockers"][0]["blocker_id"].as_str().context("no blocker")?;
        let screen = person.screen(100, 24, &["blocker", "list", "--execution", "first"])?;
        ensure!(screen.contains("to whom?␛[2J"), "{screen:?}");
        let way = ["approve_alternative", "--option", "to Carol", "--note", "she asked"];
        let resolve = [&["blocker", "resolve", "first", blocker][..], &way].concat();
        let rehearse = [&resolve[..], &["--dry-run"]].concat();
        ensure!(person.json(&rehearse)?["dry_run"] == true);
        ensure!(person.json(&resolve)?["status"] == "RUNNING");
        person.refused(6, &resolve)?;
        ensure!(person.json(&["agent", "pause", "larry"])?["status"] == "paused");
        person.json(&["agent", "resume", "larry"])?;
        ensure!(person.json(&["agent", "drain", "larry"])?["status"] == "draining");
        person.json(&["agent", "retire", "larry", "--yes"])?;
        person.refused(5, &["agent", "show", "nobody"])?;
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_and_webhooks_are_kept_at_the_server() -> Result<()> {
    on_every(async |server| {
        let person = person(&server).await?;
        let listed = person.told(&["plan", "list"])?;
        ensure!(listed == "hello\tready\t2\tSay hello\n", "{listed}");
        let shown = person.told(&["plan", "show", "hello"])?;
        ensure!(shown.contains("s2 Send (waits for s1)"), "{shown}");
        person.refused(2, &["plan", "export", "hello"])?;
        let would = person.json(&["plan", "delete", "hello", "--dry-run", "--json"])?;
        ensure!(would["events"][0]["event_type"] == "plan_deleted", "{would}");
        person.told(&["plan", "delete", "hello", "--yes"])?;
        person.refused(5, &["exec", "start", "hello"])?;
        let url = "https://hooks.example.com/ax";
        let made = person.json(&["webhooks", "add", url, "--event", "execution.*"])?;
        let id = made["webhook_id"].as_str().context("no id")?;
        ensure!(made["secret"].as_str().is_some_and(|it| it.starts_with("whsec_")), "{made}");
        let listed = person.json(&["webhooks", "list"])?;
        ensure!(listed["webhooks"][0]["url"] == url, "{listed}");
        ensure!(!listed.to_string().contains("whsec_"), "{listed}");
        ensure!(person.json(&["webhooks", "deliveries", id])?["deliveries"] == json!([]));
        person.json(&["webhooks", "remove", id, "--yes"])?;
        person.refused(5, &["webhooks", "deliveries", id])?;
        server.stop().await
    })
    .await
}
