//! What a person can copy who asks for help.

use std::path::PathBuf;

use super::Desktop;
use crate::api::DoctorJson;
use crate::api::window::ModelState;
use crate::cancel::CancelToken;
use crate::engine::Check;

impl Desktop {
    /// The text of `videre doctor`, with what the window alone knows. File names, and the folders that may tell whose
    /// machine it is, are in it only where `with_file_names`.
    #[must_use]
    pub fn diagnosis(&self, with_file_names: bool, cancel: &CancelToken) -> String {
        let mut report = DoctorJson::new(self.engine.examine(cancel));
        report.checks.push(self.model_check(with_file_names));
        report.checks.push(match self.store.settings() {
            Ok(_) => Check::good("chats", self.store.path().display().to_string()),
            Err(error) => Check::bad("chats", error.to_string(), None),
        });
        if with_file_names {
            for video in self.videos.listed() {
                report
                    .checks
                    .push(Check::good("open", video.path().display().to_string()));
            }
        } else {
            let hidden = self.hidden();
            for check in &mut report.checks {
                for (folder, stands_for) in &hidden {
                    check.found = check.found.replace(folder, stands_for);
                }
                check.found = without_paths(&check.found);
            }
        }
        report.in_words()
    }

    fn model_check(&self, with_file_names: bool) -> Check {
        let named = |model: &crate::api::window::ModelInfo| {
            let kind = format!(
                "{} {}, {}, {} positions",
                model.architecture, model.quantisation, model.tower, model.n_context
            );
            match (model.is_embedded, with_file_names) {
                (true, _) => format!("nano, the embedded model ({kind})"),
                (false, true) => format!("{} ({kind}; {})", model.name, model.files.join(", ")),
                (false, false) => kind,
            }
        };
        match self.model_state() {
            ModelState::None => Check::good("model", "none is loaded"),
            ModelState::Loading { model, .. } => Check::good("model", format!("loading {}", named(&model))),
            ModelState::Ready { model, device } => Check::good(
                "model",
                format!("{} on {} ({})", named(&model), device.name, device.detail),
            ),
            ModelState::Failed { model, error } if with_file_names => {
                let found = format!("{}: {}", named(&model), error.message);
                Check::bad("model", found, error.hint)
            }
            ModelState::Failed { model, error } => {
                let found = format!("{} could not be loaded ({:?})", named(&model), error.code);
                Check::bad("model", found, error.hint)
            }
        }
    }

    /// Folders, and what stands for them: the longest first, so that none is cut in half.
    fn hidden(&self) -> Vec<(String, &'static str)> {
        let mut folders: Vec<(PathBuf, &'static str)> = Vec::new();
        folders.extend(
            self.store
                .path()
                .parent()
                .map(|folder| (folder.to_owned(), "<data>")),
        );
        folders.extend(etcetera::home_dir().ok().map(|home| (home, "~")));
        let mut hidden: Vec<(String, &'static str)> = (folders.into_iter())
            .map(|(folder, stands_for)| (folder.display().to_string(), stands_for))
            .filter(|(folder, _)| folder.len() > 1)
            .collect();
        hidden.sort_by_key(|(folder, _)| std::cmp::Reverse(folder.len()));
        hidden
    }
}

/// `text` without the paths that are left in it: from where one begins to the next colon or the end, since names may hold
/// spaces.
fn without_paths(text: &str) -> String {
    let starts_path = |at: &usize| text[..*at].is_empty() || text[..*at].ends_with(' ');
    let Some(start) = text.match_indices('/').map(|(at, _)| at).find(starts_path) else {
        return text.to_owned();
    };
    let rest = text[start..].find(": ").map_or("", |end| &text[start + end..]);
    format!("{}…{rest}", &text[..start])
}
