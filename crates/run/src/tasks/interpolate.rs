//! Straight lines between latent codes, decoded and refined.

use burn::tensor::Tensor;
use ebm::noise::streams;
use ebm::tensor::{Condition, Examples};

use crate::conditions::ConditionChoice;
use crate::{OutputFolder, Result, RunError, TrainedRun};

/// The codes between which lines are drawn.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Ends {
    /// The given number of pairs of codes from the prior.
    Random(usize),
    /// The codes of pairs of images, given by their indices in the data set.
    Images(Vec<[usize; 2]>),
}

/// The options of [`TrainedRun::interpolate`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InterpolateOptions {
    /// The end points of the lines.
    pub ends: Ends,
    /// The number of points on each line, both ends included: at least 2.
    pub points: usize,
    /// The number of Langevin steps; `None` for the recipe's `chains.sampling_steps`.
    pub steps: Option<usize>,
    /// The conditions of a conditional run, and the data set of [`Ends::Images`].
    pub condition: ConditionChoice,
}

impl InterpolateOptions {
    /// Creates options for lines of 11 points.
    pub fn new(ends: Ends) -> Self {
        Self { ends, points: 11, steps: None, condition: ConditionChoice::default() }
    }
}

/// A set of lines between latent codes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Interpolation {
    /// The decoded points: for each position on the line, `[lines, channels, height, width]`.
    pub decoded: Vec<Tensor<4>>,
    /// The decoded points after the Langevin steps; `None` without an energy.
    pub refined: Option<Vec<Tensor<4>>>,
    /// The images whose codes are the ends.
    pub images: Option<[Tensor<4>; 2]>,
}

/// The ends of all lines.
struct Codes {
    /// The codes at the ends of the lines, `[lines, latent]` each.
    ends: [Tensor<2>; 2],
    images: Option<[Tensor<4>; 2]>,
    /// One condition for each line: that of its first image, where it has one.
    condition: Option<Condition>,
}

impl TrainedRun {
    /// Decodes and refines evenly spaced points on lines between latent codes.
    ///
    /// # Errors
    /// [`RunError::Teaching`](crate::RunError::Teaching) if the run has no decoder, or no trained
    /// encoder where images are given, or if a chain diverges;
    /// [`RunError::Unsuitable`](crate::RunError::Unsuitable) for fewer than two points, and for
    /// images that do not exist.
    pub fn interpolate(&self, options: &InterpolateOptions) -> Result<Interpolation> {
        let points = options.points;
        if points < 2 {
            crate::error::unsuitable!("a line has at least 2 points, not {points}");
        }
        let codes = match &options.ends {
            Ends::Random(count) => self.random_codes(*count, &options.condition)?,
            Ends::Images(pairs) => self.codes_of_images(pairs, &options.condition)?,
        };
        let line = line(&codes.ends, points);
        let condition = codes.condition.map(|c| {
            let count = points * c.len();
            c.cycle(count)
        });
        let decoded = self.trainer().decoder()?.decode(line, condition.as_ref());
        let key = self.key().fold(streams::interpolate::LANGEVIN);
        let refined = self.refine_images(&decoded, condition, options.steps, key)?;
        let frames = |images: Tensor<4>| images.chunk(points, 0);
        let (decoded, refined) = (frames(decoded), refined.map(frames));
        Ok(Interpolation { decoded, refined, images: codes.images })
    }

    fn random_codes(&self, count: usize, choice: &ConditionChoice) -> Result<Codes> {
        let condition = self.conditions(count, choice)?;
        let code =
            |stream| self.trainer().codes(count, condition.as_ref(), self.key().fold(stream));
        let ends = [code(streams::interpolate::FIRST)?, code(streams::interpolate::LAST)?];
        Ok(Codes { ends, images: None, condition })
    }

    /// Returns the means of q(z|x).
    fn codes_of_images(&self, pairs: &[[usize; 2]], choice: &ConditionChoice) -> Result<Codes> {
        let vae = self.trainer().encoder()?;
        let reference = self.reference(&choice.data)?;
        let end = |which: usize| {
            let indices: Vec<usize> = pairs.iter().map(|pair| pair[which]).collect();
            let examples = reference.at(&indices, self.trainer().device())?;
            Ok::<_, RunError>(self.conditioned(&reference, &indices, examples))
        };
        let ends = [end(0)?, end(1)?];
        let encode = |stream, end: &Examples| {
            let condition = end.condition.as_ref();
            vae.encode(end.images.clone(), condition, self.key().fold(stream)).mean
        };
        let codes = [
            encode(streams::interpolate::FIRST, &ends[0]),
            encode(streams::interpolate::LAST, &ends[1]),
        ];
        let [first, last] = ends;
        let images = Some([first.images, last.images]);
        Ok(Codes { ends: codes, images, condition: first.condition })
    }
}

impl Interpolation {
    /// Writes `decoded` and `refined` as arrays, and as film strips of one row for each line,
    /// between the images of its ends.
    ///
    /// # Errors
    /// [`RunError::Write`]
    pub fn write(&self, out: &mut OutputFolder) -> Result<()> {
        for (name, frames) in [("decoded", Some(&self.decoded)), ("refined", self.refined.as_ref())]
        {
            let Some(frames) = frames else { continue };
            let points: Tensor<5> = Tensor::stack(frames.clone(), 1);
            out.array(name, &points)?;
            let mut frames = frames.clone();
            if let Some([first, last]) = self.images.clone() {
                frames.insert(0, first);
                frames.push(last);
            }
            out.strip(name, &frames)?;
        }
        Ok(())
    }
}

/// Returns z₀ + t·(z₁ − z₀) at evenly spaced t: the first point of all lines, then the second, and
/// so on.
fn line([first, last]: &[Tensor<2>; 2], points: usize) -> Tensor<2> {
    let point = |i: usize| {
        let t = i as f64 / (points - 1) as f64;
        first.clone() * (1.0 - t) + last.clone() * t
    };
    Tensor::cat((0..points).map(point).collect(), 0)
}
