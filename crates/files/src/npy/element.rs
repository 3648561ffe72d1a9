//! The types of elements.

use std::fmt;

/// The type of an array's elements: a truth value or a number of one byte, or a little-endian
/// number of more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ElementType {
    /// An unsigned integer of this many bytes: 1, 2, 4 or 8.
    Unsigned(usize),
    /// A signed integer of this many bytes: 1, 2, 4 or 8.
    Signed(usize),
    /// A floating-point number of this many bytes: 4 or 8.
    Float(usize),
    /// A truth value of one byte.
    Bool,
}

impl ElementType {
    /// The type of unsigned bytes.
    pub const U8: Self = Self::Unsigned(1);
    /// The type of floating-point numbers in single precision.
    pub const F32: Self = Self::Float(4);
    /// The type of floating-point numbers in double precision.
    pub const F64: Self = Self::Float(8);

    /// Returns the type that NumPy calls `name`, as in `|u1`, `<i4` or `<f8`; `None` for all other
    /// names.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "|u1" => Self::Unsigned(1),
            "<u2" => Self::Unsigned(2),
            "<u4" => Self::Unsigned(4),
            "<u8" => Self::Unsigned(8),
            "|i1" => Self::Signed(1),
            "<i2" => Self::Signed(2),
            "<i4" => Self::Signed(4),
            "<i8" => Self::Signed(8),
            "<f4" => Self::Float(4),
            "<f8" => Self::Float(8),
            "|b1" => Self::Bool,
            _ => return None,
        })
    }

    /// Returns the number of bytes of one element.
    pub fn bytes(self) -> usize {
        match self {
            Self::Unsigned(bytes) | Self::Signed(bytes) | Self::Float(bytes) => bytes,
            Self::Bool => 1,
        }
    }
}

impl fmt::Display for ElementType {
    /// Formats the type as NumPy names it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = match self {
            Self::Unsigned(_) => 'u',
            Self::Signed(_) => 'i',
            Self::Float(_) => 'f',
            Self::Bool => 'b',
        };
        let bytes = self.bytes();
        write!(f, "{}{letter}{bytes}", if bytes == 1 { '|' } else { '<' })
    }
}

mod sealed {
    pub trait Sealed {}
}

/// A number or a truth value that arrays are written from and read as.
pub trait Element: Copy + sealed::Sealed {
    /// The type of its elements in files.
    const TYPE: ElementType;

    /// Appends the number's bytes, little-endian.
    fn append(self, bytes: &mut Vec<u8>);

    /// Reads a number from its little-endian bytes.
    ///
    /// # Panics
    /// If there are not as many bytes as the type has.
    fn from_bytes(bytes: &[u8]) -> Self;
}

macro_rules! element {
    ($($number:ty = $variant:ident),+) => {$(
        impl sealed::Sealed for $number {}

        impl Element for $number {
            const TYPE: ElementType = ElementType::$variant(size_of::<$number>());

            fn append(self, bytes: &mut Vec<u8>) {
                bytes.extend(self.to_le_bytes());
            }

            fn from_bytes(bytes: &[u8]) -> Self {
                let mut number = [0; size_of::<$number>()];
                number.copy_from_slice(bytes);
                Self::from_le_bytes(number)
            }
        }
    )+};
}

impl sealed::Sealed for bool {}

impl Element for bool {
    const TYPE: ElementType = ElementType::Bool;

    fn append(self, bytes: &mut Vec<u8>) {
        bytes.push(u8::from(self));
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        bytes[0] != 0
    }
}

element!(u8 = Unsigned, u16 = Unsigned, u32 = Unsigned, u64 = Unsigned);
element!(i8 = Signed, i16 = Signed, i32 = Signed, i64 = Signed);
element!(f32 = Float, f64 = Float);
