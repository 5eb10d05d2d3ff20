"""Checkpoints with random weights as transformers saves them, and what it computes with them: for tests/it/llava/convert.rs.

    python tests/reference/checkpoints.py        # writes tests/golden/checkpoints/NAME

Each folder holds what a download holds (config, weights, tokenizer) and `expected.safetensors`: the rows that the model's
own `get_image_features` path gives for one picture, ids before and after it, and the logits at those after it. The
quantized blocks in `blocks.safetensors` are the gguf package's, of the values in it. Needs torch, transformers, gguf,
safetensors, tokenizers.
"""

import json
import shutil
from pathlib import Path

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as T
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import (CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration, LlavaNextConfig,
                          LlavaNextForConditionalGeneration, LlavaOnevisionConfig, LlavaOnevisionForConditionalGeneration,
                          Qwen2Config, SiglipVisionConfig)

from llava import randomize

OUT = Path(__file__).resolve().parent.parent / "golden" / "checkpoints"
N_VOCAB, SIDE, PATCH = 320, 48, 8
VISION = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=3, num_attention_heads=2, image_size=SIDE,
              patch_size=PATCH, attn_implementation="eager")
TEXT = dict(vocab_size=N_VOCAB, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, max_position_embeddings=512, rms_norm_eps=1e-5, attn_implementation="eager")
QWEN_2 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
TEXTS = ["USER: What is in the video?", "the thin, a video.", "  two  spaces\n\nand lines", "é 视频 🦙", "the</s>the", "<image>\nthe"]


def sentencepiece_tokenizer(folder, more=()):
    """Llama's tokenizer in small: bytes, letters, some merges."""
    vocab = {"<unk>": 0, "<s>": 1, "</s>": 2} | {f"<0x{b:02X}>": 3 + b for b in range(256)}
    merges = []
    for piece in ["t h", "i n", "▁ th", "▁ t", "▁t h", "▁th e", "▁ a", "e r", "i d", "e o", "▁ v", "▁v id", "▁vid eo", "i s"]:
        left, right = piece.split()
        for text in (left, right, left + right):
            vocab.setdefault(text, len(vocab))
        merges.append((left, right))
    # Merges in the order of their products' ids, as they come out of a SentencePiece model.
    merges.sort(key=lambda merge: (vocab["".join(merge)], vocab[merge[0]], vocab[merge[1]]))
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges, byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>", "<image>", *more])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>",
                "chat_template": "{{ bos_token }}{% for m in messages %}{{ m['role'] | upper }}: {{ m['content'] }} {% endfor %}ASSISTANT:"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=1))
    return tokenizer


def byte_level_tokenizer(folder, more=()):
    """Qwen2's tokenizer in small."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocab = {text: i for i, text in enumerate(alphabet)}
    merges = [("t", "h"), ("Ġ", "t"), ("Ġt", "h"), ("Ġth", "e"), ("i", "n"), ("e", "r"), ("Ġ", "a"), ("i", "s"), ("Ġ", "is")]
    for merge in merges:
        vocab.setdefault("".join(merge), len(vocab))
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(QWEN_2), "isolated"), pre_tokenizers.ByteLevel(False, use_regex=False)])
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<image>", *more])
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"bos_token": None, "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>", "add_bos_token": False}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=1))
    (folder / "chat_template.jinja").write_text(
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n")
    return tokenizer


@torch.no_grad()
def checkpoint(name, model, seed, make_tokenizer, dtype=torch.bfloat16):
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    randomize(model, seed)
    model.tie_weights()
    for param in model.parameters():
        param.copy_(param.to(dtype).float())
    g = torch.Generator().manual_seed(seed)
    pixels = torch.randn(1, 3, SIDE, SIDE, generator=g)
    before, after = torch.randint(3, 250, (5,), generator=g), torch.randint(3, 250, (9,), generator=g)
    core, config = model.model, model.config
    states = core.vision_tower(pixels, output_hidden_states=True).hidden_states[config.vision_feature_layer]
    if config.vision_feature_select_strategy == "default":
        states = states[:, 1:]
    rows = core.multi_modal_projector(states)[0]
    embed = model.get_input_embeddings()
    logits = model.lm_head(core.language_model(inputs_embeds=torch.cat([embed(before), rows, embed(after)])[None],
                                               use_cache=False).last_hidden_state)[0]
    model.to(dtype).save_pretrained(folder)
    (folder / "generation_config.json").unlink()  # says nothing of the weights
    tokenizer = make_tokenizer(folder)
    encoded = [{"text": text, "ids": tokenizer.encode(text, add_special_tokens=False).ids} for text in TEXTS]
    (folder / "ids.json").write_text(json.dumps(encoded, indent=1) + "\n")
    save_file({"pixels": pixels[0], "rows": rows, "before": before.to(torch.uint32), "after": after.to(torch.uint32),
               "logits": logits[-len(after):].contiguous()}, folder / "expected.safetensors")
    size = sum(path.stat().st_size for path in folder.iterdir())
    print(f"{name:16} {size:7} bytes, logits +-{logits.abs().max():.1f}")


def blocks():
    """Rows of values and the blocks that the gguf package makes of them."""
    rng = np.random.default_rng(3)
    values = rng.standard_normal((4, 512)).astype(np.float32)
    values[1] *= 1e-3
    values[2, :64] = 0
    tensors = {"values": torch.from_numpy(values)}
    for kind in (T.Q8_0, T.Q4_0, T.Q5_0, T.Q5_1, T.F16, T.BF16):
        raw = gguf.quants.quantize(values, kind)
        tensors[kind.name] = torch.from_numpy(np.ascontiguousarray(raw).view(np.uint8).reshape(4, -1))
    OUT.mkdir(parents=True, exist_ok=True)
    save_file(tensors, OUT / "blocks.safetensors")


def main():
    clip, siglip = CLIPVisionConfig(**VISION), SiglipVisionConfig(**VISION, vision_use_head=False)
    llama, qwen2 = LlamaConfig(**TEXT, pad_token_id=0), Qwen2Config(**TEXT | dict(tie_word_embeddings=True))
    checkpoint("llava-1.5", LlavaForConditionalGeneration(LlavaConfig(
        vision_config=clip, text_config=llama, image_token_index=319, vision_feature_layer=-2)), 1, sentencepiece_tokenizer)
    checkpoint("llava-1.6", LlavaNextForConditionalGeneration(LlavaNextConfig(
        vision_config=clip, text_config=llama, image_token_index=319,
        image_grid_pinpoints=[[48, 96], [96, 48]])), 2, sentencepiece_tokenizer, torch.float16)
    checkpoint("llava-onevision", LlavaOnevisionForConditionalGeneration(LlavaOnevisionConfig(
        vision_config=siglip, text_config=qwen2, image_token_index=319, tie_word_embeddings=True,
        image_grid_pinpoints=[[48, 96], [96, 48]])), 3, byte_level_tokenizer)
    blocks()


if __name__ == "__main__":
    main()
