"""Level 2 in looks: the same scenes with what nano was never trained on. See WORLD.md."""

from dataclasses import dataclass

import numpy as np

from .questions import TASKS

LOOKS = ["textured", "turning", "growing", "blinking", "moving background", "cut"]
N_BLINKS, HIDDEN = 5, 0.3  # how often a clip blinks, and for how much of each time
SCROLL = 0.35  # way of a moving background, in picture widths
STRIPES, STRIPE_DEPTH = 9.0, 0.3  # stripes a radius, in radians, and how much darker they are


@dataclass
class Look:
    """What differs from the plain rendering of clips [B] at times [B, F]."""

    turn: np.ndarray  # of every object, radians, [B, F]
    scale: np.ndarray  # of every radius, [B, F]
    shown: np.ndarray  # 0 where the objects are hidden, [B, F]
    scroll: np.ndarray  # of the background, picture widths, [B, F]
    is_cut: np.ndarray  # whether it is the second background, [B, F]
    is_textured: bool = False


def look(name, times, rng):
    """The look `name`, or the plain one for None."""
    clips = (len(times), 1)
    sign = rng.choice([-1.0, 1.0], clips)
    zero = np.zeros(times.shape)
    found = Look(turn=zero, scale=zero + 1, shown=zero + 1, scroll=zero, is_cut=zero > 0)
    match name:
        case None:
            pass
        case "textured":
            found.is_textured = True
        case "turning":
            found.turn = sign * rng.uniform(0.6, 1.4, clips) * np.pi * times
        case "growing":
            # Within the sizes that nano knows, or nearly.
            found.scale = 1 + sign * rng.uniform(0.15, 0.25, clips) * (times - 0.5)
        case "blinking":
            found.shown = ((times * N_BLINKS + rng.random(clips)) % 1 > HIDDEN).astype(float)
        case "moving background":
            found.scroll = sign * SCROLL * times
        case "cut":
            found.is_cut = times > rng.uniform(0.35, 0.65, clips)
        case _:
            raise ValueError(f"there is no look {name!r}, only {LOOKS}")
    return found


def tasks_of(name):
    """The tasks that have an answer: whoever blinks appears and leaves all the time."""
    return [task for task in TASKS if name != "blinking" or task not in ("first", "leaves")]


def stripes(u, v):
    """How bright each place of an object is, for coordinates in radii."""
    return 1 - STRIPE_DEPTH * (np.sin(STRIPES * (0.8 * u + 0.6 * v)) > 0)


def grounds(background, second, found):
    """The background of every frame, [B, F, height, width, 3] u8, of two of each clip [B, height, width, 3]."""
    first, second = (np.clip(one, 0, 255).astype(np.uint8)[:, None] for one in (background, second))
    out = np.where(found.is_cut[..., None, None, None], second, first)
    width = out.shape[3]
    # There and back again, so that the border of the picture is no border of the background.
    wide = np.concatenate([out, out[:, :, :, ::-1]], 3)
    for clip, frame in zip(*np.nonzero(found.scroll)):
        out[clip, frame] = np.roll(wide[clip, frame], round(found.scroll[clip, frame] * width), 1)[:, :width]
    return out
