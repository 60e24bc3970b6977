//! Which keys are made and made void.

use super::decide::{Decision, already, has_room, not_found, one, wrong_state};
use super::{CreateKey, Key, Space};
use crate::event::workspace::{KeyCreated, KeyRevoked, Role};
use crate::{KeyId, MemberId, Moment, Rejection, Text};

/// The most valid keys of a workspace.
pub const KEYS_MAX: usize = 10_000;
/// The most valid keys of a member.
pub const MEMBER_KEYS_MAX: usize = 100;
/// A SHA-256 in hexadecimal.
const HASH_DIGITS: usize = 64;

impl Space {
    pub(super) fn create_key(&self, command: &CreateKey, moment: &Moment) -> Decision {
        check_key(command)?;
        let id = command.key_id.as_str();
        match self.keys.get(&command.key_id) {
            Some(key) if !key.was_made_by(command) => return Err(already("key", id)),
            Some(key) if key.revoked_at.is_some() => {
                return Err(wrong_state("key", id, "revoked"));
            }
            Some(_) => return Ok(Vec::new()),
            None => self.check_room(command, moment)?,
        }
        let command = command.clone();
        one(KeyCreated {
            key_id: command.key_id,
            name: command.name,
            role: command.role,
            agent_id: command.agent_id,
            member_id: command.member_id,
            secret_hash: command.secret_hash,
            expires_at: command.expires_at,
            at: moment.at,
            by: moment.by.clone(),
        })
    }

    pub(super) fn revoke_key(
        &self,
        key_id: &KeyId,
        reason: Option<&Text>,
        moment: &Moment,
    ) -> Decision {
        let known = self.keys.get(key_id).ok_or_else(|| not_found("key", key_id.as_str()))?;
        if known.revoked_at.is_some() {
            return Ok(Vec::new());
        }
        one(revoked(key_id, reason, moment))
    }

    /// The keys of a member that are not void.
    pub(super) fn keys_of<'a>(
        &'a self,
        member_id: &'a MemberId,
    ) -> impl Iterator<Item = (&'a KeyId, &'a Key)> {
        self.keys.iter().filter(move |(_, key)| {
            key.revoked_at.is_none() && key.member_id.as_ref() == Some(member_id)
        })
    }

    fn check_room(&self, command: &CreateKey, moment: &Moment) -> Result<(), Rejection> {
        if command.expires_at.is_some_and(|end| end <= moment.at) {
            return Err(Rejection::invalid("/expires_at", "a key ends in the future"));
        }
        if let Some(member_id) = &command.member_id {
            if !self.members.contains_key(member_id) {
                return Err(not_found("member", member_id.as_str()));
            }
            let count = self.keys_of(member_id).count();
            has_room("/member_id", "keys of this member", count, MEMBER_KEYS_MAX)?;
        }
        let valid = self.keys.values().filter(|key| key.is_valid(moment.at)).count();
        has_room("/key_id", "keys", valid, KEYS_MAX)
    }
}

impl Key {
    fn was_made_by(&self, command: &CreateKey) -> bool {
        self.name == command.name
            && self.role == command.role
            && self.agent_id == command.agent_id
            && self.member_id == command.member_id
            && self.secret_hash == command.secret_hash
            && self.expires_at == command.expires_at
    }
}

pub(super) fn revoked(key_id: &KeyId, reason: Option<&Text>, moment: &Moment) -> KeyRevoked {
    let (key_id, reason) = (key_id.clone(), reason.cloned());
    KeyRevoked { key_id, reason, at: moment.at, by: moment.by.clone() }
}

fn check_key(command: &CreateKey) -> Result<(), Rejection> {
    let hash = command.secret_hash.as_str();
    let is_digit = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    if hash.len() != HASH_DIGITS || !hash.bytes().all(is_digit) {
        let message = "a SHA-256 in 64 lower-case hexadecimal digits is needed";
        return Err(Rejection::invalid("/secret_hash", message));
    }
    match (&command.agent_id, &command.member_id, command.role) {
        (Some(_), Some(_), _) => {
            Err(Rejection::invalid("/member_id", "a key belongs to an agent or to a member"))
        }
        (None, _, Role::Agent) => {
            Err(Rejection::invalid("/agent_id", "a key with the role of an agent names the agent"))
        }
        (Some(_), None, Role::Owner | Role::Member | Role::Operator | Role::Auditor) => {
            Err(Rejection::invalid("/role", "a key of an agent has the role of an agent"))
        }
        (Some(_), None, Role::Agent)
        | (None, _, Role::Owner | Role::Member | Role::Operator | Role::Auditor) => Ok(()),
    }
}
