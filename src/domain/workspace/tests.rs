//! The law of workspaces, case by case.

use super::{CreateKey, Webhook, Workspace, WorkspaceCommand};
use crate::event::workspace::{Role, WebhookSettings};
use crate::given::{Given, Law, larry, minute, moment_at};
use crate::{KeyId, MemberId, Policy, Text, Title, WebhookId, WorkspaceId};

pub(super) const LAW: Law<Workspace, WorkspaceCommand> =
    Law { decide: Workspace::decide, apply: Workspace::apply };

#[test]
fn a_workspace_is_made_once() {
    let state = LAW.given([]).when(create("Bittersweet Farm")).then_kinds(&["workspace_created"]);
    assert!(state.is_created());
    made().when(create("Bittersweet Farm")).then_nothing();
    made().when(create("All Our Kids")).then_rejected("already_exists", "default");
}

#[test]
fn nothing_can_be_done_in_a_workspace_that_is_not_there() {
    LAW.given([]).when(key(|_| {})).then_rejected("not_found", "workspace");
    LAW.given([]).when(add("mark", Role::Owner)).then_rejected("not_found", "workspace");
    LAW.given([]).when(register("https://example.com")).then_rejected("not_found", "workspace");
}

#[test]
fn an_event_is_skipped_once_for_a_window_even_before_the_workspace_is_made() {
    LAW.given([]).when(skip(7)).then_kinds(&["projection_event_skipped"]);
    made().when(skip(7)).then_kinds(&["projection_event_skipped"]);
    made().after(skip(7)).when(skip(7)).then_nothing();
    made().after(skip(7)).when(skip(8)).then_kinds(&["projection_event_skipped"]);
}

#[test]
fn a_policy_keeps_its_limits() {
    let change = |policy| WorkspaceCommand::ChangePolicy { policy: Box::new(policy) };
    let longer = Policy { lease_ms: 60_000, ..Policy::default() };
    let state = made().when(change(longer)).then_kinds(&["workspace_policy_changed"]);
    assert_eq!(state.policy(), Some(&longer));
    made().when(change(Policy { lease_ms: 1, ..longer })).then_rejected("invalid", "lease_ms");
}

#[test]
fn a_key_opens_until_it_ends_or_is_revoked() {
    let state =
        made().when(key(|key| key.expires_at = Some(minute(60)))).then_kinds(&["key_created"]);
    assert!(state.is_key_valid(&key_id(), minute(59)));
    assert!(!state.is_key_valid(&key_id(), minute(60)));
    let revoke = || WorkspaceCommand::RevokeKey { key_id: key_id(), reason: None };
    let state = made().after(key(|_| {})).when(revoke()).then_kinds(&["key_revoked"]);
    assert!(!state.is_key_valid(&key_id(), minute(1)));
    assert!(state.key(&key_id()).is_some());
    made().when(revoke()).then_rejected("not_found", "key_1");
    made().after(key(|_| {})).after(revoke()).when(key(|_| {})).then_rejected("wrong_state", "rev");
}

#[test]
fn the_same_key_again_is_recognised_even_after_its_end() {
    let ending = || key(|key| key.expires_at = Some(minute(60)));
    made().after(ending()).when_at(ending(), moment_at(99)).then_nothing();
    made().after(key(|_| {})).when(ending()).then_rejected("already_exists", "key_1");
}

#[test]
fn a_key_keeps_its_rules() {
    let refused = |change: fn(&mut CreateKey), code: &str, part: &str| {
        made().after(add("mark", Role::Owner)).when(key(change)).then_rejected(code, part);
    };
    refused(|key| key.secret_hash = title(&"a".repeat(63)), "invalid", "64");
    refused(|key| key.secret_hash = title(&"g".repeat(64)), "invalid", "/secret_hash");
    refused(|key| key.secret_hash = title(&"A".repeat(64)), "invalid", "lower-case");
    refused(|key| key.role = Role::Agent, "invalid", "names the agent");
    refused(|key| key.agent_id = Some(larry()), "invalid", "/role");
    refused(|key| key.member_id = Some(member("carol")), "not_found", "carol");
    refused(|key| key.expires_at = Some(minute(0)), "invalid", "in the future");
    let both = |key: &mut CreateKey| {
        (key.agent_id, key.member_id) = (Some(larry()), Some(member("mark")));
    };
    refused(both, "invalid", "an agent or to a member");
    let agents = key(|key| (key.agent_id, key.role) = (Some(larry()), Role::Agent));
    made().when(agents).then_kinds(&["key_created"]);
}

#[test]
fn a_webhook_is_registered_changed_and_removed() {
    let url = "https://bittersweet-farm.com:8443/hook?a=b";
    let state = made().when(register(url)).then_kinds(&["webhook_registered"]);
    assert_eq!(state.webhooks().count(), 1);
    let change = |url| WorkspaceCommand::ChangeWebhook { webhook_id: hook(), settings: to(url) };
    made().after(register(url)).when(change(url)).then_nothing();
    let there = || made().after(register(url));
    there().when(change("http://[::1]:80")).then_kinds(&["webhook_changed"]);
    there().when(register("https://example.com")).then_rejected("already_exists", "wh_1");
    let remove = || WorkspaceCommand::RemoveWebhook { webhook_id: hook(), reason: None };
    let state = there().when(remove()).then_kinds(&["webhook_removed"]);
    assert!(state.webhook(&hook()).is_none());
    there().after(remove()).when(register(url)).then_rejected("wrong_state", "removed");
    there().after(remove()).when(change(url)).then_rejected("wrong_state", "removed");
    made().when(remove()).then_rejected("not_found", "wh_1");
}

#[test]
fn a_webhook_is_confirmed_for_the_address_that_answered_and_no_other() {
    let (first, other) = ("https://example.com/hook", "https://example.com/other");
    let there = || made().after(register(first));
    let confirm = |url| WorkspaceCommand::ConfirmWebhook { webhook_id: hook(), url: text(url) };
    let change = |url| WorkspaceCommand::ChangeWebhook { webhook_id: hook(), settings: to(url) };
    let is_confirmed = |state: &Workspace| state.webhook(&hook()).map(Webhook::is_confirmed);
    assert_eq!(is_confirmed(&there().state), Some(false));
    let state = there().when(confirm(first)).then_kinds(&["webhook_confirmed"]);
    assert_eq!(is_confirmed(&state), Some(true));
    there().when(confirm(other)).then_rejected("invalid", "another address");
    made().when(confirm(first)).then_rejected("not_found", "wh_1");
    let moved = || there().after(confirm(first)).after(change(other));
    assert_eq!(is_confirmed(&moved().state), Some(false));
    moved().when(confirm(other)).then_kinds(&["webhook_confirmed"]);
    let state = moved().when(change(first)).then_kinds(&["webhook_changed"]);
    assert_eq!(is_confirmed(&state), Some(true));
}

#[test]
fn a_webhook_has_an_address_and_patterns() {
    let bad = [
        "",
        "https://",
        "ftp://example.com",
        "example.com",
        "https:///x",
        "https://a b",
        "https://a..b",
        "https://user:pw@example.com",
        "https://example.com:0",
        "https://example.com:99999",
        "https://[::g]/",
        "https://exämple.com",
        "javascript:alert(1)",
    ];
    for url in bad {
        made().when(register(url)).then_rejected("invalid", "/settings/url");
    }
    let settings = WebhookSettings { events: Vec::new(), ..to("https://example.com") };
    let (webhook_id, sealed_secret) = (hook(), text("sealed"));
    let command = WorkspaceCommand::RegisterWebhook { webhook_id, settings, sealed_secret };
    made().when(command).then_rejected("invalid", "/settings/events");
}

#[test]
fn an_old_secret_signs_until_its_end() {
    let rotate = |secret: &str| WorkspaceCommand::RotateWebhookSecret {
        webhook_id: hook(),
        sealed_secret: text(secret),
        old_until: minute(10),
    };
    let there = || made().after(register("https://example.com"));
    there().when(rotate("sealed")).then_nothing();
    let state = there().when(rotate("new")).then_kinds(&["webhook_secret_rotated"]);
    let webhook = state.webhook(&hook()).expect("it is there");
    assert!(webhook.secrets(minute(9)).eq(&[text("new"), text("sealed")]));
    assert!(webhook.secrets(minute(10)).eq(&[text("new")]));
}

#[test]
fn the_last_owner_stays_an_owner() {
    let demote = || change_role("mark", Role::Member);
    let alone = || made().after(add("mark", Role::Owner)).after(add("carol", Role::Member));
    alone().when(demote()).then_rejected("wrong_state", "the last owner");
    alone().when(remove("mark")).then_rejected("wrong_state", "the last owner");
    alone().when(remove("carol")).then_kinds(&["member_removed"]);
    alone().when(change_role("mark", Role::Owner)).then_nothing();
    let two = || alone().after(change_role("carol", Role::Owner));
    two().when(demote()).then_kinds(&["member_role_changed"]);
    two().when(remove("mark")).then_kinds(&["member_removed"]);
}

#[test]
fn members_come_and_go_and_come_again() {
    let there = || made().after(add("carol", Role::Member));
    there().when(add("carol", Role::Member)).then_nothing();
    there().when(add("carol", Role::Auditor)).then_rejected("already_exists", "carol");
    made().when(remove("carol")).then_rejected("not_found", "carol");
    made().when(change_role("carol", Role::Owner)).then_rejected("not_found", "carol");
    let gone = || there().after(remove("carol"));
    gone().when(remove("carol")).then_nothing();
    gone().when(change_role("carol", Role::Owner)).then_rejected("not_found", "carol");
    gone().when(add("carol", Role::Auditor)).then_kinds(&["member_added"]);
}

#[test]
fn the_keys_of_a_member_go_with_them() {
    let hers = || key(|key| key.member_id = Some(member("carol")));
    let there = || made().after(add("carol", Role::Member)).after(hers());
    let state = there().when(remove("carol")).then_kinds(&["key_revoked", "member_removed"]);
    assert!(!state.is_key_valid(&key_id(), minute(0)));
}

#[test]
fn an_event_out_of_place_changes_nothing() {
    let created = LAW.given([]).when(create("Bittersweet Farm")).decision.expect("it is made");
    made().refuses(created[0].clone());
    for command in [add("mark", Role::Owner), key(|_| {}), register("https://example.com")] {
        let event = made().when(command.clone()).decision.expect("it is accepted").remove(0);
        LAW.given([]).refuses(event.clone());
        made().after(command).refuses(event);
    }
    let there = made().after(add("mark", Role::Member));
    made().refuses(there.when(remove("mark")).decision.expect("he may go").remove(0));
}

fn made() -> Given<'static, Workspace, WorkspaceCommand> {
    const { &LAW }.given([]).after(create("Bittersweet Farm"))
}

pub(super) fn create(name: &str) -> WorkspaceCommand {
    let workspace_id = WorkspaceId::parse("default").expect("an id");
    WorkspaceCommand::Create { workspace_id, name: title(name) }
}

pub(super) fn key(change: impl FnOnce(&mut CreateKey)) -> WorkspaceCommand {
    let mut command = CreateKey {
        key_id: key_id(),
        name: title("Mark's laptop"),
        role: Role::Owner,
        agent_id: None,
        member_id: None,
        secret_hash: title(&"0f".repeat(32)),
        expires_at: None,
    };
    change(&mut command);
    WorkspaceCommand::CreateKey(Box::new(command))
}

pub(super) fn register(url: &str) -> WorkspaceCommand {
    let (webhook_id, settings, sealed_secret) = (hook(), to(url), text("sealed"));
    WorkspaceCommand::RegisterWebhook { webhook_id, settings, sealed_secret }
}

pub(super) fn to(url: &str) -> WebhookSettings {
    WebhookSettings {
        url: text(url),
        events: vec![title("execution.*")],
        agent_id: None,
        description: None,
        is_enabled: true,
    }
}

pub(super) fn add(name: &str, role: Role) -> WorkspaceCommand {
    WorkspaceCommand::AddMember { member_id: member(name), name: title(name), role }
}

pub(super) fn change_role(name: &str, role: Role) -> WorkspaceCommand {
    WorkspaceCommand::ChangeMemberRole { member_id: member(name), role }
}

pub(super) fn remove(name: &str) -> WorkspaceCommand {
    WorkspaceCommand::RemoveMember { member_id: member(name) }
}

pub(super) fn skip(position: u64) -> WorkspaceCommand {
    WorkspaceCommand::SkipProjectionEvent {
        projection: title("progress"),
        position,
        reason: Some(text("it was written by hand")),
    }
}

pub(super) fn key_id() -> KeyId {
    KeyId::parse("key_1").expect("an id")
}

pub(super) fn hook() -> WebhookId {
    WebhookId::parse("wh_1").expect("an id")
}

pub(super) fn member(name: &str) -> MemberId {
    MemberId::parse(name).expect("an id")
}

fn title(text: &str) -> Title {
    Title::parse(text).expect("a title")
}

pub(super) fn text(text: &str) -> Text {
    Text::parse(text).expect("a text")
}
