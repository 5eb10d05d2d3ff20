"""Sets of questions for evaluation: every task equally often, every answer of a task equally often, from any seed."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from world.questions import SINGLE_FRAME, TASKS, View, candidates, clear_moment, word
from world.scene import Scenes, join, sample_scenes

SEED_SPACE = 77_000_000  # training draws from small seeds; this keeps evaluation clear of them
LABELS = {"what": None, "colour": 8, "shape": 8, "count": 3, "position": 5, "present": 2, "direction": 5, "faster": 2,
          "first": 8, "leaves": 9, "changes": 9, "becomes": 8}  # fmt: skip


@dataclass
class EvalSet:
    """Scenes, the questions about each, and for questions about one frame its time (0 to 1) in each clip."""

    scenes: Scenes
    questions: list
    moments: np.ndarray | None


def collect(per_task, seed, about_one_frame=False, per_clip=6, tasks=TASKS):
    """At least `per_task` questions of each of `tasks`. With `about_one_frame` only of the single-frame tasks."""
    rng = np.random.default_rng([SEED_SPACE, seed, about_one_frame])
    tasks = [task for task in tasks if task in SINGLE_FRAME or not about_one_frame]
    total, by_label = Counter(), Counter()
    parts, questions, moments = [], [], []

    def wanted(task, label):
        if LABELS[task] is None:
            return total[task] < per_task
        return by_label[task, label] < -(-per_task // LABELS[task])

    while any(_missing(task, per_task, total, by_label) for task in tasks):
        scenes, kept = sample_scenes(200, rng), []
        for i in range(len(scenes)):
            moment = clear_moment(scenes, i, rng) if about_one_frame else None
            view = View(scenes, i, moment)
            pool = [c for c in candidates(view, rng) if c[0] in tasks]
            rng.shuffle(pool)
            pool.sort(key=lambda c: total[c[0]])
            asked = []
            for task, blanks, answer, label in pool:
                if len(asked) < per_clip and wanted(task, label):
                    asked.append(word(task, blanks, answer, label, view, rng))
                    total[task] += 1
                    by_label[task, label] += 1
            if asked:
                kept.append(i), questions.append(asked), moments.append(moment)
        if kept:
            parts.append(scenes.take(kept))
    return EvalSet(join(parts), questions, np.array(moments, float) if about_one_frame else None)


def _missing(task, per_task, total, by_label):
    n_labels = LABELS[task]
    if n_labels is None:
        return total[task] < per_task
    quota = -(-per_task // n_labels)
    return sum(min(n, quota) for (t, _), n in by_label.items() if t == task) < quota * n_labels
