//! The page for people that lists everything that can be set.

use super::SETTINGS;
use std::fmt::Write as _;

const HEAD: &str = "# Configuration

Each setting can be set in three places. A flag goes before the environment, the environment before
the file, the file before what it is when nothing is said. `ax config show` prints every value and
where it came from, secrets hidden; `ax config show --json` prints the same for programs.

The file is TOML. It is named by `--config` or `AX_CONFIG`; when neither is given, `ax.toml` in the
data directory is read, if there is one. A name that is not below is refused, and so is a value that
does not fit: the sentence names the place and what to write. A file that holds a secret should be
readable by its owner only (`chmod 600`); a warning says when it is not. A variable that is set to
nothing counts as not set.

```toml
listen = \"127.0.0.1:9000\"
database = \"postgres://ax_runtime:…@db.example/plans\"

[execution]
timeout_hours = 24

[http]
in_flight_max = 512
```

The rules under `[execution]` are written into the first event of every execution that is made from
then on: those that are there keep theirs.
";

/// The page.
pub fn page() -> String {
    let mut page = HEAD.to_owned();
    let mut last = Some("");
    for setting in SETTINGS {
        let (section, name) = setting.place();
        if section != last {
            last = section;
            let title = section.map_or("Above all sections".to_owned(), |it| format!("`[{it}]`"));
            page += &format!(
                "\n## {title}\n\n| in the file | flag | environment | default | takes | what it \
                 is |\n|---|---|---|---|---|---|\n"
            );
        }
        let default = match setting.default {
            "" => "–".to_owned(),
            default => format!("`{default}`"),
        };
        let (env, help) = (setting.env, setting.help);
        let flag = match setting.has_flag() {
            true => format!("`--{}`", setting.flag()),
            false => "–".to_owned(),
        };
        let (wanted, secret) =
            (setting.kind.wanted(), if setting.is_secret { " (secret)" } else { "" });
        writeln!(page, "| `{name}` | {flag} | `{env}` | {default} | {wanted} | {help}{secret} |")
            .expect("a text grows");
    }
    page
}
