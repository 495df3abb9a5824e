"""Artifacts of results as a pull request's job leaves them, and archives that no honest job makes."""

import io
import json
import pathlib
import struct
import subprocess
import zipfile
import zlib

from run_helpers import git

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def manifest(parts, commit=COMMIT, **more):
    return {"lance_bench_results": 1, "commit": commit, "version": "1.2.3+0123456", "metric": None,
            "toolchain": "1.95.0", "outcome": "complete", "reason": None, "commit_time": 1_700_000_000,
            "started_at": 1_700_000_100, "ended_at": 1_700_000_200, "parts": parts, **more}


def part(name="wordbag/text", harness="criterion", expected=(), problem=None, evidence=None, **more):
    return {"name": name, "format": harness, "expected": list(expected), "problem": problem, "evidence": evidence,
            **more}


def criterion_result(name, values=(100.0, 101.0, 99.0)):
    """The three files of one benchmark; `values` are nanoseconds of one iteration each."""
    estimate = {"confidence_interval": {"confidence_level": .95, "lower_bound": 1, "upper_bound": 2},
                "point_estimate": 1.0, "standard_error": .1}
    return {
        "benchmark.json": json.dumps({"group_id": name, "function_id": None, "value_str": None, "throughput": None,
                                      "full_id": name, "directory_name": name, "title": name}),
        "estimates.json": json.dumps({"mean": estimate, "median": estimate}),
        "sample.json": json.dumps({"sampling_mode": "Flat", "iters": [1.0] * len(values), "times": list(values)}),
    }


def files_of(names=("count", "split"), values=(100.0, 101.0, 99.0), **more):
    """{path: text} of an artifact with one Criterion executable."""
    files = {"manifest.json": json.dumps(manifest([part(expected=names)], **more))}
    for number, name in enumerate(names):
        for file, text in criterion_result(name, values).items():
            files[f"parts/0/{number:06}/new/{file}"] = text
    return files


def write_folder(folder, files):
    for path, text in files.items():
        target = pathlib.Path(folder) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return folder


def make_zip(files, compression=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path), text, compress_type=compression)
    return buffer.getvalue()


def stream_zip(files):
    """As GitHub's own uploader writes it: sizes behind the data, in a descriptor."""
    class Pipe(io.RawIOBase):
        def __init__(self):
            self.data = bytearray()

        def writable(self):
            return True

        def write(self, b):
            self.data += b
            return len(b)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return bytes(pipe.data)


class RawZip:
    """An archive out of fields, each of which may lie."""

    def __init__(self, front=b""):
        self.data, self.directory, self.count = bytearray(front), bytearray(), 0

    def gap(self, data):
        self.data += data
        return self

    def add(self, name, content=b"", *, method=0, flags=0, local_name=None, local_flags=None, local_method=None,
            size=None, packed_size=None, crc=None, attributes=0, made_by=0x0314, offset=None, packed=None, disk=0,
            extra=b"", comment=b""):
        name = name.encode() if isinstance(name, str) else name
        local_name = name if local_name is None else local_name.encode()
        if packed is None:
            deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
            packed = deflate.compress(content) + deflate.flush() if method == 8 else content
        size = len(content) if size is None else size
        packed_size = len(packed) if packed_size is None else packed_size
        crc = zlib.crc32(content) if crc is None else crc
        at = len(self.data) if offset is None else offset
        self.data += struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, flags if local_flags is None else local_flags,
                                 method if local_method is None else local_method, 0, 0, crc, packed_size, size,
                                 len(local_name), 0) + local_name + packed
        self.directory += struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", made_by, 20, flags, method, 0, 0, crc,
                                      packed_size, size, len(name), len(extra), len(comment), disk, 0, attributes,
                                      at) + name + extra + comment
        self.count += 1
        return self

    def finish(self, *, count=None, comment=b"", size=None, at=None, disk=0, behind=b""):
        count = self.count if count is None else count
        size = len(self.directory) if size is None else size
        at = len(self.data) if at is None else at
        end = struct.pack("<4sHHHHIIH", b"PK\5\6", disk, disk, count, count, size, at, len(comment))
        return bytes(self.data) + bytes(self.directory) + end + comment + behind


# Criterion's files without its crate ("Criterion.rs ERROR: " is in its messages), so that it compiles at once. It prints
# its environment.
BENCH = r"""
use std::fs;

fn main() {
    let names = ["quick/one", "quick/two"];
    if std::env::args().any(|a| a == "--list") {
        for name in names {
            println!("{name}: benchmark");
        }
        return;
    }
    for (name, value) in std::env::vars() {
        println!("env {name}={value}");
    }
    let home = std::env::var("CRITERION_HOME").expect("Criterion.rs ERROR: no CRITERION_HOME");
    for name in names {
        let folder = format!("{home}/{name}/new");
        fs::create_dir_all(&folder).unwrap();
        fs::write(format!("{folder}/sample.json"),
            r#"{"sampling_mode":"Flat","iters":[1.0,1.0,1.0],"times":[5000.0,6000.0,7000.0]}"#).unwrap();
        fs::write(format!("{folder}/benchmark.json"), format!(
            r#"{{"group_id":"quick","function_id":null,"value_str":null,"throughput":null,"full_id":"{name}",
                 "directory_name":"{name}","title":"{name}"}}"#)).unwrap();
        let e = r#"{"confidence_interval":{"confidence_level":0.95,"lower_bound":1.0,"upper_bound":1.0},
                    "point_estimate":1.0,"standard_error":0.0}"#;
        fs::write(format!("{folder}/estimates.json"),
            format!(r#"{{"mean":{e},"median":{e},"median_abs_dev":{e},"slope":null,"std_dev":{e}}}"#)).unwrap();
    }
}
"""


def make_quick_repo(repo):
    """A project whose bench is compiled and measured within seconds: the commit `main`, the branch `topic` on top of
    it, and `broken`, which does not compile."""
    (repo / "src").mkdir(parents=True)
    (repo / "benches").mkdir()
    (repo / "src" / "lib.rs").write_text("")
    (repo / "benches" / "quick.rs").write_text(BENCH)
    (repo / "Cargo.toml").write_text(
        '[package]\nname = "quick"\nversion = "0.1.0"\nedition = "2021"\n\n[[bench]]\nname = "quick"\nharness = false\n')
    (repo / "Cargo.lock").write_text('version = 3\n\n[[package]]\nname = "quick"\nversion = "0.1.0"\n')
    subprocess.run(["git", "init", "-q", "-b", "main", repo], check=True)
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "a bench")
    git(repo, "checkout", "-q", "-b", "topic")
    (repo / "src" / "lib.rs").write_text("// changed\n")
    git(repo, "commit", "-q", "-a", "-m", "a change")
    git(repo, "checkout", "-q", "-b", "broken")
    (repo / "src" / "lib.rs").write_text("pub fn broken() -> u32 { missing_name }\n")
    git(repo, "commit", "-q", "-a", "-m", "does not compile")
    git(repo, "checkout", "-q", "main")
    return repo
