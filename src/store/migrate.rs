//! The migrations, built into the program, and what a database's own list of them means.

use super::open_error::OpenError;
use sha2::{Digest, Sha256};

/// One step of the schema.
#[derive(Debug, Clone, Copy)]
pub(super) struct Migration {
    pub(super) number: i64,
    pub(super) name: &'static str,
    pub(super) text: &'static str,
}

impl Migration {
    /// Tells whether the text is the one that was carried out.
    pub(super) fn checksum(&self) -> Vec<u8> {
        Sha256::digest(self.text.as_bytes()).to_vec()
    }
}

/// A row of the database's own list: number and checksum.
pub(super) type Applied = (i64, Vec<u8>);

macro_rules! migrations {
    ($database:literal) => {
        [
            migrations!($database, 1, "0001_log"),
            migrations!($database, 2, "0002_beside_the_log"),
            migrations!($database, 3, "0003_runtime_role"),
            migrations!($database, 4, "0004_access"),
            migrations!($database, 5, "0005_webhook_delivery"),
            migrations!($database, 6, "0006_reader_role"),
            migrations!($database, 7, "0007_audit_tree"),
            migrations!($database, 8, "0008_restored"),
        ]
    };
    ($database:literal, $number:literal, $name:literal) => {
        Migration {
            number: $number,
            name: $name,
            text: include_str!(concat!("../../migrations/", $database, "/", $name, ".sql")),
        }
    };
}

/// The steps for PostgreSQL.
pub(super) const POSTGRES: [Migration; 8] = migrations!("postgres");
/// The steps for SQLite.
pub(super) const SQLITE: [Migration; 8] = migrations!("sqlite");

/// The steps that are still to be taken.
pub(super) fn pending<'m>(
    known: &'m [Migration],
    applied: &[Applied],
) -> Result<&'m [Migration], OpenError> {
    let newest_known = known.last().map_or(0, |migration| migration.number);
    let newest_applied = applied.iter().map(|(number, _)| *number).max().unwrap_or(0);
    if newest_applied > newest_known {
        return Err(OpenError::NewerDatabase { found: newest_applied, known: newest_known });
    }
    for migration in known.iter().filter(|migration| migration.number <= newest_applied) {
        let number = migration.number;
        match applied.iter().find(|(applied, _)| *applied == number) {
            None => return Err(OpenError::MissingMigration { number }),
            Some((_, checksum)) if *checksum != migration.checksum() => {
                return Err(OpenError::ChangedMigration { number });
            }
            Some(_) => {}
        }
    }
    let done = known.iter().filter(|migration| migration.number <= newest_applied).count();
    Ok(&known[done..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(migrations: &[Migration]) -> Vec<Applied> {
        migrations.iter().map(|migration| (migration.number, migration.checksum())).collect()
    }

    #[test]
    fn both_databases_have_the_same_migrations() {
        let names =
            |list: &[Migration]| list.iter().map(|m| (m.number, m.name)).collect::<Vec<_>>();
        assert_eq!(names(&POSTGRES), names(&SQLITE));
    }

    #[test]
    fn what_is_not_yet_applied_is_pending() {
        let pending = pending(&SQLITE, &applied(&SQLITE[..1])).expect("it is in order");
        assert_eq!(pending.first().map(|migration| migration.number), Some(2));
    }

    #[test]
    fn a_newer_a_missing_and_a_changed_migration_are_refused() {
        let mut newer = applied(&SQLITE);
        newer.push((99, Vec::new()));
        let found = pending(&SQLITE, &newer);
        assert!(matches!(found, Err(OpenError::NewerDatabase { found: 99, known: 8 })));
        let found = pending(&SQLITE, &applied(&SQLITE[1..]));
        assert!(matches!(found, Err(OpenError::MissingMigration { number: 1 })));
        let mut changed = applied(&SQLITE);
        changed[1].1 = vec![0];
        let found = pending(&SQLITE, &changed);
        assert!(matches!(found, Err(OpenError::ChangedMigration { number: 2 })));
    }
}
