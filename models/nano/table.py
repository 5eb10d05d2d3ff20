"""What `videre eval` found, as the table of the model card, and whether nano reaches what it should.

    python models/nano/table.py frame=FRAMES.jsonl fast=FAST.jsonl ...

Each argument names a column and the results that `videre eval --out` wrote for it, of questions that make_eval.py made.
The intervals are Wilson's at 95 %.
"""

import json
import math
import sys
from collections import Counter
from pathlib import Path

from world.questions import N_ANSWERS, SINGLE_FRAME, TASKS, TEMPORAL

BLIND = ", blind"
BARS = {"single-frame": (SINGLE_FRAME, 90.0), "temporal": (TEMPORAL, 80.0)}
WEAKEST, NEAR_CHANCE = 60.0, 5.0


def interval(right, asked):
    """Wilson's 95 % interval of a share."""
    if asked == 0:
        return 0.0, 1.0
    z, p = 1.96, right / asked
    middle, spread = p + z * z / (2 * asked), z * math.sqrt(p * (1 - p) / asked + z * z / (4 * asked * asked))
    return max(0.0, middle - spread) / (1 + z * z / asked), (middle + spread) / (1 + z * z / asked)


def counts(results):
    """{task: (right, asked)} of a file of results; of two lines about a question the later one counts."""
    last = {}
    for line in Path(results).read_text().splitlines()[1:]:
        line = json.loads(line)
        last[line["n"]] = line
    right, asked = Counter(), Counter()
    for line in last.values():
        if "verdict" not in line:
            sys.exit(f"{results}: question {line['n']} failed: {line['error']}")
        asked[line["task"]] += 1
        right[line["task"]] += line["verdict"] == "right"
    return {task: (right[task], asked[task]) for task in asked}


def percent(share):
    return f"{100 * share:.1f}"


def cell(count):
    """Accuracy and interval; nothing for what was not asked."""
    if count is None:
        return ""
    low, high = interval(*count)
    return f"{percent(count[0] / count[1])} ({100 * low:.0f}-{100 * high:.0f})"


def mean(found, tasks, suffix=""):
    """Mean accuracy in % of those of `tasks` that were asked, None without any."""
    shares = [100 * found[t + suffix][0] / found[t + suffix][1] for t in tasks if t + suffix in found]
    return sum(shares) / len(shares) if shares else None


def table(columns):
    """Markdown: a line a task, a column a way of asking, then what the same questions get about other clips."""
    blind = [name for name, found in columns.items() if any(task.endswith(BLIND) for task in found)]
    heads = ["task", "1/k", *columns, *(f"{name}, blind" for name in blind)]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for task in TASKS:
        cells = [cell(found.get(task)) for found in columns.values()]
        cells += [cell(columns[name].get(task + BLIND)) for name in blind]
        lines.append(f"| {task} | {percent(1 / N_ANSWERS[task])} | " + " | ".join(cells) + " |")
    for title, (tasks, _) in BARS.items():
        means = [mean(found, tasks) for found in columns.values()] + [mean(columns[name], tasks, BLIND) for name in blind]
        lines.append(f"| **{title}, mean** |  | " + " | ".join("" if m is None else f"{m:.1f}" for m in means) + " |")
    return "\n".join(lines)


def verdicts(columns):
    """One line for each thing that nano should reach: reached or missed, and by what."""
    lines = []

    def say(what, is_reached, by):
        lines.append(f"{'reached' if is_reached else 'MISSED '}  {what}: {by}")

    for title, (tasks, bar) in BARS.items():
        means = {name: m for name, found in columns.items() if (m := mean(found, tasks)) is not None}
        best = max(means, key=means.get)
        say(f"{title} tasks at least {bar:.0f} % with the best way of asking", means[best] >= bar, f"{best} {means[best]:.1f} %")
    for name, found in columns.items():
        asked = [t for t in TASKS if t in found]
        weakest = min(asked, key=lambda t: found[t][0] / found[t][1])
        share = 100 * found[weakest][0] / found[weakest][1]
        say(f"{name}: no task under {WEAKEST:.0f} %", share >= WEAKEST, f"{weakest} {share:.1f} %")
        blind = [t for t in asked if t + BLIND in found]
        if not blind:
            continue
        low = [t for t in blind if interval(*found[t])[0] <= interval(*found[t + BLIND])[1]]
        say(f"{name}: every task's interval above the blind one's", not low, ", ".join(low) or f"{len(blind)} tasks")
        off = {t: 100 * (found[t + BLIND][0] / found[t + BLIND][1] - 1 / N_ANSWERS[t]) for t in blind}
        far = max(off, key=lambda t: abs(off[t]))
        say(f"{name}: blind within {NEAR_CHANCE:.0f} points of 1/k", abs(off[far]) <= NEAR_CHANCE, f"{far} {off[far]:+.1f}")
    return "\n".join(lines)


def main(arguments):
    if not arguments or any("=" not in one for one in arguments):
        sys.exit(__doc__)
    columns = {name: counts(file) for name, file in (one.split("=", 1) for one in arguments)}
    print(table(columns), end="\n\n")
    print(verdicts(columns))


if __name__ == "__main__":
    main(sys.argv[1:])
