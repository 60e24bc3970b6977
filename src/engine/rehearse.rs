//! Rehearsals: what a command would lead to. Nothing is stored.

use super::answer::{discard, named};
use super::beside;
use super::cell::{Loaded, Newness, Reply};
use super::driver::Drive;
use super::request::{EngineError, Outcome, Request};
use crate::domain::execution::HandleError;

impl Drive {
    pub(super) async fn dry_run(&mut self, request: &Request, reply: Reply) {
        if let Err(error) = self.freshen(Newness::Newest).await {
            return discard(reply.send(Err(error)));
        }
        let Some(loaded) = &self.loaded else {
            return;
        };
        let outcome = match request.expected.filter(|expected| *expected != loaded.version) {
            Some(expected) => {
                Err(EngineError::VersionMismatch { expected, actual: loaded.version })
            }
            None => self.rehearse(request, loaded),
        };
        discard(reply.send(outcome));
    }

    fn rehearse(&self, request: &Request, loaded: &Loaded) -> Result<Outcome, EngineError> {
        let moment = self.engine.moment(&request.metadata.actor);
        let beside = beside::decided(request, &moment);
        let own = || loaded.state.clone().handle(&request.command, &moment);
        match beside.and_then(|beside| Ok((beside, own()?))) {
            Ok((beside, events)) => Ok(Outcome {
                recorded: Vec::new(),
                events: beside.into_iter().flatten().chain(events).collect(),
                position: *self.engine.store.wake().borrow(),
                version: loaded.version,
                at: moment.at,
                is_repeat: false,
                description: Vec::new(),
            }),
            Err(HandleError::Rejected(rejection)) => {
                Err(named(rejection, &self.cell.key.stream).into())
            }
            Err(HandleError::Illegal(illegal)) => {
                let (stream, why) = (self.cell.key.stream.clone(), illegal.to_string());
                Err(EngineError::BrokenStream { stream, why })
            }
        }
    }
}
