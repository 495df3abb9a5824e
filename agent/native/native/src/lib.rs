//! Nothing but the list of what goes into `libnative.a`. A C library is linked in only when its
//! crate is named here: without the name its objects are left out of the archive.

extern crate curl_sys as _;
extern crate libgit2_sys as _;
extern crate libssh2_sys as _;
extern crate libz_sys as _;
extern crate openssl_sys as _;
extern crate pq_src as _;
extern crate pq_sys as _;

// Their exports are found by name, not by use.
extern crate charts as _;
extern crate store as _;
