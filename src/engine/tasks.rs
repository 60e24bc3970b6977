//! The tasks that the engine owns: none outlives it.

use std::sync::{Mutex, PoisonError};
use tokio::sync::mpsc;

/// Counts tasks by the tokens that they hold.
#[derive(Debug)]
pub(super) struct Tasks {
    sender: Mutex<Option<mpsc::Sender<()>>>,
    receiver: tokio::sync::Mutex<mpsc::Receiver<()>>,
}

/// Held by a task while it runs.
#[derive(Debug)]
pub(super) struct Token {
    _sender: Option<mpsc::Sender<()>>,
}

impl Tasks {
    pub(super) fn new() -> Self {
        let (sender, receiver) = mpsc::channel(1);
        Self { sender: Mutex::new(Some(sender)), receiver: tokio::sync::Mutex::new(receiver) }
    }

    /// A token for a new task.
    pub(super) fn token(&self) -> Token {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        Token { _sender: sender.clone() }
    }

    /// Waits until every task is done.
    pub(super) async fn finish(&self) {
        drop(self.sender.lock().unwrap_or_else(PoisonError::into_inner).take());
        while self.receiver.lock().await.recv().await.is_some() {}
    }
}
