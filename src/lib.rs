//! The engine of PlanExe-AX: the archive that keeps the log, and what drives it.

pub use planexe_ax_domain as domain;
pub use planexe_ax_projections as projections;

pub mod planted;
pub mod store;
