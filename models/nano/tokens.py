"""The vocabulary: byte-level BPE with Llama-3's split rule, trained on the questions and answers themselves.

Any text can be written in it (all 256 bytes are in it); the words of the little world are one token each.
"""

import numpy as np
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from world.questions import View, ask, clear_moment
from world.scene import sample_scenes

BOS, EOS, PAD, IMAGE = "<s>", "</s>", "<pad>", "<image>"
# What llama.cpp calls the pre-tokenizer "llama-bpe".
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CHAT_TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}USER: {% for p in m.content %}"
    "{% if p.type == 'image' %}<image>\n{% else %}{{ p.text }}{% endif %}{% endfor %}"
    "{% else %} ASSISTANT: {{ m.content[0].text }}{{ eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %} ASSISTANT:{% endif %}"
)
HEAD = "USER: "  # before the visual rows


def first_turn(question):
    """What follows the visual rows: one question, and where the answer begins."""
    return f"\n{question} ASSISTANT:"


def later_turn(question):
    """A further question of the same chat; the end-of-text token stands before it."""
    return f"USER: {question} ASSISTANT:"


def train_tokenizer(vocab_size, n_clips=4000, seed=11):
    """Trains the vocabulary on text only; no picture is drawn."""
    rng = np.random.default_rng(seed)
    scenes, text = sample_scenes(n_clips, rng), []
    for i in range(n_clips):
        for view in (View(scenes, i), View(scenes, i, clear_moment(scenes, i, rng))):
            for n, q in enumerate(ask(view, rng)):
                turn = HEAD + first_turn(q.text) if n == 0 else later_turn(q.text)
                text.append(turn + " " + q.answer)
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    split = pre_tokenizers.Split(Regex(SPLIT), "isolated")
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, byte_level])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[AddedToken(t, special=True, normalized=False) for t in (BOS, EOS, PAD, IMAGE)],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(text, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", pair=f"{BOS} $A $B", special_tokens=[(BOS, tokenizer.token_to_id(BOS))]
    )
    return tokenizer


def encode(tokenizer, text):
    """Token ids of a piece of text, nothing added."""
    return tokenizer.encode(text, add_special_tokens=False).ids
