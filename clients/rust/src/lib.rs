//! A client of PlanExe-AX: what people command and ask, what agents take on and give back, and what
//! happens, live. Every write bears an idempotency key, so that it can be sent again when its
//! answer was lost, and counts once.

mod agents;
mod answers;
mod blockers;
mod call;
mod client;
mod connection;
mod error;
mod events;
mod executions;
mod frames;
mod key;
mod log;
mod mcp;
mod operators;
mod plans;
mod sse;
mod status;
mod stream;
mod webhooks;
mod work;
mod worker;

pub use agents::{AgentChange, AgentWish};
pub use answers::{
    Agent, Blocker, Delivery, Execution, HeldTask, Page, Plan, Progress, Reasons, Rehearsal,
    RehearsedEvent, Restore, Task, TrackRecord, Usage, Version, Webhook, Written,
};
pub use blockers::WayOut;
pub use call::{After, Told, WriteTerms};
pub use client::{Client, Patience};
pub use error::{ClientError, FieldError, Problem, Unreachable};
pub use executions::{ExecutionFilter, ExecutionWish, ForkWish};
pub use frames::{
    Directive, ExecutionFrame, ExecutionState, Frame, Happened, Snapshot, TaskFrame, TaskState,
};
pub use key::Key;
pub use log::{Change, Difference, EventPage, LogEvent};
pub use plans::{ImportWish, PlanSource};
pub use status::{ExecutionStatus, TaskStatus};
pub use stream::{Heard, Stream};
pub use work::{Beat, GrantedTask, Report, Verdict, Work, WorkWish};
pub use worker::{Failure, Job, Outcome, Worker, WorkerOptions};
