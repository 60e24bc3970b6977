//! Random commands to a plan that an agent brought, spelled by bytes.

use super::program::{Program, title};
use crate::execution::{
    ContextEntry, CreateExecution, Execution, ExecutionCommand, MoveOwnPlan, OwnPlan, OwnStatus,
    PlanType,
};
use crate::{AgentId, Moment, TaskId, Text};

fn outside_task() -> TaskId {
    TaskId::parse("deep-1").expect("this is an id")
}

impl Program<'_> {
    /// What makes an execution as a plan that an agent brought.
    pub fn own_creation(&mut self) -> (CreateExecution, OwnPlan, Moment) {
        let (mut creation, moment) = self.creation();
        let agent_id = AgentId::parse("a0").expect("this is an id");
        creation.agent_id = creation.agent_id.or(Some(agent_id));
        let own = OwnPlan {
            outside_task: self.bytes.perhaps(2, |_| outside_task()),
            plan_type: self.bytes.one_of(PlanType::ALL).unwrap_or(PlanType::Research),
            reasoning: self.bytes.perhaps(2, |_| Text::parse("because").expect("a text")),
            metadata: None,
        };
        (creation, own, moment)
    }

    /// The next command: every other one is to the plan as its agent sees it.
    pub fn next_own_command(&mut self, state: &Execution) -> (ExecutionCommand, Moment) {
        let command = match self.bytes.below(16) {
            0..=7 => ExecutionCommand::MoveOwn(Box::new(self.wanted(state))),
            8 => self.outside_context(),
            9 if self.bytes.once_in(4) => ExecutionCommand::DeleteOwn { reason: None },
            _rest => return self.next_command(state),
        };
        (command, self.moment())
    }

    fn wanted(&mut self, state: &Execution) -> MoveOwnPlan {
        let total = usize::try_from(state.steps_total()).unwrap_or(0);
        let step = self.bytes.below(total + 3);
        let bytes = &mut self.bytes;
        MoveOwnPlan {
            current_step: bytes.perhaps(2, |_| u32::try_from(step).unwrap_or(0)),
            status: bytes.perhaps(2, |bytes| bytes.one_of(OwnStatus::ALL)).flatten(),
            reasoning: bytes.perhaps(3, |_| Text::parse("otherwise").expect("a text")),
        }
    }

    fn outside_context(&mut self) -> ExecutionCommand {
        let (task_id, context_type) = (Some(outside_task()), title("notes"));
        let context_key = title("key");
        if self.bytes.once_in(3) {
            return ExecutionCommand::RemoveContext { task_id, context_type, context_key };
        }
        let context_value = Text::parse("value").expect("a text");
        let metadata = None;
        ExecutionCommand::SetContext(Box::new(ContextEntry {
            task_id,
            context_type,
            context_key,
            context_value,
            metadata,
        }))
    }
}
