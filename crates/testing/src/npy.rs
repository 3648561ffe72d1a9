//! Valid and broken .npy files.

/// Returns a version 1 .npy file with any header: `npy("<f4", "False", "(2,)", &bytes)`. Neither
/// the header nor its agreement with `data` is checked, so tests can make broken files.
pub fn npy(descr: &str, fortran_order: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header =
        format!("{{'descr': '{descr}', 'fortran_order': {fortran_order}, 'shape': {shape}, }}\n");
    let length = u16::try_from(header.len()).expect("a header of less than 64 KiB").to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data].concat()
}
