//! What the rest of the agent needs from the Rust side.

use std::ffi::c_char;
use std::sync::OnceLock;

use crate::ffi::{Reason, give_bytes};
use crate::status::{Failure, Status, one_line};

/// # Safety
/// `ptr` is NULL or came from this library together with `len`, and is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn native_free(ptr: *mut c_char, len: usize) {
    if !ptr.is_null() {
        // One more byte: the NUL behind the text.
        drop(unsafe {
            Box::from_raw(std::ptr::slice_from_raw_parts_mut(ptr.cast::<u8>(), len + 1))
        });
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn native_lance_version() -> *const c_char {
    concat!(env!("LANCE_VERSION"), "\0").as_ptr().cast()
}

fn pem_bundle() -> &'static str {
    static PEM: OnceLock<String> = OnceLock::new();
    PEM.get_or_init(|| {
        let mut text = String::new();
        for certificate in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
            text.push_str("-----BEGIN CERTIFICATE-----\n");
            push_base64(&mut text, certificate);
            text.push_str("-----END CERTIFICATE-----\n");
        }
        text
    })
}

/// Base64 in lines of 64 characters (RFC 7468).
fn push_base64(out: &mut String, bytes: &[u8]) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for line in bytes.chunks(48) {
        for group in line.chunks(3) {
            let mut bits = [0u8; 3];
            bits[..group.len()].copy_from_slice(group);
            let word = u32::from_be_bytes([0, bits[0], bits[1], bits[2]]);
            for i in 0..4 {
                let sextet = (word >> (18 - 6 * i) & 63) as usize;
                out.push(if i <= group.len() { ALPHABET[sextet] as char } else { '=' });
            }
        }
        out.push('\n');
    }
}

/// # Safety
/// Both pointers are writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn native_ca_bundle(pem: *mut *const c_char, len: *mut usize) {
    let text = pem_bundle();
    unsafe {
        *pem = text.as_ptr().cast();
        *len = text.len();
    }
}

/// # Safety
/// Both pointers are writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn native_licenses(out: *mut *const c_char, len: *mut usize) {
    static TEXT: &str = include_str!(concat!(env!("OUT_DIR"), "/licenses.txt"));
    unsafe {
        *out = TEXT.as_ptr().cast();
        *len = TEXT.len();
    }
}

/// TOML's dates have no place in JSON: they become text.
fn to_json(value: toml::Value) -> serde_json::Value {
    match value {
        toml::Value::String(s) => s.into(),
        toml::Value::Integer(i) => i.into(),
        toml::Value::Float(f) => f.into(),
        toml::Value::Boolean(b) => b.into(),
        toml::Value::Datetime(d) => d.to_string().into(),
        toml::Value::Array(items) => items.into_iter().map(to_json).collect(),
        toml::Value::Table(table) => table.into_iter().map(|(k, v)| (k, to_json(v))).collect(),
    }
}

/// # Safety
/// `text` has `len` readable bytes; the out pointers are writable, `err` has `err_len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn native_toml_to_json(
    text: *const c_char,
    len: usize,
    json: *mut *mut c_char,
    json_len: *mut usize,
    err: *mut c_char,
    err_len: usize,
) -> i32 {
    Reason::new(err, err_len).run(
        || {
            let bytes = unsafe { std::slice::from_raw_parts(text.cast::<u8>(), len) };
            let source = std::str::from_utf8(bytes)
                .map_err(|_| Failure::new(Status::Invalid, "the file is not UTF-8"))?;
            let table: toml::Table = source.parse().map_err(|e: toml::de::Error| {
                Failure::new(Status::Invalid, position(source, &e))
            })?;
            Ok(to_json(toml::Value::Table(table)).to_string().into_bytes())
        },
        |bytes| give_bytes(bytes, json, json_len),
    )
}

fn position(source: &str, e: &toml::de::Error) -> String {
    let line = e.span().map_or(1, |span| source[..span.start].matches('\n').count() + 1);
    format!("line {line}: {}", one_line(e.message()))
}
