//! The flags of the command line: one for each setting, made from the table.

use super::SETTINGS;
use super::setting::{Kind, Setting};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The name of the flag that names the file.
const CONFIG: &str = "config";
/// The flag that does without a demonstration, and the setting that it stands for.
const NO_DEMO: &str = "no-demo";
const DEMO: &str = "demo";

/// What the command line sets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flags {
    /// The file of settings.
    pub config: Option<PathBuf>,
    /// The settings, by their keys.
    pub values: BTreeMap<&'static str, String>,
}

/// What can be set by a flag.
fn flagged() -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().filter(|it| it.has_flag())
}

fn flag(setting: &'static Setting) -> Arg {
    let (section, _) = setting.place();
    let default = match setting.default {
        "" => String::new(),
        default => format!(", {default} when nothing is said"),
    };
    let help = format!("{} [{}{default}]", setting.help, setting.env);
    let arg = Arg::new(setting.key).long(setting.flag()).help(help).global(true);
    let arg = arg.value_name(value_name(setting.kind)).hide_short_help(section.is_some());
    arg.help_heading(section.map_or("Settings".to_owned(), |it| format!("Settings: [{it}]")))
}

fn value_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "TEXT",
        Kind::Path => "PATH",
        Kind::Database => "URL",
        Kind::Address => "ADDRESS",
        Kind::YesNo => "BOOL",
        Kind::Choice(_) => "WORD",
        Kind::Whole(..) => "NUMBER",
        Kind::Texts => "LIST",
    }
}

impl Flags {
    /// Leaves them out of a command's help: it takes them, and needs none.
    pub fn hidden(command: Command) -> Command {
        let config = Arg::new(CONFIG).long(CONFIG).global(true);
        let config = config.value_parser(clap::value_parser!(PathBuf)).hide(true);
        let no_demo = Arg::new(NO_DEMO).long(NO_DEMO).action(ArgAction::SetTrue).global(true);
        let settings = flagged().map(|setting| flag(setting).hide(true));
        command.arg(config).arg(no_demo.hide(true)).args(settings)
    }
}

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        let config = Arg::new(CONFIG).long(CONFIG).value_name("FILE").global(true);
        let config = config.value_parser(clap::value_parser!(PathBuf)).help_heading("Settings");
        let help = "The file of settings; ax.toml in the data directory when there is one \
                    [AX_CONFIG]";
        let no_demo = Arg::new(NO_DEMO).long(NO_DEMO).action(ArgAction::SetTrue).global(true);
        let no_demo = no_demo.help("Begin with an empty log").help_heading("Settings");
        command.arg(config.help(help)).arg(no_demo).args(flagged().map(flag))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let value = |setting: &'static Setting| {
            Some((setting.key, matches.get_one::<String>(setting.key)?.clone()))
        };
        let mut values: BTreeMap<_, _> = flagged().filter_map(value).collect();
        if matches.get_flag(NO_DEMO) {
            values.insert(DEMO, false.to_string());
        }
        Ok(Self { config: matches.get_one::<PathBuf>(CONFIG).cloned(), values })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
