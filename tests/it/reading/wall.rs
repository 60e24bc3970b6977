//! The second wall between workspaces: the database itself, asked past the product.

use crate::projector::house::on_every;
use crate::projector::story::write_all;
use crate::store::backend::Backend;
use anyhow::{Result, ensure};
use planexe_ax_testkit::Database;

/// Whoever logs in as a reader, for a workspace or for none.
fn reader(database: &Database, workspace: Option<&str>) -> Database {
    let role = "-c%20role%3Dax_reader";
    let workspace = workspace.map(|it| format!("%20-c%20app.workspace%3D{it}")).unwrap_or_default();
    let url = format!("{}&options={role}{workspace}", database.url);
    Database { url, name: database.name.clone() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_sees_the_rows_of_the_workspace_that_is_named_and_changes_nothing() -> Result<()> {
    on_every(async |house| {
        let projector = house.projector(500);
        projector.catch_up().await?;
        write_all(&house.store, 1..10, 50).await?;
        projector.catch_up().await?;
        if let Backend::Postgres(database) = &house.backend {
            ensure!(house.views.has_wall());
            let count = "select count(*) from view_progress_1";
            let all = database.number(count).await?;
            let theirs = super::workspace();
            let seen = reader(database, Some(theirs.as_str())).number(count).await?;
            ensure!(seen > 0 && seen <= all, "{seen} of {all}");
            ensure!(reader(database, Some("elsewhere")).number(count).await? == 0);
            ensure!(reader(database, None).number(count).await? == 0);
            let named = reader(database, Some(theirs.as_str()));
            let found = "select count(*) from view_memory_1_found((select min(context_key) \
                 from view_memory_1))";
            ensure!(named.number(found).await? > 0, "what finds by words finds nothing");
            ensure!(database.number(found).await? == 0, "it finds where no workspace is named");
            let often = "select count(*) from view_memory_1 where \
                 view_memory_1_often(context_key)";
            ensure!(named.number(often).await? == 0, "a few rows are not many");
            for text in [
                "delete from view_progress_1",
                "update view_progress_1 set workspace = 'elsewhere'",
                "truncate view_progress_1",
                "select count(*) from event",
                "insert into projector values (2, '', 0, 0)",
            ] {
                ensure!(named.execute(text).await.is_err(), "{text}");
            }
        }
        house.close().await;
        Ok(())
    })
    .await
}
