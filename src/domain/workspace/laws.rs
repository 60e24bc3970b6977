//! The laws of workspaces, whatever commands come in whatever order.

use super::tests::{
    LAW, add, change_role, create, hook, key, key_id, member, register, remove, skip, text, to,
};
use super::{Workspace, WorkspaceCommand};
use crate::event::workspace::Role;
use crate::given::{circumstances, keeps_the_laws, larry, minute, moment};
use crate::{Policy, Timestamp};
use proptest::{collection::vec, prelude::*};

proptest! {
    #[test]
    fn a_workspace_keeps_the_laws(
        is_there in prop::bool::weighted(0.95),
        commands in vec((command(), circumstances()), 0..40),
    ) {
        let first = is_there.then(|| (create("Bittersweet Farm"), moment()));
        let commands: Vec<_> = first.into_iter().chain(commands).collect();
        keeps_the_laws(&LAW, &commands);
    }

    #[test]
    fn a_workspace_with_an_owner_never_loses_its_last(
        commands in vec(membership(), 0..40),
    ) {
        let mut state = Workspace::default();
        let first = [create("Bittersweet Farm"), add("mark", Role::Owner)];
        for command in first.into_iter().chain(commands) {
            let events = state.decide(&command, &moment()).unwrap_or_default();
            events.iter().for_each(|event| state.apply(event).expect("it follows"));
        }
        prop_assert!(state.members().any(|(_, member)| member.role == Role::Owner));
    }
}

fn command() -> impl Strategy<Value = WorkspaceCommand> {
    prop_oneof![
        1 => prop_oneof![Just("Bittersweet Farm"), Just("All Our Kids")].prop_map(create),
        1 => any::<u64>().prop_map(|lease_ms| WorkspaceCommand::ChangePolicy {
            policy: Box::new(Policy { lease_ms, ..Policy::default() })
        }),
        6 => any_key(),
        2 => Just(WorkspaceCommand::RevokeKey { key_id: key_id(), reason: None }),
        5 => webhook(),
        6 => membership(),
        1 => (0..3_u64).prop_map(skip),
    ]
}

fn any_key() -> impl Strategy<Value = WorkspaceCommand> {
    let hash = prop_oneof![9 => Just("0f".repeat(32)), 1 => "[0-9a-f]{60,70}"];
    let ends = prop::option::of(any_time());
    (role(), any::<bool>(), prop::option::of(name()), hash, ends).prop_map(
        |(role, is_agents, owner, hash, ends)| {
            key(|key| {
                key.role = role;
                key.agent_id = is_agents.then(larry);
                key.member_id = owner.map(member);
                key.secret_hash = crate::Title::parse(&hash).expect("a title");
                key.expires_at = ends;
            })
        },
    )
}

fn webhook() -> impl Strategy<Value = WorkspaceCommand> {
    let url = || prop_oneof![Just("https://example.com".to_owned()), "https?://[a-z:@.0-9]{0,9}"];
    prop_oneof![
        3 => url().prop_map(|url| register(&url)),
        3 => url().prop_map(|url| WorkspaceCommand::ChangeWebhook {
            webhook_id: hook(), settings: to(&url)
        }),
        3 => ("[a-c]", any_time()).prop_map(|(secret, old_until)| {
            let (webhook_id, sealed_secret) = (hook(), text(&secret));
            WorkspaceCommand::RotateWebhookSecret { webhook_id, sealed_secret, old_until }
        }),
        2 => url().prop_map(|url| WorkspaceCommand::ConfirmWebhook {
            webhook_id: hook(), url: text(&url)
        }),
        1 => Just(WorkspaceCommand::RemoveWebhook { webhook_id: hook(), reason: None }),
    ]
}

fn membership() -> impl Strategy<Value = WorkspaceCommand> {
    prop_oneof![
        (name(), role()).prop_map(|(name, role)| add(name, role)),
        (name(), role()).prop_map(|(name, role)| change_role(name, role)),
        name().prop_map(remove),
    ]
}

fn any_time() -> impl Strategy<Value = Timestamp> {
    (0..200_u64).prop_map(minute)
}

fn name() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("mark"), Just("carol"), Just("marie")]
}

fn role() -> impl Strategy<Value = Role> {
    prop_oneof![Just(Role::Owner), Just(Role::Member), Just(Role::Auditor), Just(Role::Agent)]
}
