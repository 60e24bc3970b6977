//! What is set about the proofs of the log, and what it comes to.

use super::setting::{Kind, Setting, setting};
use super::{ConfigError, Database, Values};
use crate::outbound::Proxy;
use crate::sealer::{Anchor, SealerConfig, SealerKey};
use crate::site::Site;
use std::path::{Path, PathBuf};

/// The name of the file in the folder of a SQLite database with the key that signs checkpoints.
const KEY_FILE: &str = "audit.key";
const EVENTS_MAX: u64 = 1_000_000_000;
const SECONDS_MAX: u64 = 31_536_000;

/// The settings of the section.
pub(super) const AUDIT: [Setting; 7] = [
    setting(
        "audit.key_file",
        "AX_AUDIT_KEY_FILE",
        "",
        Kind::Path,
        "A file with the private key that signs checkpoints of the log: 32 bytes in base64 or \
         hexadecimal, the same for all servers on one database; beside a SQLite file one is made \
         at the first start",
    ),
    setting(
        "audit.checkpoint_events",
        "AX_AUDIT_CHECKPOINT_EVENTS",
        "10000",
        Kind::Whole(1, EVENTS_MAX),
        "A checkpoint is signed when there are so many new events",
    ),
    setting(
        "audit.checkpoint_seconds",
        "AX_AUDIT_CHECKPOINT_SECONDS",
        "10",
        Kind::Whole(1, SECONDS_MAX),
        "A checkpoint is signed when there are new events and the last one is so old",
    ),
    setting(
        "audit.anchor_file",
        "AX_AUDIT_ANCHOR_FILE",
        "",
        Kind::Path,
        "A file to which checkpoints are added, on another disk or machine than the log",
    ),
    Setting {
        key: "audit.anchor_webhook",
        env: "AX_AUDIT_ANCHOR_WEBHOOK",
        default: "",
        kind: Kind::Text,
        is_secret: true,
        help: "An address to which checkpoints are sent, such as https://notary.example/log",
    },
    setting(
        "audit.anchor_git",
        "AX_AUDIT_ANCHOR_GIT",
        "",
        Kind::Path,
        "A git repository of your own in which each checkpoint that is told becomes a commit",
    ),
    setting(
        "audit.anchor_seconds",
        "AX_AUDIT_ANCHOR_SECONDS",
        "300",
        Kind::Whole(1, SECONDS_MAX),
        "How long at least between two checkpoints that such a place is told of",
    ),
];

/// How the log is sealed.
pub(super) fn audit(
    values: &Values,
    database: &Database,
    proxy: Option<&Proxy>,
) -> Result<SealerConfig, ConfigError> {
    let file = values.text("audit.key_file").map(PathBuf::from);
    let mut config = SealerConfig::new(key(file, database));
    config.checkpoint_events = values.whole("audit.checkpoint_events");
    config.checkpoint_ms = values.whole("audit.checkpoint_seconds").saturating_mul(1_000);
    config.anchor_ms = values.whole("audit.anchor_seconds").saturating_mul(1_000);
    let path = |key| values.text(key).map(PathBuf::from);
    config.anchors.extend(path("audit.anchor_file").map(Anchor::File));
    config.anchors.extend(path("audit.anchor_git").map(Anchor::Git));
    if let Some(address) = values.text("audit.anchor_webhook") {
        let site = Site::parse(address, None);
        let wrong = |error| ConfigError::Audit(format!("audit.anchor_webhook: {error}"));
        let site = site.map_err(wrong)?.through(proxy.cloned());
        config.anchors.push(Anchor::Webhook(site));
    }
    Ok(config)
}

fn key(given: Option<PathBuf>, database: &Database) -> SealerKey {
    match (given, database) {
        (Some(path), _) => SealerKey::In(path),
        (None, Database::Sqlite(path)) => {
            SealerKey::MadeIn(Path::new(path).with_file_name(KEY_FILE))
        }
        (None, Database::Postgres(_)) => SealerKey::Nowhere,
    }
}
