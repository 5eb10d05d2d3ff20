#!/usr/bin/env python3
"""Small vocabularies with expected token ids, for tests/it/tokenizer.rs.

Writes tests/data/tokenizers/NAME.gguf (vocabulary only) and NAME.json (cases), one pair per kind of tokenizer.
The oracle of SentencePiece vocabularies is the sentencepiece library, which LLaVA's Python code runs (its slow
LlamaTokenizer); that of byte-level vocabularies is Hugging Face tokenizers with the pre-tokenizer of the model family.

Needs: sentencepiece, tokenizers, gguf, numpy. Run from the root: python tests/reference/vocabularies.py
"""

import io
import json
import pathlib
import random

import gguf
import sentencepiece
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

OUT = pathlib.Path(__file__).resolve().parents[1] / "data" / "tokenizers"

CORPUS = """
A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed,
and polite answers to the user's questions. USER: ASSISTANT: The input consists of a sequence of key frames from a video.
Answer concisely with overall content and context of the video, highlighting any significant events, characters, or objects
that appear throughout the video. Question: Answer: In the video, You are a helpful expert in video analysis.
Select the best option to answer the question. Options: (A) (B) (C) (D) Only give the best option. Best option:(
What is the man doing? The man is riding a red bicycle along the river while a dog runs behind him. 10 20 300 2026 3.14
How many people are there? There're 12 people; they've gathered, it's raining, I'm sure he'll stay and she'd LEAVE.
def main(): return x == y and [1, 2, 3] != {"a": 4}    # four spaces \t and tabs
Der Mann fährt über die Brücke. Le garçon mange des crêpes à Noël. ¿Qué está haciendo la niña? Привет, мир! 视频里有什么？
""" * 4

ALPHABET = list("abcdeeeilnorst    .,!?'AIST019") + [
    "\n", "\n\n", "\t", "  ", "   ", "\r\n", "'s", "'S", "'re", "'LL", "é", "ß", "ж", "視", "频", "🦙", "👍🏽", "\u200d", "\u00a0",
    "\u2003", "\u3000", "\u0301", "½", "٣", "ſ", "'ſ", "ǅ", "𝟘", "_", "--", "==", "~~", "$", "`", "(", ")", "...", " the", " video", "frames", "<video>",
    "\u2581", "\x00", "\x7f", "\ufffd", "\u0085",
]
FIXED = [
    "", " ", "  ", "\n", "Hello world", " Hello world", "Hello, y'all! How are you 😁 ?", "3", "33", "333", "3333", "33333333",
    "USER: ", "\nThe input consists of a sequence of key frames from a video.\nQuestion: what? \nASSISTANT:\nAnswer: Best option:(",
    "Äpfel", "ied 4 ½ months", "aaaaaaaaaaaaaaa", "the the the", "ASSISTANT: In the video, a man", "\u2581", "a\u2581b",
]


def random_texts(seed, n=150):
    rng = random.Random(seed)
    return FIXED + ["".join(rng.choice(ALPHABET) for _ in range(rng.randint(1, 24))) for _ in range(n)]


def write_gguf(name, arch, model, pre, tokens, kinds, scores=None, merges=None, extra=None):
    path = OUT / f"{name}.gguf"
    writer = gguf.GGUFWriter(str(path), arch)
    writer.add_tokenizer_model(model)
    if pre:
        writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    if scores is not None:
        writer.add_token_scores(scores)
    writer.add_token_types(kinds)
    if merges is not None:
        writer.add_token_merges(merges)
    for key, value in (extra or {}).items():
        (writer.add_bool if isinstance(value, bool) else writer.add_uint32)(f"tokenizer.ggml.{key}", value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def write_cases(name, cases):
    lines = ",\n".join(json.dumps(case, ensure_ascii=True) for case in cases)
    (OUT / f"{name}.json").write_text(f"[\n{lines}\n]\n")


def sentencepiece_vocabulary(name, seed, user_defined):
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS.splitlines()), model_writer=model, model_type="bpe", vocab_size=700,
        byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False, add_dummy_prefix=True,
        split_digits=True, allow_whitespace_only_pieces=True, character_coverage=0.99, user_defined_symbols=user_defined,
        unk_id=0, bos_id=1, eos_id=2, pad_id=-1, minloglevel=2)
    sp = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    kinds = []
    for i in range(sp.get_piece_size()):
        piece = sp.id_to_piece(i)
        kinds.append(2 if sp.is_unknown(i) else 3 if sp.is_control(i) else 6 if sp.is_byte(i)
                     else 4 if piece in user_defined else 1)
    tokens = [sp.id_to_piece(i) for i in range(sp.get_piece_size())]
    scores = [sp.get_score(i) for i in range(sp.get_piece_size())]
    write_gguf(name, "llama", "llama", "default", tokens, kinds, scores=scores,
               extra={"bos_token_id": 1, "eos_token_id": 2, "unknown_token_id": 0, "add_bos_token": True})
    # sentencepiece drops NUL; every other implementation takes the byte token.
    texts = [text for text in random_texts(seed) if "\x00" not in text]
    write_cases(name, [{"text": text, "ids": sp.encode(text)} for text in texts])


def byte_level_vocabulary(name, seed, pre, stages, ignore_merges, specials):
    def build(model):
        tokenizer = Tokenizer(model)
        splits = [pre_tokenizers.Split(Regex(stage), "isolated") for stage in stages]
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(splits + [pre_tokenizers.ByteLevel(False, use_regex=False)])
        return tokenizer

    trained = build(models.BPE())
    trained.train_from_iterator(CORPUS.splitlines(keepends=True), trainers.BpeTrainer(
        vocab_size=600, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False))
    state = json.loads(trained.to_str())["model"]
    vocab, merges = state["vocab"], [tuple(merge) for merge in state["merges"]]
    if ignore_merges:
        # Whole pieces that no chain of merges reaches: only `ignore_merges` finds them.
        for piece in ["Ġassistants", "riding", "Ġbicycles"]:
            vocab[piece] = len(vocab)
    tokenizer = build(models.BPE(vocab=vocab, merges=merges, ignore_merges=ignore_merges))
    tokens = sorted(vocab, key=vocab.get)
    kinds = [1] * len(tokens)
    ids = {}
    for special in specials:
        ids[special] = len(tokens)
        tokens.append(special)
        kinds.append(3)
    write_gguf(name, "qwen2" if pre == "qwen2" else "llama", "gpt2", pre, tokens, kinds,
               merges=[" ".join(merge) for merge in merges], extra={"eos_token_id": ids[specials[-1]]})
    extra = ["Ġassistants".replace("Ġ", " "), "riding", " bicycles", " bicyclesriding"]
    write_cases(name, [{"text": text, "ids": tokenizer.encode(text, add_special_tokens=False).ids}
                       for text in random_texts(seed) + extra])


LLAMA_3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN_2 = LLAMA_3.replace(r"\p{N}{1,3}", r"\p{N}")
GPT_2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    sentencepiece_vocabulary("spm", 1, [])
    sentencepiece_vocabulary("spm-user-defined", 2, ["<video>", "frames"])
    byte_level_vocabulary("llama-bpe", 3, "llama-bpe", [LLAMA_3], True, ["<|begin_of_text|>", "<|eot_id|>"])
    byte_level_vocabulary("qwen2", 4, "qwen2", [QWEN_2], False, ["<|im_start|>", "<|endoftext|>", "<|im_end|>"])
    byte_level_vocabulary("gpt-2", 5, "gpt-2", [GPT_2], False, ["<|endoftext|>"])
    byte_level_vocabulary("smollm", 6, "smollm", [r"\p{N}", GPT_2], False, ["<|im_start|>", "<|im_end|>"])


if __name__ == "__main__":
    main()
