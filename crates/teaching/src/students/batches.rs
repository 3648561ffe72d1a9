//! Preview samples are decoded in batches: a decoder that normalises by its batch needs batches like those that it
//! was trained on.

use burn::tensor::Tensor;
use ebm_noise::Key;

use crate::condition::one_hot;

/// Classes asked for that are decoded at once; each adds at most one image of every other class to the batch.
const AT_ONCE: usize = 500;

/// Decodes `count` images, each in a batch of at least `least`, the number of chains in training, in which every class
/// is as frequent as any other: an image that is decoded alone would be normalised by itself.
///
/// `decode` returns images for so many codes, with these conditions, drawn from this key.
pub(super) fn decode_in_batches(
    count: usize,
    condition: Option<Tensor<4>>,
    least: usize,
    key: Key,
    decode: impl Fn(usize, Option<Tensor<4>>, Key) -> Tensor<4>,
) -> Tensor<4> {
    let classes = condition.clone().filter(|condition| condition.dims()[2] == 1);
    let Some(classes) = classes else {
        let rows = count.max(least);
        let filled = condition.map(|c| {
            let repeats = rows.div_ceil(count);
            c.repeat_dim(0, repeats).narrow(0, 0, rows)
        });
        return decode(rows, filled, key).narrow(0, 0, count);
    };
    let parts = classes.split(AT_ONCE, 0).into_iter().enumerate().map(|(i, asked)| {
        let key = if i == 0 { key } else { key.fold(i as u64) };
        let asked_for = asked.dims()[0];
        let all = evened(asked, least);
        decode(all.dims()[0], Some(all), key).narrow(0, 0, asked_for)
    });
    Tensor::cat(parts.collect(), 0)
}

/// Appends as many classes to the ones asked for as make all classes equally frequent and the batch at least `least`.
fn evened(asked: Tensor<4>, least: usize) -> Tensor<4> {
    let classes = asked.dims()[1];
    let counts = asked.clone().sum_dim(0).into_data();
    let counts: Vec<usize> = counts.iter::<f32>().map(|count| count as usize).collect();
    let most = counts.iter().copied().max().unwrap_or(0).max(least.div_ceil(classes));
    let missing = (0_u8..).zip(&counts);
    let labels: Vec<u8> =
        missing.flat_map(|(class, &count)| std::iter::repeat_n(class, most - count)).collect();
    if labels.is_empty() {
        return asked;
    }
    let companions = one_hot(&labels, classes, &asked.device());
    Tensor::cat(vec![asked, companions], 0)
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    #[test]
    fn classes_are_evened() {
        let device = Device::flex();
        let totals = |x: Tensor<4>| -> Vec<f32> { x.sum_dim(0).into_data().iter().collect() };
        let asked = one_hot(&[2, 2, 0], 3, &device);
        let all = evened(asked.clone(), 0);
        assert_eq!(totals(all.clone()), [2.0; 3]);
        all.narrow(0, 0, 3).into_data().assert_eq(&asked.clone().into_data(), true);
        assert_eq!(totals(evened(asked, 13)), [5.0; 3]);
        assert_eq!(evened(one_hot(&[0, 1, 2], 3, &device), 3).dims()[0], 3);
    }
}
