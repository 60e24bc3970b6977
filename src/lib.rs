//! The engine of PlanExe-AX: the archive that keeps the log, and what drives it.

pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod engine;
pub mod exit;
pub mod feed;
pub mod http;
pub mod keeping;
mod key_file;
pub mod keys;
pub mod models;
pub mod outbound;
pub mod planexe;
pub mod projector;
pub mod reading;
pub mod sealer;
mod site;
pub mod telemetry;
pub mod webhooks;

pub use planexe_ax_audit as audit;
pub use planexe_ax_decompose as decompose;
pub use planexe_ax_domain as domain;
pub use planexe_ax_plans as plans;
pub use planexe_ax_projections as projections;

pub mod planted;
pub mod store;
