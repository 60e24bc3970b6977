//! The `ax` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    planexe_ax::cli::run()
}
