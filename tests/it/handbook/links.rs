//! Links between the pages.

use super::pages::pages;
use anyhow::{Result, ensure};
use std::path::Path;

/// Where the links of a page lead, as far as they lead to files.
fn links(page: &str) -> Vec<&str> {
    let targets = page.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let files = targets.map(|target| target.split('#').next().unwrap_or_default());
    files.filter(|it| !it.is_empty() && !it.contains("://")).collect()
}

#[test]
fn every_link_between_the_pages_leads_somewhere() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (path, text) in pages()? {
        let folder = root.join(&path).parent().map(Path::to_path_buf).unwrap_or_default();
        for link in links(&text) {
            ensure!(folder.join(link).exists(), "{path}: nothing is at {link}");
        }
    }
    Ok(())
}

#[test]
fn the_first_page_is_short() -> Result<()> {
    let pages = pages()?;
    let readme = pages.iter().find(|(path, _)| path == "README.md").map(|(_, text)| text);
    let lines = readme.map_or(0, |text| text.lines().count());
    ensure!((1..=150).contains(&lines), "README.md has {lines} lines: 150 are enough");
    Ok(())
}
