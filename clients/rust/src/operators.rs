//! What operators say to a server.

use crate::answers::Restore;
use crate::call::Told;
use crate::client::Client;
use crate::error::ClientError;
use hyper::Method;

impl Client {
    /// From which backup the server's database was made.
    pub async fn restore(&self) -> Result<Told<Restore>, ClientError> {
        self.get(&["api", "admin", "restore"]).told().await
    }

    /// Lets work go on after a restore; saying it again changes nothing.
    pub async fn resume_after_restore(&self) -> Result<Told<Restore>, ClientError> {
        self.call(Method::POST, &["api", "admin", "restore", "resume"]).told().await
    }
}
