//! The dashboard: the files that a browser is sent, as they were built from `ui`. It knows files,
//! and nothing of how they are served.

use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, sync::LazyLock};

/// The page that every address of the dashboard begins with.
pub const PAGE: &str = "index.html";
/// Where the files are whose names change with what is in them.
const HASHED: &str = "assets/";
/// How much of the hash names a file.
const ETAG_BYTES: usize = 16;

/// A file as it was built.
struct File {
    path: &'static str,
    bytes: &'static [u8],
    gzip: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// A file of the dashboard.
#[derive(Debug, PartialEq, Eq)]
pub struct Asset {
    /// What it is, such as `text/css; charset=utf-8`.
    pub content_type: &'static str,
    /// What is in it.
    pub bytes: &'static [u8],
    /// The same, compressed, where that is smaller.
    pub gzip: Option<&'static [u8]>,
    /// Names what is in it, in quotes; of the compressed form too.
    pub etag: String,
    /// Whether the name is of this content only, so that it can be kept for ever.
    pub is_immutable: bool,
}

static ASSETS: LazyLock<BTreeMap<&'static str, Asset>> =
    LazyLock::new(|| FILES.iter().map(|file| (file.path, Asset::of(file))).collect());

/// The file at a path without a leading slash, such as `assets/index-1f3b.js`.
pub fn asset(path: &str) -> Option<&'static Asset> {
    ASSETS.get(path)
}

/// Whether the dashboard was built in; else the page says how to have it.
pub fn is_built() -> bool {
    IS_BUILT
}

impl Asset {
    fn of(file: &File) -> Self {
        let hash = Sha256::digest(file.bytes);
        let hex: String = hash.iter().take(ETAG_BYTES).map(|byte| format!("{byte:02x}")).collect();
        Self {
            content_type: content_type(file.path),
            bytes: file.bytes,
            gzip: file.gzip,
            etag: format!("\"{hex}\""),
            is_immutable: file.path.starts_with(HASHED),
        }
    }
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "json" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::{FILES, PAGE, asset, is_built};

    /// How much script the first view may need, compressed.
    const SCRIPT_BYTES_MAX: usize = 120 * 1024;

    #[test]
    fn there_is_a_page_and_each_file_is_found_by_its_path() {
        let page = asset(PAGE).expect("there is always a page");
        assert_eq!(page.content_type, "text/html; charset=utf-8");
        assert!(!page.is_immutable, "a new build must be seen");
        for file in FILES {
            let found = asset(file.path).expect("it stands in the list");
            assert_eq!(found.bytes, file.bytes, "{}", file.path);
            assert_ne!(found.content_type, "application/octet-stream", "{}", file.path);
        }
        assert!(asset("../Cargo.toml").is_none() && asset("/index.html").is_none());
    }

    #[test]
    fn the_lock_file_names_no_registry() {
        let lock = include_str!("ui/package-lock.json");
        assert!(lock.contains("\"integrity\"") && !lock.contains("\"resolved\""));
    }

    #[test]
    fn the_page_holds_no_script_and_no_style_of_its_own() {
        let page = asset(PAGE).expect("there is always a page");
        let text = String::from_utf8_lossy(page.bytes).to_lowercase();
        assert!(!text.contains("<style") && !text.contains(" style=") && !text.contains("onload"));
        let scripts = text.split("<script").skip(1);
        assert!(scripts.into_iter().all(|it| it.contains("src=\"/assets/")), "{text}");
    }

    #[test]
    fn the_first_view_needs_little_script() {
        let page = asset(PAGE).expect("there is always a page");
        let text = String::from_utf8_lossy(page.bytes);
        let named = text.split('"').filter_map(|it| it.strip_prefix('/'));
        let scripts: Vec<_> = named.filter(|it| it.ends_with(".js")).filter_map(asset).collect();
        assert_eq!(scripts.is_empty(), !is_built(), "{text}");
        let bytes: usize = scripts.iter().map(|it| it.gzip.unwrap_or(it.bytes).len()).sum();
        assert!(bytes <= SCRIPT_BYTES_MAX, "{bytes} bytes");
    }
}
