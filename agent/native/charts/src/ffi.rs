//! The one export: reads the C struct, draws, hands bytes back.

use std::ffi::{CStr, c_char};

use crate::draw::{Chart, Level, Mark, png, svg};

const SIZE: std::ops::RangeInclusive<u32> = 200..=4096;
const DARK: u32 = 1;
const LOG: u32 = 2;

#[repr(C)]
pub struct NativeChart {
    title: *const c_char,
    subtitle: *const c_char,
    y_label: *const c_char,
    values: *const f64,
    labels: *const *const c_char,
    count: usize,
    levels: *const Level,
    level_count: usize,
    marks: *const Mark,
    mark_count: usize,
    width: u32,
    height: u32,
    look: u32,
    kind: u32,
}

/// # Safety
/// `text` is NULL or NUL-terminated.
unsafe fn string(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// # Safety
/// `items` has `count` readable items, or `count` is 0.
unsafe fn list<'a, T>(items: *const T, count: usize) -> &'a [T] {
    if count == 0 { &[] } else { unsafe { std::slice::from_raw_parts(items, count) } }
}

/// # Safety
/// As `charts.h` says of the fields.
unsafe fn read(c: &NativeChart) -> Result<Chart<'_>, String> {
    unsafe {
        let chart = Chart {
            title: string(c.title),
            subtitle: string(c.subtitle),
            y_label: string(c.y_label),
            values: list(c.values, c.count),
            labels: list(c.labels, c.count).iter().map(|&label| string(label)).collect(),
            levels: list(c.levels, c.level_count),
            marks: list(c.marks, c.mark_count),
            size: (c.width, c.height),
            dark: c.look & DARK != 0,
            log: c.look & LOG != 0,
        };
        chart.check(&SIZE)?;
        Ok(chart)
    }
}

/// # Safety
/// `chart` is what `charts.h` says, the out pointers are writable, `err` has `err_len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn native_chart_draw(
    chart: *const NativeChart,
    out: *mut *mut c_char,
    len: *mut usize,
    err: *mut c_char,
    err_len: usize,
) -> i32 {
    let c = unsafe { &*chart };
    let drawn = unsafe { read(c) }.and_then(|chart| match c.kind {
        0 => svg(&chart).map(String::into_bytes),
        _ => png(&chart),
    });
    match drawn {
        Ok(mut bytes) => {
            let size = bytes.len();
            bytes.push(0); // native_free() counts it
            unsafe {
                *out = Box::into_raw(bytes.into_boxed_slice()).cast();
                *len = size;
            }
            0
        }
        Err(reason) => {
            if err_len > 0 {
                let mut end = reason.len().min(err_len - 1);
                while !reason.is_char_boundary(end) {
                    end -= 1;
                }
                unsafe {
                    std::ptr::copy_nonoverlapping(reason.as_ptr().cast(), err, end);
                    *err.add(end) = 0;
                }
            }
            1
        }
    }
}
