//! What is sent to make an agent known, and to change what is known of it.

use crate::domain::agent::AgentCommand;
use crate::domain::event::agent::{AgentKind, AgentProfile, Capability};
use crate::domain::{ActionName, AgentId, Json, Priority, Text, Title};
use crate::http::code::Code;
use crate::http::problem::Problem;
use crate::http::schemas::{self, Id};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// How many tasks an agent can hold at once when it says nothing.
const CONCURRENT_TASKS: u32 = 1;

/// An agent makes itself known.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewAgent)]
pub(in crate::http) struct Registration {
    #[schema(value_type = Option<Id>)]
    pub(super) agent_id: Option<AgentId>,
    #[schema(value_type = String)]
    name: Title,
    #[schema(value_type = Option<String>)]
    role: Option<Title>,
    /// A program, or a person.
    #[serde(default)]
    #[schema(value_type = Kind)]
    kind: AgentKind,
    /// What it can do: at least one action.
    #[schema(value_type = Vec<AbilityForm>, min_items = 1)]
    capabilities: Vec<Ability>,
    integration_endpoints: Option<BTreeMap<String, String>>,
    /// Where it is called when there is work for it, and when it is to do something else about a
    /// task that it holds.
    #[schema(value_type = Option<String>, max_length = 2048)]
    webhook_url: Option<Text>,
    /// How many tasks it can hold at once: 1 when nothing is said.
    #[schema(minimum = 1)]
    max_concurrent_tasks: Option<u32>,
}

/// A program, or a person.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "it stands in the description only")]
pub(super) enum Kind {
    Agent,
    Human,
}

/// An action with its parameters, or the action alone.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it stands in the description only")]
pub(in crate::http) enum AbilityForm {
    Action(String),
    Full {
        action: String,
        #[schema(default = json!([]))]
        params: Option<Vec<String>>,
    },
}

/// Something that it can do: an action with its parameters, or the action alone.
#[derive(Debug, Clone)]
pub(in crate::http) struct Ability(Capability);

impl Ability {
    /// What it comes to.
    pub(in crate::http) fn capability(self) -> Capability {
        self.0
    }
}

impl<'de> Deserialize<'de> for Ability {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AbilityVisitor)
    }
}

struct AbilityVisitor;

impl<'de> Visitor<'de> for AbilityVisitor {
    type Value = Ability;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an action, or an object with an action and its params")
    }

    fn visit_str<E: serde::de::Error>(self, action: &str) -> Result<Ability, E> {
        let action = ActionName::parse(action).map_err(E::custom)?;
        Ok(Ability(Capability { action, params: Vec::new() }))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Ability, A::Error> {
        Capability::deserialize(MapAccessDeserializer::new(map)).map(Ability)
    }
}

impl Registration {
    pub(super) fn profile(self) -> Result<AgentProfile, Problem> {
        let endpoints = self.integration_endpoints.map(|endpoints| json!(endpoints));
        let endpoints = endpoints.as_ref().map(Json::from_value).transpose();
        Ok(AgentProfile {
            name: self.name,
            role: self.role,
            kind: self.kind,
            capabilities: self.capabilities.into_iter().map(|ability| ability.0).collect(),
            integration_endpoints: endpoints.map_err(|error| {
                Problem::at(Code::Invalid, "/integration_endpoints", error.to_string())
            })?,
            webhook_url: self.webhook_url,
            concurrent_tasks_max: self.max_concurrent_tasks.unwrap_or(CONCURRENT_TASKS),
        })
    }
}

/// What a person changes about an agent, one thing at a time.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct AgentPatch {
    status: Option<WantedStatus>,
    #[schema(value_type = Option<Vec<AbilityForm>>)]
    capabilities: Option<Vec<Ability>>,
    #[schema(value_type = Option<schemas::Priority>)]
    priority: Option<Priority>,
    #[schema(value_type = Option<String>)]
    reason: Option<Text>,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[schema(as = WantedAgentStatus)]
#[serde(rename_all = "snake_case")]
enum WantedStatus {
    Active,
    Paused,
    Retired,
}

impl AgentPatch {
    pub(super) fn command(self, profile: &AgentProfile) -> Result<AgentCommand, Problem> {
        let Self { status, capabilities, priority, reason } = self;
        match (status, capabilities, priority) {
            (Some(WantedStatus::Active), None, None) => Ok(AgentCommand::Resume),
            (Some(WantedStatus::Paused), None, None) => Ok(AgentCommand::Pause { reason }),
            (Some(WantedStatus::Retired), None, None) => Ok(AgentCommand::Retire { reason }),
            (None, Some(abilities), None) => {
                let capabilities = abilities.into_iter().map(|ability| ability.0).collect();
                Ok(AgentCommand::Change {
                    profile: AgentProfile { capabilities, ..profile.clone() },
                })
            }
            (None, None, Some(priority)) => Ok(AgentCommand::SetPriority { priority }),
            (_, _, _) => Err(Problem::new(
                Code::Invalid,
                "name one thing: status (active, paused, retired), capabilities or priority",
            )),
        }
    }
}
