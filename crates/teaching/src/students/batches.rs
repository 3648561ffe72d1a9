//! Preview samples are decoded in batches: a decoder that normalises by its batch needs batches
//! like those that it was trained on.

use burn::tensor::Tensor;
use ebm_noise::Key;
use ebm_tensor::{Condition, values};

/// The number of requested classes that are decoded at once; each adds at most one image of every
/// other class to the batch.
const AT_ONCE: usize = 500;

/// Decodes `count` images, each in a batch of at least `least`, the number of chains in training,
/// in which every class is as frequent as any other: an image that is decoded alone would be
/// normalised by itself.
///
/// `decode` returns images for so many codes, with these conditions, drawn from this key.
pub(super) fn decode_in_batches(
    count: usize,
    condition: Option<&Condition>,
    least: usize,
    key: Key,
    decode: impl Fn(usize, Option<&Condition>, Key) -> Tensor<4>,
) -> Tensor<4> {
    let Some(Condition::Class(classes)) = condition else {
        let rows = count.max(least);
        let filled = condition.map(|condition| condition.clone().cycle(rows));
        return decode(rows, filled.as_ref(), key).narrow(0, 0, count);
    };
    let parts = classes.clone().split(AT_ONCE, 0).into_iter().enumerate().map(|(i, asked)| {
        let key = if i == 0 { key } else { key.fold(i as u64) };
        let (asked_for, all) = (asked.dims()[0], evened(asked, least));
        decode(all.len(), Some(&all), key).narrow(0, 0, asked_for)
    });
    Tensor::cat(parts.collect(), 0)
}

/// Appends classes to the requested ones, `[batch, classes]`, so that all classes are equally
/// frequent and the batch has at least `least` rows.
fn evened(asked: Tensor<2>, least: usize) -> Condition {
    let classes = asked.dims()[1];
    let counts = values(asked.clone().sum_dim(0)).into_iter().map(|count| count as usize);
    let counts: Vec<usize> = counts.collect();
    let most = counts.iter().copied().max().unwrap_or(0).max(least.div_ceil(classes));
    let missing = (0_u8..).zip(&counts);
    let labels: Vec<u8> =
        missing.flat_map(|(class, &count)| std::iter::repeat_n(class, most - count)).collect();
    let (device, asked) = (asked.device(), Condition::Class(asked));
    match labels.is_empty() {
        true => asked,
        false => asked.concat(Condition::one_hot(&labels, classes, &device)),
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn classes_are_evened() {
        let one_hot = |labels: &[u8]| match Condition::one_hot(labels, 3, &Device::flex()) {
            Condition::Class(classes) => classes,
            Condition::Image(_) => panic!("classes"),
        };
        let totals = |condition: Condition| values(condition.into_maps().sum_dim(0));
        let asked = one_hot(&[2, 2, 0]);
        let all = evened(asked.clone(), 0);
        assert_eq!(totals(all.clone()), [2.0; 3]);
        assert_eq!(values(all.narrow(0, 3).into_maps()), values(asked.clone()));
        assert_eq!(totals(evened(asked, 13)), [5.0; 3]);
        assert_eq!(evened(one_hot(&[0, 1, 2]), 3).len(), 3);
    }
}
