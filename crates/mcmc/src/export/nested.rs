//! Arrays as nested lists.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

/// A value as it is written.
#[derive(Clone, Copy)]
pub(super) enum Scalar {
    Number(f64),
    Count(i64),
    Truth(bool),
}

pub(super) fn number(value: f64) -> Scalar {
    Scalar::Number(value)
}

pub(super) fn count(value: f64) -> Scalar {
    Scalar::Count(value as i64)
}

pub(super) fn truth(value: f64) -> Scalar {
    Scalar::Truth(value > 0.0)
}

impl Serialize for Scalar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Number(value) => serializer.serialize_f64(value),
            Self::Count(value) => serializer.serialize_i64(value),
            Self::Truth(value) => serializer.serialize_bool(value),
        }
    }
}

/// Lists of lists, one level for each axis.
#[derive(Clone, Copy)]
pub(super) struct Array<'a> {
    values: &'a [f64],
    shape: &'a [usize],
    scalar: fn(f64) -> Scalar,
}

impl<'a> Array<'a> {
    pub(super) fn new(values: &'a [f64], shape: &'a [usize], scalar: fn(f64) -> Scalar) -> Self {
        Self { values, shape, scalar }
    }
}

impl Serialize for Array<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some((&axis, shape)) = self.shape.split_first() else {
            return (self.scalar)(self.values[0]).serialize(serializer);
        };
        let mut list = serializer.serialize_seq(Some(axis))?;
        for values in self.values.chunks(self.values.len() / axis) {
            list.serialize_element(&Array { values, shape, ..*self })?;
        }
        list.end()
    }
}

/// Named arrays as a map.
pub(super) struct Group<'a>(Vec<(&'a str, Array<'a>)>);

impl<'a> Group<'a> {
    pub(super) fn new(arrays: Vec<(&'a str, Array<'a>)>) -> Self {
        Self(arrays)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Group<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, array) in &self.0 {
            map.serialize_entry(name, array)?;
        }
        map.end()
    }
}
