//! Tensors of a state dictionary as `torch.save` writes it: a ZIP archive (PyTorch 1.6 and later), or, before that,
//! pickles followed by the numbers.
//!
//! Nothing of a pickle is executed: of what it describes, tensors by name are understood, and all else is passed over.

mod archive;
mod pickle;

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use self::pickle::{Reader, StoredTensor, Value};
use safetensors::Dtype;

/// The tensors of a file.
#[derive(Debug)]
pub(super) struct StateDict<'a> {
    file: &'a [u8],
    storages: BTreeMap<String, Range<usize>>,
    tensors: BTreeMap<Rc<str>, Rc<StoredTensor>>,
}

/// What the older format begins with: a pickle of the number 0x1950a86a20f9469cfc6c.
const MAGIC: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";

impl<'a> StateDict<'a> {
    /// Whether a file begins as `torch.save`'s do.
    pub(super) fn recognises(file: &[u8]) -> bool {
        file.starts_with(MAGIC) || archive::recognises(file)
    }

    /// Reads a file, all but the numbers.
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

    /// The magic number, the format's version, facts about the machine, the dictionary, the keys of storages; then each
    /// storage's count of elements and its elements.
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
                return Err(format!("storage {key} is of no tensor that is understood"));
            };
            let count = usize::try_from(reader.number()?).ok();
            let bytes = count.and_then(|count| count.checked_mul(size(*element)));
            let bytes = bytes.ok_or_else(|| format!("storage {key} has no possible length"))?;
            storages.insert(key.to_string(), reader.skip(bytes)?);
        }
        Ok(Self { file, storages, tensors })
    }

    pub(super) fn get(&self, name: &str) -> Option<&StoredTensor> {
        self.tensors.get(name).map(|tensor| &**tensor)
    }

    /// A tensor's numbers in row-major order, little endian. Its shape has been found to be the one expected.
    pub(super) fn bytes(&self, tensor: &StoredTensor) -> Result<Vec<u8>, String> {
        let storage = self.storages.get(&*tensor.storage).ok_or("has no numbers in the file")?;
        let storage = &self.file[storage.clone()];
        let size = size(tensor.element);
        let axes = || tensor.shape.iter().copied().zip(tensor.strides.iter().copied());
        let end = axes().try_fold(tensor.offset.checked_add(1), |end, (length, stride)| {
            let reach = length.checked_sub(1)?.checked_mul(stride)?;
            Some(end.and_then(|end| end.checked_add(reach)))
        });
        let end = end.flatten().and_then(|end| end.checked_mul(size));
        if end.is_none_or(|end| end > storage.len()) {
            return Err(format!("reaches over the end of its storage of {} bytes", storage.len()));
        }
        let count: usize = tensor.shape.iter().product();
        let mut bytes = Vec::with_capacity(count * size);
        for index in 0..count {
            let (mut rest, mut place) = (index, tensor.offset);
            for (length, stride) in axes().rev() {
                place += rest % length * stride;
                rest /= length;
            }
            bytes.extend(&storage[place * size..][..size]);
        }
        Ok(bytes)
    }
}

/// Bytes of an element.
fn size(element: Dtype) -> usize {
    element.bitsize() / 8
}

/// The tensors of a dictionary by name.
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
