//! Writes the include directories of the vendored C libraries, one a line, to
//! `native-includes.txt` in the profile's folder (`<target>/<triple>/release/`), for CMake to read;
//! relative to that folder, since a target folder may be copied to another place. Cargo hands them
//! over as `DEP_<links>_INCLUDE` or `DEP_<links>_ROOT`.

use std::{env, fs, path::PathBuf};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let mut dirs: Vec<PathBuf> = Vec::new();
    for links in ["GIT2", "CURL", "OPENSSL", "Z", "PQ_SYS_SRC"] {
        let include = env::var(format!("DEP_{links}_INCLUDE")).ok();
        let root = env::var(format!("DEP_{links}_ROOT")).ok();
        let found = include
            .map(|list| list.split(',').map(PathBuf::from).collect::<Vec<_>>())
            .or_else(|| root.map(|r| vec![PathBuf::from(r).join("include")]));
        match found {
            Some(list) => dirs.extend(list),
            None => panic!("the crate that links `{links}` gave no include directory"),
        }
    }
    dirs.sort();
    dirs.dedup();
    let inside = |dir: &PathBuf| {
        let path = dir.to_string_lossy().into_owned();
        path.split_once("/release/").map(|(_, rest)| rest.to_string())
    };
    let text: String = dirs
        .iter()
        .map(|d| format!("{}\n", inside(d).unwrap_or_else(|| d.display().to_string())))
        .collect();
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    // OUT_DIR is <profile>/build/<package>-<hash>/out
    let profile = out.ancestors().nth(3).expect("OUT_DIR has a profile folder");
    fs::write(profile.join("native-includes.txt"), text).expect("write native-includes.txt");
}
