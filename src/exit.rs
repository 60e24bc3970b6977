//! How the program ends: a documented exit code for each way, and one clear sentence.

use std::process::ExitCode;

/// A way for the program to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// It did what it was asked.
    Success,
    /// Anything that has no code of its own.
    Other,
    /// A wrong flag, or a wrong value in the configuration.
    Usage,
    /// The database does not answer, or refuses the user.
    DatabaseUnreachable,
    /// The server does not allow it to who asks.
    NotAllowed,
    /// The server has no such thing.
    NotFound,
    /// What is asked does not fit how things stand at the server.
    Conflict,
    /// No server answers, or not now.
    Unreachable,
    /// The execution that was awaited did not complete.
    ExecutionFailed,
    /// Another program listens there.
    AddressInUse,
    /// The log was changed behind the engine's back.
    Tampered,
    /// The database cannot be opened, written or made with the rights that the program has.
    DatabaseRights,
    /// What was asked cannot be done as things stand.
    NotPossible,
    /// A projection stopped at an event, or was found to differ.
    ProjectionStopped,
    /// The database was written by a newer program, or a migration is missing.
    DatabaseVersion,
    /// Another process has the database.
    DatabaseInUse,
    /// The file is not a database, or the log in it is damaged.
    DatabaseCorrupt,
    /// The database's settings could lose what was acknowledged.
    DatabaseUnsafe,
    /// No space is left.
    DiskFull,
}

impl Exit {
    /// All of them, by their codes.
    pub const ALL: [Self; 19] = [
        Self::Success,
        Self::Other,
        Self::Usage,
        Self::DatabaseUnreachable,
        Self::NotAllowed,
        Self::NotFound,
        Self::Conflict,
        Self::Unreachable,
        Self::ExecutionFailed,
        Self::AddressInUse,
        Self::Tampered,
        Self::DatabaseRights,
        Self::NotPossible,
        Self::ProjectionStopped,
        Self::DatabaseVersion,
        Self::DatabaseInUse,
        Self::DatabaseCorrupt,
        Self::DatabaseUnsafe,
        Self::DiskFull,
    ];

    /// The code that the shell sees: never changed, never used again for something else.
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Other => 1,
            Self::Usage => 2,
            Self::DatabaseUnreachable => 3,
            Self::NotAllowed => 4,
            Self::NotFound => 5,
            Self::Conflict => 6,
            Self::Unreachable => 7,
            Self::ExecutionFailed => 8,
            Self::AddressInUse => 9,
            Self::Tampered => 10,
            Self::DatabaseRights => 11,
            Self::NotPossible => 12,
            Self::ProjectionStopped => 13,
            Self::DatabaseVersion => 14,
            Self::DatabaseInUse => 15,
            Self::DatabaseCorrupt => 16,
            Self::DatabaseUnsafe => 17,
            Self::DiskFull => 18,
        }
    }

    /// What it means, and what to do.
    pub fn meaning(self) -> (&'static str, &'static str) {
        match self {
            Self::Success => ("it did what it was asked", "nothing"),
            Self::Other => ("something without a code of its own", "read the sentence it printed"),
            Self::Usage => ("a wrong flag or a wrong value", "`ax --help` lists what there is"),
            Self::DatabaseUnreachable => (
                "the database does not answer, refuses the user, or has no connection left",
                "start it; check the host, the user and the password in `DATABASE_URL`",
            ),
            Self::NotAllowed => (
                "the server does not allow it to who asks, or wants a key",
                "show a key that may: `AX_KEY`, or a context (`ax context --help`)",
            ),
            Self::NotFound => (
                "the server has no such thing, or it belongs to another workspace",
                "look at the id: `ax exec list`, `ax agent list` and `ax plan list` name them",
            ),
            Self::Conflict => (
                "what is asked does not fit how things stand at the server",
                "read the sentence it printed; `ax exec show` and `ax exec why` say how they stand",
            ),
            Self::Unreachable => (
                "no server answers, or not now, or what answers is none of this version",
                "start it (`ax serve`); check `--server`, `AX_URL` and `ax context list`",
            ),
            Self::ExecutionFailed => (
                "the execution that was awaited failed or was cancelled",
                "`ax exec why` says what stands in its way; `ax exec fork` begins where it ended",
            ),
            Self::DatabaseVersion => (
                "the database or its log is newer than the program, or a migration is missing",
                "run the program that wrote it, or a newer one",
            ),
            Self::DatabaseInUse => (
                "another process has the database file, or a lock on the database",
                "stop the other process, or use PostgreSQL for several servers",
            ),
            Self::DatabaseCorrupt => (
                "the file is not a database, or the log in it is damaged",
                "check the path; restore the backup",
            ),
            Self::DatabaseUnsafe => (
                "the database's settings could lose what was acknowledged",
                "change the setting that the sentence names",
            ),
            Self::DiskFull => ("no space is left on the disk", "make space, then start again"),
            Self::AddressInUse => (
                "another program listens on the address",
                "choose another port with `--listen 127.0.0.1:8001`",
            ),
            Self::Tampered => (
                "the log was changed behind the engine's back",
                "keep the files as they are; compare with a backup from the position it names",
            ),
            Self::DatabaseRights => (
                "the database cannot be opened, written or made with the rights that `ax` has",
                "give it the right to write the file and its folder, or to create tables",
            ),
            Self::NotPossible => (
                "what was asked cannot be done as things stand",
                "read the sentence it printed; `ax projections list` says how things stand",
            ),
            Self::ProjectionStopped => (
                "a projection stopped at an event, or its new rows differ from the old ones",
                "`ax projections status` says why; `ax projections skip` goes on without the event",
            ),
        }
    }

    /// This end, with the error that led to it.
    pub fn because(self, error: impl Into<anyhow::Error>) -> Failure {
        Failure { exit: self, error: error.into() }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// The program cannot go on: why, and with which code it ends.
#[derive(Debug)]
pub struct Failure {
    /// How the program ends.
    pub exit: Exit,
    /// What to tell the user.
    pub error: anyhow::Error,
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Exit::Other.because(error)
    }
}

/// The page that documents the codes.
pub fn page() -> String {
    let mut page = "# Exit codes\n\n\
        How `ax` ends. Each failure prints one sentence on the error output and leaves the log as \
        it was.\n\n| code | meaning | what to do |\n|---|---|---|\n"
        .to_owned();
    for exit in Exit::ALL {
        let (meaning, remedy) = exit.meaning();
        page += &format!("| {} | {meaning} | {remedy} |\n", exit.code());
    }
    page
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn every_way_to_end_has_the_code_of_its_place() {
        let codes: Vec<_> = Exit::ALL.iter().map(|exit| exit.code()).collect();
        assert_eq!(codes, (0..=18).collect::<Vec<_>>());
    }
}
