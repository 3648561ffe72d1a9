//! Folders of pictures as data sets: the pictures of one folder, or one folder for each class.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use ebm_files::{ReadError, read_up_to};
use rayon::prelude::*;

use super::images::ImageSet;
use crate::error::{DataError, FolderProblem};
use crate::formats::picture::{self, MAX_FILE_BYTES, Part, Picture, PictureProblem};

/// The greatest size of a decoded set of pictures (16 GiB).
const MAX_SET_BYTES: u64 = 1 << 34;
/// The longest side that pictures are scaled to.
const MAX_SIDE: usize = 4_096;
/// Labels are bytes.
const MAX_CLASSES: usize = 256;

/// The pictures of a folder, sorted by path, and their classes.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) files: Vec<PathBuf>,
    pub(crate) labels: Vec<u8>,
}

/// Reads a folder of pictures (.png, .jpg, .jpeg) as images of `shape`, `[channels, height, width]`
/// with 1 or 3 channels.
///
/// If pictures lie in the folder itself, all are of class 0; otherwise each folder in it is a
/// class, numbered in the order of their names. Names that begin with a dot and other files are
/// skipped. A picture is cropped to the largest rectangle of the shape's proportions about its
/// centre and scaled by a triangle filter; colours become grey by Rec. 709's luma.
///
/// Decoding takes at most 256 MiB for each thread besides the set, whatever the files announce.
///
/// # Errors
/// - [`DataError::Folder`]: the folder or a class holds no pictures, or the set would take too much
///   memory.
/// - [`DataError::Picture`]: a file, the first by name, is broken, cut short or too large.
/// - [`DataError::PictureShape`]: pictures cannot have that shape.
/// - [`DataError::Io`]: a file cannot be read.
pub fn load_folder(folder: &Path, shape: [usize; 3]) -> Result<ImageSet, DataError> {
    let Listing { files, labels } = Listing::of(folder)?;
    let [pixels] = decode(folder, &files, [Part::Whole], shape)?;
    ImageSet::new(folder.display().to_string(), shape, pixels, labels)
}

/// Returns the pixels of these parts of all files, in their order. Every file is decoded once.
pub(crate) fn decode<const N: usize>(
    folder: &Path,
    files: &[PathBuf],
    parts: [Part; N],
    shape: [usize; 3],
) -> Result<[Vec<u8>; N], DataError> {
    let [channels, height, width] = shape;
    let sides = 1..=MAX_SIDE;
    if !matches!(channels, 1 | 3) || !sides.contains(&height) || !sides.contains(&width) {
        return Err(DataError::PictureShape { shape, limit: MAX_SIDE });
    }
    let (count, per_image) = (files.len(), channels * height * width);
    let bytes = (count as u64).saturating_mul((per_image * N) as u64);
    if bytes > MAX_SET_BYTES {
        return Err(wrong(folder, FolderProblem::TooLarge { count, bytes, limit: MAX_SET_BYTES }));
    }
    let mut pixels = parts.map(|_| vec![0; count * per_image]);
    let mut images: Vec<Vec<&mut [u8]>> = files.iter().map(|_| Vec::with_capacity(N)).collect();
    for pixels in &mut pixels {
        let of_part = pixels.chunks_exact_mut(per_image);
        images.iter_mut().zip(of_part).for_each(|(images, image)| images.push(image));
    }
    let read = |(images, path): (&mut Vec<&mut [u8]>, &PathBuf)| {
        let picture = read_picture(path, channels)?;
        parts.iter().zip(images).try_for_each(|(&part, image)| {
            picture::fit(&picture, part, shape, image)
                .map_err(|problem| DataError::Picture { path: path.clone(), problem })
        })
    };
    let fault = images.par_iter_mut().zip(files).find_map_first(|one| read(one).err());
    fault.map_or(Ok(pixels), Err)
}

fn read_picture(path: &Path, channels: usize) -> Result<Picture, DataError> {
    let file = File::open(path).map_err(DataError::io("open", path))?;
    let wrong = |problem| DataError::Picture { path: path.to_path_buf(), problem };
    let bytes = read_up_to(file, MAX_FILE_BYTES).map_err(|problem| match problem {
        ReadError::Io { cause } => DataError::io("read", path)(cause),
        _ => wrong(PictureProblem::TooLong { limit: MAX_FILE_BYTES }),
    })?;
    picture::decode(&bytes, channels).map_err(wrong)
}

impl Listing {
    pub(crate) fn of(folder: &Path) -> Result<Self, DataError> {
        let contents = Contents::of(folder)?;
        if !contents.pictures.is_empty() {
            let labels = vec![0; contents.pictures.len()];
            return Ok(Self { files: contents.pictures, labels });
        }
        let classes = contents.folders;
        if classes.is_empty() {
            return Err(wrong(folder, FolderProblem::Empty));
        }
        if classes.len() > MAX_CLASSES {
            let (found, limit) = (classes.len(), MAX_CLASSES);
            return Err(wrong(folder, FolderProblem::Classes { found, limit }));
        }
        let (mut files, mut labels) = (Vec::new(), Vec::new());
        for (label, class) in (0..=u8::MAX).zip(&classes) {
            let pictures = Contents::of(class)?.pictures;
            if pictures.is_empty() {
                return Err(wrong(class, FolderProblem::Empty));
            }
            labels.resize(labels.len() + pictures.len(), label);
            files.extend(pictures);
        }
        Ok(Self { files, labels })
    }
}

/// The contents of a folder, sorted by name.
struct Contents {
    pictures: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

impl Contents {
    fn of(folder: &Path) -> Result<Self, DataError> {
        let (mut pictures, mut folders) = (Vec::new(), Vec::new());
        for entry in fs::read_dir(folder).map_err(DataError::io("look into", folder))? {
            let path = entry.map_err(DataError::io("look into", folder))?.path();
            let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes()[0] == b'.');
            if hidden {
                continue;
            }
            if is_picture(&path) {
                pictures.push(path);
            } else if path.is_dir() {
                folders.push(path);
            }
        }
        pictures.sort_unstable();
        folders.sort_unstable();
        Ok(Self { pictures, folders })
    }
}

fn is_picture(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| {
        ["png", "jpg", "jpeg"].iter().any(|known| extension.eq_ignore_ascii_case(known))
    })
}

fn wrong(path: &Path, problem: FolderProblem) -> DataError {
    DataError::Folder { path: path.to_path_buf(), problem }
}
