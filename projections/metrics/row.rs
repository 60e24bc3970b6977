//! The rows of the window: what is counted, by scope and by stretch of time.

use planexe_ax_domain::Timestamp;
use std::sync::Arc;

/// Declares what is counted: a column each, and a name to count it by.
macro_rules! counters {
    ($($(#[doc = $doc:literal])+ $Counter:ident = $column:ident,)+) => {
        crate::rows! {
            /// What happened in a scope, in a stretch of time.
            struct MetricRow {
                /// The workspace.
                workspace: Arc<str>,
                /// Of what: `workspace`, `plan`, `agent` or `action`.
                scope: Arc<str>,
                /// Of which: its id or name; empty for the workspace.
                scope_id: Arc<str>,
                /// How long a stretch: `total`, `day` or `hour`.
                grain: Arc<str>,
                /// When the stretch begins; 1970 for the total.
                bucket_at: Timestamp,
                $(
                    $(#[doc = $doc])+
                    $column: i64,
                )+
            }
        }

        /// Something that is counted.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Counter {
            $($(#[doc = $doc])+ $Counter,)+
        }

        /// How many things are counted.
        pub(super) const COUNTERS: usize = [$(Counter::$Counter),+].len();
    };
}

counters! {
    /// Executions that were made.
    ExecutionsCreated = executions_created,
    /// Executions that were completed.
    ExecutionsCompleted = executions_completed,
    /// Executions that failed.
    ExecutionsFailed = executions_failed,
    /// Executions that were cancelled.
    ExecutionsCancelled = executions_cancelled,
    /// Tasks that an agent took.
    TasksGranted = tasks_granted,
    /// Tasks that were completed.
    TasksCompleted = tasks_completed,
    /// Leaves that were skipped.
    TasksSkipped = tasks_skipped,
    /// Tasks that are an error for good.
    TasksGivenUp = tasks_given_up,
    /// Attempts that failed.
    AttemptsFailed = attempts_failed,
    /// Attempts that were put off to be made again.
    Retries = retries,
    /// Leases whose agent fell silent.
    LeasesExpired = leases_expired,
    /// Reports that came too late.
    LateReports = late_reports,
    /// Blockers that were raised.
    BlockersRaised = blockers_raised,
    /// Blockers that were resolved.
    BlockersResolved = blockers_resolved,
    /// Blockers that stood too long.
    Escalations = escalations,
    /// How long tasks were ready before an agent took them, together.
    QueueMs = queue_ms,
    /// How many waits that is.
    QueueCount = queue_count,
    /// How long agents had tasks before they were done or failed, together.
    WorkMs = work_ms,
    /// How many attempts that is.
    WorkCount = work_count,
    /// How long blockers stood before they were resolved, together.
    HumanWaitMs = human_wait_ms,
    /// How many blockers that is.
    HumanWaitCount = human_wait_count,
    /// Tokens that went into language models.
    InputTokens = input_tokens,
    /// Tokens that came out of language models.
    OutputTokens = output_tokens,
    /// Money, in millionths of a US dollar.
    CostMicrousd = cost_microusd,
}

crate::rows! {
    /// How often something went wrong in a scope, in a stretch of time.
    struct MetricErrorRow {
        /// The workspace.
        workspace: Arc<str>,
        /// Of what: `workspace`, `plan`, `agent` or `action`.
        scope: Arc<str>,
        /// Of which: its id or name; empty for the workspace.
        scope_id: Arc<str>,
        /// How long a stretch: `total`, `day` or `hour`.
        grain: Arc<str>,
        /// When the stretch begins; 1970 for the total.
        bucket_at: Timestamp,
        /// What went wrong, in one word.
        error_type: Arc<str>,
        /// How many attempts failed by it.
        attempts: i64,
    }

    /// How many attempts took about so long in a scope, in a stretch of time.
    struct MetricDurationRow {
        /// The workspace.
        workspace: Arc<str>,
        /// Of what: `workspace`, `plan`, `agent` or `action`.
        scope: Arc<str>,
        /// Of which: its id or name; empty for the workspace.
        scope_id: Arc<str>,
        /// How long a stretch: `total`, `day` or `hour`.
        grain: Arc<str>,
        /// When the stretch begins; 1970 for the total.
        bucket_at: Timestamp,
        /// How many bits the milliseconds have: 0 for none, 11 for a second.
        bits: u32,
        /// How many attempts took that long.
        attempts: i64,
    }
}
