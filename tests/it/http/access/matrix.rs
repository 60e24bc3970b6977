//! Every operation of the API's description, asked by everybody: nobody, and each role.

use super::key;
use crate::http::house::{Server, on_every};
use anyhow::{Context, Result, ensure};
use planexe_ax::domain::event::workspace::Role;
use planexe_ax::http::openapi_json;
use serde_json::Value;

/// The roles, and the rights that each has. Written out here once more, so that a change of who
/// may do what is seen.
const ROLES: [(Role, &[&str]); 5] = [
    (
        Role::Owner,
        &["read", "register", "own", "decompose", "command", "administer", "operate", "audit"],
    ),
    (Role::Member, &["read", "register", "own", "decompose", "command"]),
    (Role::Operator, &["read", "operate"]),
    (Role::Auditor, &["read", "audit"]),
    (Role::Agent, &["read", "register", "own", "decompose", "work", "report"]),
];

/// An operation: method, path with ids that are not there, and the right that it needs.
pub(super) struct Operation {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) right: Option<String>,
}

pub(super) fn operations() -> Result<Vec<Operation>> {
    let document: Value = serde_json::from_str(&openapi_json())?;
    let paths = document["paths"].as_object().context("no paths")?;
    let mut operations = Vec::new();
    for (template, item) in paths {
        let ids = template.replace("{agent_id}", "larry");
        let path = ids.split('/').map(|it| if it.starts_with('{') { "absent" } else { it });
        let path = path.collect::<Vec<_>>().join("/");
        for (method, operation) in item.as_object().into_iter().flatten() {
            let right = operation.pointer("/security/0/key/0").and_then(Value::as_str);
            let (method, right) = (method.to_uppercase(), right.map(str::to_owned));
            operations.push(Operation { method, path: path.clone(), right });
        }
    }
    Ok(operations)
}

/// The status that an operation is answered with, without waiting for the end of the answer.
async fn status(server: &Server, operation: &Operation, key: Option<&str>) -> Result<u16> {
    let bearer = key.map(|key| format!("Bearer {key}"));
    let mut headers = vec![("Content-Type", "application/json")];
    headers.extend(bearer.as_deref().map(|bearer| ("Authorization", bearer)));
    server.status(&operation.method, &operation.path, &headers, b"{\"not\": \"right\"}").await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_is_open_to_those_who_have_its_right_and_to_nobody_else() -> Result<()> {
    on_every(async |server| {
        let operations = operations()?;
        ensure!(operations.len() > 30, "{} operations", operations.len());
        let keeper = key(&server, "default", Role::Owner, None).await?;
        drop(keeper);
        for operation in &operations {
            let Operation { method, path, right } = operation;
            let nobody = status(&server, operation, None).await?;
            ensure!((nobody == 401) == right.is_some(), "nobody: {method} {path}: {nobody}");
        }
        for (role, rights) in ROLES {
            let agent = (role == Role::Agent).then_some("larry");
            let key = key(&server, "default", role, agent).await?;
            for operation in &operations {
                let Operation { method, path, right } = operation;
                let Some(right) = right else { continue };
                let status = status(&server, operation, Some(&key.text)).await?;
                let may = rights.contains(&right.as_str());
                let who = format!("{role:?}: {method} {path}: {status}");
                ensure!((status == 403) != may && status != 401 && status < 500, "{who}");
            }
        }
        server.stop().await
    })
    .await
}
