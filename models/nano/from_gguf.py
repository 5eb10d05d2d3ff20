"""Reads a GGUF pair of nano back into a training run's form, for a pair whose checkpoint is not at hand.

    python models/nano/from_gguf.py models/nano/weights --run DIR

DIR gets checkpoint.pt and tokenizer.json, from which export.py and evaluate.py start. The weights are the file's own,
exactly: what quantisation rounded off is gone. Training cannot go on from them, because no file has the dense heads.
"""

import argparse
import json
from pathlib import Path

import gguf
import numpy as np
import torch

import model as nano
import tokens


def interleaved_back(weight, n_heads):
    """Undoes `export.interleave`: rows of Q and K from rotated neighbours to rotated halves."""
    rows, width = weight.shape
    return weight.reshape(n_heads, rows // n_heads // 2, 2, width).swapaxes(1, 2).reshape(rows, width)


def tensors(path):
    """{name: float32 array in PyTorch's order} and the metadata of a file."""
    reader = gguf.GGUFReader(path)
    values = {}
    for t in reader.tensors:
        shape = tuple(int(n) for n in reversed(t.shape))
        flat = gguf.quants.dequantize(np.asarray(t.data), t.tensor_type)
        values[t.name] = torch.from_numpy(np.array(flat, np.float32).reshape(shape))
    return values, {key: field.contents() for key, field in reader.fields.items()}


def vocabulary(fields):
    """The tokenizer of the file, as `tokens.train_tokenizer` gives it."""
    tokenizer = json.loads(tokens.train_tokenizer(len(fields["tokenizer.ggml.tokens"])).to_str())
    tokenizer["model"]["vocab"] = {token: n for n, token in enumerate(fields["tokenizer.ggml.tokens"])}
    tokenizer["model"]["merges"] = [merge.split(" ") for merge in fields["tokenizer.ggml.merges"]]
    return tokens.Tokenizer.from_str(json.dumps(tokenizer))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pair", type=Path)
    parser.add_argument("--run", type=Path, required=True)
    args = parser.parse_args()
    args.run.mkdir(parents=True, exist_ok=True)
    text, fields = tensors(args.pair / "nano.gguf")
    vision, _ = tensors(args.pair / "nano-mmproj.gguf")
    size = next(name for name, s in nano.SIZES.items() if s["blocks"] == fields["llama.block_count"])
    tokenizer = vocabulary(fields)
    names = {"bos": tokens.BOS, "eos": tokens.EOS, "pad": tokens.PAD, "image": tokens.IMAGE}
    model = nano.build(size, tokenizer.get_vocab_size(), {k: tokenizer.token_to_id(v) for k, v in names.items()})
    n_set = fill(model, text, vision)
    state = model.state_dict()
    unused = [name for name in state if name not in n_set]
    # The tower's last block and the norm behind it never run, and no file has them.
    last = f"encoder.layers.{model.config.vision_config.num_hidden_layers - 1}."
    assert all(last in name or "post_layernorm" in name for name in unused), unused
    for name in unused:
        state[name].zero_()
    tokenizer.save(str(args.run / "tokenizer.json"))
    saved = {"stage": "video", "step": 0, "seconds": 0.0, "size": size, "model": state}
    torch.save(saved, args.run / "checkpoint.pt")
    print(f"{len(text) + len(vision)} tensors of {args.pair} in {args.run}; not in the files, so zero: {len(unused)}")


@torch.no_grad()
def fill(model, text, vision):
    """Sets every weight that the files have, all of them once. Returns the names in the model."""
    c, state, done = model.config.text_config, model.state_dict(), set()
    by_storage = {value.data_ptr(): name for name, value in state.items()}

    def put(parameter, value):
        parameter.copy_(value.reshape(parameter.shape))
        done.add(by_storage[parameter.data_ptr()])

    def put_both(module, source, name):
        put(module.weight, source.pop(f"{name}.weight"))
        put(module.bias, source.pop(f"{name}.bias"))

    text, vision = dict(text), dict(vision)
    t, p = model.model.vision_tower, model.model.multi_modal_projector
    put(t.embeddings.class_embedding, vision.pop("v.class_embd"))
    put(t.embeddings.patch_embedding.weight, vision.pop("v.patch_embd.weight"))
    put(t.embeddings.position_embedding.weight, vision.pop("v.position_embd.weight"))
    for module, name in ((t.pre_layrnorm, "v.pre_ln"), (p.linear_1, "mm.0"), (p.linear_2, "mm.2")):
        put_both(module, vision, name)
    for n, block in enumerate(t.encoder.layers[:-1]):
        a = block.self_attn
        parts = {"attn_q": a.q_proj, "attn_k": a.k_proj, "attn_v": a.v_proj, "attn_out": a.out_proj}
        parts |= {"ln1": block.layer_norm1, "ln2": block.layer_norm2, "ffn_up": block.mlp.fc1, "ffn_down": block.mlp.fc2}
        for name, module in parts.items():
            put_both(module, vision, f"v.blk.{n}.{name}")

    lm = model.model.language_model
    put(lm.embed_tokens.weight, text.pop("token_embd.weight"))
    put(lm.norm.weight, text.pop("output_norm.weight"))
    put(model.lm_head.weight, text.pop("output.weight"))
    for n, block in enumerate(lm.layers):
        a, m = block.self_attn, block.mlp
        for name, heads in (("attn_q", c.num_attention_heads), ("attn_k", c.num_key_value_heads)):
            text[f"blk.{n}.{name}.weight"] = interleaved_back(text[f"blk.{n}.{name}.weight"], heads)
        parts = {
            "attn_norm": block.input_layernorm, "attn_q": a.q_proj, "attn_k": a.k_proj, "attn_v": a.v_proj,
            "attn_output": a.o_proj, "ffn_norm": block.post_attention_layernorm, "ffn_gate": m.gate_proj,
            "ffn_up": m.up_proj, "ffn_down": m.down_proj,
        }  # fmt: skip
        for name, module in parts.items():
            put(module.weight, text.pop(f"blk.{n}.{name}.weight"))
    assert not text and not vision, f"no place for {sorted(text) + sorted(vision)}"
    return done


if __name__ == "__main__":
    main()
