"""Prints which option the references' scorers read in an answer: the values in tests/it/eval/scoring.rs.

    python tests/reference/eval_letters.py CHECKOUT        # of github.com/tingyu215/TS-LLaVA

Letters are given as positions from 0. An empty answer makes TS-LLaVA's scorer fail; that is printed as such.
"""

import sys

CHECKOUT = sys.argv[1]
sys.path += [f"{CHECKOUT}/eval", f"{CHECKOUT}/videomme_utils"]

from eval_multiple_choice_qa import map_prediction_to_option  # noqa: E402
from eval_your_results import extract_characters_regex  # noqa: E402

TS_LLAVA = [
    "A", "e) because", "C) to run", "Because of B) and A)", "Both", "A: no, the answer is D) that", "The answer is (B)",
    "answer is", "Going home", "(C) yes", "G) none", "F) none", "", " A",
]  # fmt: skip
VIDEO_MME = [
    "C", "The best answer is: B. Two.", "The best option is D", "Answer: A", "the answer is b", "E. Five.",
    "It shows a Dog", "",
]  # fmt: skip


def position(letter):
    return None if letter in ("none", "") else "abcdef".index(letter.lower())


for title, rule, answers in (("ts_llava", map_prediction_to_option, TS_LLAVA), ("video_mme", extract_characters_regex, VIDEO_MME)):
    print(title)
    for answer in answers:
        try:
            print(f"  {answer!r}: {position(rule(answer))}")
        except IndexError:
            print(f"  {answer!r}: fails")
