"""Scenes: what is in a clip, where it goes and what happens to it. Time runs from 0 to 1 over the clip.

A batch of scenes is a set of arrays, one row a clip and one column an object, so that a thousand clips cost a few
numpy calls. Positions are fractions of the picture's width and height, radii fractions of its height.
"""

from dataclasses import dataclass, fields

import numpy as np

SHAPES = ["circle", "square", "triangle", "star", "heart", "diamond", "cross", "ring"]
COLOURS = ["red", "orange", "yellow", "green", "cyan", "blue", "purple", "white"]
MAX_OBJECTS = 3
FADE = 0.04  # how long appearing, leaving and changing take, in clip lengths

STILL, LEFT, RIGHT, UP, DOWN = range(5)
NOTHING_HAPPENS, APPEARING, LEAVING, CHANGING = range(4)
EVENT_WEIGHTS = [0.28, 0.26, 0.20, 0.26]

LAYOUT_CANDIDATES = 16
SLOW = (0.17, 0.25)  # way travelled during the clip, in picture widths or heights
FAST = (0.46, 0.60)
RADIUS = (0.13, 0.18)


@dataclass
class Scenes:
    """A batch of B clips of up to three objects each; every array is [B] or [B, 3] unless it says otherwise."""

    count: np.ndarray  # 1..3; objects beyond it are not drawn
    event: np.ndarray  # NOTHING_HAPPENS, APPEARING, ...: at most one kind of event a clip
    actor: np.ndarray  # the object that leaves or changes
    shape: np.ndarray  # no two objects of a clip share a shape ...
    colour: np.ndarray  # ... or a colour, before or after a change
    colour_after: np.ndarray  # equal to `colour` but for the object that changes
    change_at: np.ndarray  # 2 where nothing changes
    seen_from: np.ndarray  # 0 where it is there from the start
    seen_until: np.ndarray  # 2 where it stays to the end
    motion: np.ndarray  # STILL, LEFT, ...
    way: np.ndarray  # distance travelled, 0 where still
    radius: np.ndarray
    start: np.ndarray  # [B, 3, 2], x then y
    end: np.ndarray  # [B, 3, 2]
    aspect: np.ndarray  # [B], width over height of the clip as it would be shown

    def __len__(self):
        return len(self.count)

    def take(self, clips):
        """The scenes numbered `clips`, in that order."""
        return Scenes(**{f.name: getattr(self, f.name)[clips] for f in fields(self)})

    def centres(self, times):
        """Positions [B, F, 3, 2] at `times` [B, F]."""
        t = times[:, :, None, None]
        return self.start[:, None] * (1 - t) + self.end[:, None] * t

    def opacity(self, times):
        """How much of each object shows, [B, F, 3], 0 to 1."""
        t = times[:, :, None]
        since, until = self.seen_from[:, None], self.seen_until[:, None]
        rise = np.where(since <= 0, 1.0, (t - since) / FADE)
        fall = (until - t) / FADE
        exists = np.arange(MAX_OBJECTS)[None, None] < self.count[:, None, None]
        return np.clip(np.minimum(rise, fall), 0, 1) * exists

    def changed(self, times):
        """How far each object's change of colour has come, [B, F, 3], 0 to 1."""
        return np.clip((times[:, :, None] - self.change_at[:, None]) / FADE, 0, 1)


def join(parts):
    """One batch of several."""
    return Scenes(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Scenes)})


def sample_scenes(n_clips, rng, event=None):
    """`n_clips` scenes drawn from the level 1 world; `event` fixes the kind of event in all of them."""
    b, k = n_clips, MAX_OBJECTS
    if event is None:
        events = rng.choice(4, size=b, p=EVENT_WEIGHTS)
    else:
        events = np.full(b, event)
    count = rng.integers(1, k + 1, b)
    # "Which one" is no question about a single object; a lone object that changes can still be asked about.
    count = np.where((events == APPEARING) | (events == LEAVING), rng.integers(2, k + 1, b), count)
    actor = (rng.random(b) * count).astype(int)

    shape = np.argsort(rng.random((b, len(SHAPES))), axis=1)[:, :k]
    colours = np.argsort(rng.random((b, len(COLOURS))), axis=1)
    colour, new_colour = colours[:, :k], colours[:, k]
    is_actor = np.arange(k)[None] == actor[:, None]
    changes = is_actor & (events == CHANGING)[:, None]
    leaves = is_actor & (events == LEAVING)[:, None]

    first = rng.uniform(0.0, 0.16, (b, 1)) * (rng.random((b, 1)) < 0.6)
    gaps = rng.uniform(0.24, 0.36, (b, k)).cumsum(1) - 0.24
    order = np.argsort(rng.random((b, k)) + 10 * (np.arange(k)[None] >= count[:, None]), axis=1)
    arrival = np.take_along_axis(first + np.concatenate([np.zeros((b, 1)), gaps[:, 1:]], 1), np.argsort(order, 1), 1)

    motion, way = _motions(b, count, rng)
    radius = rng.uniform(*RADIUS, (b, k))
    aspect = rng.choice([1.0, 4 / 3, 16 / 9], size=b, p=[0.4, 0.4, 0.2])
    start, end = _layout(motion, way, radius, aspect, count, rng)
    return Scenes(
        count=count,
        event=events,
        actor=actor,
        shape=shape,
        colour=colour,
        colour_after=np.where(changes, new_colour[:, None], colour),
        change_at=np.where(changes, rng.uniform(0.32, 0.66, (b, 1)), 2.0),
        seen_from=np.where((events == APPEARING)[:, None], arrival, 0.0),
        seen_until=np.where(leaves, rng.uniform(0.34, 0.70, (b, 1)), 2.0),
        motion=motion,
        way=way,
        radius=radius,
        start=start,
        end=end,
        aspect=aspect,
    )


def _motions(b, count, rng):
    """Directions and distances. Where two objects move, one is usually at least 1.8 times as fast as another."""
    k = MAX_OBJECTS
    motion = np.where(rng.random((b, k)) < 0.36, STILL, rng.integers(1, 5, (b, k)))
    fast = rng.random((b, k)) < 0.5
    contrast = rng.random(b) < 0.6  # make the first two differ in speed
    fast[:, 1] = np.where(contrast, ~fast[:, 0], fast[:, 1])
    way = np.where(fast, rng.uniform(*FAST, (b, k)), rng.uniform(*SLOW, (b, k)))
    order = np.argsort(rng.random((b, k)) + 10 * (np.arange(k)[None] >= count[:, None]), axis=1)
    motion, way = np.take_along_axis(motion, order, 1), np.take_along_axis(way, order, 1)
    return motion, np.where(motion == STILL, 0.0, way)


def _layout(motion, way, radius, aspect, count, rng):
    """Of several random layouts the one whose objects keep the greatest distance from each other at all times."""
    b, k, c = *motion.shape, LAYOUT_CANDIDATES
    half = np.stack([radius / aspect[:, None], radius], -1)[:, None]  # [B, 1, 3, 2]
    low, high = half + 0.02, 1 - half - 0.02
    direction = np.array([[0, 0], [-1, 0], [1, 0], [0, -1], [0, 1]], float)[motion]  # [B, 3, 2]
    travel = (direction * way[..., None])[:, None]
    first = np.maximum(low, low - travel)
    last = np.maximum(np.minimum(high, high - travel), first)
    start = first + rng.random((b, c, k, 2)) * (last - first)
    # One still object in five stands in the middle, so that the five answers about position are equally frequent.
    middle = (rng.random((b, 1, k)) < 0.2) & (motion == STILL)[:, None] & (np.arange(k) == rng.integers(0, k, (b, 1, 1)))
    start = np.where(middle[..., None], 0.5 + rng.uniform(-0.05, 0.05, start.shape), start)
    wobble = np.where((motion == STILL)[:, None, :, None], 0, rng.uniform(-0.03, 0.03, start.shape))
    end = np.clip(start + travel + np.where(travel == 0, wobble, 0), low, high)

    times = np.linspace(0, 1, 7)[:, None, None]
    where = start[:, :, None] * (1 - times) + end[:, :, None] * times  # [B, C, 7, 3, 2]
    where = where * np.stack([aspect, np.ones(b)], -1)[:, None, None, None]
    clearance = np.full((b, c), 9.0)
    for i in range(k):
        for j in range(i + 1, k):
            apart = np.linalg.norm(where[:, :, :, i] - where[:, :, :, j], axis=-1).min(2)
            apart = apart - (radius[:, i] + radius[:, j])[:, None]
            clearance = np.where((count > j)[:, None], np.minimum(clearance, apart), clearance)
    best = clearance.argmax(1)
    return start[np.arange(b), best], end[np.arange(b), best]
