//! What is asked about the proofs of the log.

use serde::Deserialize;
use utoipa::IntoParams;

/// Which checkpoint is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CheckpointWish {
    /// The one over so many events; the newest when nothing is said.
    pub(super) size: Option<u64>,
}

/// Which checkpoints are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CheckpointsWish {
    /// Only those over more events than this: `next_after` of the page before.
    #[serde(default)]
    pub(super) after: u64,
    /// How many at most: 100 when nothing is said.
    #[param(minimum = 1, maximum = 500)]
    pub(super) limit: Option<usize>,
}

/// Of which event a proof is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct InclusionWish {
    /// Its position in the log.
    pub(super) position: u64,
    /// The size of the tree; that of the newest checkpoint when nothing is said.
    pub(super) size: Option<u64>,
}

/// Between which sizes a proof is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Between {
    /// The smaller one.
    pub(super) from: u64,
    /// The larger one; that of the newest checkpoint when nothing is said.
    pub(super) to: Option<u64>,
}

/// Which tile is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct TileWish {
    /// 0 for the leaves; a hash of a level above stands for 256 of the level below.
    #[serde(default)]
    pub(super) level: u32,
    /// Which one of its level, from 0 on.
    #[serde(default)]
    pub(super) number: u64,
}
