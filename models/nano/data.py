"""Batches: rendered pictures with dense labels for the tower, or with packed questions for the whole model."""

from dataclasses import dataclass

import numpy as np
import torch

import plans
import tokens
from world.questions import TASKS, View, ask, clear_moment
from world.render import render
from world.scene import APPEARING, CHANGING, COLOURS, LEAVING, MAX_OBJECTS, SHAPES, sample_scenes

IGNORE = -100
# What is going to happen to an object, told from a thumbnail: the dense label behind the temporal tasks.
FATES = ["nothing", "appears first", "appears later", "leaves", "changes"]
# Columns of the dense head: name -> width. Class heads have one column a class, the others are values from 0 to 1.
DENSE = {"shape": len(SHAPES) + 1, "colour": len(COLOURS) + 1, "direction": 5, "fate": len(FATES),
         "centre_image": 2, "centre_frame": 2, "way": 1}  # fmt: skip


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
    colour = np.where(scenes.changed(times) > 0.5, scenes.colour_after[:, None], scenes.colour[:, None])  # [n, cells, 3]
    clip = np.arange(n)[:, None]
    centre = scenes.centres(times)[clip, cell[None], who]
    own = np.stack([((x % gw) + 0.5) / gw, ((y % gh) + 0.5) / gh], -1)
    centre = np.where(some[..., None], centre, own[None])
    corner = np.stack([x // gw, y // gh], -1)[None]
    fate = np.zeros((n, MAX_OBJECTS), int)
    is_actor = np.arange(MAX_OBJECTS)[None] == scenes.actor[:, None]
    fate = np.where((scenes.event == LEAVING)[:, None] & is_actor, 3, fate)
    fate = np.where((scenes.event == CHANGING)[:, None] & is_actor, 4, fate)
    arrival = np.where(np.arange(MAX_OBJECTS)[None] < scenes.count[:, None], scenes.seen_from, 9)
    first = arrival == arrival.min(1, keepdims=True)
    fate = np.where((scenes.event == APPEARING)[:, None], np.where(first, 1, 2), fate)
    temporal = some & thumb
    return {
        "pictures": plans.normalise(pictures),
        "shape": np.where(some, scenes.shape[clip, who], len(SHAPES)),
        "colour": np.where(some, colour[clip, cell[None], who], len(COLOURS)),
        "direction": np.where(temporal, scenes.motion[clip, who], IGNORE),
        "fate": np.where(temporal, fate[clip, who], IGNORE),
        "centre_image": ((corner + centre) / [cols, rows]).astype(np.float32),
        "centre_frame": centre.astype(np.float32),
        "way": np.where(temporal, scenes.way[clip, who], np.nan)[..., None].astype(np.float32),
    }


def frame_times(n, n_frames, rng):
    """Times [n, n_frames] at which clips of random length have the frames that a plan picks."""
    times = np.empty((n, n_frames))
    for i in range(n):
        total = int(rng.integers(max(60, n_frames), 260))
        times[i] = plans.frame_indices(total, n_frames) / (total - 1)
    return times


def question_batch(shape, tokenizer, preset_name, n, rng, n_questions=9, chat=False, scenes=None, questions=None):
    """Pictures of `n` clips under a preset, and their questions packed behind one visual prefix.

    Each question sees the prefix and itself, at the positions it would have if asked alone; with `chat` the questions are
    the turns of one conversation instead. `scenes` and `questions` (a list a clip) replace the random ones.
    """
    preset = plans.PRESETS[preset_name]
    single = preset_name == "frame"
    scenes = sample_scenes(n, rng) if scenes is None else scenes
    if single:
        times = np.array([[clear_moment(scenes, i, rng)] for i in range(n)])
    else:
        times = frame_times(n, preset.n_frames, rng)
    frames, _ = render(scenes, times, shape.side, shape.side, rng)
    pictures = np.stack([plans.images(preset, f) for f in frames])
    asked = questions
    if asked is None:
        asked = [ask(View(scenes, i, times[i, 0] if single else None), rng, n_questions) for i in range(n)]
    batch = pack(tokenizer, asked, plans.rows(preset, preset.n_frames, shape.n_patches), chat)
    batch["pictures"] = torch.from_numpy(plans.normalise(pictures.reshape(-1, *pictures.shape[2:])))
    return batch


def pack(tokenizer, asked, rows, chat=False):
    """Token ids, positions, the attention mask and what is to be learnt, for lists of questions a clip.

    Layout of a sequence: the head of the prompt, a place for each visual row, the questions.
    """
    head = [tokenizer.token_to_id(tokens.BOS), *tokens.encode(tokenizer, tokens.HEAD)]
    eos, pad = tokenizer.token_to_id(tokens.EOS), tokenizer.token_to_id(tokens.PAD)
    start = len(head) + len(rows)
    ids, positions, segments, targets, answers = [], [], [], [], []
    for questions in asked:
        i, p, s, t, spans = [], [], [], [], []
        for k, q in enumerate(questions):
            text = tokens.later_turn(q.text) if chat and k else tokens.first_turn(q.text)
            prompt, answer = tokens.encode(tokenizer, text), tokens.encode(tokenizer, " " + q.answer) + [eos]
            spans.append((start + len(i) + len(prompt), len(answer), TASKS.index(q.task)))
            p += [start + (len(i) if chat else 0) + j for j in range(len(prompt) + len(answer))]
            i += prompt + answer
            s += [0 if chat else k + 1] * (len(prompt) + len(answer))
            t += [IGNORE] * len(prompt) + answer
        ids.append(i), positions.append(p), segments.append(s), targets.append(t), answers.append(spans)
    longest = max(map(len, ids))

    def padded(lists, value, front):
        full = [front + one + [value] * (longest - len(one)) for one in lists]
        return torch.tensor(full)

    ids = padded(ids, pad, head + [tokenizer.token_to_id(tokens.IMAGE)] * len(rows))
    positions = padded(positions, 0, list(range(start)))
    segments = padded(segments, -1, [0] * start)
    causal = torch.ones(ids.shape[1], ids.shape[1], dtype=torch.bool).tril()
    mask = causal & ((segments[:, None, :] == 0) | (segments[:, None, :] == segments[:, :, None]))
    return {"ids": ids, "positions": positions, "mask": mask[:, None], "targets": padded(targets, IGNORE, [IGNORE] * start),
            "rows": torch.from_numpy(rows), "n_head": len(head), "answers": answers}  # fmt: skip
