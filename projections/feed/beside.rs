//! What happened to agents, plans and workspaces, in sentences. A plan's own words stand in none
//! of them: they go when the plan is deleted, and the feed stays.

use super::lifecycle::changes_in_words;
use super::told::{Group, Told, because, count, quoted, receiver, short};
use crate::value::word;
use planexe_ax_domain::Title;
use planexe_ax_domain::agent::Agent;
use planexe_ax_domain::event::agent::AgentEvent;
use planexe_ax_domain::event::plan::{
    GenerationTrouble, PlanEvent, PlanGenerationFailed, PlanGenerationProgressed,
};
use planexe_ax_domain::event::workspace::WorkspaceEvent;

pub(super) fn tell_agent<'a>(event: &'a AgentEvent, agent: Option<&Agent>) -> Told<'a> {
    let profile = agent.and_then(Agent::profile);
    let agent = profile.map_or_else(|| "the agent".to_owned(), |it| short(it.name.as_str()));
    let engine = |what: &str| Told::engine(Group::Agent, format!("{agent} {what}"));
    let by = |by, what: String| Told::by(Group::Agent, by, &what);
    match event {
        AgentEvent::AgentRegistered(e) => by(&e.by, format!("registered {agent}")),
        AgentEvent::AgentChanged(e) => by(&e.by, format!("changed what is known of {agent}")),
        AgentEvent::AgentPriorityChanged(e) => {
            by(&e.by, format!("set the priority of {agent} to {}", word(&e.priority)))
        }
        AgentEvent::AgentPaused(e) => {
            by(&e.by, format!("paused {agent}{}", because(e.reason.as_ref())))
        }
        AgentEvent::AgentResumed(e) => by(&e.by, format!("resumed {agent}")),
        AgentEvent::AgentDrained(e) => by(&e.by, format!("let {agent} wind down")),
        AgentEvent::AgentRetired(e) => {
            by(&e.by, format!("retired {agent}{}", because(e.reason.as_ref())))
        }
        AgentEvent::AgentLost(e) => engine(&format!("is lost: last seen at {}", e.last_seen_at)),
        AgentEvent::AgentReturned(_) => engine("is back"),
        AgentEvent::AgentTookTask(e) => {
            engine(&format!("took {} of {}", e.task_id, e.execution_id)).on(&e.task_id)
        }
        AgentEvent::AgentContextSet(e) => by(&e.by, format!("remembered {}", e.context_type)),
        AgentEvent::AgentContextRemoved(e) => by(&e.by, format!("forgot {}", e.context_type)),
    }
}

pub(super) fn tell_plan(event: &PlanEvent) -> Told<'_> {
    let engine = |sentence: String| Told::engine(Group::Plan, sentence);
    let by = |by, what: String| Told::by(Group::Plan, by, &what);
    match event {
        PlanEvent::PlanImported(e) => {
            let tasks = usize::try_from(e.tasks_total).unwrap_or(usize::MAX);
            let tasks = count(tasks, "task", "tasks");
            by(&e.by, format!("imported the plan, with {tasks}")).about(e.assigned_to.as_ref())
        }
        PlanEvent::PlanGenerationAsked(e) => {
            by(&e.by, "asked PlanExe for the plan".to_owned()).about(e.assigned_to.as_ref())
        }
        PlanEvent::PlanGenerationStarted(_) => engine("PlanExe began to make the plan".to_owned()),
        PlanEvent::PlanGenerationProgressed(e) => engine(progress(e)),
        PlanEvent::PlanGenerationFailed(e) => engine(failure(e)),
        PlanEvent::PlanGenerationCancelled(e) => by(&e.by, "gave the plan up".to_owned()),
        PlanEvent::PlanGenerationStopped(_) => engine("PlanExe was told to stop".to_owned()),
        PlanEvent::PlanGenerationRetried(e) => {
            by(&e.by, "asked PlanExe for the plan once more".to_owned())
        }
        PlanEvent::PlanTasksAdded(e) => {
            engine(count(e.tasks.len(), "task was read in", "tasks were read in"))
        }
        PlanEvent::PlanDependenciesAdded(e) => {
            let number = e.dependencies.len();
            engine(count(number, "dependency was read in", "dependencies were read in"))
        }
        PlanEvent::PlanAmended(e) => {
            let changes = [
                (e.added.len(), "added"),
                (e.changed.len(), "changed"),
                (e.removed.len(), "removed"),
            ];
            by(&e.by, format!("amended the plan ({})", changes_in_words(changes)))
        }
        PlanEvent::PlanTaskDecomposed(e) => {
            let parts = count(e.subtasks.len(), "part", "parts");
            let review = if e.needs_review { ", which a person must look at" } else { "" };
            by(&e.by, format!("broke {} down into {parts}{review}", e.task_id)).on(&e.task_id)
        }
        PlanEvent::PlanDecompositionReviewed(e) => {
            let verdict = if e.is_approved { "approved" } else { "rejected" };
            by(&e.by, format!("{verdict} the parts of {}", e.task_id)).on(&e.task_id)
        }
        PlanEvent::PlanAssigned(e) => {
            let to = receiver(e.agent_id.as_ref());
            by(&e.by, format!("meant the plan for {to}")).about(e.agent_id.as_ref())
        }
        PlanEvent::PlanArchived(e) => by(&e.by, "put the plan away".to_owned()),
        PlanEvent::PlanDeleted(e) => by(&e.by, "deleted the plan".to_owned()),
    }
}

/// PlanExe's steps bear names of its own, and none of the plan's words.
fn progress(event: &PlanGenerationProgressed) -> String {
    let step =
        event.step.as_ref().map_or_else(String::new, |it| format!(": {}", short(it.as_str())));
    let trouble = event.trouble.map_or("", |trouble| match trouble {
        GenerationTrouble::Stalled => ", and has written nothing for a long time",
        GenerationTrouble::Unreachable => ", and does not answer",
    });
    format!("PlanExe has made {} % of the plan{step}{trouble}", event.percent)
}

fn failure(event: &PlanGenerationFailed) -> String {
    let again = match event.is_resumable {
        true => "another try goes on where it ended",
        false => "another try begins anew",
    };
    format!("PlanExe made no plan ({}); {again}", event.fault.as_str())
}

/// Neither hashes nor secrets nor addresses: an address may hold a secret.
pub(super) fn tell_workspace(event: &WorkspaceEvent) -> Told<'_> {
    let by = |by, what: String| Told::by(Group::Workspace, by, &what);
    let titled = |title: &Title| quoted(title.as_str());
    match event {
        WorkspaceEvent::WorkspaceCreated(e) => {
            by(&e.by, format!("made the workspace {}", titled(&e.name)))
        }
        WorkspaceEvent::WorkspacePolicyChanged(e) => {
            by(&e.by, "changed the rules for new executions".to_owned())
        }
        WorkspaceEvent::KeyCreated(e) => {
            let (key, role) = (titled(&e.name), word(&e.role));
            by(&e.by, format!("made the key {key} for the role {role}")).about(e.agent_id.as_ref())
        }
        WorkspaceEvent::KeyRevoked(e) => {
            by(&e.by, format!("revoked the key {}{}", e.key_id, because(e.reason.as_ref())))
        }
        WorkspaceEvent::WebhookRegistered(e) => {
            by(&e.by, format!("registered the webhook {}", e.webhook_id))
        }
        WorkspaceEvent::WebhookChanged(e) => {
            by(&e.by, format!("changed the webhook {}", e.webhook_id))
        }
        WorkspaceEvent::WebhookConfirmed(e) => {
            by(&e.by, format!("had the webhook {} confirmed by its receiver", e.webhook_id))
        }
        WorkspaceEvent::WebhookSecretRotated(e) => {
            by(&e.by, format!("gave the webhook {} a new secret", e.webhook_id))
        }
        WorkspaceEvent::WebhookRemoved(e) => {
            by(&e.by, format!("removed the webhook {}{}", e.webhook_id, because(e.reason.as_ref())))
        }
        WorkspaceEvent::MemberAdded(e) => {
            by(&e.by, format!("added {} as {}", titled(&e.name), word(&e.role)))
        }
        WorkspaceEvent::MemberRoleChanged(e) => {
            by(&e.by, format!("gave {} the role {}", e.member_id, word(&e.role)))
        }
        WorkspaceEvent::MemberRemoved(e) => by(&e.by, format!("removed {}", e.member_id)),
        WorkspaceEvent::ProjectionEventSkipped(e) => {
            let (window, reason) = (titled(&e.projection), because(e.reason.as_ref()));
            by(&e.by, format!("let the window {window} skip event {}{reason}", e.position))
        }
    }
}
