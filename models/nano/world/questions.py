"""Questions about scenes, with true answers. See WORLD.md for what is asked when."""

from dataclasses import dataclass

import numpy as np

from .scene import APPEARING, CHANGING, COLOURS, FADE, LEAVING, SHAPES, STILL

SINGLE_FRAME = ["what", "colour", "shape", "count", "position", "present"]
TEMPORAL = ["direction", "faster", "first", "leaves", "changes", "becomes"]
TASKS = SINGLE_FRAME + TEMPORAL
N_ANSWERS = {
    "what": 64, "colour": 8, "shape": 8, "count": 3, "position": 5, "present": 2,
    "direction": 5, "faster": 2, "first": 8, "leaves": 9, "changes": 9, "becomes": 8,
}  # fmt: skip

WORDINGS = {
    "what": [
        "What is in the {media}?",
        "What do you see?",
        "What is there?",
        "Which objects are in the {media}?",
        "What can you see in the {media}?",
        "Describe the {media}.",
    ],
    "colour": [
        "What colour is the {shape}?",
        "What color is the {shape}?",
        "Which colour does the {shape} have?",
        "What is the colour of the {shape}?",
        "Tell me the colour of the {shape}.",
    ],
    "shape": [
        "What shape is the {colour} object?",
        "Which shape is {colour}?",
        "What is the {colour} object?",
        "What is {colour}?",
        "What is the shape of the {colour} object?",
    ],
    "count": [
        "How many objects are there?",
        "How many shapes do you see?",
        "How many objects are in the {media}?",
        "Count the objects.",
        "How many things can you see?",
    ],
    "position": [
        "Where is the {shape}?",
        "Where in the {media} is the {shape}?",
        "Where do you see the {shape}?",
        "At which place is the {shape}?",
    ],
    "present": [
        "Is there {thing}?",
        "Do you see {thing}?",
        "Is there {thing} in the {media}?",
        "Can you see {thing}?",
        "Does the {media} show {thing}?",
    ],
    "direction": [
        "Which way does the {shape} move?",
        "In which direction does the {shape} move?",
        "Where does the {shape} go?",
        "Where is the {shape} moving?",
        "How does the {shape} move?",
    ],
    "faster": [
        "Which is faster, the {a} or the {b}?",
        "Which moves faster, the {a} or the {b}?",
        "What is faster, the {a} or the {b}?",
        "Which object is faster, the {a} or the {b}?",
    ],
    "first": [
        "What appears first?",
        "Which object appears first?",
        "What comes first?",
        "What do you see first?",
        "Which object is the first to appear?",
    ],
    "leaves": [
        "What leaves?",
        "Which object leaves?",
        "What disappears?",
        "Which object disappears?",
        "What goes away?",
    ],
    "changes": [
        "What changes colour?",
        "Which object changes colour?",
        "What changes color?",
        "Which object changes its colour?",
        "What changes?",
    ],
    "becomes": [
        "What colour does the {shape} become?",
        "Which colour does the {shape} become?",
        "What colour does the {shape} turn?",
        "What colour is the {shape} at the end?",
        "What color does the {shape} turn into?",
    ],
}
NUMBERS = ["no objects", "one object", "two objects", "three objects"]
WAYS = ["stays still", "moves to the left", "moves to the right", "moves up", "moves down"]
PLACES = ["at the top left", "at the top right", "at the bottom left", "at the bottom right", "in the middle"]
MIDDLE_WITHIN, CORNER_FROM = 0.075, 0.12  # distances from the middle, along either axis


@dataclass(frozen=True)
class Question:
    task: str
    text: str
    answer: str
    label: str  # what of the answer is counted: answers of a task are equally frequent by label


def article(words):
    return ("an " if words[0] in "aeiou" else "a ") + words


def listing(things):
    """"A red star, a blue circle and a green ring." """
    words = [article(t) for t in things]
    text = words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]
    return text[0].upper() + text[1:] + "."


class View:
    """What is true of clip `i`: of the whole of it, or of the one frame at `time`."""

    def __init__(self, scenes, i, time=None):
        n = int(scenes.count[i])
        self.scenes, self.i, self.time = scenes, i, time
        self.shape = scenes.shape[i]
        before, after = scenes.colour[i], scenes.colour_after[i]
        if time is None:
            self.seen = list(range(n))
            self.colour = before
            self.steady = [k for k in self.seen if before[k] == after[k]]
            self.place = {k: scenes.start[i, k] for k in self.seen if scenes.motion[i, k] == STILL}
        else:
            since, until = scenes.seen_from[i], scenes.seen_until[i]
            self.seen = [k for k in range(n) if since[k] + (since[k] > 0) * FADE / 2 < time < until[k] + FADE / 2]
            self.colour = np.where(time < scenes.change_at[i] + FADE / 2, before, after)
            self.steady = self.seen
            where = scenes.start[i] * (1 - time) + scenes.end[i] * time
            self.place = {k: where[k] for k in self.seen}


def clear_moment(scenes, i, rng):
    """A time of clip `i` at which something is seen and nothing is half faded or half changed."""
    for _ in range(50):
        t = rng.random()
        edges = np.concatenate([scenes.seen_from[i], scenes.seen_until[i], scenes.change_at[i]])
        if np.any((edges > 0) & (edges - 0.25 * FADE < t) & (t < edges + 1.25 * FADE)):
            continue
        if View(scenes, i, t).seen:
            return t
    return 0.999


def place_name(centre):
    """One of PLACES, or None where a person would hesitate."""
    dx, dy = centre[0] - 0.5, centre[1] - 0.5
    if max(abs(dx), abs(dy)) < MIDDLE_WITHIN:
        return PLACES[4]
    if min(abs(dx), abs(dy)) > CORNER_FROM:
        return PLACES[2 * (dy > 0) + (dx > 0)]
    return None


def candidates(view, rng):
    """Every (task, values of the wording's blanks, answer, label) that can be asked about `view`."""
    s, i, found = view.scenes, view.i, []
    name = [SHAPES[k] for k in view.shape]
    hue = [COLOURS[k] for k in view.colour]
    things = sorted(view.seen, key=lambda k: view.shape[k])
    if things:
        listed = listing([f"{hue[k]} {name[k]}" for k in things])
        found.append(("what", {}, listed, listed))
        found.append(("count", {}, f"There {'is' if len(things) == 1 else 'are'} {NUMBERS[len(things)]}.", str(len(things))))
    for k in view.steady:
        found.append(("colour", {"shape": name[k]}, f"The {name[k]} is {hue[k]}.", hue[k]))
        found.append(("shape", {"colour": hue[k]}, f"It is {article(name[k])}.", name[k]))
    for k, centre in view.place.items():
        if where := place_name(centre):
            found.append(("position", {"shape": name[k]}, f"The {name[k]} is {where}.", where))
    if view.steady:
        for _ in range(2):
            found.append(_present(view, name, hue, rng))
    if view.time is not None:
        return found

    for k in view.seen:
        way = WAYS[s.motion[i, k]]
        found.append(("direction", {"shape": name[k]}, f"The {name[k]} {way}.", way))
    for a in view.seen:
        for b in view.seen:
            if s.motion[i, a] != STILL and s.motion[i, b] != STILL and s.way[i, a] > 1.8 * s.way[i, b]:
                pair = [name[a], name[b]] if rng.random() < 0.5 else [name[b], name[a]]
                label = "the first named" if pair[0] == name[a] else "the second named"
                found.append(("faster", {"a": pair[0], "b": pair[1]}, f"The {name[a]} is faster.", label))
    event, actor = s.event[i], s.actor[i]
    if event == APPEARING:
        first = min(view.seen, key=lambda k: s.seen_from[i, k])
        found.append(("first", {}, f"The {name[first]} appears first.", name[first]))
    if len(view.seen) > 1:
        left = (f"The {name[actor]} leaves.", name[actor]) if event == LEAVING else ("Nothing leaves.", "nothing")
        found.append(("leaves", {}, *left))
        turned = event == CHANGING
        found.append(
            ("changes", {}, f"The {name[actor]} changes colour." if turned else "Nothing changes colour.",
             name[actor] if turned else "nothing")
        )  # fmt: skip
    if event == CHANGING:
        after = COLOURS[s.colour_after[i, actor]]
        found.append(("becomes", {"shape": name[actor]}, f"The {name[actor]} becomes {after}.", after))
    return found


def _present(view, name, hue, rng):
    """A question after a shape, a colour or both, true or false with equal chance."""
    k, yes, form = rng.choice(view.steady), rng.random() < 0.5, rng.integers(0, 3)
    there_shapes = {view.shape[j] for j in range(len(view.shape))}
    there_colours = {c for j in range(len(view.shape)) for c in (view.scenes.colour[view.i, j], view.scenes.colour_after[view.i, j])}
    no_shape = SHAPES[rng.choice([x for x in range(len(SHAPES)) if x not in there_shapes])]
    no_colour = COLOURS[rng.choice([x for x in range(len(COLOURS)) if x not in there_colours])]
    if form == 0:
        thing = article(name[k] if yes else no_shape)
    elif form == 1:
        thing = article(f"{hue[k] if yes else no_colour} object")
    elif yes:
        thing = article(f"{hue[k]} {name[k]}")
    else:
        others = [j for j in view.seen if j != k]
        swap = rng.integers(0, 3 if others else 2)
        wrong = [(no_colour, name[k]), (hue[k], no_shape)]
        wrong += [(hue[rng.choice(others)], name[k])] if others else []
        thing = article(" ".join(wrong[swap]))
    answer = f"Yes, there is {thing}." if yes else f"No, there is not {thing}."
    return "present", {"thing": thing}, answer, "yes" if yes else "no"


# Chance of keeping a candidate, so that in training no answer of a task is more frequent than another: nothing happens
# far more often than something, corners are wider than the middle, most objects move. That nothing leaves is kept more
# often, about as often as four shapes together: at the rate of one answer in nine a whole run never learnt to say it.
KEEP = {
    ("leaves", "nothing"): 0.12,
    ("changes", "nothing"): 0.05,
    ("direction", WAYS[STILL]): 0.42,
    ("what", None): 0.8,
    ("colour", None): 0.8,
    ("shape", None): 0.8,
}


def ask(view, rng, n=8):
    """Up to `n` different questions about `view`, rare tasks first."""
    pool, seen = [], set()
    for task, blanks, answer, label in candidates(view, rng):
        if rng.random() < KEEP.get((task, label), KEEP.get((task, None), 1.0)):
            rare = {"leaves": 3, "changes": 3, "becomes": 3, "first": 3, "faster": 2, "position": 1.5, "direction": 1.5}
            pool.append((rng.random() ** (1 / rare.get(task, 1.0)), task, blanks, answer, label))
    pool.sort(key=lambda p: -p[0])
    questions = []
    for _, task, blanks, answer, label in pool:
        question = word(task, blanks, answer, label, view, rng)
        if question.text not in seen:
            seen.add(question.text)
            questions.append(question)
    return questions[:n]


def word(task, blanks, answer, label, view, rng):
    """One wording of a candidate."""
    media = "video" if view.time is None or rng.random() < 0.3 else ["picture", "image"][rng.integers(0, 2)]
    text = WORDINGS[task][rng.integers(0, len(WORDINGS[task]))].format(media=media, **blanks)
    return Question(task, text, answer, label)
