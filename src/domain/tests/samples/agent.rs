//! What happens to Larry himself.

use super::{action, at, by_larry, execution, json, larry, mark, task_id, text, title};
use planexe_ax_domain::Priority;
use planexe_ax_domain::event::agent::{
    AgentChanged, AgentContextRemoved, AgentContextSet, AgentDrained, AgentEvent, AgentKind,
    AgentLost, AgentPaused, AgentPriorityChanged, AgentProfile, AgentRegistered, AgentResumed,
    AgentRetired, AgentReturned, AgentTookTask, Capability,
};

pub(super) fn events() -> Vec<AgentEvent> {
    vec![
        AgentRegistered {
            agent_id: larry(),
            profile: profile(),
            at: at("15:30:00"),
            by: by_larry(),
        }
        .into(),
        AgentChanged { profile: profile(), at: at("15:31:00"), by: by_larry() }.into(),
        AgentPriorityChanged { priority: Priority::High, at: at("15:32:00"), by: mark() }.into(),
        AgentPaused {
            reason: Some(text("Mark calls Carol himself")),
            at: at("16:25:00"),
            by: mark(),
        }
        .into(),
        AgentResumed { at: at("16:30:00"), by: mark() }.into(),
        AgentDrained { at: at("18:00:00"), by: by_larry() }.into(),
        AgentRetired {
            reason: Some(text("A new laptop takes over")),
            at: at("18:30:00"),
            by: mark(),
        }
        .into(),
        AgentLost { last_seen_at: at("16:40:00"), at: at("17:10:00") }.into(),
        AgentReturned { at: at("17:14:00") }.into(),
        AgentTookTask {
            execution_id: execution(),
            task_id: task_id("task_2_1_1"),
            epoch: 3,
            at: at("16:30:00"),
        }
        .into(),
        AgentContextSet {
            task_id: Some(task_id("deep-1765060407236")),
            context_type: title("notes"),
            context_key: title("carol_campion"),
            context_value: text("She prefers Thursdays at 2 PM"),
            metadata: Some(json(r#"{"source":"call"}"#)),
            at: at("16:55:00"),
            by: by_larry(),
        }
        .into(),
        AgentContextRemoved {
            task_id: Some(task_id("deep-1765060407236")),
            context_type: title("notes"),
            context_key: title("carol_campion"),
            at: at("16:56:00"),
            by: by_larry(),
        }
        .into(),
    ]
}

fn profile() -> AgentProfile {
    let able = |name, params: &[&str]| Capability {
        action: action(name),
        params: params.iter().map(|param| title(param)).collect(),
    };
    AgentProfile {
        name: title("Larry the Laptop Lobster"),
        role: Some(title("Full-stack contractor + business development")),
        kind: AgentKind::Agent,
        capabilities: vec![
            able("search_google_maps", &["query", "location", "category"]),
            able("make_phone_call", &["phone", "script", "record"]),
        ],
        integration_endpoints: Some(json(r#"{"calls":"twilio","email":"gmail_api"}"#)),
        webhook_url: Some(text("https://larry.bittersweet-farm.com/hook")),
        concurrent_tasks_max: 2,
    }
}
