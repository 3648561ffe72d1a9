//! Samples are decoded in company: a decoder that normalises by its batch wants batches like those that it learned from.

use burn::tensor::Tensor;
use ebm_noise::Key;

use crate::student::Student;
use crate::{ConditionKind, Recipe, one_hot};

/// Images of classes that are decoded at once; each brings at most one companion of every other class.
const PIECE: usize = 500;

/// x₀ of `count` samples, each decoded among at least as many as there are chains in training, in which every class is
/// as frequent as any other. What is asked for alone would be normalised by itself.
pub(crate) fn starts(
    student: &Student,
    recipe: &Recipe,
    count: usize,
    condition: Option<Tensor<4>>,
    key: Key,
) -> Tensor<4> {
    if !student.decodes() {
        return student.show(count, condition, key);
    }
    let classes = recipe.condition.as_ref().filter(|c| c.kind == ConditionKind::Class);
    let least = recipe.chains.count;
    let Some((condition, classes)) = condition.as_ref().zip(classes) else {
        let rows = count.max(least);
        let company = condition.map(|c| {
            let repeats = rows.div_ceil(count);
            c.repeat_dim(0, repeats).narrow(0, 0, rows)
        });
        return student.show(rows, company, key).narrow(0, 0, count);
    };
    let pieces = condition.clone().split(PIECE, 0).into_iter().enumerate().map(|(i, asked)| {
        let key = if i == 0 { key } else { key.fold(i as u64) };
        let asked_for = asked.dims()[0];
        let all = evened(asked, classes.classes, least);
        student.show(all.dims()[0], Some(all), key).narrow(0, 0, asked_for)
    });
    Tensor::cat(pieces.collect(), 0)
}

/// One-hot classes and, behind them, what makes all classes equally frequent and all together at least `least`.
fn evened(asked: Tensor<4>, classes: usize, least: usize) -> Tensor<4> {
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
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn classes_are_evened() {
        let device = Device::flex();
        let totals = |x: Tensor<4>| -> Vec<f32> { x.sum_dim(0).into_data().iter().collect() };
        let asked = one_hot(&[2, 2, 0], 3, &device);
        let all = evened(asked.clone(), 3, 0);
        assert_eq!(totals(all.clone()), [2.0; 3]);
        all.narrow(0, 0, 3).into_data().assert_eq(&asked.clone().into_data(), true);
        assert_eq!(totals(evened(asked, 3, 13)), [5.0; 3]);
        assert_eq!(evened(one_hot(&[0, 1, 2], 3, &device), 3, 3).dims()[0], 3);
    }
}
