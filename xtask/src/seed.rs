//! `cargo xtask seed-log`: a long log of random executions, to try things on.

use crate::{
    args::Args,
    run::{cargo, succeeds},
};

const USAGE: &str = "\
cargo xtask seed-log [--events N] [--database URL]

Writes a log of random executions: a million events, unless it is said otherwise.

  --events N        how many events
  --database URL    where: postgres://… or sqlite:path; DATABASE_URL or ax-data/ax.db when nothing
                    is said
";

const EVENTS: u64 = 1_000_000;

/// Runs the task; whether everything was written.
pub(crate) fn task(mut args: Args) -> anyhow::Result<bool> {
    if args.help(USAGE) {
        return Ok(true);
    }
    let events = args.number("--events")?.unwrap_or(EVENTS).to_string();
    let database = args.text("--database")?;
    args.end()?;
    let mut command =
        cargo(&["run", "--release", "--quiet", "--example", "seed_log", "--", &events]);
    if let Some(database) = database {
        command.env("DATABASE_URL", database);
    }
    succeeds(&mut command)
}
