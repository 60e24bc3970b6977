//! The laws of agents, whatever commands come in whatever order.

use super::AgentCommand;
use super::tests::{LAW, profile};
use crate::event::agent::AgentProfile;
use crate::execution::ContextEntry;
use crate::given::{circumstances, keeps_the_laws, larry, minute};
use crate::{AgentId, ExecutionId, Priority, TaskId, Text, Title};
use proptest::{collection::vec, prelude::*};

proptest! {
    #[test]
    fn an_agent_keeps_the_laws(commands in vec((command(), circumstances()), 0..40)) {
        keeps_the_laws(&LAW, &commands);
    }
}

fn command() -> impl Strategy<Value = AgentCommand> {
    prop_oneof![
        3 => (agent_id(), hostile_profile())
            .prop_map(|(agent_id, profile)| AgentCommand::Register { agent_id, profile }),
        1 => hostile_profile().prop_map(|profile| AgentCommand::Change { profile }),
        1 => prop_oneof![Just(Priority::Low), Just(Priority::Normal), Just(Priority::Critical)]
            .prop_map(|priority| AgentCommand::SetPriority { priority }),
        1 => reason().prop_map(|reason| AgentCommand::Pause { reason }),
        2 => Just(AgentCommand::Resume),
        1 => Just(AgentCommand::Drain),
        1 => rarely_retire(),
        2 => (0..200_u64, prop_oneof![0..9_000_000_u64, any::<u64>()]).prop_map(check_presence),
        1 => Just(AgentCommand::SignOfLife),
        3 => (0..3_u8, 0..2_u8).prop_map(set_context),
        2 => (0..3_u8).prop_map(|key| AgentCommand::RemoveContext { key: entry(key, 0).key() }),
        4 => (0..3_u8, prop_oneof![0..4_u64, any::<u64>()]).prop_map(take),
    ]
}

fn set_context((key, value): (u8, u8)) -> AgentCommand {
    AgentCommand::SetContext(Box::new(entry(key, value)))
}

fn entry(key: u8, value: u8) -> ContextEntry {
    ContextEntry {
        task_id: (key == 1).then(|| TaskId::parse("deep-1").expect("an id")),
        context_type: Title::parse("notes").expect("a title"),
        context_key: Title::parse(&format!("key_{key}")).expect("a title"),
        context_value: Text::parse(&format!("value {value}")).expect("a text"),
        metadata: None,
    }
}

fn reason() -> impl Strategy<Value = Option<Text>> {
    prop::option::of(".{0,20}").prop_map(|text| text.and_then(|text| Text::parse(&text).ok()))
}

fn rarely_retire() -> impl Strategy<Value = AgentCommand> {
    let retire = reason().prop_map(|reason| AgentCommand::Retire { reason });
    prop_oneof![1 => retire, 9 => Just(AgentCommand::SignOfLife)]
}

fn check_presence((seen, silence_ms): (u64, u64)) -> AgentCommand {
    AgentCommand::CheckPresence { last_seen_at: minute(seen), silence_ms }
}

fn take((task, epoch): (u8, u64)) -> AgentCommand {
    AgentCommand::TakeTask {
        execution_id: ExecutionId::parse("exec_1").expect("an id"),
        task_id: TaskId::parse(&format!("task_{task}")).expect("an id"),
        epoch,
    }
}

fn agent_id() -> impl Strategy<Value = AgentId> {
    prop_oneof![
        9 => Just(larry()),
        1 => Just(AgentId::parse("agent_moe_002").expect("an id")),
    ]
}

fn hostile_profile() -> impl Strategy<Value = AgentProfile> {
    let tasks_max = prop_oneof![5 => 1..5_u32, 1 => any::<u32>()];
    let copies = prop_oneof![9 => Just(1_usize), 1 => 0..3_usize];
    (tasks_max, copies).prop_map(|(concurrent_tasks_max, copies)| {
        let capabilities = std::vec![profile().capabilities; copies].concat();
        AgentProfile { capabilities, concurrent_tasks_max, ..profile() }
    })
}
