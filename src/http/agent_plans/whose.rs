//! Whose an agent's own plan is: an agent sees and changes its own, a person all of the
//! workspace's.

use crate::domain::execution::tree::Node;
use crate::domain::execution::{Execution, OwnPlan};
use crate::domain::{AgentId, ExecutionId, PlanId, TaskDefinition, TaskId};
use crate::http::App;
use crate::http::caller::{Caller, Who};
use crate::http::code::Code;
use crate::http::problem::Problem;
use crate::planted::is_planted;

/// An agent's own plan that the caller may see and change.
pub(super) struct Known {
    pub(super) plan_id: PlanId,
    pub(super) execution_id: ExecutionId,
    pub(super) agent_id: Option<AgentId>,
    pub(super) own: OwnPlan,
    pub(super) steps_total: u32,
    /// The tasks that the steps are, in their order.
    pub(super) steps: Vec<TaskDefinition>,
    /// Which of them is waited for by which.
    pub(super) waits: Vec<(TaskId, TaskId)>,
}

pub(super) fn no_such_agent_plan() -> Problem {
    Problem::new(Code::NotFound, "there is no such agent's plan")
}

/// The agent whose plans alone the caller sees; none: those of all.
pub(super) fn only_of(caller: &Caller) -> Option<&AgentId> {
    caller.own_agent_id().filter(|_| !is_planted("foreign_agent_plan_shown"))
}

/// Whether the caller sees what is of that agent.
pub(super) fn sees(caller: &Caller, agent_id: Option<&AgentId>) -> bool {
    only_of(caller).is_none_or(|own| agent_id == Some(own))
}

/// The agent that the caller speaks of: an agent of itself alone; a person of the one that is
/// named, or of the agent that bears the person's own name.
pub(super) fn agent_meant(caller: &Caller, named: Option<AgentId>) -> Result<AgentId, Problem> {
    let own = caller.own_agent_id().cloned();
    match (own, named) {
        (Some(own), Some(named)) if own != named => caller.as_agent(&named).map(|_| named),
        (Some(own), _) => Ok(own),
        (None, Some(named)) => Ok(named),
        (None, None) => AgentId::parse(caller.actor.id()).map_err(|_| {
            let message = "name the agent that this is for: your own name is no id";
            Problem::at(Code::Invalid, "/agent_id", message)
        }),
    }
}

/// Who acts on what belongs to an agent: on a server without keys, the agent itself.
pub(super) fn acting(caller: &Caller, agent_id: Option<&AgentId>) -> Result<Caller, Problem> {
    match (&caller.who, agent_id) {
        (Who::OnePerson, Some(agent_id)) => caller.as_agent(agent_id),
        (Who::OnePerson | Who::Bearer { .. }, _) => Ok(caller.clone()),
    }
}

/// An agent's own plan that the caller may delete, or that is deleted.
pub(super) struct Gone {
    pub(super) plan_id: PlanId,
    pub(super) agent_id: Option<AgentId>,
}

impl Gone {
    fn of(execution: &Execution) -> Option<Self> {
        let header = execution.header()?;
        let is_own = execution.own_plan().is_some() || execution.is_own_plan_deleted();
        is_own.then(|| Self { plan_id: header.plan_id.clone(), agent_id: header.agent_id.clone() })
    }
}

impl Known {
    fn of(execution: &Execution) -> Option<Self> {
        let (header, own) = (execution.header()?, execution.own_plan()?);
        Some(Self {
            plan_id: header.plan_id.clone(),
            execution_id: header.execution_id.clone(),
            agent_id: header.agent_id.clone(),
            own: own.clone(),
            steps_total: execution.steps_total(),
            waits: waits(execution),
            steps: execution.steps().map(|(_, node)| (*node.definition).clone()).collect(),
        })
    }
}

fn waits(execution: &Execution) -> Vec<(TaskId, TaskId)> {
    let id_of = |node: &Node| node.definition.task_id.clone();
    let of_step = |(_, node): (u32, &Node)| {
        let others = node.waits_for.iter().map(|edge| execution.tree().node(edge.other));
        others.map(|other| (id_of(other), id_of(node))).collect::<Vec<_>>()
    };
    execution.steps().flat_map(of_step).collect()
}

impl Known {
    /// The task that a step is.
    pub(super) fn step(&self, number: u32) -> Option<&TaskDefinition> {
        self.steps.get(usize::try_from(number.checked_sub(1)?).ok()?)
    }
}

impl App {
    /// The plan of that id, when it is there and the caller sees it.
    pub(super) async fn known_agent_plan(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<Known, Problem> {
        let execution_id = ExecutionId::parse(id).map_err(|_| no_such_agent_plan())?;
        let known = self.engine.ask(&caller.workspace, &execution_id, Known::of).await?.flatten();
        let seen = known.filter(|known| sees(caller, known.agent_id.as_ref()));
        seen.ok_or_else(no_such_agent_plan)
    }

    /// The same, also when it is deleted already: whoever repeats the deletion is told the same.
    pub(super) async fn deletable_agent_plan(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<Gone, Problem> {
        let execution_id = ExecutionId::parse(id).map_err(|_| no_such_agent_plan())?;
        let gone = self.engine.ask(&caller.workspace, &execution_id, Gone::of).await?.flatten();
        let seen = gone.filter(|gone| sees(caller, gone.agent_id.as_ref()));
        seen.ok_or_else(no_such_agent_plan)
    }

    /// Whether a plan or an execution of that id is one that an agent brought which the caller does
    /// not see.
    pub(in crate::http) async fn is_anothers_own(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<bool, Problem> {
        let Ok(execution_id) = ExecutionId::parse(id) else { return Ok(false) };
        let whose = self.engine.ask(&caller.workspace, &execution_id, Gone::of).await?.flatten();
        Ok(whose.is_some_and(|whose| !sees(caller, whose.agent_id.as_ref())))
    }

    /// A plan that an agent brought goes with its logs and its memory, or not at all.
    pub(in crate::http) async fn refuse_agents_own(
        &self,
        caller: &Caller,
        plan_id: &PlanId,
    ) -> Result<(), Problem> {
        let execution_id =
            ExecutionId::parse(plan_id.as_str()).map_err(|_| no_such_agent_plan())?;
        let is_own = |execution: &Execution| execution.own_plan().is_some();
        match self.engine.ask(&caller.workspace, &execution_id, is_own).await? {
            Some(true) => {
                let detail = "this plan is an agent's own, with logs and memory: delete it as that";
                let path = format!("DELETE /api/agent-plans/{plan_id}");
                Err(Problem::new(Code::WrongState, detail).next(path))
            }
            Some(false) | None => Ok(()),
        }
    }

    /// Lets a window show what was stored so far: up to the position that is asked for, or else for
    /// a moment.
    pub(super) async fn shows(
        &self,
        window: &str,
        min_position: Option<u64>,
    ) -> Result<(), Problem> {
        if min_position.is_some() {
            return self.wait_for(window, min_position).await;
        }
        self.reader.wait_a_moment_for(window).await;
        Ok(())
    }
}
