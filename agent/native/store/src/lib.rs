//! The Rust half of `lance_store.h`: what only the Lance core can do for the agent, and nothing else.
//! The header documents each call; the modules here hold one concern each.

mod commit;
mod ffi;
mod maintain;
mod misc;
mod query;
mod status;
mod store;
mod writer;

pub use maintain::*;
pub use misc::*;
pub use query::*;
pub use store::*;
pub use writer::*;
