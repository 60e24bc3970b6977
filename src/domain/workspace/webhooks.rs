//! Where a workspace sends its notices, and with which secret it signs them.

use super::decide::{Decision, already, has_room, not_found, one, wrong_state};
use super::{Space, Webhook};
use crate::event::workspace::{
    WebhookChanged, WebhookConfirmed, WebhookRegistered, WebhookRemoved, WebhookSecretRotated,
    WebhookSettings,
};
use crate::{Moment, Rejection, Text, Timestamp, WebhookId};

/// The most webhooks of a workspace.
pub const WEBHOOKS_MAX: usize = 1_000;
/// The most event patterns of a webhook.
pub const WEBHOOK_EVENTS_MAX: usize = 100;
/// The longest address of a webhook.
pub const WEBHOOK_URL_BYTES_MAX: usize = 2_048;

impl Space {
    pub(super) fn register_webhook(
        &self,
        webhook_id: &WebhookId,
        settings: &WebhookSettings,
        sealed_secret: &Text,
        moment: &Moment,
    ) -> Decision {
        check_settings(settings)?;
        check_secret(sealed_secret)?;
        let id = webhook_id.as_str();
        if self.removed_webhooks.contains(webhook_id) {
            return Err(wrong_state("webhook", id, "removed"));
        }
        match self.webhooks.get(webhook_id) {
            Some(known) if known.settings == *settings && known.signs_with(sealed_secret) => {
                return Ok(Vec::new());
            }
            Some(_) => return Err(already("webhook", id)),
            None => has_room("/webhook_id", "webhooks", self.webhooks.len(), WEBHOOKS_MAX)?,
        }
        let (webhook_id, settings) = (webhook_id.clone(), settings.clone());
        let (sealed_secret, at, by) = (sealed_secret.clone(), moment.at, moment.by.clone());
        one(WebhookRegistered { webhook_id, settings, sealed_secret, at, by })
    }

    pub(super) fn change_webhook(
        &self,
        webhook_id: &WebhookId,
        settings: &WebhookSettings,
        moment: &Moment,
    ) -> Decision {
        let known = self.standing(webhook_id)?;
        check_settings(settings)?;
        if known.settings == *settings {
            return Ok(Vec::new());
        }
        let (webhook_id, settings) = (webhook_id.clone(), settings.clone());
        one(WebhookChanged { webhook_id, settings, at: moment.at, by: moment.by.clone() })
    }

    pub(super) fn confirm_webhook(
        &self,
        webhook_id: &WebhookId,
        url: &Text,
        moment: &Moment,
    ) -> Decision {
        let known = self.standing(webhook_id)?;
        if known.settings.url != *url {
            let message = "the webhook leads to another address by now";
            return Err(Rejection::invalid("/url", message));
        }
        if known.is_confirmed() {
            return Ok(Vec::new());
        }
        let (webhook_id, url) = (webhook_id.clone(), url.clone());
        one(WebhookConfirmed { webhook_id, url, at: moment.at, by: moment.by.clone() })
    }

    pub(super) fn rotate_secret(
        &self,
        webhook_id: &WebhookId,
        sealed_secret: &Text,
        old_until: Timestamp,
        moment: &Moment,
    ) -> Decision {
        let known = self.standing(webhook_id)?;
        check_secret(sealed_secret)?;
        if known.signs_with(sealed_secret) {
            return Ok(Vec::new());
        }
        let (webhook_id, sealed_secret) = (webhook_id.clone(), sealed_secret.clone());
        let (at, by) = (moment.at, moment.by.clone());
        one(WebhookSecretRotated { webhook_id, sealed_secret, old_until, at, by })
    }

    pub(super) fn remove_webhook(
        &self,
        webhook_id: &WebhookId,
        reason: Option<&Text>,
        moment: &Moment,
    ) -> Decision {
        if self.removed_webhooks.contains(webhook_id) {
            return Ok(Vec::new());
        }
        self.standing(webhook_id)?;
        let (webhook_id, reason) = (webhook_id.clone(), reason.cloned());
        one(WebhookRemoved { webhook_id, reason, at: moment.at, by: moment.by.clone() })
    }

    fn standing(&self, webhook_id: &WebhookId) -> Result<&Webhook, Rejection> {
        let id = webhook_id.as_str();
        if self.removed_webhooks.contains(webhook_id) {
            return Err(wrong_state("webhook", id, "removed"));
        }
        self.webhooks.get(webhook_id).ok_or_else(|| not_found("webhook", id))
    }
}

impl Webhook {
    fn signs_with(&self, sealed_secret: &Text) -> bool {
        self.sealed_secret == *sealed_secret
    }
}

fn check_secret(sealed_secret: &Text) -> Result<(), Rejection> {
    if sealed_secret.is_empty() {
        return Err(Rejection::invalid("/sealed_secret", "a webhook has a secret"));
    }
    Ok(())
}

fn check_settings(settings: &WebhookSettings) -> Result<(), Rejection> {
    let count = settings.events.len();
    if !(1..=WEBHOOK_EVENTS_MAX).contains(&count) {
        let message = format!("a webhook has 1 to {WEBHOOK_EVENTS_MAX} patterns, not {count}");
        return Err(Rejection::invalid("/settings/events", message));
    }
    if !is_http_url(settings.url.as_str()) {
        let message = "an address like https://example.com/hook is needed, without a password";
        return Err(Rejection::invalid("/settings/url", message));
    }
    Ok(())
}

/// Whether a text has the form of an address; where it leads is for the sender to check.
fn is_http_url(text: &str) -> bool {
    let is_clean =
        text.len() <= WEBHOOK_URL_BYTES_MAX && text.bytes().all(|c| c.is_ascii_graphic());
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let Some(rest) = rest.filter(|_| is_clean) else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        Some(_) | None => (authority, None),
    };
    is_host(host) && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let is_part = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-' || c == b'_')
    };
    !host.is_empty() && host.trim_end_matches('.').split('.').all(is_part)
}
