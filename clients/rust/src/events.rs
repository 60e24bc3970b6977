//! What happened to an execution, in the order in which it did.

use crate::call::Told;
use crate::client::Client;
use crate::error::ClientError;
use crate::log::{Difference, EventPage};
use crate::stream::Stream;
use hyper::body::Bytes;

impl Client {
    /// Events of an execution, oldest first, behind this version.
    pub async fn events_after(
        &self,
        execution_id: &str,
        version: u64,
        limit: u32,
    ) -> Result<EventPage, ClientError> {
        let call = self.get(&["api", "executions", execution_id, "events"]);
        let call = call.with("order", Some("asc")).with("after_version", Some(version));
        call.with("limit", Some(limit)).page("events").await
    }

    /// What changed in an execution between two moments, each a version, `position:N` or a time;
    /// up to now, where nothing is said.
    pub async fn difference(
        &self,
        execution_id: &str,
        from: &str,
        to: Option<&str>,
    ) -> Result<Told<Difference>, ClientError> {
        let call = self.get(&["api", "executions", execution_id, "diff"]);
        call.with("from", Some(from)).with("to", to).told().await
    }

    /// Asks for anything that this client has no words for, such as what auditors verify: the
    /// answer as it came, byte by byte.
    pub async fn ask(
        &self,
        path: &[&str],
        query: &[(&'static str, impl ToString)],
    ) -> Result<Bytes, ClientError> {
        let call = self.get(path);
        query
            .iter()
            .fold(call, |call, (name, value)| call.with(name, Some(value.to_string())))
            .bytes()
            .await
    }

    /// Follows an execution live; behind this position, where one is named.
    pub fn follow_execution(&self, execution_id: &str, after: Option<u64>) -> Stream {
        let path = ["api", "executions", execution_id, "stream"].map(str::to_owned);
        Stream::new(self.clone(), path.to_vec(), after)
    }

    /// Follows what an agent does and is told, live.
    pub fn follow_agent(&self, agent_id: &str, after: Option<u64>) -> Stream {
        let path = ["api", "agents", agent_id, "stream"].map(str::to_owned);
        Stream::new(self.clone(), path.to_vec(), after)
    }
}
