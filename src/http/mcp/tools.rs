//! The tools: each asks the operation of the API that does the same, and tells what came of it.

use super::arguments::Arguments;
use super::result::{Called, Refusal};
use super::within::{Ask, Asking, Told};
use crate::domain::{AgentId, ExecutionId};
use crate::http::App;
use crate::http::caller::Caller;
use axum::http::{Method, StatusCode};
use serde_json::{Map, Value, json};

/// How many tasks of an execution are shown where nothing is said.
const TASKS_SHOWN: &str = "50";
/// What the reports are called.
const PROGRESS: &str = "task_progress";
const COMPLETE: &str = "task_complete";
const BLOCKED: &str = "task_blocked";
const ERROR: &str = "task_error";
/// What is wrong where a person is asked.
const QUESTION: &str = "question";
/// What is added to the key of a call for the second thing that it does.
const SECOND: &str = "/carry_out";

/// What can be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    GetWork,
    Heartbeat,
    ReportProgress,
    CompleteTask,
    ReportBlocker,
    AskPerson,
    FailTask,
    Remember,
    Recall,
    GetExecution,
    ImportPlan,
}

impl Tool {
    const ALL: [Self; 11] = [
        Self::GetWork,
        Self::Heartbeat,
        Self::ReportProgress,
        Self::CompleteTask,
        Self::ReportBlocker,
        Self::AskPerson,
        Self::FailTask,
        Self::Remember,
        Self::Recall,
        Self::GetExecution,
        Self::ImportPlan,
    ];

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.as_str() == name)
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::GetWork => "get_work",
            Self::Heartbeat => "heartbeat",
            Self::ReportProgress => "report_progress",
            Self::CompleteTask => "complete_task",
            Self::ReportBlocker => "report_blocker",
            Self::AskPerson => "ask_person",
            Self::FailTask => "fail_task",
            Self::Remember => "remember",
            Self::Recall => "recall",
            Self::GetExecution => "get_execution",
            Self::ImportPlan => "import_plan",
        }
    }
}

/// A call, with who makes it.
pub(super) struct Call<'a> {
    pub(super) app: &'a App,
    pub(super) caller: &'a Caller,
    pub(super) asking: Asking<'a>,
}

impl Call<'_> {
    /// Does what the tool is for.
    pub(super) async fn make(&self, tool: Tool, given: Map<String, Value>) -> Called {
        let arguments = Arguments::of(tool.as_str(), given)?;
        match tool {
            Tool::GetWork => self.get_work(arguments).await,
            Tool::Heartbeat => self.heartbeat(arguments).await,
            Tool::ReportProgress => self.report(arguments, json!({"event_type": PROGRESS})).await,
            Tool::CompleteTask => self.report(arguments, json!({"event_type": COMPLETE})).await,
            Tool::ReportBlocker => self.report(arguments, json!({"event_type": BLOCKED})).await,
            Tool::AskPerson => {
                let asked = json!({"event_type": ERROR, "error_type": QUESTION,
                    "human_review_required": true});
                self.report(arguments, asked).await
            }
            Tool::FailTask => self.report(arguments, json!({"event_type": ERROR})).await,
            Tool::Remember => self.remember(arguments).await,
            Tool::Recall => self.recall(arguments).await,
            Tool::GetExecution => self.get_execution(arguments).await,
            Tool::ImportPlan => self.import_plan(arguments).await,
        }
    }

    async fn get_work(&self, mut given: Arguments) -> Called {
        let agent_id = self.agent(&mut given)?;
        let actions = given.take("supported_actions");
        let actions = actions.as_ref().and_then(Value::as_array).map(|actions| {
            let actions: Vec<_> = actions.iter().filter_map(Value::as_str).collect();
            actions.join(",")
        });
        let wait = given.word("wait_seconds").filter(|wait| wait != "0");
        let ask = Ask::get(format!("/api/agents/{agent_id}/work"))
            .with("supported_actions", actions)
            .with("wait", wait.map(|seconds| format!("{seconds}s")))
            .with("max", given.word("max"))
            .with("lease_seconds", given.word("lease_seconds"));
        let told = self.told(ask).await?;
        if told.status == StatusCode::NO_CONTENT {
            return Ok(json!({"work_available": false}));
        }
        Ok(told.body)
    }

    async fn heartbeat(&self, mut given: Arguments) -> Called {
        let agent_id = self.agent(&mut given)?;
        let path = format!("/api/agents/{agent_id}/heartbeat");
        let ask = Ask::new(Method::POST, path).sending(&given.body());
        Ok(self.told(ask).await?.body)
    }

    /// Sends a report: what is given, and what the tool says of itself.
    async fn report(&self, mut given: Arguments, fixed: Value) -> Called {
        let execution_id = execution(&mut given)?;
        let agent_id = self.agent(&mut given)?;
        let key = given.text("idempotency_key");
        let mut report = given.body();
        report["agent_id"] = json!(agent_id);
        for (name, value) in fixed.as_object().into_iter().flatten() {
            report[name] = value.clone();
        }
        let path = format!("/api/executions/{execution_id}/events");
        let ask = Ask::new(Method::POST, path).sending(&report).named(key);
        Ok(self.told(ask).await?.body)
    }

    async fn remember(&self, mut given: Arguments) -> Called {
        let key = given.text("idempotency_key");
        let ask = Ask::new(Method::PUT, "/api/context").sending(&given.body()).named(key);
        Ok(self.told(ask).await?.body)
    }

    async fn recall(&self, mut given: Arguments) -> Called {
        let names = [
            "search_query",
            "context_type",
            "context_key",
            "task_id",
            "plan_id",
            "agent_id",
            "limit",
            "cursor",
        ];
        let ask = names
            .into_iter()
            .fold(Ask::get("/api/context"), |ask, name| ask.with(name, given.word(name)));
        Ok(self.told(ask).await?.body)
    }

    async fn get_execution(&self, mut given: Arguments) -> Called {
        let execution_id = execution(&mut given)?;
        self.app.reader.wait_a_moment_for("progress").await;
        self.app.reader.wait_a_moment_for("task_tree").await;
        let path = format!("/api/executions/{execution_id}");
        let execution = self.told(Ask::get(path.as_str())).await?.body;
        let limit = given.word("limit").unwrap_or_else(|| TASKS_SHOWN.to_owned());
        if limit == "0" {
            return Ok(json!({"execution": execution, "tasks": [], "next_cursor": null}));
        }
        let ask = Ask::get(format!("{path}/tasks"))
            .with("brief", Some("true"))
            .with("limit", Some(limit))
            .with("cursor", given.word("cursor"));
        let mut page = self.told(ask).await?.body;
        let (tasks, next_cursor) = (page["tasks"].take(), page["next_cursor"].take());
        Ok(json!({"execution": execution, "tasks": tasks, "next_cursor": next_cursor}))
    }

    async fn import_plan(&self, mut given: Arguments) -> Called {
        let key = given.text("idempotency_key");
        let is_carried_out = given.is_set("carry_out");
        let (agent_id, execution_id) = (given.take("assigned_to"), given.take("execution_id"));
        if execution_id.is_some() && !is_carried_out {
            return Err(Refusal::new("execution_id goes with carry_out. Say both, or neither."));
        }
        let ask = import(given, agent_id.as_ref())?.named(key.clone());
        let plan = self.told(ask).await?.body;
        if !is_carried_out {
            return Ok(json!({"plan": plan, "execution": null}));
        }
        let mut wish = json!({"plan_id": plan["plan_id"]});
        for (name, value) in [("agent_id", agent_id), ("execution_id", execution_id)] {
            if let Some(value) = value {
                wish[name] = value;
            }
        }
        let key = key.map(|key| key + SECOND);
        let ask = Ask::new(Method::POST, "/api/executions").sending(&wish).named(key);
        let made = self.told(ask).await.map_err(|refusal| {
            refusal.after(&format!("The plan {} is read in, and not begun.", plan["plan_id"]))
        })?;
        Ok(json!({"plan": plan, "execution": made.body}))
    }

    /// What the door told, when it did what was asked.
    async fn told(&self, ask: Ask) -> Result<Told, Refusal> {
        let told = self.asking.ask(ask).await;
        let told = told.ok_or_else(|| {
            Refusal::new("This cannot be told here: ask for less, with a smaller limit.")
        })?;
        if told.status.is_success() { Ok(told) } else { Err(Refusal::of(&told)) }
    }

    /// The agent that calls: that of its key, or the one that is named.
    fn agent(&self, given: &mut Arguments) -> Result<AgentId, Refusal> {
        let own = self.caller.own_agent_id();
        match given.text("agent_id") {
            Some(named) => AgentId::parse(&named).map_err(|error| {
                Refusal::new(format!("agent_id: {error}. Use the id that you registered with."))
            }),
            None => own
                .cloned()
                .ok_or_else(|| Refusal::new("Say agent_id: your key is not the key of an agent.")),
        }
    }
}

fn execution(given: &mut Arguments) -> Result<ExecutionId, Refusal> {
    let id = given.text("execution_id").unwrap_or_default();
    ExecutionId::parse(&id).map_err(|error| {
        Refusal::new(format!("execution_id: {error}. Use the id that get_work told."))
    })
}

/// The import of a plan, in its structure or as a text.
fn import(mut given: Arguments, agent_id: Option<&Value>) -> Result<Ask, Refusal> {
    let (plan, text) = (given.take("plan"), given.text("text"));
    let format = given.text("format");
    let ask = Ask::new(Method::POST, "/api/plans")
        .with("title", given.word("title"))
        .with("plan_id", given.word("plan_id"))
        .with("assigned_to", agent_id.and_then(Value::as_str));
    match (plan, text, format.as_deref()) {
        (Some(plan), None, None) => Ok(ask.sending(&plan)),
        (None, Some(text), None | Some("markdown")) => Ok(ask.sending_text("text/markdown", text)),
        (None, Some(text), Some("text")) => Ok(ask.sending_text("text/plain", text)),
        _ => Err(Refusal::new(
            "Give either plan, without format, or text, with format markdown or text.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::Tool;
    use crate::http::mcp::arguments::described;

    #[test]
    fn every_tool_is_described_and_every_description_is_of_a_tool() {
        let described: Vec<_> = described().iter().filter_map(|it| it["name"].as_str()).collect();
        let known: Vec<_> = Tool::ALL.into_iter().map(Tool::as_str).collect();
        assert_eq!(described, known);
    }
}
