//! Landlock, seccomp, and what the kernel is told of the process itself.

use super::{Confinement, Layers, calls};
use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};

/// The newest rights that are asked for; an older kernel has those that it knows.
const RIGHTS: ABI = ABI::V6;

/// Where the kernel is told how soon it should choose this process when memory is used up.
const OOM_SCORE: &str = "/proc/self/oom_score_adj";

pub(super) fn confine(confinement: &Confinement) -> Layers {
    // Before the person's other programs, and rather than the window.
    if let Err(error) = std::fs::write(OOM_SCORE, "500") {
        tracing::debug!(%error, "the kernel chooses as ever when memory is used up");
    }
    // That its parent ended tells its pipe. The signal for that comes when the thread ends that started it, too.
    super::leave_no_memory();
    Layers {
        files: restrict_files(confinement).unwrap_or_else(|error| {
            tracing::warn!(%error, "Landlock does not hold");
            false
        }),
        calls: calls::restrict().unwrap_or_else(|error| {
            tracing::warn!(%error, "seccomp does not hold");
            false
        }),
    }
}

/// Only what was named may be read and written, and nothing started. No TCP, and no signals to others.
fn restrict_files(confinement: &Confinement) -> Result<bool, RulesetError> {
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(RIGHTS))?
        .handle_access(AccessNet::from_all(RIGHTS))?
        .scope(Scope::AbstractUnixSocket | Scope::Signal)?
        .create()?;
    let reads = AccessFs::ReadFile | AccessFs::ReadDir;
    let all = AccessFs::from_all(RIGHTS) & !AccessFs::Execute;
    let read = confinement.reads.iter().map(|place| (place, reads));
    let written = confinement.writes.iter().map(|folder| (folder, all));
    for (place, rights) in read.chain(written) {
        // One that is not there cannot be used, and is for others to make.
        if let Ok(opened) = PathFd::new(place) {
            ruleset = ruleset.add_rule(PathBeneath::new(opened, rights))?;
        }
    }
    let status = ruleset.restrict_self()?;
    Ok(status.ruleset != RulesetStatus::NotEnforced)
}

pub(super) fn layers() -> Layers {
    let landlock = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))
        .and_then(Ruleset::create);
    Layers {
        files: landlock.is_ok(),
        calls: std::path::Path::new("/proc/sys/kernel/seccomp/actions_avail").exists(),
    }
}
