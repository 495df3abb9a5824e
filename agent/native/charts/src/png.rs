//! A PNG file of eight-bit RGB (ISO/IEC 15948), compressed by the zlib that the agent links anyway: the
//! crates that write PNG would have the whole core compiled with other features of their compressor.

use libz_sys::{Z_OK, compress2, compressBound, crc32};

fn chunk(out: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    out.extend((data.len() as u32).to_be_bytes());
    let start = out.len();
    out.extend(kind);
    out.extend(data);
    // SAFETY: the pointer and the length are those of one slice.
    let crc = unsafe { crc32(0, out[start..].as_ptr(), (out.len() - start) as u32) };
    out.extend((crc as u32).to_be_bytes());
}

fn deflate(raw: &[u8]) -> Option<Vec<u8>> {
    // SAFETY: it only computes.
    let mut len = unsafe { compressBound(raw.len() as _) };
    let mut out = vec![0u8; len as usize];
    // SAFETY: `out` has the `len` bytes that zlib asked for.
    let status = unsafe { compress2(out.as_mut_ptr(), &mut len, raw.as_ptr(), raw.len() as _, 9) };
    out.truncate(len as usize);
    (status == Z_OK).then_some(out)
}

/// `rgb` has three bytes for each pixel, line by line.
pub fn encode(rgb: &[u8], width: u32, height: u32) -> Option<Vec<u8>> {
    let mut lines = Vec::with_capacity(rgb.len() + height as usize);
    for line in rgb.chunks_exact(width as usize * 3) {
        lines.push(0); // no filter: flat colours compress well as they are
        lines.extend(line);
    }
    let mut header = Vec::new();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut out, b"IHDR", &header);
    chunk(&mut out, b"IDAT", &deflate(&lines)?);
    chunk(&mut out, b"IEND", &[]);
    Some(out)
}
