//! What an event makes of a workspace: the only place where one changes.

use super::{Key, Member, OldSecret, Space, Webhook, Workspace, WorkspacePhase};
use crate::event::workspace::{
    KeyCreated, KeyRevoked, MemberAdded, MemberRemoved, MemberRoleChanged, ProjectionEventSkipped,
    WebhookRegistered, WebhookRemoved, WebhookSecretRotated, WorkspaceCreated, WorkspaceEvent,
};
use crate::{Event, IllegalTransition, WebhookId};
use std::collections::{BTreeMap, BTreeSet};

type Applied = Result<(), IllegalTransition>;

impl Workspace {
    /// Takes an event in; one that cannot follow changes nothing.
    pub fn apply(&mut self, event: &Event) -> Applied {
        let kind = event.kind();
        match event {
            Event::Workspace(event) => self.apply_own(event, kind),
            Event::Lifecycle(_)
            | Event::Work(_)
            | Event::Record(_)
            | Event::Agent(_)
            | Event::Plan(_) => Err(IllegalTransition::WrongStream { kind }),
        }
    }

    fn apply_own(&mut self, event: &WorkspaceEvent, kind: &'static str) -> Applied {
        match event {
            WorkspaceEvent::WorkspaceCreated(e) => self.appear(e, kind),
            WorkspaceEvent::WorkspacePolicyChanged(e) => {
                self.there_mut(kind)?.policy = Some(e.policy);
                Ok(())
            }
            WorkspaceEvent::KeyCreated(e) => self.there_mut(kind)?.take_key(e, kind),
            WorkspaceEvent::KeyRevoked(e) => self.there_mut(kind)?.void_key(e, kind),
            WorkspaceEvent::WebhookRegistered(e) => self.there_mut(kind)?.take_webhook(e, kind),
            WorkspaceEvent::WebhookChanged(e) => {
                self.there_mut(kind)?.webhook(&e.webhook_id, kind)?.settings = e.settings.clone();
                Ok(())
            }
            WorkspaceEvent::WebhookConfirmed(e) => {
                let webhook = self.there_mut(kind)?.webhook(&e.webhook_id, kind)?;
                webhook.confirmed_url = Some(e.url.clone());
                Ok(())
            }
            WorkspaceEvent::WebhookSecretRotated(e) => self.there_mut(kind)?.take_secret(e, kind),
            WorkspaceEvent::WebhookRemoved(e) => self.there_mut(kind)?.drop_webhook(e, kind),
            WorkspaceEvent::MemberAdded(e) => self.there_mut(kind)?.take_member(e, kind),
            WorkspaceEvent::MemberRoleChanged(e) => self.there_mut(kind)?.take_role(e, kind),
            WorkspaceEvent::MemberRemoved(e) => self.there_mut(kind)?.drop_member(e, kind),
            WorkspaceEvent::ProjectionEventSkipped(e) => self.take_skip(e, kind),
        }
    }

    fn appear(&mut self, event: &WorkspaceCreated, kind: &'static str) -> Applied {
        if self.phase != WorkspacePhase::Absent {
            return out_of_place(kind, "the workspace is there already");
        }
        self.phase = WorkspacePhase::Created(Box::new(Space {
            workspace_id: event.workspace_id.clone(),
            name: event.name.clone(),
            policy: None,
            keys: BTreeMap::new(),
            webhooks: BTreeMap::new(),
            removed_webhooks: BTreeSet::new(),
            members: BTreeMap::new(),
            former_members: BTreeSet::new(),
        }));
        Ok(())
    }

    fn take_skip(&mut self, event: &ProjectionEventSkipped, kind: &'static str) -> Applied {
        if !self.skipped_events.insert((event.projection.clone(), event.position)) {
            return out_of_place(kind, "the event is skipped already");
        }
        Ok(())
    }

    fn there_mut(&mut self, kind: &'static str) -> Result<&mut Space, IllegalTransition> {
        match &mut self.phase {
            WorkspacePhase::Created(space) => Ok(space),
            WorkspacePhase::Absent => {
                Err(IllegalTransition::OutOfPlace { kind, why: "there is no workspace" })
            }
        }
    }
}

impl Space {
    fn take_key(&mut self, event: &KeyCreated, kind: &'static str) -> Applied {
        if self.keys.contains_key(&event.key_id) {
            return out_of_place(kind, "the key is there already");
        }
        let KeyCreated { key_id, name, role, agent_id, member_id, .. } = event.clone();
        let key = Key {
            name,
            role,
            agent_id,
            member_id,
            secret_hash: event.secret_hash.clone(),
            expires_at: event.expires_at,
            created_at: event.at,
            revoked_at: None,
        };
        self.keys.insert(key_id, key);
        Ok(())
    }

    fn void_key(&mut self, event: &KeyRevoked, kind: &'static str) -> Applied {
        let key = self.keys.get_mut(&event.key_id);
        let key = key.ok_or_else(|| unknown(kind, "key", event.key_id.as_str()))?;
        if key.revoked_at.is_some() {
            return out_of_place(kind, "the key is void already");
        }
        key.revoked_at = Some(event.at);
        Ok(())
    }

    fn take_webhook(&mut self, event: &WebhookRegistered, kind: &'static str) -> Applied {
        let WebhookRegistered { webhook_id, settings, sealed_secret, .. } = event.clone();
        if self.webhooks.contains_key(&webhook_id) || self.removed_webhooks.contains(&webhook_id) {
            return out_of_place(kind, "the webhook was there already");
        }
        let (old_secret, confirmed_url) = (None, None);
        let webhook = Webhook { settings, sealed_secret, old_secret, confirmed_url };
        self.webhooks.insert(webhook_id, webhook);
        Ok(())
    }

    fn take_secret(&mut self, event: &WebhookSecretRotated, kind: &'static str) -> Applied {
        let webhook = self.webhook(&event.webhook_id, kind)?;
        let old = std::mem::replace(&mut webhook.sealed_secret, event.sealed_secret.clone());
        webhook.old_secret = Some(OldSecret { sealed_secret: old, until: event.old_until });
        Ok(())
    }

    fn drop_webhook(&mut self, event: &WebhookRemoved, kind: &'static str) -> Applied {
        self.webhook(&event.webhook_id, kind)?;
        self.webhooks.remove(&event.webhook_id);
        self.removed_webhooks.insert(event.webhook_id.clone());
        Ok(())
    }

    fn take_member(&mut self, event: &MemberAdded, kind: &'static str) -> Applied {
        let MemberAdded { member_id, name, role, .. } = event.clone();
        if self.members.contains_key(&member_id) {
            return out_of_place(kind, "the member is there already");
        }
        self.former_members.remove(&member_id);
        self.members.insert(member_id, Member { name, role });
        Ok(())
    }

    fn take_role(&mut self, event: &MemberRoleChanged, kind: &'static str) -> Applied {
        let member = self.members.get_mut(&event.member_id);
        let member = member.ok_or_else(|| unknown(kind, "member", event.member_id.as_str()))?;
        member.role = event.role;
        Ok(())
    }

    fn drop_member(&mut self, event: &MemberRemoved, kind: &'static str) -> Applied {
        if self.members.remove(&event.member_id).is_none() {
            return Err(unknown(kind, "member", event.member_id.as_str()));
        }
        self.former_members.insert(event.member_id.clone());
        Ok(())
    }

    fn webhook(
        &mut self,
        webhook_id: &WebhookId,
        kind: &'static str,
    ) -> Result<&mut Webhook, IllegalTransition> {
        let webhook = self.webhooks.get_mut(webhook_id);
        webhook.ok_or_else(|| unknown(kind, "webhook", webhook_id.as_str()))
    }
}

fn unknown(kind: &'static str, what: &'static str, id: &str) -> IllegalTransition {
    IllegalTransition::Unknown { kind, what, id: id.to_owned() }
}

fn out_of_place(kind: &'static str, why: &'static str) -> Applied {
    Err(IllegalTransition::OutOfPlace { kind, why })
}
