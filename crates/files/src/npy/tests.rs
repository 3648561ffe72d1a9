use ebm_testing::npy;
use proptest::prelude::*;

use super::*;

/// Byte for byte what `numpy.save` writes of `numpy.array([[1.5, -2.0]], "<f4")` and of
/// `numpy.float32([3])`.
#[test]
fn writing_equals_numpy() {
    let written = |values: &[f32], shape: &[usize]| {
        let mut bytes = Vec::new();
        write_npy(&mut bytes, shape, values).unwrap();
        bytes
    };
    let expected = |shape: &str, values: &[u8]| {
        let text = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
        [b"\x93NUMPY\x01\x00\x76\x00", format!("{text:117}\n").as_bytes(), values].concat()
    };
    let two = expected("(1, 2)", &[0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0]);
    assert_eq!(written(&[1.5, -2.0], &[1, 2]), two);
    assert_eq!(written(&[3.0], &[1]), expected("(1,)", &[0, 0, 0x40, 0x40]));
    let error = write_npy(Vec::new(), &[2, 2], &[1.0; 3]).expect_err("it does not fit").to_string();
    assert_eq!(error, "3 values do not fill the shape [2, 2]");
}

fn round_trip<T: Element + PartialEq + std::fmt::Debug>(values: &[T], name: &str) {
    let mut bytes = Vec::new();
    write_npy(&mut bytes, &[values.len(), 1], values).unwrap();
    let array = NpyArray::read(&bytes[..], 1 << 10).unwrap();
    assert_eq!((array.shape(), array.element()), (&[values.len(), 1][..], T::TYPE));
    assert_eq!(array.values::<T>().unwrap(), values);
    assert_eq!(array.element().to_string(), name);
    assert_eq!(ElementType::from_name(name), Some(T::TYPE));
    assert_eq!(array.values::<u8>().is_some(), name == "|u1");
}

#[test]
fn every_type_is_read_back() {
    round_trip(&[0_u8, 255], "|u1");
    round_trip(&[true, false], "|b1");
    round_trip(&[0_u16, u16::MAX], "<u2");
    round_trip(&[0_u32, u32::MAX], "<u4");
    round_trip(&[0_u64, u64::MAX], "<u8");
    round_trip(&[i8::MIN, 1], "|i1");
    round_trip(&[i16::MIN, 1], "<i2");
    round_trip(&[i32::MIN, 1], "<i4");
    round_trip(&[i64::MIN, 1], "<i8");
    round_trip(&[f32::MIN, f32::INFINITY], "<f4");
    round_trip(&[f64::MIN, -0.0], "<f8");
}

#[test]
fn each_fault_has_its_error() {
    let good = npy("|u1", "False", "(2, 2)", &[1, 2, 3, 4]);
    assert_eq!(NpyArray::read(&good[..], 4).unwrap().data(), [1, 2, 3, 4]);
    for (bytes, part) in [
        (b"PK\x03\x04........".to_vec(), "does not begin as an .npy"),
        (b"\x93NUM".to_vec(), "does not begin as an .npy"),
        (good[..30].to_vec(), "broken or cut short"),
        (good[..good.len() - 1].to_vec(), "has 3 bytes of elements, expected 4"),
        ([&good[..], b"x"].concat(), "has 5 bytes of elements, expected 4"),
        (npy(">u2", "False", "(1, 1)", &[0; 2]), "elements of type \">u2\""),
        (npy("|u1", "True", "(2, 2)", &[1, 2, 3, 4]), "Fortran"),
        (npy("|u1", "False", "(99999999999, 99999999999, 99)", &[]), "at most 4 bytes"),
        (npy("<f8", "False", "(1,)", &[0; 8]), "at most 4 bytes"),
        (npy("|u1", "False", "(1, -1, 1)", &[0]), "a header that cannot be read"),
        (npy("|u1", "Maybe", "(1, 1, 1)", &[0]), "a header that cannot be read"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff".to_vec(), "a header that cannot be read"),
    ] {
        let message = NpyArray::read(&bytes[..], 4).unwrap_err().to_string();
        assert!(message.contains(part), "{message}: {part}");
    }
}

proptest! {
    /// A mutated or truncated array is read or rejected, without a panic.
    #[test]
    fn corrupted_arrays_do_not_panic(
        changes in proptest::collection::vec((0_usize..84, any::<u8>()), 0..4),
        length in 0_usize..100,
    ) {
        let mut bytes = npy("<i2", "False", "(2, 2)", &[7; 8]);
        for (at, byte) in changes {
            let length = bytes.len();
            bytes[at.min(length - 1)] = byte;
        }
        bytes.truncate(length);
        let _ = NpyArray::read(&bytes[..], 1 << 20);
    }
}
