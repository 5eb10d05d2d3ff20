//! What can be said of models, of work and of this build before anything is loaded or encoded.

use super::coordinator::{Engine, OpenVideo};
use super::requests::Check;
use super::requests::media::ExamineMedia;
use super::requests::model::{
    CountTokens, Describe, ExamineModel, Foresee, Foresight, Machine, ModelName, PairDescription, TokenCount,
};
use super::requests::open_model::OpenModel;
use crate::cancel::CancelToken;
use crate::fault::Failure;
use crate::question::{PromptForm, Turn};
use crate::visual::plan::Plan;

impl Engine {
    /// What a pair is, from its headers alone.
    ///
    /// # Errors
    /// What is wrong with its files.
    pub fn describe(&self, model: &ModelName, cancel: &CancelToken) -> Result<PairDescription, Failure> {
        let model = OpenModel::new(model);
        self.model.call(Describe { model }, cancel)
    }

    /// What of these plans' pictures is kept, and how many tokens the words around a question about the first of them
    /// take, after `history`.
    ///
    /// # Errors
    /// What is wrong with the model's files.
    pub fn foresee(
        &self,
        video: &OpenVideo,
        model: &ModelName,
        plans: &[&Plan],
        history: Vec<Turn>,
        max_tokens: usize,
        cancel: &CancelToken,
    ) -> Result<Foresight, Failure> {
        let foresee = Foresee {
            model: OpenModel::new(model),
            form: PromptForm::Chat,
            excerpts: plans.iter().map(|plan| video.excerpt(plan)).collect(),
            history,
            max_tokens,
        };
        self.model.call(foresee, cancel)
    }

    /// Tokens of somebody's words for this model, without loading it.
    ///
    /// # Errors
    /// What is wrong with the model's files.
    pub fn count_tokens(
        &self,
        model: &ModelName,
        words: &str,
        cancel: &CancelToken,
    ) -> Result<usize, Failure> {
        let count = CountTokens {
            model: OpenModel::new(model),
            words: words.to_owned(),
        };
        let TokenCount(n_tokens) = self.model.call(count, cancel)?;
        Ok(n_tokens)
    }

    /// What the model role knows of its build and the machine.
    ///
    /// # Errors
    /// [`Fault::Cancelled`](crate::fault::Fault::Cancelled); why it does not answer.
    pub fn machine(&self, cancel: &CancelToken) -> Result<Machine, Failure> {
        self.model.call(ExamineModel, cancel)
    }

    /// What this build is and what this machine has, and whether the two go together. A role that cannot be asked is a
    /// check that failed.
    #[must_use]
    pub fn examine(&self, cancel: &CancelToken) -> (Machine, Vec<Check>) {
        let (machine, no_model) = or_failure(self.model.call(ExamineModel, cancel));
        let (mut checks, no_media) = or_failure(self.media.call(ExamineMedia, cancel));
        checks.push(self.kept_lists.examine());
        for (name, failure) in [("video reader", no_media), ("model", no_model)] {
            checks.extend(failure.map(|failure| Check::bad(name, failure.message, failure.hint)));
        }
        (machine, checks)
    }
}

fn or_failure<T: Default>(asked: Result<T, Failure>) -> (T, Option<Failure>) {
    match asked {
        Ok(found) => (found, None),
        Err(failure) => (T::default(), Some(failure)),
    }
}
