//! Finding the files of a model.

use std::path::Path;

use super::precision::{most_precise, one_tower};
use super::{Pair, PairError, Part, classify};
use crate::gguf::{Gguf, ModelFile, Source, architecture_of};
use crate::registry::ModelFiles;

/// The pair among files that were named or lie together.
pub(super) fn among(files: &ModelFiles) -> Result<Pair, PairError> {
    match files {
        ModelFiles::Both(both) => {
            let [first, second] = &**both;
            Pair::of(read(first)?, read(second)?)
        }
        ModelFiles::One { file, beside } => find_partner(read(file)?, beside),
        ModelFiles::Folder { folder, files } => find_in_folder(Path::new(folder), files),
    }
}

fn read(file: &ModelFile) -> Result<Gguf, PairError> {
    Ok(Gguf::read(Source::map(file)?)?)
}

/// The one pair of a folder. Where the same tower lies there in several formats, the best is taken (see
/// [`most_precise`]).
///
/// # Errors
/// [`PairError::Ambiguous`] where several could be meant, else what is missing or what is wrong with it.
fn find_in_folder(folder: &Path, files: &[ModelFile]) -> Result<Pair, PairError> {
    let contents = Contents::of(files);
    let fitting = |width: usize| contents.visions.iter().filter(move |(_, w)| *w == width);
    let with_partner: Vec<(&Gguf, Vec<&Gguf>)> = contents
        .languages
        .iter()
        .map(|(language, width)| (language, fitting(*width).map(|(vision, _)| vision).collect()))
        .filter(|(_, visions): &(_, Vec<_>)| !visions.is_empty())
        .collect();
    if let [(language, visions)] = with_partner.as_slice()
        && one_tower(visions)
        && let Some(vision) = most_precise(visions)
    {
        return Pair::of((*language).clone(), vision.clone());
    }
    match (
        with_partner.is_empty(),
        contents.languages.as_slice(),
        contents.visions.as_slice(),
    ) {
        (true, [(language, _)], [(vision, _)]) => Pair::of(language.clone(), vision.clone()),
        (true, [(language, _)], []) => {
            let file = language.source().name().to_owned();
            Err(contents.without_partner(file, Half::Language))
        }
        (true, [], [(vision, _)]) => {
            let file = vision.source().name().to_owned();
            Err(contents.without_partner(file, Half::Vision))
        }
        (true, ..) => Err(contents.none_in(folder)),
        (false, ..) => {
            let mut candidates: Vec<String> = with_partner
                .iter()
                .flat_map(|(language, visions)| visions.iter().copied().chain([*language]))
                .map(file_name)
                .collect();
            candidates.sort();
            candidates.dedup();
            Err(PairError::Ambiguous { candidates })
        }
    }
}

/// A file of a pair and the one beside it that fits.
fn find_partner(file: Gguf, beside: &[ModelFile]) -> Result<Pair, PairError> {
    let part = classify(&file)?;
    let contents = Contents::of(beside);
    let (candidates, width, half) = match part {
        Part::Language { width } => (&contents.visions, width, Half::Language),
        Part::Vision { projected_width } => (&contents.languages, projected_width, Half::Vision),
    };
    let fitting: Vec<&Gguf> = candidates
        .iter()
        .filter(|(_, w)| *w == width)
        .map(|(file, _)| file)
        .collect();
    match (fitting.as_slice(), candidates.as_slice()) {
        ([partner], _) => Pair::of(file, (*partner).clone()),
        ([], [(other, _)]) => Pair::of(file, other.clone()),
        ([], _) => Err(contents.without_partner(file.source().name().to_owned(), half)),
        (several, _) => match most_precise(several) {
            Some(vision) if half == Half::Language && one_tower(several) => Pair::of(file, vision.clone()),
            _ => Err(PairError::Ambiguous {
                candidates: several.iter().map(|file| file_name(file)).collect(),
            }),
        },
    }
}

fn file_name(file: &Gguf) -> String {
    let path = Path::new(file.source().name());
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

/// Which half of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Half {
    Language,
    Vision,
}

impl Half {
    /// What a file that was refused would have been, as far as its first bytes or its name tell.
    fn of_refused(file: &ModelFile) -> Option<Self> {
        match architecture_of(file).as_deref() {
            Some("clip") => Some(Self::Vision),
            Some(_) => Some(Self::Language),
            None => {
                let name = file.path().file_name()?.to_string_lossy().to_lowercase();
                name.contains("mmproj").then_some(Self::Vision)
            }
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Language => Self::Vision,
            Self::Vision => Self::Language,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Language => "language model",
            Self::Vision => "mmproj file",
        }
    }
}

/// The usable halves in a folder with their widths, and what is wrong with the other files.
#[derive(Default)]
struct Contents {
    languages: Vec<(Gguf, usize)>,
    visions: Vec<(Gguf, usize)>,
    refused: Vec<(Option<Half>, PairError)>,
}

impl Contents {
    fn of(files: &[ModelFile]) -> Self {
        let mut contents = Self::default();
        for file in files {
            contents.add(file);
        }
        contents
    }

    fn add(&mut self, file: &ModelFile) {
        match read(file).and_then(|gguf| Ok((classify(&gguf)?, gguf))) {
            Ok((Part::Language { width }, gguf)) => self.languages.push((gguf, width)),
            Ok((Part::Vision { projected_width }, gguf)) => self.visions.push((gguf, projected_width)),
            Err(error) => self.refused.push((Half::of_refused(file), error)),
        }
    }

    /// Why `file`, which is one half, has no other: that one cannot be used, or is not there.
    fn without_partner(mut self, file: String, half: Half) -> PairError {
        let wanted = half.other();
        if let Some(problem) = self.take_refused(Some(wanted)) {
            return PairError::Partner {
                half: wanted.name(),
                file,
                problem: Box::new(problem),
            };
        }
        // What a file is that cannot be read at all is not known: it may be the one.
        let unknown = self.take_refused(None);
        let beside = unknown.map_or_else(String::new, |problem| format!(" ({problem})"));
        match half {
            Half::Language => PairError::LoneLanguageModel { file, beside },
            Half::Vision => PairError::LoneProjector { file, beside },
        }
    }

    /// Why there is no pair in a folder: the first problem of each half that is not there.
    fn none_in(mut self, folder: &Path) -> PairError {
        let lacks_language = self.languages.is_empty().then_some(Half::Language);
        let lacks_vision = self.visions.is_empty().then_some(Half::Vision);
        let mut problems: Vec<PairError> = [lacks_language, lacks_vision]
            .into_iter()
            .flatten()
            .filter_map(|half| self.take_refused(Some(half)))
            .collect();
        if problems.is_empty() {
            problems.extend(self.take_refused(None));
        }
        PairError::NoneInFolder {
            folder: folder.display().to_string(),
            problems,
        }
    }

    fn take_refused(&mut self, half: Option<Half>) -> Option<PairError> {
        let at = self.refused.iter().position(|(of, _)| *of == half)?;
        Some(self.refused.remove(at).1)
    }
}
