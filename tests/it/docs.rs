//! The documents that are generated from the types: current, or written when `AX_DOCS=write`.

use std::path::Path;

#[test]
fn the_page_of_exit_codes_is_current() {
    check("docs/exit-codes.md", &planexe_ax::exit::page());
}

#[test]
fn the_page_of_the_command_line_is_current() {
    check("docs/CLI.md", &planexe_ax::cli::page());
}

#[test]
fn the_page_of_errors_is_current() {
    check("docs/errors.md", &planexe_ax::http::errors_markdown());
}

#[test]
fn the_page_of_settings_is_current() {
    check("docs/CONFIGURATION.md", &planexe_ax::config::page());
}

#[test]
fn the_description_of_the_api_is_current() {
    check("docs/openapi.json", &planexe_ax::http::openapi_json());
}

fn check(path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("AX_DOCS").is_some_and(|value| value == "write") {
        std::fs::write(&file, text).expect("the source tree can be written");
    }
    let stored = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(stored == text, "{path} is out of date: run `cargo xtask docs`");
}
