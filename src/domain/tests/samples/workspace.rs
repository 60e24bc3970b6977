//! What happens to Mark's workspace.

use super::{at, larry, mark, policy, text, title, workspace_id};
use planexe_ax_domain::event::workspace::{
    KeyCreated, KeyRevoked, MemberAdded, MemberRemoved, MemberRoleChanged, ProjectionEventSkipped,
    Role, WebhookChanged, WebhookConfirmed, WebhookRegistered, WebhookRemoved,
    WebhookSecretRotated, WebhookSettings, WorkspaceCreated, WorkspaceEvent,
    WorkspacePolicyChanged,
};
use planexe_ax_domain::{KeyId, MemberId, WebhookId};

pub(super) fn events() -> Vec<WorkspaceEvent> {
    [space(), keys(), webhooks(), members(), operators()].concat()
}

fn space() -> Vec<WorkspaceEvent> {
    vec![
        WorkspaceCreated {
            workspace_id: workspace_id(),
            name: title("Mark and Larry"),
            at: at("14:00:00"),
            by: mark(),
        }
        .into(),
        WorkspacePolicyChanged { policy: policy(), at: at("14:01:00"), by: mark() }.into(),
    ]
}

fn keys() -> Vec<WorkspaceEvent> {
    let key_id = KeyId::parse("key_larry_1").expect("an id");
    vec![
        KeyCreated {
            key_id: key_id.clone(),
            name: title("Larry's first key"),
            role: Role::Agent,
            agent_id: Some(larry()),
            member_id: Some(carol()),
            secret_hash: title(&super::hash()),
            expires_at: Some(at("23:59:59")),
            at: at("14:02:00"),
            by: mark(),
        }
        .into(),
        KeyRevoked {
            key_id,
            reason: Some(text("The laptop was lost")),
            at: at("14:03:00"),
            by: mark(),
        }
        .into(),
    ]
}

fn webhooks() -> Vec<WorkspaceEvent> {
    let webhook_id = WebhookId::parse("wh_1").expect("an id");
    let (settings, by) = (settings(), mark());
    vec![
        WebhookRegistered {
            webhook_id: webhook_id.clone(),
            settings: settings.clone(),
            sealed_secret: text("v1.q83vEjRWeJ0="),
            at: at("14:04:00"),
            by: by.clone(),
        }
        .into(),
        WebhookChanged {
            webhook_id: webhook_id.clone(),
            settings,
            at: at("14:05:00"),
            by: by.clone(),
        }
        .into(),
        WebhookConfirmed {
            webhook_id: webhook_id.clone(),
            url: text("https://bittersweet-farm.com/hook"),
            at: at("14:05:30"),
            by: by.clone(),
        }
        .into(),
        WebhookSecretRotated {
            webhook_id: webhook_id.clone(),
            sealed_secret: text("v1.mrze8BI0Vng="),
            old_until: at("15:06:00"),
            at: at("14:06:00"),
            by: by.clone(),
        }
        .into(),
        WebhookRemoved {
            webhook_id,
            reason: Some(text("The farm has a new address")),
            at: at("14:07:00"),
            by,
        }
        .into(),
    ]
}

fn settings() -> WebhookSettings {
    WebhookSettings {
        url: text("https://bittersweet-farm.com/hook"),
        events: vec![title("execution.*"), title("blocker_raised")],
        agent_id: Some(larry()),
        description: Some(text("Tells Mark's telephone")),
        is_enabled: true,
    }
}

fn members() -> Vec<WorkspaceEvent> {
    let (member_id, by) = (carol(), mark());
    vec![
        MemberAdded {
            member_id: member_id.clone(),
            name: title("Carol Campion"),
            role: Role::Member,
            at: at("14:08:00"),
            by: by.clone(),
        }
        .into(),
        MemberRoleChanged {
            member_id: member_id.clone(),
            role: Role::Auditor,
            at: at("14:09:00"),
            by: by.clone(),
        }
        .into(),
        MemberRemoved { member_id, at: at("14:10:00"), by }.into(),
    ]
}

fn operators() -> Vec<WorkspaceEvent> {
    let skipped = ProjectionEventSkipped {
        projection: title("progress"),
        position: 4711,
        reason: Some(text("The payload was cut off by a restore")),
        at: at("14:11:00"),
        by: mark(),
    };
    vec![skipped.into()]
}

fn carol() -> MemberId {
    MemberId::parse("carol").expect("an id")
}
