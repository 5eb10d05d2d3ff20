//! What the model sees: plans as the page shows them, and their pictures.

use std::sync::Arc;

use super::Desktop;
use super::chats::turn_id;
use super::costs::{ContextBudget, cost};
use super::describing::tower_name;
use super::models::LoadedModel;
use super::pictures::png;
use super::plan_shelf::ShelvedPlan;
use super::plans::{PresetPlan, geometry_of, impossible_tower, resolve};
use super::refusal::{gone, of_model, of_model_at, of_store, of_video, of_video_at, sentence};
use super::videos::Shown;
use crate::api::TokensJson;
use crate::api::window::{
    ApiError, ContextUse, Offer, PictureInfo, PlanImage, PlanImageKind, PlanRequest, PlanView, PresetName,
    StrategyName, TokenPlace,
};
use crate::cancel::CancelToken;
use crate::chat::KeptLook;
use crate::engine::{ANSWER_RESERVE, ModelFacts, OpenVideo};
use crate::visual::plan::{ImageSource, Plan};
use crate::visual::tower::TowerInput;
use crate::visual::tower_image::Normalization;

impl Desktop {
    /// What the loaded model, or the embedded one while none is, would be shown. Decodes nothing. `chat` is the chat whose
    /// earlier turns are counted.
    ///
    /// # Errors
    /// `video-missing`; a chat that is gone. What cannot be run has a refusal in its cost instead.
    pub fn plan(
        &self,
        request: &PlanRequest,
        chat: Option<&str>,
        cancel: &CancelToken,
    ) -> Result<PlanView, ApiError> {
        let video = self.videos.get(&request.video, cancel)?;
        let model = self.models.for_plans(cancel)?;
        let mut refusal = None;
        let resolved = resolve(request, &video, &model.facts).or_else(|error| {
            refusal = Some(sentence(&match &error.hint {
                Some(hint) => format!("{}: {hint}", error.message),
                None => error.message.clone(),
            }));
            PresetPlan::nothing(request, &model.facts)
        })?;
        let alternatives = alternatives(request, &resolved, &video, &model.facts);
        let mut plans = vec![&resolved.plan];
        plans.extend(alternatives.iter().map(|(_, other)| &other.plan));
        let history = match chat {
            Some(chat) => self.turns_to_send(chat)?,
            None => Vec::new(),
        };
        let max_tokens = super::asking::MAX_ANSWER_TOKENS;
        // Nothing to look at has nothing to count.
        let counted = if refusal.is_some() {
            &plans[1..]
        } else {
            &plans[..]
        };
        let foreseen = self
            .engine
            .foresee(&video, &model.name, counted, history, max_tokens, cancel);
        let mut foreseen = foreseen.map_err(of_model)?;
        if refusal.is_some() {
            foreseen.is_kept.insert(0, Vec::new());
            foreseen.n_words.insert(0, foreseen.n_fixed);
        }
        let budget = |at: usize| ContextBudget {
            facts: &model.facts,
            n_fixed: foreseen.n_words.get(at).copied().unwrap_or(foreseen.n_fixed),
            n_chat: foreseen.n_chat,
            n_reserve: ANSWER_RESERVE,
            n_held: self.models.n_held(&model),
        };
        let is_read = |plan: &Plan| self.models.has_read(&model, &video, plan);
        let kept = |at: usize| foreseen.is_kept.get(at).map_or(&[][..], Vec::as_slice);
        let own_is_read = is_read(&resolved.plan);
        let mut own = cost(&resolved.plan, kept(0), own_is_read, &budget(0));
        own.refusal = refusal.or(own.refusal);
        let offers = alternatives.iter().zip(1..).map(|((request, other), at)| Offer {
            preset: request.preset,
            strategy: request.strategy,
            n_frames: other.plan.frames().len(),
            cost: cost(&other.plan, kept(at), is_read(&other.plan), &budget(at)),
        });
        let look = look_of(&model, &resolved);
        // What was read from a prefix on disk needs no features, which may be gone from there.
        let all_read = vec![true; resolved.plan.images.len()];
        let is_encoded = if own_is_read { &all_read } else { kept(0) };
        let mut view = self.view(&video, &look, request, &resolved.plan, is_encoded)?;
        view.cost = own;
        view.context = ContextUse {
            n_positions: model.facts.n_context,
            n_fixed: foreseen.n_fixed,
            n_chat: foreseen.n_chat,
            n_reserve: ANSWER_RESERVE,
        };
        view.offers = offers.collect();
        Ok(view)
    }

    /// Tokens of a question's words for the model that plans are made for.
    ///
    /// # Errors
    /// What is wrong with the model's files.
    pub fn count_tokens(&self, words: &str, cancel: &CancelToken) -> Result<usize, ApiError> {
        let model = self.models.for_plans(cancel)?;
        let counted = self.engine.count_tokens(&model.name, words, cancel);
        counted.map_err(of_model_at(&model.files()))
    }

    /// The plan of an answer as it was, whatever model is loaded now.
    ///
    /// # Errors
    /// `video-missing` where the file is gone; an answer that was never begun.
    pub fn answer_plan(&self, turn: &str, cancel: &CancelToken) -> Result<PlanView, ApiError> {
        let kept = self.store.turn(turn_id(turn)?).map_err(of_store)?;
        let look = kept.look.ok_or_else(|| gone("picture of what was shown"))?;
        let video = self.videos.get(&kept.plan.video, cancel)?;
        let recipe = look.recipe().map_err(impossible_tower)?;
        let plan = recipe
            .plan()
            .map_err(|error| of_video(crate::fault::Failure::from_error(&error)))?;
        let mut view = self.view(&video, &look, &kept.plan, &plan, &vec![true; plan.images.len()])?;
        view.context = ContextUse {
            n_positions: look.n_context,
            n_fixed: look.n_words.unwrap_or(0),
            n_chat: 0,
            n_reserve: ANSWER_RESERVE,
        };
        view.cost.n_tokens = view.counts.total;
        view.cost.n_images = plan.images.len();
        let n_used = view.counts.total + view.context.n_fixed + ANSWER_RESERVE;
        view.cost.n_free = look.n_context.saturating_sub(n_used);
        Ok(view)
    }

    /// The very pixels of a plan's picture as they enter the tower, as PNG: lossless.
    ///
    /// # Errors
    /// A plan that is no longer kept, a picture that it does not have; what is wrong with the file.
    pub fn plan_picture(&self, plan: &str, image: usize, cancel: &CancelToken) -> Result<Shown, ApiError> {
        let shelved = self.plans.get(plan)?;
        let (video, plan) = (&shelved.video, &shelved.plan);
        let source = plan.images.get(image).ok_or_else(|| gone("picture"))?;
        let picture = self
            .engine
            .tower_picture(video, source, plan, &shelved.normalization, cancel);
        let picture = picture.map_err(of_video_at(video.path()))?;
        let first = source.frames()[0];
        let info = PictureInfo {
            mime: "image/png".to_owned(),
            width: picture.width(),
            height: picture.height(),
            index: Some(first.index),
            pts_secs: first.pts_secs,
            is_exact: true,
        };
        Ok(Shown {
            info,
            bytes: png(&picture)?,
        })
    }

    /// A plan for the page, without what it costs; kept from now on for its pictures.
    fn view(
        &self,
        video: &Arc<OpenVideo>,
        look: &KeptLook,
        request: &PlanRequest,
        plan: &Plan,
        is_encoded: &[bool],
    ) -> Result<PlanView, ApiError> {
        let normalization = Normalization {
            mean: look.mean,
            std: look.std,
        };
        let tower = TowerInput {
            name: tower_name(&look.tower).to_owned(),
            geometry: geometry_of(look.side_px, look.patch_px)?,
            normalization,
            fit: plan.fit,
        };
        let size = video.probe.display_size;
        let table = TokensJson::new(plan, &tower, None, |_| size);
        let id = id_of(video, look, plan);
        self.plans.put(ShelvedPlan {
            id: id.clone(),
            video: Arc::clone(video),
            plan: Arc::new(plan.clone()),
            normalization,
        });
        Ok(PlanView {
            id,
            request: request.clone(),
            preset: look.preset,
            strategy: plan.strategy.name(),
            reason: look.reason.clone(),
            tower: tower.name,
            side_px: look.side_px,
            patch_px: look.patch_px,
            frames: table.frames,
            counts: table.counts,
            tokens: table.tokens,
            places: places(plan),
            images: images(plan, is_encoded),
            cost: crate::api::window::Cost::default(),
            context: ContextUse::default(),
            offers: Vec::new(),
            notices: plan
                .notices
                .iter()
                .map(|notice| sentence(&notice.to_string()))
                .collect(),
        })
    }
}

/// What is kept of how a question is looked at.
pub(super) fn look_of(model: &LoadedModel, resolved: &PresetPlan) -> KeptLook {
    let facts = &model.facts;
    KeptLook {
        model: model.model.name.clone(),
        tower: facts.tower.clone(),
        side_px: facts.side_px,
        patch_px: facts.patch_px,
        mean: facts.mean,
        std: facts.std,
        n_context: facts.n_context,
        preset: resolved.preset.into(),
        reason: resolved.reason.as_deref().map(sentence),
        frames: resolved.plan.chosen.clone(),
        strategy: resolved.plan.strategy.clone(),
        fit: resolved.plan.fit,
        duration_secs: resolved.plan.duration_secs,
        n_words: None,
        remembers_from: None,
    }
}

/// What could be asked for instead, a preset or a strategy within one, and its plan.
type Alternative = (PlanRequest, PresetPlan);

/// Every preset, and every strategy within the chosen one; those that this video has frames for.
fn alternatives(
    request: &PlanRequest,
    resolved: &PresetPlan,
    video: &OpenVideo,
    facts: &ModelFacts,
) -> Vec<Alternative> {
    let mut presets = vec![
        PresetName::Auto,
        PresetName::Own,
        PresetName::Frame,
        PresetName::Fast,
        PresetName::Balanced,
        PresetName::Paper,
    ];
    let chosen: PresetName = resolved.preset.into();
    let strategies = StrategyName::ALL.map(|strategy| (chosen, Some(strategy)));
    // A model's own way is offered where it has one.
    presets.retain(|preset| *preset != PresetName::Own || facts.family.is_some());
    let wanted = presets.into_iter().map(|preset| (preset, None)).chain(strategies);
    let alternative = |(preset, strategy)| {
        let other = PlanRequest {
            preset,
            strategy,
            only_frame: None,
            ..request.clone()
        };
        let other = match preset {
            PresetName::Frame => of_one_frame(other, request.only_frame.unwrap_or(0)),
            _ => other,
        };
        let resolved = resolve(&other, video, facts).ok()?;
        Some((other, resolved))
    };
    wanted.filter_map(alternative).collect()
}

/// What one frame takes does not depend on what is chosen for all: as it will be asked.
fn of_one_frame(request: PlanRequest, frame: usize) -> PlanRequest {
    PlanRequest {
        range: None,
        pinned: Vec::new(),
        removed: Vec::new(),
        only_frame: Some(frame),
        ..request
    }
}

/// The same for the same pictures, so that whoever fetched them need not do it again.
fn id_of(video: &OpenVideo, look: &KeptLook, plan: &Plan) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(video.identity.as_str().as_bytes());
    let seen = (look.side_px, plan.fit, look.mean, look.std, &plan.images);
    hasher.update(format!("{seen:?}").as_bytes());
    hasher.finalize().to_hex()[..16].to_owned()
}

/// Where each row lies in the plan's pictures, in patches.
fn places(plan: &Plan) -> Vec<Option<TokenPlace>> {
    let place = |row: &crate::visual::plan::RowSource| {
        let rect = row.rect(plan.geometry)?;
        Some(TokenPlace {
            image: row.image()?,
            rect: [rect.col, rect.row, rect.col + rect.n_cols, rect.row + rect.n_rows],
        })
    };
    plan.rows.iter().map(place).collect()
}

fn images(plan: &Plan, is_encoded: &[bool]) -> Vec<PlanImage> {
    let image = |(at, source): (usize, &ImageSource)| {
        let (kind, n_columns, n_rows) = match source {
            ImageSource::Frame(_) => (PlanImageKind::Frame, 1, 1),
            ImageSource::Grid(grid) => (PlanImageKind::Thumbnail, grid.n_cols, grid.n_rows),
        };
        PlanImage {
            kind,
            frames: source.frames().to_vec(),
            n_columns,
            n_rows,
            is_encoded: is_encoded.get(at).copied().unwrap_or(false),
        }
    };
    plan.images.iter().enumerate().map(image).collect()
}
