//! Builds the dashboard into `OUT_DIR`, and lists its files for the crate to embed. Nothing is
//! written into the source tree.
//!
//! `AX_UI=skip` leaves it out, `AX_UI=require` fails where it cannot be built, `AX_UI_DIST=folder`
//! takes one that was built elsewhere. Otherwise, where there is no npm, a page says what to do.

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What is not copied, and not watched.
const LEFT_OUT: [&str; 3] = ["node_modules", "dist", "e2e"];
/// The lock file that the installed packages were taken from.
const INSTALLED: &str = "installed.lock.json";
/// How much of what npm or vite said is shown.
const SAID_LINES_MAX: usize = 20;

fn main() -> Result<()> {
    println!("cargo:rerun-if-env-changed=AX_UI");
    println!("cargo:rerun-if-env-changed=AX_UI_DIST");
    println!("cargo:rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let sources = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("ui");
    watch(&sources)?;
    let built = out.join("ui");
    let wish = env::var("AX_UI").unwrap_or_default();
    let why_not = match (wish.as_str(), env::var_os("AX_UI_DIST")) {
        ("skip", _) => Some("it was left out (AX_UI=skip)".to_owned()),
        (_, Some(folder)) => taken(Path::new(&folder), &built).err().map(|it| it.to_string()),
        (_, None) => made(&sources, &out, &built).err().map(|it| it.to_string()),
    };
    if let Some(why) = &why_not {
        if wish == "require" {
            return Err(format!("the dashboard is required, and cannot be built: {why}").into());
        }
        if wish != "skip" {
            for line in why.lines() {
                println!("cargo:warning=the dashboard is not built in: {line}");
            }
        }
        fresh(&built)?;
        fs::write(built.join("index.html"), page_without(why))?;
    }
    fs::write(out.join("files.rs"), listed(&built, why_not.is_none())?)?;
    Ok(())
}

/// Has the script run again when a source changes.
fn watch(folder: &Path) -> Result<()> {
    println!("cargo:rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if is_left_out(&entry.path()) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            watch(&entry.path())?;
        } else {
            println!("cargo:rerun-if-changed={}", entry.path().display());
        }
    }
    Ok(())
}

fn is_left_out(path: &Path) -> bool {
    path.file_name().is_some_and(|name| LEFT_OUT.iter().any(|it| name == *it))
}

/// Takes a dashboard that was built elsewhere.
fn taken(folder: &Path, built: &Path) -> Result<()> {
    println!("cargo:rerun-if-changed={}", folder.display());
    if !folder.join("index.html").is_file() {
        return Err(format!("AX_UI_DIST={} holds no index.html", folder.display()).into());
    }
    fresh(built)?;
    copy(folder, built)
}

/// Builds it from its sources, beside them a folder of packages that is kept from build to build.
fn made(sources: &Path, out: &Path, built: &Path) -> Result<()> {
    let work = out.join("work");
    fs::create_dir_all(&work)?;
    for entry in fs::read_dir(&work)? {
        let path = entry?.path();
        let is_kept = path.ends_with("node_modules") || path.ends_with(INSTALLED);
        if !is_kept && path.is_dir() {
            fs::remove_dir_all(path)?;
        } else if !is_kept {
            fs::remove_file(path)?;
        }
    }
    copy(sources, &work)?;
    install(&work)?;
    let mut vite = Command::new("node");
    vite.args(["node_modules/vite/bin/vite.js", "build", "--logLevel", "warn", "--emptyOutDir"]);
    ran(vite.arg("--outDir").arg(built).current_dir(&work))
}

/// Installs the packages of the lock file, unless they are there.
fn install(work: &Path) -> Result<()> {
    let lock = fs::read(work.join("package-lock.json"))?;
    let installed = work.join(INSTALLED);
    if fs::read(&installed).is_ok_and(|it| it == lock) {
        return Ok(());
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]);
    ran(npm.args(["--loglevel", "error"]).current_dir(work))?;
    fs::write(installed, lock)?;
    Ok(())
}

fn ran(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| {
        format!("{name} cannot be run ({error}): install Node.js 20 or newer, with npm")
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    let lines: Vec<_> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = lines.len().saturating_sub(SAID_LINES_MAX);
    Err(format!("{name} failed:\n{}", lines[last..].join("\n")).into())
}

fn fresh(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let Some(name) = path.file_name().filter(|_| !is_left_out(&path)) else { continue };
        if path.is_dir() {
            copy(&path, &to.join(name))?;
        } else {
            fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}

/// The list of the files, as Rust.
fn listed(built: &Path, is_built: bool) -> Result<String> {
    let mut files = Vec::new();
    find(built, &mut files)?;
    files.sort();
    let mut text = format!("const IS_BUILT: bool = {is_built};\nstatic FILES: &[File] = &[\n");
    for file in &files {
        let path = file.strip_prefix(built)?.to_string_lossy().replace('\\', "/");
        let compressed = PathBuf::from(format!("{}.gz", file.display()));
        let gzip = match compressed.is_file() {
            true => format!("Some(include_bytes!({compressed:?}))"),
            false => "None".to_owned(),
        };
        text += &format!(
            "    File {{ path: {path:?}, bytes: include_bytes!({file:?}), gzip: {gzip} }},\n"
        );
    }
    Ok(text + "];\n")
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, files)?;
        } else if path.extension().is_none_or(|it| it != "gz") {
            files.push(path);
        }
    }
    Ok(())
}

/// The page that is shown where there is no dashboard.
fn page_without(why: &str) -> String {
    let why = why.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>PlanExe-AX</title>\n\
         <h1>PlanExe-AX</h1>\n<p>The server works; its dashboard is not built in:</p>\n\
         <pre>{why}</pre>\n<p>Install Node.js 20 or newer with npm, then build again: \
         <code>cargo clean -p planexe-ax-dashboard &amp;&amp; cargo run</code></p>\n\
         <p>The API is there: <a href=\"/docs\">its page</a></p>\n</html>\n"
    )
}
