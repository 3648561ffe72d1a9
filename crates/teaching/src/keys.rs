//! The keys that belong to a kind, for tables whose `kind` selects one of several structs.

use serde::de::{DeserializeOwned, Error as _, Visitor};
use serde::{Deserializer, forward_to_deserialize_any};
use toml::{Table, Value};

use crate::RecipeError;

/// The key that chooses.
pub(crate) const KIND: &str = "kind";

/// Takes the kind out of the table `name`.
pub(crate) fn take_kind(name: &'static str, table: &mut Table) -> Result<String, RecipeError> {
    let message = match table.remove(KIND) {
        Some(Value::String(kind)) => return Ok(kind),
        Some(other) => format!("kind is {other}; it must be a string"),
        None => "missing field `kind`".into(),
    };
    Err(RecipeError::Table { table: name, message })
}

/// Returns the message of an error with the key that it is about.
pub(crate) fn one_line(error: &toml::de::Error) -> String {
    error.to_string().trim().replace('\n', " ")
}

/// Checks that every key of a table belongs to its kind.
pub(crate) fn check_keys(
    name: &'static str,
    kind: &str,
    keys: &'static [&'static str],
    table: &Table,
) -> Result<(), RecipeError> {
    match table.keys().find(|key| !keys.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => {
            Err(RecipeError::ForeignKey { table: name, key: key.clone(), kind: kind.into(), keys })
        }
    }
}

/// Returns the keys of a struct whose `Deserialize` is derived.
pub(crate) fn keys_of<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut keys: &'static [&'static str] = &[];
    // Fails by design as soon as the struct has named its fields.
    let _ = T::deserialize(Fields(&mut keys));
    keys
}

/// A deserialiser that only records the fields of the requested struct.
struct Fields<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Fields<'_> {
    type Error = toml::de::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Self::Error> {
        *self.0 = fields;
        Err(Self::Error::custom("only the fields were asked for"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Self::Error> {
        Err(Self::Error::custom("not a struct with named fields"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
