//! Who joins, leaves, and may do what; somebody must stay who may do everything.

use super::decide::{Decision, already, has_room, not_found, one, wrong_state};
use super::keys::revoked;
use super::{Member, Space};
use crate::event::workspace::{
    MemberAdded, MemberRemoved, MemberRoleChanged, Role, WorkspaceEvent,
};
use crate::{Event, MemberId, Moment, Rejection, Title};

/// The most members of a workspace.
pub const MEMBERS_MAX: usize = 10_000;

impl Space {
    pub(super) fn add_member(
        &self,
        member_id: &MemberId,
        name: &Title,
        role: Role,
        moment: &Moment,
    ) -> Decision {
        match self.members.get(member_id) {
            Some(known) if known.name == *name && known.role == role => return Ok(Vec::new()),
            Some(_) => return Err(already("member", member_id.as_str())),
            None => has_room("/member_id", "members", self.members.len(), MEMBERS_MAX)?,
        }
        let (member_id, name) = (member_id.clone(), name.clone());
        one(MemberAdded { member_id, name, role, at: moment.at, by: moment.by.clone() })
    }

    pub(super) fn change_role(
        &self,
        member_id: &MemberId,
        role: Role,
        moment: &Moment,
    ) -> Decision {
        if self.belonging(member_id)?.role == role {
            return Ok(Vec::new());
        }
        self.check_owner_stays(member_id)?;
        let member_id = member_id.clone();
        one(MemberRoleChanged { member_id, role, at: moment.at, by: moment.by.clone() })
    }

    /// Their keys go before them.
    pub(super) fn remove_member(&self, member_id: &MemberId, moment: &Moment) -> Decision {
        if self.former_members.contains(member_id) {
            return Ok(Vec::new());
        }
        self.belonging(member_id)?;
        self.check_owner_stays(member_id)?;
        let keys = self.keys_of(member_id).map(|(key_id, _)| revoked(key_id, None, moment));
        let removed =
            MemberRemoved { member_id: member_id.clone(), at: moment.at, by: moment.by.clone() };
        let events = keys.map(WorkspaceEvent::from).chain([removed.into()]);
        Ok(events.map(Event::Workspace).collect())
    }

    fn belonging(&self, member_id: &MemberId) -> Result<&Member, Rejection> {
        self.members.get(member_id).ok_or_else(|| not_found("member", member_id.as_str()))
    }

    fn check_owner_stays(&self, member_id: &MemberId) -> Result<(), Rejection> {
        let mut owners = self.members.iter().filter(|(_, member)| member.role == Role::Owner);
        let is_last = owners.next().is_some_and(|(id, _)| id == member_id);
        if is_last && owners.next().is_none() {
            return Err(wrong_state("member", member_id.as_str(), "the last owner"));
        }
        Ok(())
    }
}
