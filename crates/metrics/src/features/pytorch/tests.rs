use super::*;

/// The files that `scripts/state_dicts.py` wrote with PyTorch.
const FILES: [&[u8]; 2] = [
    include_bytes!("../../../tests/data/pickles.pth"),
    include_bytes!("../../../tests/data/archive.pth"),
];

fn numbers(file: &StateDict<'_>, name: &str) -> Vec<f32> {
    let tensor = file.get(name).expect("there");
    let bytes = file.bytes(tensor).expect("whole");
    assert_eq!(tensor.element, Dtype::F32);
    bytes.chunks(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

#[test]
fn both_formats() {
    for file in FILES {
        assert!(StateDict::recognises(file));
        let file = StateDict::parse(file).expect("whole");
        assert_eq!(file.tensors.len(), 6);
        // [[0, 1, 2], [3, 4, 5]], its transpose and its second row, in one storage.
        assert_eq!(numbers(&file, "matrix"), [0., 1., 2., 3., 4., 5.]);
        assert_eq!(file.get("transposed").expect("there").shape, [3, 2]);
        assert_eq!(numbers(&file, "transposed"), [0., 3., 1., 4., 2., 5.]);
        assert_eq!(numbers(&file, "row"), [3., 4., 5.]);
        assert_eq!(numbers(&file, "parameter"), [-1.5]);
        let half = file.get("half").expect("there");
        assert_eq!((half.element, &half.shape[..]), (Dtype::F16, &[2][..]));
        assert_eq!(file.bytes(half).expect("whole"), [0, 0x3c, 0, 0xc0]); // 1 and −2
        let count = file.get("num_batches_tracked").expect("there");
        assert_eq!((count.element, count.shape.len()), (Dtype::I64, 0));
        assert_eq!(file.bytes(count).expect("whole"), 7_i64.to_le_bytes());
    }
}

/// Every truncated file is refused without a panic.
#[test]
fn truncated_files() {
    for file in FILES {
        for length in 0..file.len() {
            let cut = &file[..length];
            let problem = StateDict::parse(cut).map(|_| ()).unwrap_err();
            assert!(!problem.is_empty(), "{length} bytes");
        }
    }
}

/// A file with any byte changed is read or refused, quickly and without a panic.
#[test]
fn mutated_files() {
    for file in FILES {
        for at in 0..file.len() {
            for value in [
                0,
                1,
                0x28,
                0x2e,
                0x52,
                0x74,
                0x7f,
                0x85,
                0x8a,
                0xff,
                file[at] ^ 1,
                file[at] ^ 0x80,
            ] {
                let mut mutated = file.to_vec();
                mutated[at] = value;
                if let Ok(read) = StateDict::parse(&mutated) {
                    for tensor in read.tensors.values() {
                        let elements =
                            tensor.shape.iter().try_fold(1_usize, |n, &d| n.checked_mul(d));
                        if elements.is_some_and(|elements| elements < 1000) {
                            let _ = read.bytes(tensor);
                        }
                    }
                }
            }
        }
    }
}

/// Pickles with more operations than any state dictionary are refused.
#[test]
fn pickles_without_end() {
    for operations in [&b"N"[..], b"(", b"N\x85", b"}q\0", b"N\x86"] {
        let mut file = MAGIC.to_vec();
        file.extend(b"N.N."); // Version and machine.
        file.extend(b"NN");
        file.extend(operations.repeat(1 << 21));
        let problem = StateDict::parse(&file).map(|_| ()).unwrap_err();
        assert!(problem.contains("operations") || problem.contains("operands"), "{problem}");
    }
}
