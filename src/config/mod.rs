//! What can be set, by flags, by the environment and by a file, and what it comes to. A setting is
//! one entry of the table, and a field of the section that it belongs to.

mod audit;
mod database;
mod decomposition;
mod file;
mod flags;
mod outbound;
mod page;
mod planexe;
mod sections;
mod setting;
mod table;
mod values;
mod webhooks;

pub use database::Database;
pub use file::File;
pub use flags::Flags;
pub use page::page;
pub use sections::{Door, Rates, StreamLimits};
pub use setting::{Kind, Setting};
pub use table::SETTINGS;
pub use values::{Known, Source, Values};

use crate::domain::Policy;
use crate::models::DecompositionConfig;
use crate::outbound::{Endpoint, Proxy};
use crate::planexe::PlanexeConfig;
use crate::sealer::SealerConfig;
use crate::webhooks::WebhooksConfig;
use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
};
use values::Sources;

/// The name of the database file in the data directory.
const DATABASE_FILE: &str = "ax.db";
/// The variable that names the file of settings.
const CONFIG: &str = "AX_CONFIG";

/// How the program logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// A JSON object a line.
    Json,
}

/// The configuration that the settings come to.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the log is kept.
    pub database: Database,
    /// Where the program keeps its files.
    pub data_dir: PathBuf,
    /// Where the door is.
    pub listen: SocketAddr,
    /// Where metrics and operators have a door of their own.
    pub metrics_listen: Option<SocketAddr>,
    /// What is logged.
    pub log: String,
    /// How.
    pub log_format: LogFormat,
    /// Where traces are sent.
    pub collector: Option<Endpoint>,
    /// The proxy that requests to other machines go through.
    pub proxy: Option<Proxy>,
    /// Whether executions are made and tasks given out.
    pub is_execution_enabled: bool,
    /// Whether an empty log begins with a demonstration.
    pub has_demonstration: bool,
    /// The rules for new executions.
    pub policy: Policy,
    /// How often agents that do not wait are told to come.
    pub poll_interval_seconds: u64,
    /// The limits of streams.
    pub streams: StreamLimits,
    /// Other sites whose pages may open streams.
    pub origins: Vec<String>,
    /// Whether there are streams over WebSocket.
    pub is_websocket_enabled: bool,
    /// After how many days what is over is old enough for an archive; 0 for never.
    pub retention_days: u64,
    /// How tasks are broken down.
    pub decomposition: DecompositionConfig,
    /// How a PlanExe is asked for plans; none where none is set up.
    pub planexe: Option<PlanexeConfig>,
    /// How many connections read the log at once.
    pub read_connections_max: u32,
    /// How many requests may wait to be stored.
    pub queue_requests_max: usize,
    /// The limits of the door.
    pub door: Door,
    /// How many requests a caller may make.
    pub rates: Rates,
    /// What of this should be otherwise.
    pub warnings: Vec<String>,
    /// How webhooks are sent.
    pub webhooks: WebhooksConfig,
    /// How the log is sealed.
    pub audit: SealerConfig,
    /// Every value, and who set it.
    pub values: Values,
}

/// Why a setting was refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A setting about webhooks is wrong.
    #[error("{0}")]
    Webhooks(String),
    /// A setting about breaking tasks down is wrong.
    #[error("{0}")]
    Decomposition(String),
    /// A setting about requests to other machines is wrong.
    #[error("{0}")]
    Outbound(String),
    /// Traces cannot be sent there.
    #[error("{0}")]
    Collector(&'static str),
    /// A setting about PlanExe is wrong.
    #[error("{0}")]
    Planexe(String),
    /// A setting about the proofs of the log is wrong.
    #[error("{0}")]
    Audit(String),
    /// It cannot have this value.
    #[error("`{key}` cannot be `{value}`, as {place} has it: write {wanted}")]
    Value {
        /// The setting.
        key: &'static str,
        /// Where it is set.
        place: String,
        /// What it is set to, without a secret.
        value: String,
        /// What to write.
        wanted: String,
    },
    /// The file names what there is not.
    #[error("{} line {line}: there is no setting `{key}`: {hint}", path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// What it names.
        key: String,
        /// What may have been meant.
        hint: String,
    },
    /// The file is no TOML.
    #[error("{} line {line} cannot be read: {what}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// The file cannot be read.
    #[error("the file of settings {} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file was found in the data directory, and names another one.
    #[error(
        "{} was found in the data directory and cannot name another one: use --data-dir, \
         AX_DATA_DIR, or --config with a file that lies elsewhere", .0.display()
    )]
    OtherDataDir(PathBuf),
    /// The address can be reached from other machines.
    #[error(
        "`{0}` can be reached from other machines, and there are no API keys yet that would keep \
         them out: make one (ax keys create --name … --role owner), or listen on 127.0.0.1"
    )]
    Public(SocketAddr),
}

impl Config {
    /// Reads the settings: flags, the environment of this process, and the file.
    pub fn resolve(flags: &Flags) -> Result<Self, ConfigError> {
        Self::resolve_in(flags, &|name| std::env::var(name).ok())
    }

    /// The address that others can reach, when there is one.
    pub fn public(&self) -> Option<SocketAddr> {
        let all = [Some(self.listen), self.metrics_listen];
        all.into_iter().flatten().find(|address| !address.ip().is_loopback())
    }

    /// Reads the settings in another environment.
    pub fn resolve_in(
        flags: &Flags,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let file = find_file(flags, environment)?;
        let sources = Sources { flags: &flags.values, environment, file: file.as_ref() };
        let values = Values::of(&sources)?;
        let mut config = Self::of(values)?;
        config.warnings.extend(file.and_then(|file| file.warning()));
        Ok(config)
    }

    fn of(values: Values) -> Result<Self, ConfigError> {
        let data_dir = PathBuf::from(values.text("data_dir").unwrap_or_default());
        let database = values.text("database").and_then(Database::parse);
        let database = database.unwrap_or(Database::Sqlite(data_dir.join(DATABASE_FILE)));
        let listen = values.address("listen").expect("it was checked, and has a default");
        let metrics_listen = values.address("metrics_listen");
        let proxy = outbound::proxy(&values)?;
        let webhooks = webhooks::webhooks(&values, &database, proxy.as_ref())?;
        let audit = audit::audit(&values, &database, proxy.as_ref())?;
        let mut warnings = Vec::new();
        let decomposition = decomposition::decomposition(&values, proxy.as_ref(), &mut warnings)?;
        let planexe = planexe::planexe(&values, proxy.as_ref(), &mut warnings)?;
        let connections = values.whole("store.read_connections_max");
        Ok(Self {
            database,
            data_dir,
            listen,
            metrics_listen,
            log: values.text("log").unwrap_or_default().to_owned(),
            log_format: match values.text("log_format") {
                Some("json") => LogFormat::Json,
                _ => LogFormat::Text,
            },
            collector: sections::collector(&values)?,
            proxy,
            is_execution_enabled: values.is_on("execution.enabled"),
            has_demonstration: values.is_on("demo"),
            policy: sections::policy(&values),
            poll_interval_seconds: values.whole("agents.poll_interval_seconds"),
            streams: StreamLimits::of(&values),
            origins: values.texts("streams.origins"),
            is_websocket_enabled: values.is_on("streams.websocket_enabled"),
            retention_days: values.whole("archive.retention_days"),
            decomposition,
            planexe,
            read_connections_max: u32::try_from(connections).unwrap_or(u32::MAX),
            queue_requests_max: values.count("store.queue_requests_max"),
            door: Door::of(&values),
            rates: Rates::of(&values),
            warnings,
            webhooks,
            audit,
            values,
        })
    }
}

/// What it is when nobody says anything.
impl Default for Config {
    fn default() -> Self {
        Self::resolve_in(&Flags::default(), &|_| None).expect("the defaults are good values")
    }
}

/// The file that is named, or the one in the data directory when there is one.
fn find_file(
    flags: &Flags,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<File>, ConfigError> {
    let named = environment(CONFIG).filter(|path| !path.is_empty()).map(PathBuf::from);
    if let Some(path) = flags.config.clone().or(named) {
        return File::read(&path).map(Some);
    }
    let setting = SETTINGS.iter().find(|it| it.key == "data_dir").expect("it is in the table");
    let sources = Sources { flags: &flags.values, environment, file: None };
    let path = Path::new(&sources.value(setting)?.text).join(file::NAME);
    if !path.exists() {
        return Ok(None);
    }
    let file = File::read(&path)?;
    if file.value(setting).is_some() {
        return Err(ConfigError::OtherDataDir(path));
    }
    Ok(Some(file))
}
