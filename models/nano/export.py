"""Writes a trained run as a Hugging Face checkpoint and as GGUF pairs (F16 and Q8_0).

    python models/nano/export.py --run DIR --out DIR

`out/hf` loads with transformers' LlavaForConditionalGeneration; `out/f16` and `out/q8_0` hold a pair each;
`out/SHA256SUMS` has their checksums, `out/hf/README.md` is the card of the run: what it is, how it was trained, and what its
curve ends with. The card of the pair that ships, with its evaluation, is README.md beside this file.
"""

import argparse
import hashlib
import json
from pathlib import Path

import gguf
import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import CLIPImageProcessor, PreTrainedTokenizerFast

import model as nano
import plans
import tokens

KINDS = {
    "f16": (gguf.GGMLQuantizationType.F16, gguf.LlamaFileType.MOSTLY_F16),
    "q8_0": (gguf.GGMLQuantizationType.Q8_0, gguf.LlamaFileType.MOSTLY_Q8_0),
}


def load_run(run):
    """The model and vocabulary of a training run, on the CPU."""
    tokenizer = Tokenizer.from_file(str(run / "tokenizer.json"))
    saved = torch.load(run / "checkpoint.pt", map_location="cpu")
    names = {"bos": tokens.BOS, "eos": tokens.EOS, "pad": tokens.PAD, "image": tokens.IMAGE}
    ids = {k: tokenizer.token_to_id(v) for k, v in names.items()}
    model = nano.build(saved["size"], tokenizer.get_vocab_size(), ids)
    model.load_state_dict(saved["model"])
    return model.eval(), tokenizer, saved


def write_hf(model, tokenizer, out):
    """transformers' own layout: config, safetensors, tokenizer, image processor."""
    model.generation_config.eos_token_id = tokenizer.token_to_id(tokens.EOS)
    model.save_pretrained(out)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=tokens.BOS, eos_token=tokens.EOS, pad_token=tokens.PAD
    )
    fast.chat_template = tokens.CHAT_TEMPLATE
    fast.save_pretrained(out)
    side = model.config.vision_config.image_size
    processor = CLIPImageProcessor(
        size={"height": side, "width": side}, do_center_crop=False, resample=3,
        image_mean=plans.MEAN.tolist(), image_std=plans.STD.tolist(),
    )  # fmt: skip
    processor.save_pretrained(out)


def add(writer, name, tensor, kind):
    """Matrices take the file's type; vectors stay f32, so does what a row of 32 does not divide."""
    values = tensor.detach().float().numpy()
    if values.ndim == 1 or name == "v.position_embd.weight":
        writer.add_tensor(name, values)
    elif values.ndim == 4 or kind == gguf.GGMLQuantizationType.F16:
        writer.add_tensor(name, values.astype(np.float16))
    else:
        writer.add_tensor(name, gguf.quants.quantize(values, kind), raw_dtype=kind)


def write_mmproj(model, path, kind, file_type):
    """Tower and projector. Only the blocks that LLaVA runs are written, and `feature_layer` says so."""
    c, w = model.config.vision_config, gguf.GGUFWriter(path, "clip")
    blocks = c.num_hidden_layers - 1
    w.add_name("nano"), w.add_description("image encoder of nano, which knows only the little world")
    w.add_license("mit or apache-2.0"), w.add_file_type(file_type)
    w.add_bool("clip.has_text_encoder", False)
    w.add_bool("clip.has_vision_encoder", True)
    w.add_bool("clip.has_llava_projector", True)
    w.add_string("clip.projector_type", "mlp")
    w.add_bool("clip.use_gelu", False)
    w.add_uint32("clip.vision.image_size", c.image_size)
    w.add_uint32("clip.vision.patch_size", c.patch_size)
    w.add_uint32("clip.vision.embedding_length", c.hidden_size)
    w.add_uint32("clip.vision.feed_forward_length", c.intermediate_size)
    w.add_uint32("clip.vision.projection_dim", model.config.text_config.hidden_size)
    w.add_uint32("clip.vision.attention.head_count", c.num_attention_heads)
    w.add_float32("clip.vision.attention.layer_norm_epsilon", c.layer_norm_eps)
    w.add_uint32("clip.vision.block_count", blocks)
    w.add_array("clip.vision.feature_layer", [blocks])
    w.add_array("clip.vision.image_mean", plans.MEAN.tolist())
    w.add_array("clip.vision.image_std", plans.STD.tolist())

    t, p = model.model.vision_tower, model.model.multi_modal_projector
    add(w, "v.class_embd", t.embeddings.class_embedding, kind)
    add(w, "v.patch_embd.weight", t.embeddings.patch_embedding.weight, kind)
    add(w, "v.position_embd.weight", t.embeddings.position_embedding.weight, kind)
    parts = {"v.pre_ln": t.pre_layrnorm, "mm.0": p.linear_1, "mm.2": p.linear_2}
    for n, block in enumerate(t.encoder.layers[:blocks]):
        a = block.self_attn
        names = {"attn_q": a.q_proj, "attn_k": a.k_proj, "attn_v": a.v_proj, "attn_out": a.out_proj}
        names |= {"ln1": block.layer_norm1, "ln2": block.layer_norm2, "ffn_up": block.mlp.fc1, "ffn_down": block.mlp.fc2}
        parts |= {f"v.blk.{n}.{name}": part for name, part in names.items()}
    for name, part in parts.items():
        add(w, f"{name}.weight", part.weight, kind)
        add(w, f"{name}.bias", part.bias, kind)
    finish(w)


def interleave(weight, n_heads):
    """Rows of Q and K from rotated halves (transformers) to rotated neighbours (arch `llama` in GGUF)."""
    rows, width = weight.shape
    return weight.reshape(n_heads, 2, rows // n_heads // 2, width).swapaxes(1, 2).reshape(rows, width)


def write_language_model(model, tokenizer, path, kind, file_type):
    """The decoder and its vocabulary."""
    c, w = model.config.text_config, gguf.GGUFWriter(path, "llama")
    w.add_name("nano"), w.add_description("a very small LLaVA that knows only the little world of coloured shapes")
    w.add_license("mit or apache-2.0"), w.add_file_type(file_type)
    w.add_context_length(c.max_position_embeddings), w.add_embedding_length(c.hidden_size)
    w.add_block_count(c.num_hidden_layers), w.add_feed_forward_length(c.intermediate_size)
    w.add_head_count(c.num_attention_heads), w.add_head_count_kv(c.num_key_value_heads)
    w.add_layer_norm_rms_eps(c.rms_norm_eps)
    w.add_rope_dimension_count(nano.HEAD_WIDTH), w.add_rope_freq_base(c.rope_parameters["rope_theta"])
    w.add_vocab_size(c.vocab_size)
    add_vocabulary(w, tokenizer)

    lm = model.model.language_model
    add(w, "token_embd.weight", lm.embed_tokens.weight, kind)
    add(w, "output_norm.weight", lm.norm.weight, kind)
    add(w, "output.weight", model.lm_head.weight, kind)
    for n, block in enumerate(lm.layers):
        a, m = block.self_attn, block.mlp
        parts = {
            "attn_norm": block.input_layernorm.weight,
            "attn_q": interleave(a.q_proj.weight, c.num_attention_heads),
            "attn_k": interleave(a.k_proj.weight, c.num_key_value_heads),
            "attn_v": a.v_proj.weight,
            "attn_output": a.o_proj.weight,
            "ffn_norm": block.post_attention_layernorm.weight,
            "ffn_gate": m.gate_proj.weight,
            "ffn_up": m.up_proj.weight,
            "ffn_down": m.down_proj.weight,
        }
        for name, weight in parts.items():
            add(w, f"blk.{n}.{name}.weight", weight, kind)
    finish(w)


def add_vocabulary(w, tokenizer):
    """Byte-level BPE as llama.cpp writes it: model `gpt2`, split rule `llama-bpe`, merges with a space between."""
    saved = json.loads(tokenizer.to_str())
    special = {t["id"] for t in saved["added_tokens"]}
    n = tokenizer.get_vocab_size()
    types = [gguf.TokenType.CONTROL if i in special else gguf.TokenType.NORMAL for i in range(n)]
    w.add_tokenizer_model("gpt2"), w.add_tokenizer_pre("llama-bpe")
    w.add_token_list([tokenizer.id_to_token(i) for i in range(n)]), w.add_token_types(types)
    w.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in saved["model"]["merges"]])
    w.add_bos_token_id(tokenizer.token_to_id(tokens.BOS)), w.add_eos_token_id(tokenizer.token_to_id(tokens.EOS))
    w.add_pad_token_id(tokenizer.token_to_id(tokens.PAD))
    w.add_add_bos_token(True), w.add_add_eos_token(False)
    w.add_chat_template(tokens.CHAT_TEMPLATE)
    # It was trained with nothing between the video and the question. (`add_string` leaves empty texts out.)
    w.add_key_value("videre.video_sentence", "", gguf.GGUFValueType.STRING)


def finish(w):
    w.write_header_to_file(), w.write_kv_data_to_file(), w.write_tensors_to_file(), w.close()


CARD = """---
license: apache-2.0
library_name: transformers
pipeline_tag: image-text-to-text
---
# nano

A small LLaVA that knows one thing: short clips of up to three moving coloured shapes. Anything it says about other pictures means
nothing. {n_millions:.1f} million parameters, {side} px, {n_tokens} tokens of vocabulary; MIT or Apache-2.0, at your choice.

Prompt: `USER: <image>` and a line break, the question, ` ASSISTANT:`.

Trained from nothing in {minutes:.0f} minutes by its own clock, size `{size}`, stages and steps: {steps}.

Right answers at the end, on clips that it was not trained on (measured by `train.py`, without video files):

{table}
"""


def write_card(model, tokenizer, saved, curve, file):
    """What a run is, from its checkpoint and its curve."""
    lines = [json.loads(line) for line in curve.read_text().splitlines()]
    steps = {line["stage"]: line["step"] for line in lines}
    last = [line["figures"] for line in lines if "figures" in line][-1]
    ways = [way for way in last if way != "dense"]
    rows = ["| task | " + " | ".join(ways) + " |", "|---" * (1 + len(ways)) + "|"]
    for task in {task: None for way in ways for task in last[way]}:
        rows.append(f"| {task} | " + " | ".join(str(last[way].get(task, "")) for way in ways) + " |")
    file.write_text(
        CARD.format(
            n_millions=sum(p.numel() for p in model.parameters()) / 1e6,
            side=model.config.vision_config.image_size,
            n_tokens=tokenizer.get_vocab_size(),
            minutes=saved["seconds"] / 60,
            size=saved["size"],
            steps=", ".join(f"{stage} {n}" for stage, n in steps.items()),
            table="\n".join(rows),
        )
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    model, tokenizer, saved = load_run(args.run)
    write_hf(model, tokenizer, args.out / "hf")
    write_card(model, tokenizer, saved, args.run / "curve.jsonl", args.out / "hf" / "README.md")
    sums = []
    for name, (kind, file_type) in KINDS.items():
        # A folder for each pair: a model is named by its folder.
        (args.out / name).mkdir(exist_ok=True)
        files = [args.out / name / "nano.gguf", args.out / name / "nano-mmproj.gguf"]
        write_language_model(model, tokenizer, files[0], kind, file_type)
        write_mmproj(model, files[1], kind, file_type)
        for file in files:
            sums.append(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(args.out)}")
            print(f"{file.stat().st_size / 1e6:6.2f} MB  {file}")
    (args.out / "SHA256SUMS").write_text("\n".join(sums) + "\n")
    print(f"stage {saved['stage']}, step {saved['step']}, {saved['seconds'] / 60:.0f} minutes of training")


if __name__ == "__main__":
    main()
