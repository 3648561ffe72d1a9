//! Inpainting with an unconditional run: part of an image is hidden and filled again, by the three
//! methods of the released code.

mod mask;

use burn::tensor::Tensor;
use ebm::noise::streams;

use self::mask::Region;
use super::reconstruct::Fidelity;
use crate::error::unsuitable;
use crate::reference::DataChoice;
use crate::{OutputFolder, Result, TrainedRun};

pub use self::mask::Mask;

/// The state from which Langevin steps fill the hidden pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// The decoded code of the masked image.
    Encode,
    /// The masked image itself.
    Langevin,
    /// The decoded code that Langevin steps on p(z | visible pixels) find.
    Latent,
}

impl Method {
    /// All methods.
    pub const ALL: [Self; 3] = [Self::Encode, Self::Langevin, Self::Latent];

    /// Returns the name in files and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Encode => "encode",
            Self::Langevin => "langevin",
            Self::Latent => "latent",
        }
    }
}

/// The options of [`TrainedRun::inpaint`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InpaintOptions {
    /// The number of images, evenly spread over the data set.
    pub count: usize,
    /// The hidden part.
    pub mask: Mask,
    /// The methods, in the order of [`Method::ALL`].
    pub methods: Vec<Method>,
    /// The number of Langevin steps of codes in [`Method::Latent`].
    pub latent_steps: usize,
    /// The number of Langevin steps of images; `None` for the recipe's `chains.sampling_steps`.
    pub steps: Option<usize>,
    /// The data set.
    pub data: DataChoice,
}

impl InpaintOptions {
    /// Creates options that hide the lower half and use all methods, with 200 Langevin steps of
    /// codes.
    pub fn new(count: usize) -> Self {
        Self {
            count,
            mask: Mask::Bottom,
            methods: Method::ALL.to_vec(),
            latent_steps: 200,
            steps: None,
            data: DataChoice::default(),
        }
    }
}

/// A set of inpainted images.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Inpainting {
    /// The data, the masked data, and the data with the hidden pixels filled by each method; each
    /// `[count, channels, height, width]`.
    pub columns: Vec<(&'static str, Tensor<4>)>,
    /// The peak signal-to-noise ratios of the hidden pixels.
    pub fidelity: Fidelity,
}

impl TrainedRun {
    /// Hides part of images and fills it again.
    ///
    /// # Errors
    /// [`RunError::Unsuitable`](crate::RunError::Unsuitable) for a conditional run, for images of
    /// one pixel and for methods that need an energy where there is none;
    /// [`RunError::Teaching`](crate::RunError::Teaching) for methods that need an encoder or a
    /// decoder where there is none, and if a chain diverges.
    pub fn inpaint(&self, options: &InpaintOptions) -> Result<Inpainting> {
        self.require_unconditional("a run that learned to complete images does so by `complete`")?;
        let Some(hidden) = options.mask.region(self.image_shape().side) else {
            unsuitable!("the images of this run have one pixel, of which no part can be hidden");
        };
        let reference = self.reference(&options.data)?;
        let (indices, examples) = reference.spread(options.count, self.trainer().device());
        let data = examples.images;
        // Hidden pixels are grey.
        let masked = hidden.paste(data.zeros_like(), &data);
        let mut columns = vec![("data", data.clone()), ("masked", masked.clone())];
        for method in Method::ALL.into_iter().filter(|method| options.methods.contains(method)) {
            let start = self.inpainting_start(method, &masked, &hidden, options.latent_steps)?;
            let key = self.key().fold(streams::inpaint::LANGEVIN).fold(method as u64);
            let filled = self.refine_images(&start, None, options.steps, key)?.unwrap_or(start);
            columns.push((method.name(), hidden.paste(filled, &data)));
        }
        let mut fidelity = Fidelity::new(reference.to_string(), indices);
        for (name, images) in columns.iter().skip(1) {
            fidelity.add(name, hidden.of(images.clone()), hidden.of(data.clone()));
        }
        Ok(Inpainting { columns, fidelity })
    }

    /// Returns the initial states of the Langevin steps on U, `[batch, channels, height, width]`.
    fn inpainting_start(
        &self,
        method: Method,
        masked: &Tensor<4>,
        hidden: &Region,
        latent_steps: usize,
    ) -> Result<Tensor<4>> {
        let (trainer, key) = (self.trainer(), |stream| self.key().fold(stream));
        match method {
            Method::Encode => {
                let vae = trainer.encoder()?;
                let posterior = vae.encode(masked.clone(), None, key(streams::inpaint::ENCODER));
                Ok(vae.decode(posterior.sample(key(streams::inpaint::CODES)), None))
            }
            Method::Latent => {
                let visible = hidden.paste(masked.zeros_like(), &masked.ones_like());
                let key = key(streams::inpaint::LATENT);
                let codes = trainer.infer(masked.clone(), visible, latent_steps, key)?;
                Ok(trainer.decoder()?.decode(codes, None))
            }
            Method::Langevin => {
                if !self.has_energy() {
                    unsuitable!(
                        "this run has no energy: only the methods encode and latent fill its images"
                    );
                }
                Ok(masked.clone())
            }
        }
    }
}

impl Inpainting {
    /// Writes `inpaint.png`, the columns as arrays, and `psnr.json`.
    ///
    /// # Errors
    /// [`RunError::Write`](crate::RunError::Write)
    pub fn write(&self, out: &mut OutputFolder) -> Result<()> {
        let frames: Vec<_> = self.columns.iter().map(|(_, images)| images.clone()).collect();
        out.strip("inpaint", &frames)?;
        for (name, images) in &self.columns {
            out.array(name, images)?;
        }
        out.json("psnr", &self.fidelity)
    }
}
