//! Lets the page call what the list of calls names, one by one, and nothing of the system.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use tauri_build::{AppManifest, Attributes};

include!("../src/desktop/seam/list.rs");

const COMMANDS: &[&str] = seam_calls!(call_names);

fn main() {
    if let Err(error) = build() {
        println!("cargo::error={error:#}");
    }
}

fn build() -> Result<(), Box<dyn Error>> {
    let allowed = COMMANDS
        .iter()
        .map(|command| format!("\"allow-{}\"", command.replace('_', "-")));
    let capability = format!(
        r#"{{ "identifier": "main", "windows": ["main"], "permissions": [{}] }}"#,
        allowed.collect::<Vec<_>>().join(", ")
    );
    let folder = PathBuf::from(std::env::var("OUT_DIR")?).join("page");
    fs::create_dir_all(&folder)?;
    let file = folder.join("main.json");
    fs::write(&file, capability)?;
    let file = file.into_os_string().into_string();
    let file = file.map_err(|file| format!("{} is not UTF-8", file.display()))?;
    let attributes = Attributes::new()
        .app_manifest(AppManifest::new().commands(COMMANDS))
        .capabilities_path_pattern(file.leak());
    Ok(tauri_build::try_build(attributes)?)
}
