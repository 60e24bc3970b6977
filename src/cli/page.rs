//! The page that documents the commands: what each says when it is asked for help.

use super::command;
use std::fmt::Write as _;

const HEAD: &str = "# The command line\n\n\
    What each command says when it is asked for help. `--help` tells more of the settings that the \
    server has: [configuration](CONFIGURATION.md).\n\
    How commands end: [exit codes](exit-codes.md).\n\n\
    - What was asked for goes to the standard output, all else to the error output.\n\
    - On a terminal people get tables and trees, as wide as it is; elsewhere, and with `--json`, \
    programs get JSON. `NO_COLOR` is kept to.\n\
    - Texts of agents are shown with marks for what would change a terminal.\n\
    - What cannot be undone asks first, and takes `--yes` and `--dry-run`.\n\
    - Commands that speak to a server go to `--server`, else `--context`, else `AX_URL`, else the \
    context in use, else http://127.0.0.1:8000. The key is that of the context; with `--server` or \
    `AX_URL`, and without a context, it is `AX_KEY`.\n";

/// The page that documents the commands.
pub fn page() -> String {
    let mut page = HEAD.to_owned();
    let mut all = command().term_width(100).disable_help_subcommand(true);
    all.build();
    tell(&mut page, "ax", &mut all);
    page
}

fn tell(page: &mut String, name: &str, command: &mut clap::Command) {
    let help = command.render_help().to_string();
    let help: Vec<_> = help.lines().map(str::trim_end).collect();
    let help = help.join("\n");
    writeln!(page, "\n## `{name}`\n\n```\n{}\n```", help.trim_end()).expect("a text grows");
    for part in command.get_subcommands_mut() {
        let name = format!("{name} {}", part.get_name());
        tell(page, &name, part);
    }
}
