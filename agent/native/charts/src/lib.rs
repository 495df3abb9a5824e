//! Charts of one series, behind the C interface of `charts.h`.

mod draw;
mod ffi;
mod png;
mod text;
