//! What is asked of webhooks.

use crate::domain::event::workspace::WebhookSettings;
use crate::domain::workspace::WEBHOOK_EVENTS_MAX;
use crate::domain::{AgentId, Text, Title};
use crate::http::code::Code;
use crate::http::problem::Problem;
use crate::http::schemas::Id;
use crate::webhooks::{check_pattern, names_a_call};
use serde::Deserialize;
use utoipa::ToSchema;

const HOUR_MS: u64 = 3_600_000;
/// How long an old secret signs too when nothing is said, and at most.
const OLD_HOURS: u64 = 24;
const OLD_HOURS_MAX: u64 = 7 * 24;
/// How long a description may be.
const DESCRIPTION_BYTES_MAX: usize = 1_000;

/// A webhook that is to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookRegistration)]
pub(in crate::http) struct Registration {
    /// Where it sends: https, a name that leads to public addresses, port 443.
    #[schema(value_type = String, max_length = 2048)]
    url: Text,
    /// Which events: kinds (`execution.completed`), beginnings with a star (`task.*`), or `*`; with
    /// `agent_id` also `work.available` and `agent.directive`.
    #[schema(min_items = 1, max_items = 100)]
    events: Vec<String>,
    /// Only events that are about this agent, or that it did.
    #[schema(value_type = Option<Id>)]
    agent_id: Option<AgentId>,
    /// What it is for.
    #[schema(value_type = Option<String>, max_length = 1000)]
    description: Option<Text>,
}

/// What is to be otherwise; what is not named stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct WebhookPatch {
    /// Where it sends.
    #[schema(value_type = Option<String>, max_length = 2048)]
    url: Option<Text>,
    /// Which events.
    #[schema(min_items = 1, max_items = 100)]
    events: Option<Vec<String>>,
    /// What it is for.
    #[schema(value_type = Option<String>, max_length = 1000)]
    description: Option<Text>,
    /// Whether it sends. What happens while it does not is not sent later.
    enabled: Option<bool>,
}

/// How a secret is replaced.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SecretRotation)]
pub(in crate::http) struct Rotation {
    /// How long the old secret signs too: 24 hours when nothing is said.
    #[schema(maximum = 168)]
    old_valid_hours: Option<u64>,
}

impl Registration {
    /// The settings, checked.
    pub(super) fn settings(self) -> Result<WebhookSettings, Problem> {
        let Self { url, events, agent_id, description } = self;
        check_description(description.as_ref())?;
        let events = patterns(&events)?;
        check_calls(&events, agent_id.as_ref())?;
        Ok(WebhookSettings { url, events, agent_id, description, is_enabled: true })
    }
}

impl WebhookPatch {
    /// The settings as they are to be.
    pub(super) fn applied(self, known: WebhookSettings) -> Result<WebhookSettings, Problem> {
        let Self { url, events, description, enabled } = self;
        check_description(description.as_ref())?;
        let events = events.as_deref().map(patterns).transpose()?.unwrap_or(known.events);
        check_calls(&events, known.agent_id.as_ref())?;
        Ok(WebhookSettings {
            url: url.unwrap_or(known.url),
            events,
            agent_id: known.agent_id,
            description: description.or(known.description),
            is_enabled: enabled.unwrap_or(known.is_enabled),
        })
    }
}

impl Rotation {
    /// How long the old secret signs too.
    pub(super) fn old_valid_ms(&self) -> Result<u64, Problem> {
        let hours = self.old_valid_hours.unwrap_or(OLD_HOURS);
        if hours <= OLD_HOURS_MAX {
            return Ok(hours * HOUR_MS);
        }
        let message = format!("an old secret signs for {OLD_HOURS_MAX} hours at most");
        Err(Problem::at(Code::Invalid, "/old_valid_hours", message))
    }
}

fn patterns(events: &[String]) -> Result<Vec<Title>, Problem> {
    if !(1..=WEBHOOK_EVENTS_MAX).contains(&events.len()) {
        let message = format!("name 1 to {WEBHOOK_EVENTS_MAX} events, or \"*\" for all");
        return Err(Problem::at(Code::Invalid, "/events", message));
    }
    let pattern = |(at, text): (usize, &String)| {
        let bad = |message: String| Problem::at(Code::Invalid, format!("/events/{at}"), message);
        check_pattern(text).map_err(|error| bad(error.to_string()))?;
        Title::parse(text.trim()).map_err(|error| bad(error.to_string()))
    };
    events.iter().enumerate().map(pattern).collect()
}

/// Calls are made to one agent, and so their webhook names it.
fn check_calls(events: &[Title], agent_id: Option<&AgentId>) -> Result<(), Problem> {
    let call = events.iter().find(|text| names_a_call(text.as_str()));
    let Some(call) = call.filter(|_| agent_id.is_none()) else { return Ok(()) };
    let message = format!("`{call}` is about one agent: name it when the webhook is made");
    Err(Problem::at(Code::Invalid, "/agent_id", message))
}

fn check_description(description: Option<&Text>) -> Result<(), Problem> {
    if description.is_none_or(|text| text.as_str().len() <= DESCRIPTION_BYTES_MAX) {
        return Ok(());
    }
    let message = format!("a description has at most {DESCRIPTION_BYTES_MAX} bytes");
    Err(Problem::at(Code::Invalid, "/description", message))
}
