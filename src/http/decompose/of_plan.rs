//! `POST /api/plans/{plan_id}/decompose`: every task of a plan that has no parts, broken down at
//! once.

use super::App;
use super::form::{PlanForm, each_once};
use super::shown::{PlanDecomposed, describe_all};
use crate::domain::event::agent::Capability;
use crate::domain::plan::{Plan, PlanCommand};
use crate::domain::{AgentId, Command, PlanId, StreamName, TaskId};
use crate::engine::Outcome;
use crate::http::agents::{Ability, no_such_agent};
use crate::http::body::Body;
use crate::http::caller::Caller;
use crate::http::code::Code;
use crate::http::plans::{known_id, no_such_plan};
use crate::http::problem::Problem;
use crate::http::terms::Terms;
use crate::http::writing::{Done, Write};
use crate::models::{PlanWish, Spread, plan_tasks_open};
use crate::reading::{PAGE_ROWS_MAX, Wanted};
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};
use std::sync::Arc;

/// Breaks the tasks of a plan down that have no parts and name no action: a hundred at once by the
/// rules, five by a language model. `tasks_left` says how many are for the next call.
#[utoipa::path(post, path = "/api/plans/{plan_id}/decompose", operation_id = "decompose_plan",
    tag = "plans", security(("key" = ["command"])), params(Terms), request_body = PlanForm,
    responses((status = 200, description = "What became of the tasks.", body = PlanDecomposed)))]
pub(in crate::http) async fn plan(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Path(plan_id): Path<String>,
    Body { value, bytes }: Body<PlanForm>,
) -> Result<Response, Problem> {
    let plan_id = known_id(&plan_id)?;
    let PlanForm { agent_id, agent_capabilities, task_ids } = value;
    let named = agent_capabilities.into_iter().map(Ability::capability).collect();
    let whose = Whose { agent_id, named };
    let done = app.decompose_plan(&caller, &terms, &bytes, (&plan_id, whose, task_ids)).await?;
    Ok(done.answer(StatusCode::OK))
}

/// Whose actions are used.
#[derive(Debug, Default)]
pub(in crate::http) struct Whose {
    /// Those of this agent; none: of the one that the plan is meant for, or of all.
    agent_id: Option<AgentId>,
    /// These, when there are any.
    named: Vec<Capability>,
}

/// What became of the tasks of a plan that was read in.
#[derive(Default)]
struct Found {
    decomposed: Vec<Value>,
    left_alone: Vec<Value>,
    tasks_left: usize,
    pending_reviews: Value,
    not_done_because: Option<String>,
    last: Option<Outcome>,
}

impl Found {
    fn take(&mut self, done: Done) {
        let mut said: Value = serde_json::from_slice(&done.outcome.description).unwrap_or_default();
        let mut list = |name: &str| match said[name].take() {
            Value::Array(list) => list,
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Object(_) => Vec::new(),
        };
        self.decomposed.extend(list("decomposed"));
        self.left_alone.extend(list("left_alone"));
        self.pending_reviews = said["pending_reviews"].take();
        self.last = Some(done.outcome);
    }

    fn shown(self, plan_id: &PlanId) -> Value {
        let decomposed = self.decomposed.iter().map(|task| task["task_id"].clone());
        let mut shown = json!({
            "plan_id": plan_id,
            "decomposed": decomposed.collect::<Vec<_>>(),
            "left_alone": self.left_alone,
            "tasks_left": self.tasks_left,
            "pending_reviews": self.pending_reviews,
        });
        if let Some(why) = self.not_done_because {
            shown["not_done_because"] = why.into();
        }
        shown
    }
}

impl App {
    /// Breaks the tasks of a plan down that have no parts, right after it was read in: so many at
    /// once, and again, until each was looked at or it is enough for one request. Whatever stands
    /// in the way, the plan stays, and the answer says why its tasks are as they were.
    pub(in crate::http) async fn decompose_imported(
        &self,
        caller: &Caller,
        terms: &Terms,
        body: &[u8],
        (plan_id, imported): (&PlanId, &mut Done),
    ) {
        let mut found = Found::default();
        if let Err(problem) =
            self.decompose_in_rounds(caller, terms, body, (plan_id, &mut found)).await
        {
            found.not_done_because = Some(problem.detail().to_owned());
        }
        if let Some(Outcome { position, version, .. }) = found.last {
            imported.outcome.position = imported.outcome.position.max(position);
            imported.outcome.version = imported.outcome.version.max(version);
        }
        imported.add("decomposition", found.shown(plan_id));
    }

    async fn decompose_in_rounds(
        &self,
        caller: &Caller,
        terms: &Terms,
        body: &[u8],
        (plan_id, found): (&PlanId, &mut Found),
    ) -> Result<(), Problem> {
        let (plan, _) = self.plan_now(caller, plan_id).await?;
        let open = plan_tasks_open(&plan);
        found.tasks_left = open.len();
        for (round, task_ids) in open.chunks(self.decomposers.at_once()).enumerate() {
            if round >= self.decomposers.rounds_max() {
                break;
            }
            let terms = terms.following(&format!("decompose {round}"));
            let asked = (plan_id, Whose::default(), task_ids.to_vec());
            let done = self.decompose_plan(caller, &terms, body, asked).await?;
            found.tasks_left = found.tasks_left.saturating_sub(task_ids.len());
            found.take(done);
        }
        Ok(())
    }

    /// Breaks tasks of a plan down and keeps the parts, all at once; no tasks: all that are open.
    pub(in crate::http) async fn decompose_plan(
        &self,
        caller: &Caller,
        terms: &Terms,
        body: &[u8],
        (plan_id, whose, task_ids): (&PlanId, Whose, Vec<TaskId>),
    ) -> Result<Done, Problem> {
        let (plan, _) = self.plan_now(caller, plan_id).await?;
        if plan.status() == "absent" || plan.status() == "deleted" {
            return Err(no_such_plan());
        }
        let spread = match self.is_repeated(caller, terms).await? {
            true => Spread::default(),
            false => self.spread(caller, &plan, (whose, task_ids)).await?,
        };
        let command = Command::Plan(PlanCommand::DecomposeAll(spread.commands));
        let (stream, describe) = (StreamName::plan(plan_id), describe_all as _);
        let mut done = self.write(Write { caller, terms, body, stream, command, describe }).await?;
        let left_alone = spread
            .left_alone
            .into_iter()
            .map(|left| json!({"task_id": left.task_id, "why": left.why}));
        if !done.outcome.is_repeat {
            done.put("left_alone", left_alone.collect());
            done.put("tasks_left", spread.tasks_left.into());
        }
        Ok(done)
    }

    async fn spread(
        &self,
        caller: &Caller,
        plan: &Plan,
        (whose, task_ids): (Whose, Vec<TaskId>),
    ) -> Result<Spread, Problem> {
        let threshold_permille =
            self.engine.policy(&caller.workspace).await?.confidence_permille_min;
        let capabilities = self.capabilities_of(caller, plan, whose).await?;
        let wish = PlanWish { capabilities, task_ids, threshold_permille };
        Ok(self.decomposers.decompose_plan(plan, &wish).await)
    }

    async fn capabilities_of(
        &self,
        caller: &Caller,
        plan: &Plan,
        Whose { agent_id, named }: Whose,
    ) -> Result<Vec<Capability>, Problem> {
        if !named.is_empty() {
            return Ok(each_once(named));
        }
        if let Some(agent_id) = agent_id.as_ref().or_else(|| plan.assigned_to()) {
            let (agent, _) = self.engine.agent(&caller.workspace, agent_id).await?;
            let profile = agent.profile().ok_or_else(no_such_agent)?;
            return Ok(each_once(profile.capabilities.clone()));
        }
        let all = Wanted { limit: Some(PAGE_ROWS_MAX), cursor: None };
        let found = self.reader.agents(&caller.workspace, None, &all).await?;
        let known = found.rows.iter().filter(|agent| &*agent.row.status != "retired");
        let known = known.flat_map(|agent| {
            serde_json::from_str::<Vec<Capability>>(&agent.row.capabilities.0).unwrap_or_default()
        });
        let known = each_once(known.collect());
        if known.is_empty() {
            let detail = "there is no agent yet whose actions could be used: register one, or \
                          name agent_capabilities";
            return Err(Problem::at(Code::Invalid, "/agent_capabilities", detail));
        }
        Ok(known)
    }
}
