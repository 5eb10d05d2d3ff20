"""Batches: rendered pictures with dense labels for the tower, or with packed questions for the whole model."""

from dataclasses import dataclass

import numpy as np
import torch

import plans
import tokens
from world.questions import CORNER_FROM, MIDDLE_WITHIN, PLACES, TASKS, WAYS, View, ask, clear_moment
from world.render import render
from world.scene import APPEARING, CHANGING, COLOURS, LEAVING, MAX_OBJECTS, SHAPES, SLOW, STILL, sample_scenes

IGNORE = -100
# Dense labels: classes, the last of each meaning "nothing here" or "cannot be told". A thumbnail shows the whole clip, so
# its labels tell what becomes of the object; a single frame knows only what it shows.
FATES = ["nothing", "appears first", "appears later", "leaves", "changes"]
PACES = ["still", "slow", "fast"]
DENSE = {"shape": len(SHAPES) + 1, "before": len(COLOURS) + 1, "after": len(COLOURS) + 1, "direction": len(WAYS) + 1,
         "fate": len(FATES) + 1, "pace": len(PACES) + 1, "place": len(PLACES) + 1, "count": MAX_OBJECTS + 1}  # fmt: skip


@dataclass
class Shape:
    """Sizes that data and model share."""

    side: int = 144
    grid: int = 12

    @property
    def n_patches(self):
        return self.grid * self.grid


def dense_batch(shape, n, rng, thumbnails=0.7):
    """Pictures [n, 3, side, side] and the labels of every patch. A patch belongs to the object that covers most of it."""
    n_thumb = round(n * thumbnails)
    batch = [_dense_part(shape, n_thumb, rng, True), _dense_part(shape, n - n_thumb, rng, False)]
    return {key: torch.cat([torch.from_numpy(part[key]) for part in batch if part]) for key in batch[0] or batch[1]}


def _dense_part(shape, n, rng, thumb):
    if n == 0:
        return None
    scenes = sample_scenes(n, rng)
    rows, cols = (plans.THUMBNAIL_ROWS, plans.THUMBNAIL_COLS) if thumb else (1, 1)
    cells, side, grid = rows * cols, shape.side, shape.grid
    times = frame_times(n, cells, rng) if thumb else rng.random((n, 1))
    frames, owner = render(scenes, times, side, side, rng)
    pictures = np.stack([plans.thumbnail(f) for f in frames]) if thumb else frames[:, 0]

    # Coverage of each patch by each object: [n, cells, patch rows, patch columns, objects].
    gh, gw = grid // rows, grid // cols
    tiles = owner.reshape(n, cells, gh, side // gh, gw, side // gw)
    covered = np.stack([(tiles == k + 1).mean((3, 5)) for k in range(MAX_OBJECTS)], -1)
    covered = covered.reshape(n, rows, cols, gh, gw, MAX_OBJECTS).transpose(0, 1, 3, 2, 4, 5)
    covered = covered.reshape(n, grid * grid, MAX_OBJECTS)
    who = covered.argmax(-1)
    some = covered.max(-1) > 0.06

    y, x = np.divmod(np.arange(grid * grid), grid)
    cell = (y // gh) * cols + x // gw
    clip = np.arange(n)[:, None]
    turned = scenes.changed(times)[clip, cell[None], who] > 0.5
    before, after = scenes.colour[clip, who], scenes.colour_after[clip, who]
    centre = scenes.centres(times)[clip, cell[None], who]
    own = np.stack([((x % gw) + 0.5) / gw, ((y % gh) + 0.5) / gh], -1)
    still = scenes.motion[clip, who] == STILL

    def told(values, where, n_classes):
        return np.where(where, values, n_classes - 1)

    whole = some & thumb
    pace = np.where(still, 0, np.where(scenes.way[clip, who] <= SLOW[1], 1, 2))
    n_seen = scenes.count if thumb else (scenes.opacity(times)[:, 0] > 0.5).sum(1)
    labels = {
        "shape": told(scenes.shape[clip, who], some, DENSE["shape"]),
        "before": told(before if thumb else np.where(turned, after, before), some, DENSE["before"]),
        "after": told(after if thumb else np.where(turned, after, before), some, DENSE["after"]),
        "direction": told(scenes.motion[clip, who], whole, DENSE["direction"]),
        "fate": told(_fates(scenes)[clip, who], whole, DENSE["fate"]),
        "pace": told(pace, whole, DENSE["pace"]),
        "place": told(_places(centre), some & (still | (not thumb)), DENSE["place"]),
        "count": told(np.broadcast_to(n_seen[:, None] - 1, some.shape), some & (n_seen[:, None] > 0), DENSE["count"]),
    }
    return labels | {
        "pictures": plans.normalise(pictures),
        "centre": np.where(some[..., None], centre, own[None]).astype(np.float32),
    }


def _fates(scenes):
    """Number in FATES of every object, [n, objects]."""
    is_actor = np.arange(MAX_OBJECTS)[None] == scenes.actor[:, None]
    fate = np.zeros(is_actor.shape, int)
    fate = np.where((scenes.event == LEAVING)[:, None] & is_actor, 3, fate)
    fate = np.where((scenes.event == CHANGING)[:, None] & is_actor, 4, fate)
    arrival = np.where(np.arange(MAX_OBJECTS)[None] < scenes.count[:, None], scenes.seen_from, 9)
    first = arrival == arrival.min(1, keepdims=True)
    return np.where((scenes.event == APPEARING)[:, None], np.where(first, 1, 2), fate)


def _places(centre):
    """Number in PLACES of every centre, len(PLACES) where a person would hesitate: `place_name` for arrays."""
    d = centre - 0.5
    corner = 2 * (d[..., 1] > 0) + (d[..., 0] > 0)
    clear = np.where(abs(d).min(-1) > CORNER_FROM, corner, len(PLACES))
    return np.where(abs(d).max(-1) < MIDDLE_WITHIN, 4, clear)


def frame_times(n, n_frames, rng):
    """Times [n, n_frames] at which clips of random length have the frames that a plan picks."""
    times = np.empty((n, n_frames))
    for i in range(n):
        total = int(rng.integers(max(60, n_frames), 260))
        times[i] = plans.frame_indices(total, n_frames) / (total - 1)
    return times


def question_batch(shape, tokenizer, preset_name, n, rng, n_questions=12, chat=False, keep=1.0):
    """Pictures of `n` clips under a preset, and their questions packed behind one visual prefix.

    Each question sees the prefix and itself, at the positions it would have if asked alone; with `chat` the questions are
    the turns of one conversation instead. Of the visual rows a share of `keep` is shown, at the positions they have.
    """
    preset = plans.PRESETS[preset_name]
    single = preset_name == "frame"
    scenes = sample_scenes(n, rng)
    if single:
        times = np.array([[clear_moment(scenes, i, rng)] for i in range(n)])
    else:
        times = frame_times(n, preset.n_frames, rng)
    frames, _ = render(scenes, times, shape.side, shape.side, rng)
    pictures = np.stack([plans.images(preset, f) for f in frames])
    asked = [ask(View(scenes, i, times[i, 0] if single else None), rng, n_questions) for i in range(n)]
    rows = plans.rows(preset, preset.n_frames, shape.n_patches)
    shown = None if keep == 1 else np.sort(rng.permutation(len(rows))[: round(keep * len(rows))])
    batch = pack(tokenizer, asked, rows, chat, shown)
    batch["pictures"] = torch.from_numpy(plans.normalise(pictures.reshape(-1, *pictures.shape[2:])))
    return batch


def pack(tokenizer, asked, rows, chat=False, shown=None):
    """Token ids, positions, the attention mask and what is to be learnt, for lists of questions a clip.

    Layout of a sequence: the head of the prompt, a place for each visual row, the questions.
    """
    head = [tokenizer.token_to_id(tokens.BOS), *tokens.encode(tokenizer, tokens.HEAD)]
    eos, pad = tokenizer.token_to_id(tokens.EOS), tokenizer.token_to_id(tokens.PAD)
    start = len(head) + len(rows)  # the position of the first question's first token
    shown = np.arange(len(rows)) if shown is None else shown
    front = [*range(len(head)), *(len(head) + shown).tolist()]
    ids, positions, segments, targets, answers = [], [], [], [], []
    for questions in asked:
        i, p, s, t, spans = [], [], [], [], []
        for k, q in enumerate(questions):
            text = tokens.later_turn(q.text) if chat and k else tokens.first_turn(q.text)
            prompt, answer = tokens.encode(tokenizer, text), tokens.encode(tokenizer, " " + q.answer) + [eos]
            spans.append((len(front) + len(i) + len(prompt), len(answer), TASKS.index(q.task)))
            p += [start + (len(i) if chat else 0) + j for j in range(len(prompt) + len(answer))]
            i += prompt + answer
            s += [0 if chat else k + 1] * (len(prompt) + len(answer))
            t += [IGNORE] * len(prompt) + answer
        ids.append(i), positions.append(p), segments.append(s), targets.append(t), answers.append(spans)
    longest = max(map(len, ids))

    def padded(lists, value, front):
        full = [front + one + [value] * (longest - len(one)) for one in lists]
        return torch.tensor(full)

    ids = padded(ids, pad, head + [tokenizer.token_to_id(tokens.IMAGE)] * len(shown))
    positions = padded(positions, 0, front)
    segments = padded(segments, -1, [0] * len(front))
    causal = torch.ones(ids.shape[1], ids.shape[1], dtype=torch.bool).tril()
    mask = causal & ((segments[:, None, :] == 0) | (segments[:, None, :] == segments[:, :, None]))
    return {"ids": ids, "positions": positions, "mask": mask[:, None], "targets": padded(targets, IGNORE, [IGNORE] * len(front)),
            "rows": torch.from_numpy(rows[shown]), "n_head": len(head), "answers": answers}  # fmt: skip
