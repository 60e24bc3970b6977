//! Who may do what: each operation of the API's description names one right, and this table, made
//! from that description, is what the gate asks. An operation without a right stops the start.

use crate::domain::event::workspace::Role;
use std::collections::BTreeMap;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{OpenApi, PathItem};

/// What an operation needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Right {
    /// Nothing: it says nothing of anybody.
    Anyone,
    /// To see what goes on in the workspace.
    Read,
    /// To be the agent that the path names.
    Work,
    /// To be the agent that the body names.
    Report,
    /// To make an agent known, or to be it.
    Register,
    /// To keep plans of one's own, with what belongs to them; for people, everybody's.
    Own,
    /// To have tasks broken down: by a person, or by the agent that the path names.
    Decompose,
    /// To make, command and approve.
    Command,
    /// To decide who belongs to the workspace and where it sends its notices.
    Administer,
    /// To look after the machine.
    Operate,
    /// To see everything that was recorded.
    Audit,
}

impl Right {
    /// Every one, the widest first.
    pub(super) const ALL: [Self; 11] = [
        Self::Anyone,
        Self::Read,
        Self::Work,
        Self::Report,
        Self::Register,
        Self::Own,
        Self::Decompose,
        Self::Command,
        Self::Administer,
        Self::Operate,
        Self::Audit,
    ];

    /// The word for it in the API's description.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::Read => "read",
            Self::Work => "work",
            Self::Report => "report",
            Self::Register => "register",
            Self::Own => "own",
            Self::Decompose => "decompose",
            Self::Command => "command",
            Self::Administer => "administer",
            Self::Operate => "operate",
            Self::Audit => "audit",
        }
    }

    /// Whether somebody in this role has it.
    pub(super) fn is_of(self, role: Role) -> bool {
        match self {
            Self::Anyone | Self::Read => true,
            Self::Work | Self::Report => role == Role::Agent,
            Self::Register | Self::Own | Self::Decompose => {
                matches!(role, Role::Owner | Role::Member | Role::Agent)
            }
            Self::Command => matches!(role, Role::Owner | Role::Member),
            Self::Administer => role == Role::Owner,
            Self::Operate => matches!(role, Role::Owner | Role::Operator),
            Self::Audit => matches!(role, Role::Owner | Role::Auditor),
        }
    }
}

/// The right that each operation needs, by the path's template and the method.
#[derive(Debug, Default)]
pub(super) struct Rights(BTreeMap<String, BTreeMap<&'static str, Right>>);

/// An operation does not say who may do it.
#[derive(Debug, thiserror::Error)]
#[error("{method} {path} names no right that there is")]
pub(super) struct Undeclared {
    method: &'static str,
    path: String,
}

impl Rights {
    /// Reads them from the API's description.
    pub(super) fn of(document: &OpenApi) -> Result<Self, Undeclared> {
        let mut rights = Self::default();
        for (path, item) in &document.paths.paths {
            for (method, operation) in operations(item) {
                let undeclared = || Undeclared { method, path: path.clone() };
                let words = operation.security.as_ref().ok_or_else(undeclared)?;
                let word = words.first().and_then(named).unwrap_or("anyone".into());
                let right = Right::ALL.into_iter().find(|right| right.as_str() == word);
                let of_path = rights.0.entry(path.clone()).or_default();
                of_path.insert(method, right.ok_or_else(undeclared)?);
            }
        }
        Ok(rights)
    }

    /// What an operation needs; none when the path does not take the method.
    pub(super) fn needed(&self, path: &str, method: &str) -> Option<Right> {
        let method = if method == "HEAD" { "GET" } else { method };
        self.0.get(path)?.get(method).copied()
    }

    /// Whether there are operations at this path.
    pub(super) fn knows(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }
}

/// The one word that a requirement names; none for the requirement of nothing.
fn named(requirement: &SecurityRequirement) -> Option<String> {
    let written = serde_json::to_value(requirement).ok()?;
    Some(written.get("key")?.get(0)?.as_str()?.to_owned())
}

/// The operations of a path, by their methods.
fn operations(item: &PathItem) -> impl Iterator<Item = (&'static str, &Operation)> {
    let all = [
        ("GET", &item.get),
        ("PUT", &item.put),
        ("POST", &item.post),
        ("PATCH", &item.patch),
        ("DELETE", &item.delete),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}
