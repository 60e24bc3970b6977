//! What wins over what, and what is refused with which words.

use crate::program::{ax, ended_or_killed};
use planexe_ax::config::{Config, ConfigError, Flags, SETTINGS, Source};
use planexe_ax::domain::Policy;
use planexe_ax_testkit::Folder;
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// A file of settings in a folder of its own.
struct Written {
    _folder: Folder,
    path: PathBuf,
}

fn written(text: &str) -> Written {
    let folder = Folder::new().expect("a folder");
    let path = folder.path().join("ax.toml");
    std::fs::write(&path, text).expect("it can be written");
    Written { _folder: folder, path }
}

fn flags(file: Option<&Written>, values: &[(&'static str, &str)]) -> Flags {
    let values = values.iter().map(|(key, value)| (*key, (*value).to_owned()));
    Flags { config: file.map(|it| it.path.clone()), values: values.collect() }
}

fn resolved(flags: &Flags, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let environment: BTreeMap<_, _> = environment.iter().copied().collect();
    Config::resolve_in(flags, &|name| environment.get(name).map(|it| (*it).to_owned()))
}

#[test]
fn an_address_that_others_can_reach_is_known_as_one_and_no_secret_is_shown() {
    for setting in ["listen", "metrics_listen"] {
        let config = resolved(&flags(None, &[(setting, "0.0.0.0:80")]), &[]).expect("good");
        assert!(config.public().is_some(), "{setting}");
    }
    let env = [("DATABASE_URL", "postgres://ax:s3cret@db/plans")];
    let config = resolved(&flags(None, &[]), &env).expect("good values");
    assert!(config.public().is_none());
    assert!(!format!("{config:?}").contains("s3cret"));
}

fn refusal(flags: &Flags, environment: &[(&str, &str)]) -> String {
    resolved(flags, environment).expect_err("it is refused").to_string()
}

#[test]
fn a_flag_wins_over_the_environment_that_over_the_file_and_that_over_the_default() {
    let file = written("[http]\nin_flight_max = 3\n");
    let env = [("AX_HTTP_IN_FLIGHT_MAX", "2")];
    let flag = [("http.in_flight_max", "1")];
    let (none, is_default) = (flags(None, &[]), Source::Default);
    let cases = [
        (flags(Some(&file), &flag), &env[..], 1, Source::Flag),
        (flags(Some(&file), &[]), &env[..], 2, Source::Environment),
        (flags(Some(&file), &[]), &[], 3, Source::File(file.path.clone(), 2)),
        (none, &[], 256, is_default),
    ];
    for (flags, env, wanted, source) in cases {
        let config = resolved(&flags, env).expect("good values");
        assert_eq!(config.door.in_flight_max, wanted);
        assert_eq!(config.values.known("http.in_flight_max").source, source);
    }
}

#[test]
fn the_variables_of_the_documents_are_taken_under_their_own_names() {
    let env = [
        ("DATABASE_URL", "postgres://ax:pw@db/plans"),
        ("PLANEXE_EXECUTION_ENABLED", "false"),
        ("PLANEXE_AGENT_POLL_INTERVAL_SECONDS", "5"),
        ("PLANEXE_EXECUTION_TIMEOUT_HOURS", "2"),
        ("PLANEXE_WEBSOCKET_ENABLED", "false"),
        ("PLANEXE_EVENT_LOG_RETENTION_DAYS", "7"),
        ("PLANEXE_DECOMPOSITION_MODEL", "some-model"),
    ];
    let config = resolved(&Flags::default(), &env).expect("good values");
    assert_eq!(config.database.to_string(), "postgres://ax@db/plans");
    assert!(!config.is_execution_enabled && !config.is_websocket_enabled);
    assert_eq!(config.poll_interval_seconds, 5);
    assert_eq!(config.policy.execution_timeout_ms, 2 * 3_600_000);
    assert_eq!(config.retention_days, 7);
    assert_eq!(config.values.text("decomposition.model"), Some("some-model"));
}

#[test]
fn without_a_word_the_rules_for_executions_are_those_of_the_law() {
    let config = Config::default();
    assert_eq!(config.policy, Policy::default());
    assert_eq!(config.policy.fault(), None);
}

#[test]
fn a_file_in_the_data_directory_is_found_and_another_one_can_be_named() {
    let file = written("listen = \"127.0.0.1:9\"\n");
    let folder = file.path.parent().expect("a folder").display().to_string();
    let found = resolved(&flags(None, &[("data_dir", &folder)]), &[]).expect("good values");
    assert_eq!(found.listen.port(), 9);
    let named = written("listen = \"localhost:10\"\n").path;
    assert!(refusal(&Flags { config: Some(named), ..Flags::default() }, &[]).contains("read"));
    let named = written("listen = \"localhost:10\"\n");
    let env = [("AX_CONFIG", named.path.to_str().expect("a text"))];
    assert_eq!(resolved(&Flags::default(), &env).expect("good values").listen.port(), 10);
    let moved = written("data_dir = \"/elsewhere\"\n");
    let folder = moved.path.parent().expect("a folder").display().to_string();
    assert!(refusal(&flags(None, &[("data_dir", &folder)]), &[]).contains("--data-dir"));
}

#[test]
fn what_the_file_should_not_say_is_named_with_its_line_and_what_was_meant() {
    let cases = [
        ("\n[http]\nin_flihgt_max = 3\n", "line 3: there is no setting `http.in_flihgt_max`"),
        ("\n[http]\nin_flihgt_max = 3\n", "did you mean `in_flight_max` in `[http]`?"),
        ("in_flight_max = 3\n", "did you mean `in_flight_max` in `[http]`?"),
        ("lisen = \"x\"\n", "did you mean `listen`?"),
        ("wholly_unlike_anything = 1\n", "`ax config show` lists what there is"),
        ("[http]\nin_flight_max = \"many\"\n", "line 2 has it: write a whole number from 1"),
        ("[http]\nin_flight_max = 0\n", "`http.in_flight_max` cannot be `0`"),
        ("[http]\nin_flight_max = 1.5\n", "of the kind float"),
        ("[execution]\nenabled = \"yes\"\n", "write true or false"),
        ("[execution]\nenabled = true\nenabled = false\n", "line 3 cannot be read"),
        ("listen = \n", "line 1 cannot be read"),
    ];
    for (text, words) in cases {
        let file = written(text);
        let said = refusal(&flags(Some(&file), &[]), &[]);
        assert!(said.contains(words), "{text:?}: {said}");
        assert!(said.contains("ax.toml"), "{said}");
    }
}

#[test]
fn a_value_that_does_not_fit_is_named_with_its_place_and_without_its_secret() {
    let cases = [
        (flags(None, &[("listen", "8000")]), &[][..], "`listen` cannot be `8000`, as --listen"),
        (flags(None, &[]), &[("AX_LISTEN", "x")][..], "as AX_LISTEN has it: write an address"),
        (flags(None, &[("log_format", "xml")]), &[][..], "write text or json"),
        (flags(None, &[]), &[("DATABASE_URL", "mysql://a:s3cret@b/c")][..], "mysql://a@b/c"),
    ];
    for (flags, env, words) in cases {
        let said = refusal(&flags, env);
        assert!(said.contains(words) && !said.contains("s3cret"), "{said}");
    }
}

#[test]
fn a_secret_that_others_can_read_is_warned_of() {
    let file = written("database = \"postgres://ax:s3cret@db/plans\"\n");
    for (mode, is_warned) in [(0o644, true), (0o640, true), (0o600, false)] {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&file.path, mode).expect("it is ours");
        let config = resolved(&flags(Some(&file), &[]), &[]).expect("good values");
        assert_eq!(!config.warnings.is_empty(), is_warned, "{:?}", config.warnings);
        assert!(config.warnings.iter().all(|it| it.contains("chmod 600") && !it.contains("s3c")));
    }
}

#[test]
fn every_setting_has_names_of_its_own_and_a_default_that_it_takes() {
    let config = Config::default();
    let (mut keys, mut flags, mut envs) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for setting in SETTINGS {
        assert!(keys.insert(setting.key) && envs.insert(setting.env), "{}", setting.key);
        assert!(flags.insert(setting.flag()), "{}", setting.key);
        let prefixes = ["AX_", "PLANEXE_", "DATABASE_URL", "OTEL_"];
        assert!(prefixes.iter().any(|it| setting.env.starts_with(it)), "{}", setting.env);
        assert_eq!(config.values.known(setting.key).text, setting.default);
    }
}

#[test]
fn the_program_shows_each_value_with_its_source_and_no_secret() {
    let dir = Folder::new().expect("a folder");
    let file = written("[http]\nqueue_max = 7\n\n[rates]\nuser_requests_per_minute = 5\n");
    let mut command = ax(&["config", "show", "--json", "--http-in-flight-max", "9"], &dir);
    command.env("DATABASE_URL", "postgres://ax:s3cret@db/plans?sslcert=s3cret");
    command.env("AX_CONFIG", &file.path).env("AX_HTTP_QUEUE_MAX", "8");
    let shown = command.output().expect("ax runs");
    assert!(shown.status.success(), "{shown:?}");
    let text = String::from_utf8(shown.stdout).expect("a text");
    assert!(!text.contains("s3cret"), "{text}");
    let shown: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let settings = shown["settings"].as_array().expect("a list");
    assert_eq!(settings.len(), SETTINGS.len());
    let of = |key: &str| {
        let found = settings.iter().find(|it| it["setting"] == key).expect("it is shown");
        (found["value"].clone(), found["source"].clone())
    };
    assert_eq!(of("database"), ("postgres://ax@db/plans".into(), "environment".into()));
    assert_eq!(of("http.in_flight_max"), ("9".into(), "flag".into()));
    assert_eq!(of("http.queue_max"), ("8".into(), "environment".into()));
    assert_eq!(of("rates.user_requests_per_minute"), ("5".into(), "file".into()));
    assert_eq!(of("log"), ("info".into(), "default".into()));
}

#[test]
fn a_file_that_cannot_be_followed_keeps_the_program_from_starting() {
    let file = written("[http]\nin_flihgt_max = 3\n");
    let dir = Folder::new().expect("a folder");
    let mut command = ax(&["--listen", "127.0.0.1:0"], &dir);
    let output = ended_or_killed(command.env("AX_CONFIG", &file.path));
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.starts_with("error: ") && said.contains("did you mean `in_flight_max`"), "{said}");
}

#[test]
fn a_language_model_is_set_up_whole_or_refused_and_its_key_is_shown_to_nobody() {
    let model = ("PLANEXE_DECOMPOSITION_MODEL", "some-model");
    let key = ("AX_DECOMPOSITION_API_KEY", "k-of-nobody");
    let file = written("k-in-a-file\n");
    let path = file.path.display().to_string();
    let key_file = ("AX_DECOMPOSITION_API_KEY_FILE", path.as_str());
    let of = |environment: &[(&str, &str)]| {
        resolved(&Flags::default(), environment).expect("good values")
    };
    let without = of(&[model]);
    assert!(without.decomposition.model.is_none(), "nobody asks without a key");
    assert!(without.warnings[0].contains("no key"), "{:?}", without.warnings);
    let own = ("AX_DECOMPOSITION_BASE_URL", "http://127.0.0.1:9/v1");
    assert!(of(&[model, own]).decomposition.model.is_some_and(|it| it.key.is_none()));
    let open = of(&[model, key, ("AX_DECOMPOSITION_BASE_URL", "http://gpu.example/v1")]);
    assert!(open.warnings[0].contains("in the clear"), "{:?}", open.warnings);
    for config in [open, of(&[model, key_file])] {
        assert!(config.decomposition.model.as_ref().is_some_and(|it| it.key.is_some()));
        let shown = format!("{config:?}");
        assert!(!shown.contains("k-of-nobody") && !shown.contains("k-in-a-file"), "{shown}");
    }
    let table = written("[[pattern]]\nname = \"x\"\n");
    let table = table.path.display().to_string();
    for (environment, part) in [
        (vec![model, key, key_file], "not both"),
        (vec![model, key, ("AX_DECOMPOSITION_BASE_URL", "models.example")], "base_url"),
        (vec![model, key, ("AX_DECOMPOSITION_PRICES", "3")], "two whole numbers"),
        (vec![model, ("AX_DECOMPOSITION_API_KEY_FILE", "/nowhere/key")], "/nowhere/key"),
        (vec![("AX_DECOMPOSITION_PATTERNS", "/nowhere/t.toml")], "/nowhere/t.toml"),
        (vec![("AX_DECOMPOSITION_PATTERNS", table.as_str())], "missing field"),
        (vec![("AX_DECOMPOSITION_PROVIDER", "oracle")], "auto or openai or anthropic"),
    ] {
        let refused = refusal(&Flags::default(), &environment);
        assert!(refused.contains(part) && !refused.contains("k-of-nobody"), "{refused}");
    }
}
