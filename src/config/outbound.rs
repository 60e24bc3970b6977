//! What is set about requests to other machines.

use super::setting::{Kind, Setting, setting};
use super::{ConfigError, Values};
use crate::outbound::Proxy;

/// The settings of the section.
pub(super) const OUTBOUND: [Setting; 1] = [setting(
    "outbound.proxy",
    "AX_OUTBOUND_PROXY",
    "",
    Kind::Text,
    "The proxy that the server's requests to other machines go through, by HTTP CONNECT, such as \
     http://proxy.example:4750; none when nothing is said, whatever the environment names",
)];

/// The proxy that there is.
pub(super) fn proxy(values: &Values) -> Result<Option<Proxy>, ConfigError> {
    let read = |text: &str| {
        let proxy = Proxy::parse(text);
        proxy.map_err(|error| {
            ConfigError::Outbound(format!("`{text}` is no outbound.proxy: {error}"))
        })
    };
    values.text("outbound.proxy").map(read).transpose()
}
