//! What may be sent as a plan, in the API's description. The readers in `src/plans` do the
//! reading; a test holds the two to the same names.

use crate::http::generate::RunForm;
use crate::http::schemas::{AnyObject, Id, Priority};
use utoipa::ToSchema;

/// A plan: structured, as an agent's steps, as the files of a run, or as the name of a run.
#[derive(ToSchema)]
#[schema(as = PlanImport)]
#[serde(untagged)]
#[expect(dead_code, reason = "it stands in the description only")]
pub(in crate::http) enum ImportForm {
    Plan(PlanForm),
    Steps(StepsForm),
    Files(FilesForm),
    Run(RunForm),
}

/// A plan.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it stands in the description only")]
pub(in crate::http) struct PlanForm {
    plan_id: Option<Id>,
    goal: Option<String>,
    /// The first line of the goal, where none is given.
    title: Option<String>,
    assigned_to: Option<Id>,
    phase_count: Option<usize>,
    phases: Vec<PhaseForm>,
    #[serde(default)]
    dependencies: Vec<ListedForm>,
    #[serde(default)]
    roles_required: Vec<String>,
    #[serde(default)]
    risks: Vec<AnyObject>,
    metadata: Option<AnyObject>,
}

/// A phase of it.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it stands in the description only")]
pub(in crate::http) struct PhaseForm {
    phase_id: Id,
    name: String,
    description: Option<String>,
    #[schema(minimum = 0)]
    duration_weeks: Option<f64>,
    assignee_role: Option<String>,
    agent_id: Option<Id>,
    #[serde(default)]
    priority: Priority,
    /// What a person must approve before it may start.
    approval: Option<String>,
    action: Option<String>,
    params: Option<AnyObject>,
    #[schema(minimum = 0)]
    timeout_hours: Option<f64>,
    retry_policy: Option<RetryForm>,
    #[serde(default)]
    success_criteria: Vec<String>,
    #[serde(default)]
    tasks: Vec<TaskForm>,
}

/// A task of a phase.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it stands in the description only")]
pub(in crate::http) struct TaskForm {
    task_id: Id,
    title: String,
    description: Option<String>,
    assignee_role: Option<String>,
    agent_id: Option<Id>,
    #[serde(default)]
    prerequisites: Vec<Id>,
    #[schema(minimum = 0)]
    estimated_hours: Option<f64>,
    #[serde(default)]
    priority: Priority,
    /// What a person must approve before it may start.
    approval: Option<String>,
    action: Option<String>,
    params: Option<AnyObject>,
    #[schema(minimum = 0)]
    timeout_hours: Option<f64>,
    retry_policy: Option<RetryForm>,
    #[serde(default)]
    success_criteria: Vec<String>,
    #[serde(default)]
    subtasks: Vec<SubtaskForm>,
}

/// A part of a task; `dependencies` is what the documents' decompositions call `depends_on`.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it stands in the description only")]
pub(in crate::http) struct SubtaskForm {
    subtask_id: Id,
    title: Option<String>,
    description: Option<String>,
    assignee_role: Option<String>,
    agent_id: Option<Id>,
    #[schema(minimum = 0)]
    estimated_hours: Option<f64>,
    /// That of the task, where none is given.
    priority: Option<Priority>,
    /// What a person must approve before it may start.
    approval: Option<String>,
    action: Option<String>,
    params: Option<AnyObject>,
    #[schema(minimum = 0)]
    timeout_hours: Option<f64>,
    retry_policy: Option<RetryForm>,
    #[serde(default)]
    depends_on: Vec<Id>,
    #[serde(default)]
    dependencies: Vec<Id>,
    #[serde(default)]
    success_criteria: Vec<String>,
    #[serde(default)]
    #[schema(no_recursion)]
    subtasks: Vec<SubtaskForm>,
}

/// One task waits for another.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it stands in the description only")]
pub(in crate::http) struct ListedForm {
    from: Id,
    to: Id,
    #[serde(default, rename = "type")]
    kind: DependencyWord,
    /// Whether it gives way where it would close a circle.
    #[serde(default)]
    is_implied: bool,
}

/// One task waits for another.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it stands in the description only")]
pub(in crate::http) struct DependencyForm {
    from: Id,
    to: Id,
    #[serde(default, rename = "type")]
    kind: DependencyWord,
}

/// How two tasks depend on each other.
#[derive(Default, ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "it stands in the description only")]
enum DependencyWord {
    #[default]
    FinishToStart,
    StartToStart,
    FinishToFinish,
    StartToFinish,
}

/// How the time between two tries grows.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "it stands in the description only")]
enum BackoffWord {
    Fixed,
    Exponential,
}

/// How often a part is tried; what it does not say is as usual.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it stands in the description only")]
pub(in crate::http) struct RetryForm {
    max_attempts: Option<u32>,
    backoff: Option<BackoffWord>,
    #[schema(minimum = 0)]
    backoff_seconds: Option<f64>,
}

/// An agent's own plan: numbered steps, in `steps` or as they are stored in `plan_json`.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it stands in the description only")]
pub(in crate::http) struct StepsForm {
    task_id: Option<String>,
    plan_type: Option<String>,
    steps: Option<Vec<StepForm>>,
    plan_json: Option<AnyObject>,
    reasoning: Option<String>,
    metadata: Option<AnyObject>,
}

/// A step.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it stands in the description only")]
pub(in crate::http) struct StepForm {
    step: u32,
    action: Option<String>,
    description: Option<String>,
    /// In minutes.
    #[schema(minimum = 0)]
    estimated_duration: Option<f64>,
    /// The steps that it waits for; where no step says any, they follow each other.
    dependencies: Option<Vec<u32>>,
    metadata: Option<AnyObject>,
}

/// The files of a PlanExe run, by name, each as a text or as the JSON in it.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it stands in the description only")]
pub(in crate::http) struct FilesForm {
    files: AnyObject,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plans::{StepForm as ReadStep, StepsForm as ReadSteps, structured};
    use serde::de::value::Error;
    use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
    use std::collections::BTreeSet;
    use utoipa::PartialSchema;

    /// Asks a type for the names of its fields, and gives it nothing.
    struct Names<'a>(&'a mut Vec<&'static str>);

    impl<'de> Deserializer<'de> for Names<'_> {
        type Error = Error;

        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
            Err(Error::custom("it is no struct"))
        }

        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            _: V,
        ) -> Result<V::Value, Error> {
            self.0.extend(fields);
            Err(Error::custom("there is nothing"))
        }

        serde::forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
            option unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier
            ignored_any
        }
    }

    /// The names that are shown and not read, or read and not shown; aliases are not shown.
    fn differences<Shown: PartialSchema, Read: DeserializeOwned>(aliases: &[&str]) -> Vec<String> {
        let mut read = Vec::new();
        assert!(Read::deserialize(Names(&mut read)).is_err());
        let schema = serde_json::to_value(Shown::schema()).expect("a schema is JSON");
        let shown = schema["properties"].as_object().into_iter().flatten();
        let shown: BTreeSet<String> = shown.map(|(name, _)| name.clone()).collect();
        let read = read.into_iter().filter(|name| !aliases.contains(name)).map(str::to_owned);
        shown.symmetric_difference(&read.collect()).cloned().collect()
    }

    #[test]
    fn what_is_shown_of_a_plan_is_what_is_read() {
        let none: [String; 0] = [];
        assert_eq!(differences::<PlanForm, structured::PlanForm>(&[]), none);
        assert_eq!(differences::<PhaseForm, structured::PhaseForm>(&["title"]), none);
        assert_eq!(differences::<TaskForm, structured::TaskForm>(&["name"]), none);
        assert_eq!(differences::<SubtaskForm, structured::SubtaskForm>(&[]), none);
        assert_eq!(differences::<ListedForm, structured::ListedForm>(&[]), none);
        assert_eq!(differences::<DependencyForm, structured::DependencyForm>(&[]), none);
        assert_eq!(differences::<RetryForm, structured::RetryForm>(&[]), none);
        assert_eq!(differences::<StepsForm, ReadSteps>(&[]), none);
        assert_eq!(differences::<StepForm, ReadStep>(&[]), none);
    }
}
