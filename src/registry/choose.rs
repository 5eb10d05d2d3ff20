//! Which files of a repository make a model.

use super::catalogue::{Catalogue, Checkpoint, Entry, Licence, Variant};
use super::download::{request, run};
use super::hub::{Hub, Listing, RepositoryId};
use super::{Order, OrderedFile, Part, RegistryError, Source, Wanted, quantization};
use crate::cancel::CancelToken;

/// The revision of a repository that is asked for by its name.
const REVISION: &str = "main";

impl Hub {
    /// What has to be fetched for what somebody wants: from the catalogue, or, for a repository, from what the hub says is
    /// in it.
    ///
    /// # Errors
    /// [`RegistryError`]: no such entry, quantization or repository; a repository without a pair; the network.
    pub fn order(
        &self,
        catalogue: &Catalogue,
        wanted: &Wanted,
        cancel: &CancelToken,
    ) -> Result<Order, RegistryError> {
        let quantization = wanted.quantization.as_deref();
        match &wanted.source {
            Source::Entry(id) => {
                let entry = catalogue.entry(id)?;
                self.order_of(entry, entry.variant(quantization)?, cancel)
            }
            Source::Repository(id) => match self.kept_order(id, quantization) {
                Some(order) => Ok(order),
                None => {
                    let listing = self.listing(id, REVISION, cancel)?;
                    self.choose(id, &listing, quantization)
                }
            },
        }
    }

    /// What has to be fetched for a variant of the catalogue. The hub is asked which files a checkpoint has, unless they are
    /// here.
    ///
    /// # Errors
    /// [`RegistryError`], for a checkpoint alone: no such repository, one without a checkpoint, the network.
    pub fn order_of(
        &self,
        entry: &Entry,
        variant: &Variant,
        cancel: &CancelToken,
    ) -> Result<Order, RegistryError> {
        match &entry.checkpoint {
            None => Ok(entry.order(variant)),
            Some(checkpoint) => self.checkpoint_order(entry, variant, checkpoint, cancel),
        }
    }

    fn listing(
        &self,
        id: &RepositoryId,
        revision: &str,
        cancel: &CancelToken,
    ) -> Result<Listing, RegistryError> {
        let client = request::listing_client(self)?;
        run(cancel, self.list(&client, id, revision))
    }

    /// All that a pair is made of.
    fn checkpoint_order(
        &self,
        entry: &Entry,
        variant: &Variant,
        checkpoint: &Checkpoint,
        cancel: &CancelToken,
    ) -> Result<Order, RegistryError> {
        let Checkpoint {
            repository, revision, ..
        } = checkpoint;
        let kept = self.kept_listing(repository, revision);
        let kept = kept.filter(|kept| is_whole_checkpoint(&kept.files));
        let listing = match kept {
            Some(kept) => kept,
            None => self.listing(repository, revision, cancel)?,
        };
        if !is_whole_checkpoint(&listing.files) {
            return Err(RegistryError::NoModel {
                repository: repository.to_string(),
                why: "it has no whole checkpoint in safetensors".to_owned(),
            });
        }
        let files = listing
            .files
            .into_iter()
            .filter(|(path, _)| is_of_checkpoint(path));
        let files = files.map(|(path, n_bytes)| OrderedFile {
            repository: repository.clone(),
            revision: revision.clone(),
            path,
            part: Part::Checkpoint,
            n_bytes: Some(n_bytes),
            checksum: None,
        });
        Ok(Order {
            name: entry.name_of(variant),
            files: files.collect(),
            licence: Some(entry.licence.clone()),
            notes: vec![format!(
                "a pair in {} is made of its checkpoint here",
                variant.quantization
            )],
        })
    }

    /// What of a repository is here, of the commit that the revision was.
    fn kept_listing(&self, id: &RepositoryId, revision: &str) -> Option<Listing> {
        let commit = self.cache.commit(id, revision)?;
        let kept = self.cache.kept_of(id);
        let files = kept.files.into_iter().filter(|file| file.commit == commit);
        Some(Listing {
            files: files.map(|file| (file.path, file.n_bytes)).collect(),
            commit,
            licence: None,
        })
    }

    /// The order whose files are in the cache, where the cache alone says what would be taken: without the network, only
    /// what is there can be.
    fn kept_order(&self, id: &RepositoryId, quantization: Option<&str>) -> Option<Order> {
        let listing = self.kept_listing(id, REVISION)?;
        let order = self.choose(id, &listing, quantization).ok()?;
        let is_usual =
            |file: &OrderedFile| file.part != Part::Language || is_wanted(&file.path, quantization);
        order.files.iter().all(is_usual).then_some(order)
    }

    fn choose(
        &self,
        id: &RepositoryId,
        listing: &Listing,
        quantization: Option<&str>,
    ) -> Result<Order, RegistryError> {
        let mut notes = Vec::new();
        let chosen = choose(id, listing, quantization, &mut notes)?;
        let file = |(path, n_bytes): &(String, u64), part| OrderedFile {
            repository: id.clone(),
            revision: REVISION.to_owned(),
            path: path.clone(),
            part,
            n_bytes: Some(*n_bytes),
            checksum: None,
        };
        let licence = listing.licence.as_ref().map(|licence| Licence {
            name: licence.name.clone(),
            link: licence.link.clone().unwrap_or_else(|| self.page(id)),
        });
        Ok(Order {
            name: id.to_string(),
            files: vec![
                file(chosen.language, Part::Language),
                file(chosen.projector, Part::Projector),
            ],
            licence,
            notes,
        })
    }
}

/// Weights, and what is said of them beside.
fn is_of_checkpoint(path: &str) -> bool {
    let ends = [".safetensors", ".json", ".jinja", ".model", "merges.txt"];
    !path.contains('/') && ends.iter().any(|end| path.ends_with(end))
}

/// Whether all of a checkpoint's weights are among these files, with its settings.
fn is_whole_checkpoint(files: &[(String, u64)]) -> bool {
    let has = |name: &str| files.iter().any(|(path, _)| path == name);
    let weights = || files.iter().filter(|(path, _)| path.ends_with(".safetensors"));
    // `model-00001-of-00004.safetensors`
    let n_parts = weights().filter_map(|(path, _)| {
        path.rsplit_once("-of-")?
            .1
            .strip_suffix(".safetensors")?
            .parse()
            .ok()
    });
    let n_parts: Option<usize> = n_parts.max();
    has("config.json") && weights().count() >= n_parts.unwrap_or(1)
}

/// Whether a file is of the quantization that is wanted, or of the usual one.
fn is_wanted(path: &str, wanted: Option<&str>) -> bool {
    let usual = "Q4_K_M";
    quantization::of_name(path).is_some_and(|name| quantization::is_same(&name, wanted.unwrap_or(usual)))
}

struct Chosen<'a> {
    language: &'a (String, u64),
    projector: &'a (String, u64),
}

fn choose<'a>(
    id: &RepositoryId,
    listing: &'a Listing,
    wanted: Option<&str>,
    notes: &mut Vec<String>,
) -> Result<Chosen<'a>, RegistryError> {
    let no_model = |why: String| RegistryError::NoModel {
        repository: id.to_string(),
        why,
    };
    let is_gguf = |file: &&(String, u64)| file.0.to_ascii_lowercase().ends_with(".gguf");
    let (projectors, others): (Vec<_>, Vec<_>) = listing
        .files
        .iter()
        .filter(is_gguf)
        .partition(|file| is_projector(&file.0));
    let (splits, languages): (Vec<_>, Vec<_>) = others
        .into_iter()
        .filter(|file| !file.0.to_ascii_lowercase().contains("imatrix"))
        .partition(|file| is_split(&file.0));
    if languages.is_empty() {
        return Err(no_model(match (splits.is_empty(), projectors.is_empty()) {
            (false, _) => "its files are split, and split files cannot be run here".to_owned(),
            (true, true) => "it has no GGUF file".to_owned(),
            (true, false) => "it has an mmproj file alone".to_owned(),
        }));
    }
    if projectors.is_empty() {
        return Err(no_model(
            "it has no mmproj file, so the model is blind".to_owned(),
        ));
    }
    let language = choose_language(id, &languages, &splits, wanted, notes)?;
    let projector =
        choose_projector(&projectors, &language.0, notes).ok_or_else(|| no_model(String::new()))?;
    Ok(Chosen { language, projector })
}

fn choose_language<'a>(
    id: &RepositoryId,
    languages: &[&'a (String, u64)],
    splits: &[&(String, u64)],
    wanted: Option<&str>,
    notes: &mut Vec<String>,
) -> Result<&'a (String, u64), RegistryError> {
    let no_model = |why: String| RegistryError::NoModel {
        repository: id.to_string(),
        why,
    };
    let name = |path: &str| quantization::of_name(path);
    let is_unsupported = |path: &str| name(path).is_some_and(|name| quantization::is_unsupported(&name));
    let mut fitting: Vec<&(String, u64)> = match wanted {
        Some(wanted) => {
            let fitting = languages.iter().filter(|file| is_wanted(&file.0, Some(wanted)));
            fitting.copied().collect()
        }
        None => {
            let runs = languages.iter().filter(|file| !is_unsupported(&file.0));
            let best = runs
                .clone()
                .map(|file| quantization::rank(name(&file.0).as_deref()))
                .min();
            let of_best = runs.filter(|file| Some(quantization::rank(name(&file.0).as_deref())) == best);
            of_best.copied().collect()
        }
    };
    fitting.sort();
    let mut known: Vec<String> = languages.iter().filter_map(|file| name(&file.0)).collect();
    known.sort();
    known.dedup();
    match (fitting.as_slice(), wanted) {
        ([], Some(wanted)) if splits.iter().any(|file| is_wanted(&file.0, Some(wanted))) => Err(no_model(
            format!("its {wanted} is split, and split files cannot be run here"),
        )),
        ([], Some(wanted)) => Err(RegistryError::NoQuantization {
            of: id.to_string(),
            quantization: wanted.to_owned(),
            known,
        }),
        ([], None) => Err(no_model(format!(
            "it comes only as {}, which cannot be run here",
            known.join(", ")
        ))),
        ([file], _) if is_unsupported(&file.0) => Err(no_model(format!(
            "{} cannot be run here; it comes as {}",
            name(&file.0).unwrap_or_default(),
            known.join(", ")
        ))),
        ([file], _) => {
            if languages.len() > 1 {
                notes.push(format!(
                    "of {} language models, {} is taken",
                    languages.len(),
                    file.0
                ));
            }
            Ok(file)
        }
        (several, _) => {
            let names: Vec<&str> = several.iter().map(|file| file.0.as_str()).collect();
            Err(no_model(format!(
                "more than one could be meant: {}",
                names.join(", ")
            )))
        }
    }
}

/// The mmproj file that is exact and computes everywhere; of several models' the one whose name says most of what the
/// language model's does.
fn choose_projector<'a>(
    projectors: &[&'a (String, u64)],
    language: &str,
    notes: &mut Vec<String>,
) -> Option<&'a (String, u64)> {
    let n_shared = |path: &str| {
        words(language)
            .filter(|word| words(path).any(|one| one == *word))
            .count()
    };
    let chosen = projectors.iter().min_by_key(|file| {
        let rank = quantization::projector_rank(quantization::of_name(&file.0).as_deref());
        (std::cmp::Reverse(n_shared(&file.0)), rank, file.0.as_str())
    })?;
    if projectors.len() > 1 {
        notes.push(format!(
            "of {} mmproj files, {} is taken",
            projectors.len(),
            chosen.0
        ));
    }
    Some(chosen)
}

/// The words of a file's name that are not its quantization.
fn words(path: &str) -> impl Iterator<Item = &str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_name = |word: &&str| quantization::of_name(word).is_none() && !word.eq_ignore_ascii_case("gguf");
    name.split(['-', '.', '_'])
        .filter(is_name)
        .filter(|word| !word.is_empty())
}

fn is_projector(path: &str) -> bool {
    path.rsplit('/')
        .next()
        .unwrap_or(path)
        .to_ascii_lowercase()
        .contains("mmproj")
}

/// `model-00001-of-00003.gguf`.
fn is_split(path: &str) -> bool {
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    let Some((before, n_parts)) = stem.rsplit_once("-of-") else {
        return false;
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number(n_parts) && before.rsplit_once('-').is_some_and(|(_, part)| is_number(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(files: &[&str], wanted: Option<&str>) -> Result<(String, String, Vec<String>), RegistryError> {
        let id = "o/r".parse().expect("it is one");
        let listing = Listing {
            commit: "0".repeat(40),
            files: files.iter().map(|path| ((*path).to_owned(), 1)).collect(),
            licence: None,
        };
        let mut notes = Vec::new();
        let Chosen { language, projector } = choose(&id, &listing, wanted, &mut notes)?;
        Ok((language.0.clone(), projector.0.clone(), notes))
    }

    fn refusal(files: &[&str], wanted: Option<&str>) -> String {
        chosen(files, wanted).expect_err("it is refused").to_string()
    }

    #[test]
    fn the_usual_quantization_and_the_exact_projector_are_taken_and_named() {
        let files = [
            "README.md",
            "m-Q8_0.gguf",
            "m-Q4_K_M.gguf",
            "m-IQ4_XS.gguf",
            "mmproj-m-Q8_0.gguf",
            "mmproj-m-F32.gguf",
            "mmproj-m-BF16.gguf",
            "mmproj-m-f16.gguf",
        ];
        let (language, projector, notes) = chosen(&files, None).expect("there is a pair");
        assert_eq!(
            (language.as_str(), projector.as_str()),
            ("m-Q4_K_M.gguf", "mmproj-m-f16.gguf")
        );
        assert_eq!(notes.len(), 2);
        let (language, ..) = chosen(&files, Some("q8_0")).expect("there is a pair");
        assert_eq!(language, "m-Q8_0.gguf");
        let (language, ..) = chosen(&["a-Q8_0.gguf", "a-Q5_K_M.gguf", "mmproj.gguf"], None).expect("a pair");
        assert_eq!(language, "a-Q5_K_M.gguf");
    }

    #[test]
    fn of_several_models_the_projector_of_the_same_name_is_taken() {
        let files = ["v-7b-q4_k.gguf", "mmproj-m-7b-f16.gguf", "mmproj-v-7b-q8_0.gguf"];
        let (_, projector, _) = chosen(&files, None).expect("there is a pair");
        assert_eq!(projector, "mmproj-v-7b-q8_0.gguf");
    }

    #[test]
    fn what_cannot_be_run_is_refused_with_the_reason() {
        let said = |files: &[&str], wanted, words: &str| {
            let refusal = refusal(files, wanted);
            assert!(refusal.contains(words), "{refusal}");
        };
        said(&["a.txt"], None, "no GGUF file");
        said(&["a-Q4_K_M.gguf"], None, "no mmproj file");
        said(&["mmproj-f16.gguf"], None, "mmproj file alone");
        said(
            &["a-00001-of-00002.gguf", "a-00002-of-00002.gguf", "mmproj.gguf"],
            None,
            "split",
        );
        said(
            &["a-Q4_K_M-00001-of-00002.gguf", "a-Q8_0.gguf", "mmproj.gguf"],
            Some("Q4_K_M"),
            "split",
        );
        said(
            &["a-Q4_K_M.gguf", "b-Q4_K_M.gguf", "mmproj.gguf"],
            None,
            "more than one",
        );
        said(&["a-IQ4_XS.gguf", "mmproj.gguf"], None, "only as IQ4_XS");
        said(&["a-IQ4_XS.gguf", "mmproj.gguf"], Some("IQ4_XS"), "cannot be run");
        said(
            &["a-Q4_K_M.gguf", "mmproj.gguf"],
            Some("Q8_0"),
            "does not come as Q8_0",
        );
    }
}
