//! Tells the crate which Lance it is built with, and collects the licences of every crate in Cargo.lock,
//! and of the C sources inside of them, from cargo's own copies of the sources: one text, each licence
//! once, with the crates it belongs to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

const NAMES: [&str; 6] = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"];

/// "name version" of each package that comes from a registry.
fn packages(lock: &str) -> Vec<(String, String)> {
    let field = |block: &str, key: &str| {
        block.lines().find_map(|l| Some(l.strip_prefix(key)?.trim_matches('"').to_string()))
    };
    lock.split("[[package]]")
        .filter(|block| block.contains("source = "))
        .filter_map(|block| Some((field(block, "name = ")?, field(block, "version = ")?)))
        .collect()
}

/// Licence files of a source folder: at its top, and of the C library that it may carry.
fn licence_files(folder: &Path, depth: u32, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        if path.is_dir() && depth > 0 {
            licence_files(&path, depth - 1, found);
        } else if path.is_file() && NAMES.iter().any(|n| name.starts_with(n)) {
            let code = [".RS", ".C", ".H", ".PY", ".SH"].iter().any(|end| name.ends_with(end));
            if !code {
                found.push(path);
            }
        }
    }
}

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=../Cargo.lock");
    let lock = fs::read_to_string("../Cargo.lock").expect("Cargo.lock is read");
    let lance = packages(&lock).into_iter().find(|(name, _)| name == "lance");
    println!("cargo:rustc-env=LANCE_VERSION={}", lance.expect("lance is in Cargo.lock").1);
    // This crate's own dependencies show where cargo keeps the sources.
    let home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from(env::var_os("HOME").expect("HOME is set")).join(".cargo"));
    let sources: Vec<PathBuf> = fs::read_dir(home.join("registry/src"))
        .map(|dirs| dirs.flatten().map(|d| d.path()).collect())
        .unwrap_or_default();
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, version) in packages(&lock) {
        let package = format!("{name}-{version}");
        let Some(folder) = sources.iter().map(|s| s.join(&package)).find(|p| p.is_dir()) else {
            continue;
        };
        let mut files = Vec::new();
        licence_files(
            &folder,
            if name.ends_with("-sys") || name.ends_with("-src") { 2 } else { 0 },
            &mut files,
        );
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
        let declared = manifest
            .lines()
            .find_map(|l| l.strip_prefix("license = "))
            .unwrap_or("\"see its source\"")
            .trim_matches('"')
            .to_string();
        if files.is_empty() {
            texts.entry(format!("Licensed under {declared}.\n")).or_default().push(package);
            continue;
        }
        for file in files {
            let text =
                String::from_utf8_lossy(&fs::read(&file).unwrap_or_default()).replace('\r', "");
            texts.entry(text.trim().to_string() + "\n").or_default().push(package.clone());
        }
    }
    let mut out = String::new();
    for (text, mut crates) in texts {
        crates.dedup();
        out.push_str(&format!("{}\n{}\n\n{text}\n", "=".repeat(78), crates.join(", ")));
    }
    let path =
        PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("licenses.txt");
    fs::write(path, out).expect("licenses.txt is written");
}
