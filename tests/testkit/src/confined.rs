//! A world with too little room: a test runs itself again in a process that has less of it.

use crate::binaries;
use crate::folder::Folder;
use anyhow::{Result, ensure};
use std::path::PathBuf;
use std::process::{Command, Stdio};

const PLACE: &str = "AX_TEST_CONFINED";

/// What the process has too little of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confinement {
    /// A disk that holds so many kibibytes, and the rights of an administrator.
    SmallDisk(u32),
    /// Files that are refused, as if the disk failed, beyond so many kibibytes.
    ShortFiles(u32),
}

/// The folder in which room is scarce, inside the confined process. Outside, runs the test of this
/// name again, confined, and returns none when that has passed, or when this machine allows no such
/// thing.
pub fn confined(test: &str, confinement: Confinement) -> Result<Option<PathBuf>> {
    if let Some(place) = std::env::var_os(PLACE) {
        return Ok(Some(place.into()));
    }
    let folder = Folder::new()?;
    let probe = enclosed(confinement, &folder).arg("true").stderr(Stdio::null()).status()?;
    if !probe.success() {
        println!("left out: this machine gives no {confinement:?}");
        return Ok(None);
    }
    let mut again = enclosed(confinement, &folder);
    again.arg(std::env::current_exe()?).args(["--exact", test, "--nocapture"]);
    let output = again.env(PLACE, folder.path()).output()?;
    let (out, err) = (&output.stdout, &output.stderr);
    let said = String::from_utf8_lossy(out) + String::from_utf8_lossy(err);
    ensure!(output.status.success() && said.contains("1 passed"), "confined:\n{said}");
    Ok(None)
}

/// A shell that runs what is given to it as arguments.
fn enclosed(confinement: Confinement, folder: &Folder) -> Command {
    let mut shell = Command::new("sh");
    match confinement {
        Confinement::SmallDisk(kib) => {
            let mount = "mount -t tmpfs -o size=$1k,mode=777 ax \"$2\" && shift 2 && exec \"$@\"";
            shell = Command::new("unshare");
            shell.args(["--mount", "sh", "-c", mount, "sh", &kib.to_string()]).arg(folder.path());
        }
        Confinement::ShortFiles(kib) => {
            let limit = "trap '' XFSZ; ulimit -f $((2 * $1)); shift; exec \"$@\"";
            shell.args(["-c", limit, "sh", &kib.to_string()]);
        }
    }
    shell
}

/// Gives a folder to the user that the servers run as.
pub fn give_to_server(folder: &std::path::Path) -> Result<()> {
    if let Some(user) = binaries::other_user()? {
        std::os::unix::fs::chown(folder, Some(user.uid), Some(user.gid))?;
    }
    Ok(())
}
