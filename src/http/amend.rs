//! `POST /api/executions/{execution_id}/amend`: tasks that come, change or go while the execution
//! goes on.

use super::App;
use super::body::Body;
use super::caller::Caller;
use super::code::Code;
use super::executions::{known_id, no_such_execution};
use super::plans;
use super::problem::Problem;
use super::schemas::{self, AnyObject, Id};
use super::shown::{AfterShown, describe_execution};
use super::terms::Terms;
use super::writing::Write;
use crate::domain::event::lifecycle::TaskChange;
use crate::domain::execution::{Amendment, ExecutionCommand};
use crate::domain::{
    ActionName, AgentId, Command, Dependency, ExecutionId, Json, Priority, StreamName,
    TaskDefinition, TaskId, TaskKind, Text, Title,
};
use crate::plans::structured::{DependencyForm, Hours, RetryForm};
use axum::extract::{Path, State as Shared};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// What is to become of an execution's tasks; only those that have not begun can change or go.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Amendment)]
pub(super) struct AmendForm {
    /// Tasks that come, parents before their parts.
    #[serde(default)]
    add: Vec<TaskForm>,
    /// Tasks that change: what is not said stays.
    #[serde(default)]
    change: Vec<TaskForm>,
    /// Tasks that go, with all their parts.
    #[serde(default)]
    #[schema(value_type = Vec<Id>)]
    remove: Vec<TaskId>,
    #[serde(default)]
    #[schema(value_type = Vec<plans::DependencyForm>)]
    add_dependencies: Vec<DependencyForm>,
    #[serde(default)]
    #[schema(value_type = Vec<plans::DependencyForm>)]
    remove_dependencies: Vec<DependencyForm>,
    #[schema(value_type = Option<String>)]
    reason: Option<Text>,
}

/// A task that comes, or what changes of one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AmendedTask)]
struct TaskForm {
    #[schema(value_type = Id)]
    task_id: TaskId,
    #[schema(value_type = Option<Id>)]
    parent_task_id: Option<TaskId>,
    #[schema(value_type = Option<String>)]
    title: Option<Title>,
    #[schema(value_type = Option<String>)]
    description: Option<Text>,
    #[schema(value_type = Option<String>)]
    action: Option<ActionName>,
    #[schema(value_type = Option<AnyObject>)]
    params: Option<Map<String, Value>>,
    #[schema(value_type = Option<String>)]
    assignee_role: Option<Title>,
    #[schema(value_type = Option<Id>)]
    agent_id: Option<AgentId>,
    #[schema(value_type = Option<schemas::Priority>)]
    priority: Option<Priority>,
    #[schema(value_type = Option<f64>, minimum = 0)]
    estimated_hours: Option<Hours>,
    #[schema(value_type = Option<f64>, minimum = 0)]
    timeout_hours: Option<Hours>,
    #[schema(value_type = Option<plans::RetryForm>)]
    retry_policy: Option<RetryForm>,
    #[schema(value_type = Option<Vec<String>>)]
    success_criteria: Option<Vec<Text>>,
    /// What a person must approve before it may start.
    #[schema(value_type = Option<String>)]
    approval: Option<Title>,
}

/// Lets tasks come, change or go, while the execution goes on.
#[utoipa::path(post, path = "/api/executions/{execution_id}/amend",
    operation_id = "amend_execution", tag = "executions", security(("key" = ["command"])),
    params(Terms), request_body = AmendForm,
    responses((status = 200, description = "It is so now.", body = AfterShown)))]
pub(super) async fn amend(
    Shared(app): Shared<Arc<App>>,
    caller: Caller,
    terms: Terms,
    Path(execution_id): Path<String>,
    Body { value, bytes }: Body<AmendForm>,
) -> Result<Response, Problem> {
    let execution_id = known_id(&execution_id)?;
    let changing = value.change.iter().map(|task| task.task_id.clone()).collect();
    let known = app.definitions(&caller, &execution_id, changing).await?;
    let amendment = value.amendment(&known)?;
    let command = Command::Execution(ExecutionCommand::Amend(Box::new(amendment)));
    let stream = StreamName::execution(&execution_id);
    let (caller, terms, body) = (&caller, &terms, &*bytes);
    let write = Write { caller, terms, body, stream, command, describe: describe_execution };
    Ok(app.write(write).await?.answer(StatusCode::OK))
}

type Definitions = BTreeMap<TaskId, TaskDefinition>;

impl App {
    /// The tasks as they are described now.
    async fn definitions(
        &self,
        caller: &Caller,
        execution_id: &ExecutionId,
        tasks: Vec<TaskId>,
    ) -> Result<Definitions, Problem> {
        let found = self.engine.ask(&caller.workspace, execution_id, move |execution| {
            let tree = execution.tree();
            let described = |task_id: TaskId| {
                let node = tree.node(tree.find(&task_id)?);
                Some((task_id, TaskDefinition::clone(&node.definition)))
            };
            tasks.into_iter().filter_map(described).collect()
        });
        found.await?.ok_or_else(no_such_execution)
    }
}

impl AmendForm {
    fn amendment(self, known: &Definitions) -> Result<Amendment, Problem> {
        let mut added = Vec::with_capacity(self.add.len());
        for (place, task) in self.add.into_iter().enumerate() {
            let pointer = format!("/add/{place}");
            let title = task.title.clone().ok_or_else(|| {
                Problem::at(Code::Invalid, format!("{pointer}/title"), "a new task has a title")
            })?;
            let mut definition = TaskDefinition::new(task.task_id.clone(), title);
            definition.parent_id.clone_from(&task.parent_task_id);
            let is_part = task.parent_task_id.is_some() && task.action.is_some();
            definition.kind = if is_part { TaskKind::Subtask } else { TaskKind::Task };
            added.push(task.laid_over(definition, &pointer)?);
        }
        let mut changed = Vec::with_capacity(self.change.len());
        for (place, task) in self.change.into_iter().enumerate() {
            let pointer = format!("/change/{place}");
            let unknown = || {
                let message = format!("there is no task {} in this execution", task.task_id);
                Problem::at(Code::Invalid, format!("{pointer}/task_id"), message)
            };
            let definition = known.get(&task.task_id).cloned().ok_or_else(unknown)?;
            changed.push(TaskChange { definition: task.laid_over(definition, &pointer)? });
        }
        let dependencies = |forms: Vec<DependencyForm>| -> Vec<Dependency> {
            forms.into_iter().map(DependencyForm::dependency).collect()
        };
        Ok(Amendment {
            added,
            changed,
            removed: self.remove,
            dependencies_added: dependencies(self.add_dependencies),
            dependencies_removed: dependencies(self.remove_dependencies),
            reason: self.reason,
        })
    }
}

impl TaskForm {
    /// What is said, over what is known already.
    fn laid_over(self, known: TaskDefinition, at: &str) -> Result<TaskDefinition, Problem> {
        let params = self.params.map(|params| Json::from_value(&Value::Object(params)));
        let params = params.transpose().map_err(|error| {
            Problem::at(Code::Invalid, format!("{at}/params"), error.to_string())
        })?;
        Ok(TaskDefinition {
            title: self.title.unwrap_or(known.title),
            description: self.description.or(known.description),
            action: self.action.or(known.action),
            params: params.or(known.params),
            role: self.assignee_role.or(known.role),
            agent_id: self.agent_id.or(known.agent_id),
            priority: self.priority.unwrap_or(known.priority),
            estimated_ms: self.estimated_hours.map(|it| it.ms).or(known.estimated_ms),
            timeout_ms: self.timeout_hours.map(|it| it.ms).or(known.timeout_ms),
            retry: self.retry_policy.map(|it| it.policy()).or(known.retry),
            success_criteria: self.success_criteria.unwrap_or(known.success_criteria),
            approval: self.approval.or(known.approval),
            task_id: known.task_id,
            parent_id: known.parent_id,
            kind: known.kind,
        })
    }
}
