//! Why something cannot be read as a plan: what is wrong, where, and what to do.

use planexe_ax_domain::Rejection;

/// How many of the files that were seen an error names.
const FILES_NAMED_MAX: usize = 12;

/// Why something cannot be read as a plan. Nothing of it was taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// There is nothing in it.
    #[error("there is nothing to read: send a plan, docs/PLANS.md shows the forms")]
    Empty,
    /// More than there may be of something.
    #[error("{place}: at most {max} {what} fit ({limit}), not {actual}: divide it")]
    TooLarge {
        /// Where.
        place: String,
        /// What there is too much of.
        what: &'static str,
        /// The name of the limit.
        limit: &'static str,
        /// The limit.
        max: usize,
        /// How much there is.
        actual: usize,
    },
    /// It is no text, where text is needed.
    #[error("{place}: {message}: save it as text in UTF-8")]
    NotText {
        /// The file.
        place: String,
        /// What is wrong, and at which byte.
        message: String,
    },
    /// It is not JSON that can be read in one way only.
    #[error("{place}: {message} (at {pointer:?})")]
    BadJson {
        /// The file.
        place: String,
        /// Where in it, as a JSON pointer.
        pointer: String,
        /// What is wrong there.
        message: String,
    },
    /// It is JSON of another shape than the form has.
    #[error("{message} (at {pointer:?})")]
    WrongShape {
        /// Where, as a JSON pointer.
        pointer: String,
        /// What is wrong there, and what would be right.
        message: String,
    },
    /// It is none of the forms that are known.
    #[error(
        "this is not a plan: {saw}; send a PlanExe run (folder or zip), structured JSON, steps, \
         Markdown with headings, lists or tables, or an outline"
    )]
    NotAPlan {
        /// What was found instead.
        saw: String,
    },
    /// A PlanExe run without a work breakdown.
    #[error("{}", no_work_breakdown(files, *is_complete))]
    NoWorkBreakdown {
        /// The files that were seen.
        files: Vec<String>,
        /// Whether the run says that it is complete.
        is_complete: bool,
    },
    /// A file of a run that is needed cannot be used.
    #[error("{file}: {message}: let PlanExe write it again, or leave the file out")]
    Damaged {
        /// The file.
        file: String,
        /// What is wrong with it.
        message: String,
    },
    /// An archive that is not unpacked.
    #[error("{entry:?} in the archive {fault}: pack the files of the run again, and nothing else")]
    Archive {
        /// The entry, or the archive itself.
        entry: String,
        /// What is wrong with it.
        fault: ArchiveFault,
    },
    /// The law refuses the plan.
    #[error(transparent)]
    Law(Rejection),
}

/// What is wrong with an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveFault {
    /// It ends early, or says what is not so.
    #[error("is damaged")]
    Damaged,
    /// The name leads out of the folder.
    #[error("leads out of the folder")]
    Climbs,
    /// The name begins at a root or a drive.
    #[error("has an absolute path")]
    Absolute,
    /// The name has control characters, or is too long.
    #[error("has a name that cannot be used")]
    BadName,
    /// It is a link, a device or the like.
    #[error("is no plain file")]
    NotAFile,
    /// It needs a password.
    #[error("is encrypted")]
    Encrypted,
    /// It is packed in a way that is not known here.
    #[error("is packed by a method that is not known: only stored and deflated files are")]
    UnknownMethod,
    /// It is another archive.
    #[error("is an archive again")]
    Nested,
    /// It unpacks to far more than is sensible.
    #[error("unpacks to far more than it should (`ZIP_RATIO_MAX`)")]
    Bomb,
    /// Two entries share a name, or bytes.
    #[error("stands twice")]
    Twice,
    /// It has the form for archives beyond four gigabytes.
    #[error("has the form for archives beyond 4 GB")]
    Zip64,
}

fn no_work_breakdown(files: &[String], is_complete: bool) -> String {
    let named = files.iter().take(FILES_NAMED_MAX).map(String::as_str);
    let named = named.collect::<Vec<_>>().join(", ");
    let more = files.len().saturating_sub(FILES_NAMED_MAX);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let state = if is_complete {
        "the run says that it is complete, so it never made one (a ping does not)"
    } else {
        "the run is incomplete (there is no pipeline_complete.txt): let PlanExe finish it"
    };
    format!(
        "this run has no work breakdown: neither \
         wbs_project_level1_and_level2_and_level3.json nor wbs_level1.json and wbs_level2.json \
         are among its {} files ({named}{more}); {state}",
        files.len()
    )
}

impl PlanError {
    /// Too much of something.
    pub(crate) fn too_large(
        place: &str,
        what: &'static str,
        (limit, max): (&'static str, usize),
        actual: usize,
    ) -> Self {
        Self::TooLarge { place: place.to_owned(), what, limit, max, actual }
    }

    pub(crate) fn archive(entry: &str, fault: ArchiveFault) -> Self {
        Self::Archive { entry: crate::words::line(entry, crate::report::PLACE_BYTES_MAX), fault }
    }
}
