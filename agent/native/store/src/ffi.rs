//! What every export does: read C strings, run, and hand status and reason back.

use std::ffi::{CStr, c_char};

use crate::status::{Failure, Outcome, Status};

/// Where a call writes its reason.
pub struct Reason {
    buf: *mut c_char,
    len: usize,
}

impl Reason {
    pub fn new(buf: *mut c_char, len: usize) -> Self {
        Self { buf, len }
    }

    fn write(&self, text: &str) {
        if self.buf.is_null() || self.len == 0 {
            return;
        }
        let mut end = text.len().min(self.len - 1);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        // SAFETY: the caller gave `len` writable bytes at `buf`; end < len.
        unsafe {
            std::ptr::copy_nonoverlapping(text.as_ptr().cast(), self.buf, end);
            *self.buf.add(end) = 0;
        }
    }

    /// Runs `work`; on success `give` stores what it made into the caller's out parameters.
    pub fn run<T>(&self, work: impl FnOnce() -> Outcome<T>, give: impl FnOnce(T)) -> i32 {
        match work() {
            Ok(value) => {
                give(value);
                Status::Ok as i32
            }
            Err(failure) => {
                self.write(&failure.reason);
                failure.status as i32
            }
        }
    }
}

/// A C string as UTF-8.
///
/// # Safety
/// `text` is NULL or a NUL-terminated string that outlives the result.
pub unsafe fn string<'a>(text: *const c_char, what: &str) -> Outcome<&'a str> {
    if text.is_null() {
        return Err(Failure::new(Status::Invalid, format!("{what} is missing")));
    }
    unsafe { CStr::from_ptr(text) }
        .to_str()
        .map_err(|_| Failure::new(Status::Invalid, format!("{what} is not UTF-8")))
}

/// A C string that may be NULL.
///
/// # Safety
/// As for [`string`].
pub unsafe fn optional<'a>(text: *const c_char, what: &str) -> Outcome<Option<&'a str>> {
    if text.is_null() { Ok(None) } else { unsafe { string(text, what) }.map(Some) }
}

/// Hands bytes to C, to be given back to `native_free`.
pub fn give_bytes(bytes: Vec<u8>, out: *mut *mut c_char, len: *mut usize) {
    let mut boxed = bytes;
    let size = boxed.len();
    boxed.push(0);
    let raw = Box::into_raw(boxed.into_boxed_slice());
    // SAFETY: both point at the caller's variables.
    unsafe {
        *out = raw.cast();
        *len = size;
    }
}
