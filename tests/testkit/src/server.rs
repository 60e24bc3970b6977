//! A throwaway PostgreSQL server, shared by locks: each process that uses it holds a shared lock
//! on a file beside its data; a watcher waits for the exclusive one, stops it and clears away.

use crate::binaries::{self, User};
use anyhow::{Context, Result, bail, ensure};
use sqlx::{Connection, Executor, PgConnection};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Waits until nobody uses the server (twice, so that it outlives the pause between two tests),
/// then stops it and removes all it had.
const WATCHER: &str = r#"
while :; do
    flock -x "$1/users" true || break
    sleep "$2"
    exec 9<>"$1/users" || break
    if flock -n -x 9; then
        pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
        if [ -n "$pid" ]; then
            kill -QUIT "$pid" 2>/dev/null
            n=0
            while kill -0 "$pid" 2>/dev/null && [ $n -lt 50 ]; do sleep 0.1; n=$((n + 1)); done
        fi
        rm -rf "$1"
        break
    fi
    exec 9>&-
done
"#;

/// How long a shared server stays when nobody uses it.
const LINGER_SECONDS: &str = "3";
/// How often is looked whether a server answers, and how long between.
const TRIES_MAX: u32 = 600;
const TRY_MS: u64 = 50;

/// What a server does with its writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// Nothing is synced: fast, for tests.
    Off,
    /// As in production: for benches and for tests that kill it.
    On,
}

impl Durability {
    fn settings(self) -> &'static [&'static str] {
        match self {
            Self::Off => &["fsync=off", "full_page_writes=off", "synchronous_commit=off"],
            Self::On => &["fsync=on", "full_page_writes=on", "synchronous_commit=on"],
        }
    }
}

/// A running server; held as long as it is needed.
pub struct Server {
    folder: PathBuf,
    binaries: PathBuf,
    user: Option<User>,
    durability: Durability,
    _users: File,
}

impl Server {
    /// The server that all processes of this run share, started by the first.
    pub fn shared() -> Result<&'static Self> {
        static SHARED: LazyLock<Result<Server>> = LazyLock::new(Server::join);
        SHARED.as_ref().map_err(|error| anyhow::anyhow!("{error:#}"))
    }

    /// A server of one's own, to be killed at will.
    pub fn start(durability: Durability) -> Result<Self> {
        static STARTED: AtomicU64 = AtomicU64::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let folder = root().join(format!("ax-pg-{}-{number}", std::process::id()));
        let (server, is_new) = Self::enter(&folder, durability)?.context("a folder was taken")?;
        ensure!(is_new, "a folder of an earlier process is in the way: {}", folder.display());
        server.make("0")?;
        Ok(server)
    }

    fn join() -> Result<Self> {
        let folder = root().join("ax-pg-shared");
        for _ in 0..TRIES_MAX {
            if let Some((server, is_new)) = Self::enter(&folder, Durability::Off)? {
                if is_new {
                    server.make(LINGER_SECONDS)?;
                    std::fs::write(folder.join("ready"), "")?;
                    return Ok(server);
                }
                if server.becomes_ready() && server.listens() {
                    return Ok(server);
                }
                drop(server);
                clear_what_nobody_uses(&folder)?;
            }
            std::thread::sleep(Duration::from_millis(TRY_MS));
        }
        bail!("the shared server in {} did not start", folder.display())
    }

    /// Takes a place among the users of a folder; says whether it is new. None when the folder is
    /// being cleared away.
    fn enter(folder: &Path, durability: Durability) -> Result<Option<(Self, bool)>> {
        let binaries = binaries::folder()?;
        let user = binaries::other_user()?;
        let is_new = match std::fs::create_dir(folder) {
            Ok(()) => true,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(error.into()),
        };
        let path = folder.join("users");
        let users =
            OpenOptions::new().read(true).write(true).create(is_new).truncate(false).open(&path);
        let Ok(users) = users else { return Ok(None) };
        if users.try_lock_shared().is_err() || !is_same(&users, &path) {
            return Ok(None);
        }
        if is_new {
            users.set_permissions(std::fs::Permissions::from_mode(0o666))?;
            own(folder, user)?;
        }
        let folder = folder.to_owned();
        Ok(Some((Self { folder, binaries, user, durability, _users: users }, is_new)))
    }

    fn becomes_ready(&self) -> bool {
        for _ in 0..TRIES_MAX {
            if self.folder.join("ready").exists() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(TRY_MS));
        }
        false
    }

    /// Whether somebody is behind the socket; a server that was killed with its watcher is not.
    fn listens(&self) -> bool {
        UnixStream::connect(self.socket()).is_ok()
    }

    fn make(&self, linger: &str) -> Result<()> {
        let mut watcher = binaries::command("sh", None);
        watcher.args(["-c", WATCHER, "sh"]).arg(&self.folder).arg(linger);
        watcher.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let output = binaries::command(self.binaries.join("initdb"), self.user)
            .args(["--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8"])
            .args(["--locale=C", "--pgdata"])
            .arg(self.folder.join("data"))
            .output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        self.run()
    }

    /// Starts the server again, after it was stopped.
    pub fn run(&self) -> Result<()> {
        let mut server = binaries::command(self.binaries.join("postgres"), self.user);
        server.arg("-D").arg(self.folder.join("data")).arg("-k").arg(&self.folder);
        server.args(["-c", "listen_addresses=", "-c", "max_connections=200"]);
        server.args(["-c", "shared_buffers=128MB", "-c", "max_wal_size=2GB"]);
        for setting in self.durability.settings() {
            server.args(["-c", setting]);
        }
        let log = OpenOptions::new().create(true).append(true).open(self.folder.join("log"))?;
        server.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let mut child = server.spawn()?;
        std::thread::spawn(move || child.wait());
        for _ in 0..TRIES_MAX {
            if self.answers() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(TRY_MS));
        }
        bail!("{}", std::fs::read_to_string(self.folder.join("log"))?)
    }

    fn answers(&self) -> bool {
        let ready = binaries::command(self.binaries.join("pg_isready"), None)
            .arg("-q")
            .arg("-h")
            .arg(&self.folder)
            .status();
        ready.is_ok_and(|status| status.success())
    }

    /// The process that all others of the server descend from.
    pub fn postmaster(&self) -> Result<u32> {
        let text = std::fs::read_to_string(self.folder.join("data/postmaster.pid"))?;
        Ok(text.lines().next().context("an empty pid file")?.parse()?)
    }

    /// Kills the server at once, without a farewell, and clears what it cannot clear itself.
    pub fn kill(&self) -> Result<()> {
        let pid = self.postmaster()?;
        signal(pid, "KILL")?;
        self.wait_until_gone()
    }

    /// Stops the server at once: it does not shut down, it recovers when it is started again.
    pub fn stop_immediately(&self) -> Result<()> {
        signal(self.postmaster()?, "QUIT")?;
        self.wait_until_gone()
    }

    fn wait_until_gone(&self) -> Result<()> {
        let data = self.folder.join("data");
        for _ in 0..TRIES_MAX {
            if !any_process_in(&data)? {
                for left in ["data/postmaster.pid", ".s.PGSQL.5432.lock", ".s.PGSQL.5432"] {
                    if let Err(error) = std::fs::remove_file(self.folder.join(left)) {
                        ensure!(error.kind() == std::io::ErrorKind::NotFound, "{left}: {error}");
                    }
                }
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(TRY_MS));
        }
        bail!("the server does not end")
    }

    /// Where its socket is.
    pub fn socket(&self) -> PathBuf {
        self.folder.join(".s.PGSQL.5432")
    }

    /// The address of one of its databases, for the superuser.
    pub fn url(&self, database: &str) -> String {
        format!("postgres:///{database}?host={}&user=postgres", self.folder.display())
    }

    /// Makes an empty database and says its name.
    pub async fn create_database(&self) -> Result<String> {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("ax_{}_{number}", std::process::id());
        let mut connection = PgConnection::connect(&self.url("postgres")).await?;
        let drop_old = format!("drop database if exists {name}");
        connection.execute(sqlx::AssertSqlSafe(drop_old)).await?;
        let create = format!("create database {name} template template0 strategy file_copy");
        connection.execute(sqlx::AssertSqlSafe(create)).await?;
        connection.close().await?;
        Ok(name)
    }
}

/// Sends a signal to one process.
pub(crate) fn signal(pid: u32, name: &str) -> Result<()> {
    let mut kill = std::process::Command::new("kill");
    let status = kill.arg(format!("-{name}")).arg(pid.to_string()).status()?;
    ensure!(status.success(), "process {pid} could not be sent {name}");
    Ok(())
}

fn any_process_in(folder: &Path) -> Result<bool> {
    for process in std::fs::read_dir("/proc")?.flatten() {
        let cwd = std::fs::read_link(process.path().join("cwd"));
        if cwd.is_ok_and(|cwd| cwd == folder) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Removes what is left of a server that ended with its watcher (the machine lost its power);
/// who still uses it, or watches it, holds a lock.
fn clear_what_nobody_uses(folder: &Path) -> Result<()> {
    let path = folder.join("users");
    let Ok(users) = OpenOptions::new().read(true).write(true).open(&path) else { return Ok(()) };
    if users.try_lock().is_ok() && is_same(&users, &path) {
        std::fs::remove_dir_all(folder)?;
    }
    Ok(())
}

fn own(path: &Path, user: Option<User>) -> Result<()> {
    if let Some(User { uid, gid }) = user {
        std::os::unix::fs::chown(path, Some(uid), Some(gid))?;
    }
    Ok(())
}

fn is_same(file: &File, path: &Path) -> bool {
    let (opened, named) = (file.metadata(), std::fs::metadata(path));
    opened.is_ok_and(|opened| named.is_ok_and(|named| opened.ino() == named.ino()))
}

fn root() -> PathBuf {
    std::env::temp_dir()
}
