//! The subset of Python's pickle protocol 2 that describes dictionaries of tensors.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use safetensors::Dtype;

/// A tensor as the pickle describes it.
#[derive(Clone, Debug)]
pub(in crate::features) struct StoredTensor {
    pub(in crate::features) element: Dtype,
    pub(in crate::features) shape: Vec<usize>,
    pub(super) strides: Vec<usize>,
    /// The index of the first element in its storage.
    pub(super) offset: usize,
    pub(super) storage: Rc<str>,
}

/// The largest number of operations of a pickle; a state dictionary needs ten thousand.
const MAX_OPERATIONS: usize = 1 << 20;
/// The largest rank of a tensor; PyTorch's own limit is 64.
const MAX_RANK: usize = 8;

/// A value on the stack.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Number(i64),
    Text(Rc<str>),
    /// A class or a function, as `module name`.
    Global(Rc<str>),
    Storage(Dtype, Rc<str>),
    Tensor(Rc<StoredTensor>),
    /// The items, and whether some of them are tuples.
    Tuple(Rc<[Value]>, bool),
    List(Vec<Value>),
    Dictionary(Vec<(Value, Value)>),
    /// A value that no tensor needs.
    Other,
}

impl Value {
    /// Returns the value as a part of another one. Only values that describe tensors are kept,
    /// which bounds the nesting.
    fn part(self) -> Self {
        match self {
            Self::List(_) | Self::Dictionary(_) | Self::Tuple(_, true) => Self::Other,
            other => other,
        }
    }

    fn tuple(items: Vec<Self>) -> Self {
        let items: Rc<[Self]> = items.into_iter().map(Self::part).collect();
        let nested = items.iter().any(|item| matches!(item, Self::Tuple(..)));
        Self::Tuple(items, nested)
    }

    fn size(&self) -> Option<usize> {
        match self {
            Self::Number(number) => usize::try_from(*number).ok(),
            _ => None,
        }
    }

    fn sizes(&self) -> Option<Vec<usize>> {
        match self {
            Self::Tuple(items, _) if items.len() <= MAX_RANK => {
                items.iter().map(Self::size).collect()
            }
            _ => None,
        }
    }
}

/// A reader of pickles and of the bytes between them.
pub(super) struct Reader<'a> {
    file: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a [u8]) -> Self {
        Self { file, at: 0 }
    }

    /// Skips `count` bytes and returns their range.
    pub(super) fn skip(&mut self, count: usize) -> Result<Range<usize>, String> {
        let end = self.at.checked_add(count).filter(|&end| end <= self.file.len());
        let end = end.ok_or_else(|| format!("it ends early, at byte {}", self.file.len()))?;
        Ok(std::mem::replace(&mut self.at, end)..end)
    }

    fn bytes(&mut self, count: usize) -> Result<&'a [u8], String> {
        let range = self.skip(count)?;
        Ok(&self.file[range])
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(N)?);
        Ok(array)
    }

    /// Reads an integer of eight bytes, little endian.
    pub(super) fn number(&mut self) -> Result<i64, String> {
        Ok(i64::from_le_bytes(self.array()?))
    }

    fn byte(&mut self) -> Result<usize, String> {
        Ok(self.array::<1>()?[0].into())
    }

    fn word(&mut self) -> Result<usize, String> {
        Ok(u32::from_le_bytes(self.array()?) as usize)
    }

    fn text(&mut self, length: usize) -> Result<Rc<str>, String> {
        let text = std::str::from_utf8(self.bytes(length)?);
        text.map(Into::into).map_err(|_| format!("the text before byte {} is not UTF-8", self.at))
    }

    fn line(&mut self) -> Result<&'a str, String> {
        let rest = &self.file[self.at..];
        let length = rest.iter().take(256).position(|&byte| byte == b'\n');
        let line = self.bytes(length.ok_or("a name has no end")? + 1)?;
        std::str::from_utf8(&line[..line.len() - 1]).map_err(|_| "a name is not UTF-8".into())
    }

    /// Reads the next pickle and returns its value.
    pub(super) fn value(&mut self) -> Result<Value, String> {
        let mut stack = Stack::default();
        for _ in 0..MAX_OPERATIONS {
            let operation = self.file.get(self.at).copied().unwrap_or_default();
            if operation == b'.' {
                self.at += 1;
                return stack.pop();
            }
            self.operate(&mut stack)?;
        }
        Err("it has more operations than the pickle of a state dictionary".into())
    }

    fn operate(&mut self, stack: &mut Stack) -> Result<(), String> {
        let start = self.at;
        let operation = self.byte()? as u8;
        let value = match operation {
            0x80 => return self.byte().map(|_| ()),
            b'(' => return stack.mark(),
            b'q' => return self.byte().and_then(|slot| stack.put(slot)),
            b'r' => return self.word().and_then(|slot| stack.put(slot)),
            b'a' => return stack.append(1),
            b'e' => return stack.unmark().and_then(|count| stack.append(count)),
            b's' => return stack.set(2),
            b'u' => return stack.unmark().and_then(|count| stack.set(count)),
            // The state of an object; a state dictionary's holds versions.
            b'b' => return stack.pop().map(|_| ()),
            b'h' => self.byte().and_then(|slot| stack.get(slot))?,
            b'j' => self.word().and_then(|slot| stack.get(slot))?,
            b'K' => Value::Number(self.byte()? as i64),
            b'M' => Value::Number(u16::from_le_bytes(self.array()?).into()),
            b'J' => Value::Number(i32::from_le_bytes(self.array()?).into()),
            0x8a => {
                let length = self.byte()?;
                long(self.bytes(length)?)
            }
            b'X' => self.word().and_then(|length| self.text(length)).map(Value::Text)?,
            b'c' => Value::Global(format!("{} {}", self.line()?, self.line()?).into()),
            b'G' => self.bytes(8).map(|_| Value::Other)?,
            b'N' | 0x88 | 0x89 => Value::Other,
            b'}' => Value::Dictionary(vec![]),
            b']' => Value::List(vec![]),
            b')' => Value::tuple(vec![]),
            0x85..=0x87 => Value::tuple(stack.take(usize::from(operation - 0x84))?),
            b't' => Value::tuple(stack.unmark().and_then(|count| stack.take(count))?),
            b'Q' => storage(&stack.pop()?),
            b'R' | 0x81 => {
                let arguments = stack.pop()?;
                called(&stack.pop()?, &arguments)
            }
            other => {
                return Err(format!("operation {other:#04x} at byte {start} is not supported"));
            }
        };
        stack.values.push(value);
        Ok(())
    }
}

/// Reads an integer of any length, little endian; one of more than 64 bits cannot be a size.
fn long(bytes: &[u8]) -> Value {
    let sign = bytes.last().map_or(0, |&last| if last < 0x80 { 0 } else { 0xff });
    let mut array = [sign; 8];
    match array.get_mut(..bytes.len()) {
        Some(part) => part.copy_from_slice(bytes),
        None => return Value::Other,
    }
    Value::Number(i64::from_le_bytes(array))
}

/// Reads the identifier of a storage: ("storage", type, key, device, count), and a view in the
/// older format.
fn storage(id: &Value) -> Value {
    let Value::Tuple(items, _) = id else { return Value::Other };
    let [_, Value::Global(class), Value::Text(key), ..] = &items[..] else { return Value::Other };
    let element = match &**class {
        "torch HalfStorage" => Dtype::F16,
        "torch BFloat16Storage" => Dtype::BF16,
        "torch FloatStorage" => Dtype::F32,
        "torch DoubleStorage" => Dtype::F64,
        "torch LongStorage" => Dtype::I64,
        "torch IntStorage" => Dtype::I32,
        "torch ShortStorage" => Dtype::I16,
        "torch CharStorage" => Dtype::I8,
        "torch ByteStorage" => Dtype::U8,
        "torch BoolStorage" => Dtype::BOOL,
        _ => return Value::Other,
    };
    Value::Storage(element, key.clone())
}

/// Returns the result of a call that builds a tensor or an empty dictionary; other calls are not
/// evaluated.
fn called(function: &Value, arguments: &Value) -> Value {
    let (Value::Global(name), Value::Tuple(arguments, _)) = (function, arguments) else {
        return Value::Other;
    };
    match (&**name, &arguments[..]) {
        ("collections OrderedDict", []) => Value::Dictionary(vec![]),
        ("torch._utils _rebuild_parameter", [tensor, ..]) => tensor.clone(),
        (
            "torch._utils _rebuild_tensor_v2",
            [Value::Storage(element, key), offset, shape, strides, ..],
        ) => match (offset.size(), shape.sizes(), strides.sizes()) {
            (Some(offset), Some(shape), Some(strides)) if shape.len() == strides.len() => {
                let (element, storage) = (*element, key.clone());
                Value::Tensor(Rc::new(StoredTensor { element, shape, strides, offset, storage }))
            }
            _ => Value::Other,
        },
        _ => Value::Other,
    }
}

#[derive(Default)]
struct Stack {
    values: Vec<Value>,
    /// The stack heights at which marks were set.
    marks: Vec<usize>,
    memo: HashMap<usize, Value>,
}

const EMPTY: &str = "an operation lacks its operands";

impl Stack {
    fn pop(&mut self) -> Result<Value, String> {
        self.values.pop().ok_or_else(|| EMPTY.into())
    }

    fn take(&mut self, count: usize) -> Result<Vec<Value>, String> {
        let start = self.values.len().checked_sub(count).ok_or(EMPTY)?;
        Ok(self.values.split_off(start))
    }

    fn mark(&mut self) -> Result<(), String> {
        self.marks.push(self.values.len());
        Ok(())
    }

    /// Removes the last mark and returns the number of values above it.
    fn unmark(&mut self) -> Result<usize, String> {
        let mark = self.marks.pop().ok_or(EMPTY)?;
        self.values.len().checked_sub(mark).ok_or_else(|| EMPTY.into())
    }

    fn put(&mut self, slot: usize) -> Result<(), String> {
        // Lists and dictionaries are never fetched again, and copying them would be slow.
        let value = match self.values.last().ok_or(EMPTY)? {
            Value::List(_) | Value::Dictionary(_) => Value::Other,
            value => value.clone(),
        };
        self.memo.insert(slot, value);
        Ok(())
    }

    fn get(&self, slot: usize) -> Result<Value, String> {
        self.memo.get(&slot).cloned().ok_or_else(|| format!("nothing is in slot {slot}"))
    }

    fn append(&mut self, count: usize) -> Result<(), String> {
        let items = self.take(count)?;
        if let Some(Value::List(list)) = self.values.last_mut() {
            list.extend(items.into_iter().map(Value::part));
        }
        Ok(())
    }

    fn set(&mut self, count: usize) -> Result<(), String> {
        let mut items = self.take(count)?.into_iter();
        if let Some(Value::Dictionary(entries)) = self.values.last_mut() {
            while let (Some(key), Some(value)) = (items.next(), items.next()) {
                entries.push((key.part(), value.part()));
            }
        }
        Ok(())
    }
}
