//! What a tester writes down before and after each request, and what must then hold.

use super::backend::workspace;
use anyhow::{Context, Result, ensure};
use planexe_ax::store::{LogFilter, Position, Store};
use std::collections::{BTreeMap, BTreeSet};

/// Intents and acknowledgements, by key.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) intents: BTreeSet<String>,
    pub(crate) acks: BTreeMap<String, u64>,
}

impl Ledger {
    /// Takes in a line of a child: `intent KEY` or `ack KEY POSITION`.
    pub(crate) fn note(&mut self, line: &str) -> Result<()> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["intent", key] => drop(self.intents.insert(key.to_owned())),
            ["ack", key, position] => {
                self.acks.insert(key.to_owned(), position.parse()?);
            }
            _ => {}
        }
        Ok(())
    }

    /// Every acknowledged request is stored once, where it was said to be; nothing else is stored
    /// but what was intended; the log verifies. The event of a request names it in its metadata.
    pub(crate) async fn check(&self, store: &Store) -> Result<()> {
        store.verify().await?;
        let mut stored: BTreeMap<String, u64> = BTreeMap::new();
        let mut after = Position::ZERO;
        loop {
            let page = store.read_log(after, &LogFilter::default(), 1000).await?;
            let Some(last) = page.last() else { break };
            after = last.position;
            for event in page {
                let key = String::from_utf8(event.metadata)?;
                ensure!(self.intents.contains(&key), "nobody asked for {key}");
                let twice = stored.insert(key.clone(), event.position.get());
                ensure!(twice.is_none(), "{key} is stored twice");
            }
        }
        for (key, position) in &self.acks {
            let found = stored.get(key).with_context(|| format!("{key} is lost"))?;
            ensure!(found == position, "{key} is at {found}, acknowledged was {position}");
            let answer = store.stored_answer(&workspace(), "agent:a", key).await?;
            ensure!(answer.is_some(), "the key {key} is lost");
        }
        Ok(())
    }
}
