//! The tensors of a state dictionary as `torch.save` writes it: a ZIP archive (PyTorch 1.6 and
//! later) or, in the older format, pickles followed by the elements.
//!
//! Pickles are not executed: the reader extracts named tensors and skips everything else.

mod archive;
mod pickle;

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use self::pickle::{Reader, StoredTensor, Value};
use safetensors::Dtype;

/// The tensors of a file, by name.
#[derive(Debug)]
pub(super) struct StateDict<'a> {
    file: &'a [u8],
    storages: BTreeMap<String, Range<usize>>,
    tensors: BTreeMap<Rc<str>, Rc<StoredTensor>>,
}

/// The start of the older format: a pickle of the number 0x1950a86a20f9469cfc6c.
const MAGIC: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";

impl<'a> StateDict<'a> {
    /// Returns whether a file starts like those of `torch.save`.
    pub(super) fn recognises(file: &[u8]) -> bool {
        file.starts_with(MAGIC) || archive::recognises(file)
    }

    /// Reads a file except for the elements of its tensors.
    pub(super) fn parse(file: &'a [u8]) -> Result<Self, String> {
        if archive::recognises(file) { Self::from_archive(file) } else { Self::from_pickles(file) }
    }

    fn from_archive(file: &'a [u8]) -> Result<Self, String> {
        let entries = archive::members(file)?;
        let mut pickles = entries.iter().filter_map(|(name, range)| {
            name.strip_suffix("data.pkl").map(|folder| (folder, range.clone()))
        });
        let (folder, pickle) = pickles.next().ok_or("the archive has no data.pkl")?;
        let tensors = tensors(Reader::new(&file[pickle]).value()?);
        let folder = format!("{folder}data/");
        let storages = entries.iter().filter_map(|(name, range)| {
            name.strip_prefix(&folder).map(|key| (key.to_owned(), range.clone()))
        });
        Ok(Self { file, storages: storages.collect(), tensors })
    }

    /// Reads the older format: the magic number, the version, facts about the machine, the
    /// dictionary and the keys of the storages; then each storage's count of elements and its
    /// elements.
    fn from_pickles(file: &'a [u8]) -> Result<Self, String> {
        let mut reader = Reader::new(file);
        for _ in 0..3 {
            reader.value()?;
        }
        let tensors = tensors(reader.value()?);
        let Value::List(keys) = reader.value()? else {
            return Err("it has no list of storages".into());
        };
        let elements: BTreeMap<&str, Dtype> =
            tensors.values().map(|tensor| (&*tensor.storage, tensor.element)).collect();
        let mut storages = BTreeMap::new();
        for key in keys {
            let Value::Text(key) = key else { return Err("a storage has no name".into()) };
            let Some(element) = elements.get(&*key) else {
                return Err(format!("storage {key} belongs to no supported tensor"));
            };
            let count = usize::try_from(reader.number()?).ok();
            let bytes = count.and_then(|count| count.checked_mul(size(*element)));
            let bytes = bytes.ok_or_else(|| format!("storage {key} has an impossible length"))?;
            storages.insert(key.to_string(), reader.skip(bytes)?);
        }
        Ok(Self { file, storages, tensors })
    }

    pub(super) fn get(&self, name: &str) -> Option<&StoredTensor> {
        self.tensors.get(name).map(|tensor| &**tensor)
    }

    /// Returns a tensor's elements in row-major order, little endian. The caller has checked its
    /// shape.
    pub(super) fn bytes(&self, tensor: &StoredTensor) -> Result<Vec<u8>, String> {
        let storage = self.storages.get(&*tensor.storage).ok_or("has no elements in the file")?;
        let storage = &self.file[storage.clone()];
        let size = size(tensor.element);
        let axes = || tensor.shape.iter().copied().zip(tensor.strides.iter().copied());
        let end = axes().try_fold(tensor.offset.checked_add(1), |end, (length, stride)| {
            let reach = length.checked_sub(1)?.checked_mul(stride)?;
            Some(end.and_then(|end| end.checked_add(reach)))
        });
        let end = end.flatten().and_then(|end| end.checked_mul(size));
        if end.is_none_or(|end| end > storage.len()) {
            return Err(format!("exceeds its storage of {} bytes", storage.len()));
        }
        let count: usize = tensor.shape.iter().product();
        let mut bytes = Vec::with_capacity(count * size);
        for index in 0..count {
            let (mut rest, mut at) = (index, tensor.offset);
            for (length, stride) in axes().rev() {
                at += rest % length * stride;
                rest /= length;
            }
            bytes.extend(&storage[at * size..][..size]);
        }
        Ok(bytes)
    }
}

/// Returns the bytes of an element.
fn size(element: Dtype) -> usize {
    element.bitsize() / 8
}

/// Returns the tensors of a dictionary by name.
fn tensors(value: Value) -> BTreeMap<Rc<str>, Rc<StoredTensor>> {
    let Value::Dictionary(entries) = value else { return BTreeMap::new() };
    let named = entries.into_iter().filter_map(|entry| match entry {
        (Value::Text(name), Value::Tensor(tensor)) => Some((name, tensor)),
        _ => None,
    });
    named.collect()
}

#[cfg(test)]
mod tests;
