//! An agent sees and changes its own plans, and what belongs to them; a person those of the whole
//! workspace; and nobody anything of another workspace.

use super::{list, two_steps};
use crate::http::access::key;
use crate::http::house::{Answer, Server, on_every};
use anyhow::{Context, Result, ensure};
use planexe_ax::domain::event::workspace::Role;
use serde_json::{Value, json};

/// Somebody with a key.
struct Person {
    shown: String,
}

impl Person {
    async fn of(server: &Server, space: &str, role: Role, agent: Option<&str>) -> Result<Self> {
        let key = key(server, space, role, agent).await?;
        Ok(Self { shown: format!("Bearer {}", key.text) })
    }

    async fn send(
        &self,
        server: &Server,
        method: &str,
        path: &str,
        body: &Value,
    ) -> Result<Answer> {
        let headers = [("Authorization", self.shown.as_str())];
        server.json(method, path, &headers, body).await
    }

    async fn get(&self, server: &Server, path: &str) -> Result<Answer> {
        server.ask("GET", path, &[("Authorization", &self.shown)], b"").await
    }

    /// A plan with an entry and something remembered; its id, and those of what is remembered for
    /// the plan and beside it.
    async fn brings(&self, server: &Server) -> Result<[String; 3]> {
        let made = self.send(server, "POST", "/api/agent-plans", &two_steps()).await?;
        ensure!(made.status == 201, "{made:?}");
        let id = made.body["id"].as_str().context("no id")?.to_owned();
        let log = json!({"step_number": 1, "action_type": "add_note", "description": "a note"});
        let logs = format!("/api/agent-plans/{id}/logs");
        ensure!(self.send(server, "POST", &logs, &log).await?.status == 201);
        let mut ids = [id.clone(), String::new(), String::new()];
        for (place, plan_id) in [(1, json!(id)), (2, json!(null))] {
            let context = json!({"plan_id": plan_id, "context_type": "notes",
                "context_key": "goal", "context_value": "a secret goal"});
            let kept = self.send(server, "PUT", "/api/context", &context).await?;
            ensure!(kept.status == 200, "{kept:?}");
            ids[place] = kept.body["id"].as_str().context("no id")?.to_owned();
        }
        Ok(ids)
    }

    /// How many plans, entries and things remembered are seen.
    async fn sees(&self, server: &Server) -> Result<[usize; 3]> {
        let at = format!("min_position={}", server.store.head().await?.position);
        let plans = self.get(server, &format!("/api/agent-plans?{at}")).await?;
        let logs = self.get(server, &format!("/api/agent-logs?{at}")).await?;
        let context = format!("/api/context?search_query=secret&{at}");
        let context = self.get(server, &context).await?;
        Ok([
            list(&plans, "plans")?.len(),
            list(&logs, "logs")?.len(),
            list(&context, "context")?.len(),
        ])
    }

    /// What is answered to whoever touches these.
    async fn touches(&self, server: &Server, ids: &[String; 3]) -> Result<Vec<(String, u16)>> {
        let [id, of_plan, own] = ids;
        let plan = format!("/api/agent-plans/{id}");
        let log = json!({"step_number": 1, "action_type": "add_note", "description": "x"});
        let context = json!({"plan_id": id, "context_type": "notes", "context_key": "k",
            "context_value": "v"});
        let none = json!({});
        let asked = [
            ("GET", plan.clone(), &none),
            ("GET", format!("/api/agent-logs?plan_id={id}"), &none),
            ("PATCH", plan.clone(), &json!({"current_step": 1})),
            ("POST", format!("{plan}/logs"), &log),
            ("POST", format!("{plan}/subtasks"), &json!({"plan_id": "p"})),
            ("PUT", "/api/context".to_owned(), &context),
            ("DELETE", format!("/api/context/{of_plan}"), &none),
            ("DELETE", format!("/api/context/{own}"), &none),
            ("DELETE", plan.clone(), &none),
        ];
        let mut answers = Vec::new();
        for (method, path, body) in asked {
            let answer = self.send(server, method, &path, body).await?;
            answers.push((format!("{method} {path}"), answer.status));
        }
        Ok(answers)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_sees_and_changes_its_own_plans_and_nothing_of_another_agents() -> Result<()> {
    on_every(async |server| {
        let owner = Person::of(&server, "default", Role::Owner, None).await?;
        let claude = Person::of(&server, "default", Role::Agent, Some("claude")).await?;
        let marie = Person::of(&server, "default", Role::Agent, Some("marie")).await?;
        let (theirs, own) = (claude.brings(&server).await?, marie.brings(&server).await?);
        ensure!(claude.sees(&server).await? == [1, 1, 2], "{:?}", claude.sees(&server).await?);
        ensure!(marie.sees(&server).await? == [1, 1, 2]);
        ensure!(owner.sees(&server).await? == [2, 2, 4], "a person sees all");
        let named = marie.get(&server, "/api/agent-plans?agent_id=claude").await?;
        ensure!(!named.body.to_string().contains(&theirs[0]), "{named:?}");
        let known = format!("/api/context?plan_id={}", theirs[0]);
        let known = marie.get(&server, &known).await?;
        ensure!(list(&known, "context")?.is_empty(), "{known:?}");
        for (asked, status) in marie.touches(&server, &theirs).await? {
            ensure!(status == 404, "{asked}: {status}");
        }
        let [id, ..] = &theirs;
        let encoded = format!("%{:02X}{}", id.as_bytes()[0], &id[1..]);
        for path in [
            "executions/ID",
            "executions/ID/events",
            "executions/ID/tasks",
            "executions/ID/timeline",
            "executions/ID/status",
            "executions/ID/blockers",
            "plans/ID",
            "plans/ID/tasks",
        ] {
            let own = claude.get(&server, &format!("/api/{}", path.replace("ID", id))).await?;
            ensure!(own.status == 200, "{path}: {own:?}");
            for id in [id, &encoded] {
                let path = format!("/api/{}", path.replace("ID", id));
                let foreign = marie.get(&server, &path).await?;
                let absent = marie.get(&server, &path.replace(id, "absent")).await?;
                ensure!(foreign.status == 404, "{path}: {foreign:?}");
                ensure!(foreign.body["detail"] == absent.body["detail"], "{foreign:?}");
            }
        }
        let report = json!({"agent_id": "marie", "event_type": "task_complete",
            "task_id": "step_1"});
        let events = format!("/api/executions/{id}/events");
        ensure!(marie.send(&server, "POST", &events, &report).await?.status == 404);
        let forged = json!({"agent_id": "claude", "context_type": "notes", "context_key": "k",
            "context_value": "v"});
        ensure!(marie.send(&server, "PUT", "/api/context", &forged).await?.status == 403);
        let mut plan = two_steps();
        plan["agent_id"] = "claude".into();
        ensure!(marie.send(&server, "POST", "/api/agent-plans", &plan).await?.status == 403);
        ensure!(claude.sees(&server).await? == [1, 1, 2], "nothing changed");
        for (asked, status) in marie.touches(&server, &own).await? {
            let is_allowed = (200..300).contains(&status) || asked.contains("subtasks");
            ensure!(is_allowed, "{asked}: {status}");
        }
        ensure!(marie.sees(&server).await? == [0, 0, 0]);
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_brings_a_plan_for_an_agent_and_moves_it_on_under_their_own_name() -> Result<()> {
    on_every(async |server| {
        let owner = Person::of(&server, "default", Role::Owner, None).await?;
        let claude = Person::of(&server, "default", Role::Agent, Some("claude")).await?;
        let mut plan = two_steps();
        plan["agent_id"] = "claude".into();
        let made = owner.send(&server, "POST", "/api/agent-plans", &plan).await?;
        ensure!(made.status == 201 && made.body["agent_id"] == "claude", "{made:?}");
        let id = made.body["id"].as_str().context("no id")?;
        let path = format!("/api/agent-plans/{id}");
        let blocked = json!({"status": "blocked", "agent_reasoning": "no archive"});
        let blocked = claude.send(&server, "PATCH", &path, &blocked).await?;
        ensure!(blocked.body["status"] == "blocked", "{blocked:?}");
        let on = json!({"status": "in_progress"});
        let on = owner.send(&server, "PATCH", &path, &on).await?;
        ensure!(on.body["status"] == "in_progress", "a person takes it away: {on:?}");
        let events = format!("/api/executions/{id}/events?type=blocker_resolved");
        let seen = owner.get(&server, &events).await?;
        ensure!(seen.body["events"][0]["metadata"]["actor"]["kind"] == "user", "{seen:?}");
        let auditor = Person::of(&server, "default", Role::Auditor, None).await?;
        let seen = auditor.get(&server, &format!("{path}?min_position={}", on.position()?)).await?;
        ensure!(seen.status == 200 && seen.body["status"] == "in_progress", "{seen:?}");
        let on = json!({"status": "completed"});
        ensure!(auditor.send(&server, "PATCH", &path, &on).await?.status == 403);
        server.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_sees_anything_of_another_workspace() -> Result<()> {
    on_every(async |server| {
        let claude = Person::of(&server, "default", Role::Agent, Some("claude")).await?;
        let ids = claude.brings(&server).await?;
        for (role, agent) in [(Role::Owner, None), (Role::Agent, Some("claude"))] {
            let stranger = Person::of(&server, "elsewhere", role, agent).await?;
            ensure!(stranger.sees(&server).await? == [0, 0, 0], "{role:?}");
            for (asked, status) in stranger.touches(&server, &ids).await? {
                let is_empty_list = asked.starts_with("GET /api/agent-logs") && agent.is_none();
                ensure!(status == 404 || is_empty_list, "{role:?} {asked}: {status}");
            }
        }
        ensure!(claude.sees(&server).await? == [1, 1, 2]);
        server.stop().await
    })
    .await
}
