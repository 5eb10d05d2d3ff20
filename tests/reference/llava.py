"""Random-weight LLaVA pairs as GGUF, and what Hugging Face transformers computes with them.

    python tests/reference/llava.py        # writes tests/golden/llava

Needs torch, transformers, gguf, safetensors, numpy. Every number in the golden files comes from transformers' own
modules in float32; where a file stores a smaller type, the modules run on the dequantized weights.
"""

import math
from pathlib import Path

import gguf
import numpy as np
import torch
import torch.nn.functional as F
from gguf import GGMLQuantizationType as T
from safetensors.torch import save_file
from transformers import (CLIPVisionConfig, CLIPVisionModel, LlamaConfig, LlamaForCausalLM, MistralConfig,
                          MistralForCausalLM, Phi3Config, Phi3ForCausalLM, Qwen2Config, Qwen2ForCausalLM,
                          SiglipVisionConfig, SiglipVisionModel)
from transformers.models.llava.modeling_llava import LlavaMultiModalProjector

OUT = Path(__file__).resolve().parent.parent / "golden" / "llava"
N_VOCAB = 320
SIDE, PATCH = 48, 8
# K-quants have no quantizer in the gguf package: blocks of random bits, with scales that give weights of about 0.06.
RANDOM_BLOCKS = {  # type: (bytes of a block, [(offset of an f16 scale, its value)])
    T.Q2_K: (84, [(80, 5e-3), (82, 7.5e-3)]),
    T.Q3_K: (110, [(108, 1.4e-3)]),
    T.Q4_K: (144, [(0, 3e-4), (2, 2.25e-3)]),
    T.Q5_K: (176, [(0, 1.5e-4), (2, 2.3e-3)]),
    T.Q6_K: (210, [(208, 5e-5)]),
}


def randomize(module, seed):
    """Weights of scale 1/sqrt(inputs), so that logits differ clearly from each other; norms near one."""
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in module.named_parameters():
            noise = torch.randn(p.shape, generator=g)
            if "norm" in name and name.endswith("weight"):
                p.copy_(1 + 0.2 * noise)
            elif p.dim() == 1:
                p.copy_(0.2 * noise)
            elif "embed" in name:
                # Small where they are also the output: otherwise every token would only predict itself.
                p.copy_(noise / math.sqrt(p.shape[1]) if "token" in name else 0.5 * noise)
            else:
                p.copy_(noise / math.sqrt(p[0].numel()))
    return module.eval().float()


def stored(weight, kind, rng):
    """(raw array for the file, the float32 values it stands for)."""
    w = weight.detach().float().numpy()
    if kind == T.F32:
        return w, w
    if kind == T.F16:
        return w.astype(np.float16), w.astype(np.float16).astype(np.float32)
    if kind in RANDOM_BLOCKS:
        n_bytes, scales = RANDOM_BLOCKS[kind]
        blocks = rng.integers(0, 256, (w.size // 256, n_bytes), dtype=np.uint8)
        for offset, value in scales:
            jitter = np.float16(value * rng.uniform(0.5, 1.5, len(blocks)))
            blocks[:, offset:offset + 2] = jitter.view(np.uint8).reshape(-1, 2)
        raw = blocks.reshape(w.shape[0], -1)
    else:
        raw = gguf.quants.quantize(w, kind)
    return raw, gguf.quants.dequantize(raw, kind).reshape(w.shape)


class Pair:
    """A GGUF file being written, and the module whose weights are replaced by what the file stores."""

    def __init__(self, path, arch, kind=T.F32, seed=0):
        self.w = gguf.GGUFWriter(path, arch)
        self.kind, self.rng = kind, np.random.default_rng(seed)
        self.w.add_name(path.stem)

    def put(self, name, param, kind=None, order=None, fuse=None):
        """Writes `param` (its rows in the order `order`) and copies what was stored back into it."""
        kind = kind or (self.kind if param.dim() >= 2 else T.F32)
        value = param.detach()
        value = value if order is None else value[order]
        raw, real = stored(value, kind, self.rng)
        self.w.add_tensor(name, raw, raw_dtype=kind)
        with torch.no_grad():
            real = torch.from_numpy(np.array(real))
            if order is None:
                param.copy_(real)
            else:
                param[order] = real

    def close(self):
        self.w.write_header_to_file()
        self.w.write_kv_data_to_file()
        self.w.write_tensors_to_file()
        self.w.close()


def rotary_order(n_heads, head_dim):
    """Rows of Q or K as the converter writes them for arch `llama`: halves interleaved, for pairwise rotation."""
    rows = torch.arange(n_heads * head_dim).reshape(n_heads, 2, head_dim // 2)
    return rows.transpose(1, 2).reshape(-1)


def sentencepiece_vocab(w):
    """Three specials, 256 bytes, then letters and a few words, in the layout of Llama's vocabulary."""
    words = ["▁", "\n", "▁the", "▁a", "▁is", "th", "in", "er", "▁v", "id", "eo", "▁video", "▁USER", ":", "?", "."]
    words += [chr(c) for c in range(ord("a"), ord("z") + 1)] + [chr(c) for c in range(ord("A"), ord("S"))]
    tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)] + words
    tokens += [f"<unused{i}>" for i in range(N_VOCAB - len(tokens))]
    kinds = [2, 3, 3] + [6] * 256 + [1] * len(words)
    w.add_tokenizer_model("llama")
    w.add_token_list(tokens)
    w.add_token_scores([0.0] * 259 + [-float(i) for i in range(N_VOCAB - 259)])
    w.add_token_types(kinds + [5] * (N_VOCAB - len(kinds)))
    w.add_bos_token_id(1), w.add_eos_token_id(2), w.add_add_bos_token(True)


def byte_vocab(w):
    """Byte-level BPE in the layout of Qwen2's vocabulary."""
    visible = [b for b in range(256) if chr(b).isprintable() and not 0x7F <= b <= 0xA0 and b not in (32, 0xAD)]
    hidden = iter(range(256, 512))
    chars = [chr(b) if b in visible else chr(next(hidden)) for b in range(256)]
    merges = ["t h", "Ġ t", "Ġt h", "Ġth e", "i n", "e r", "Ġ a", "i s", "Ġ is"]
    tokens = chars + [m.replace(" ", "") for m in merges]
    tokens += [f"<|unused{i}|>" for i in range(N_VOCAB - len(tokens) - 3)]
    tokens += ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    w.add_tokenizer_model("gpt2"), w.add_tokenizer_pre("qwen2")
    w.add_token_list(tokens), w.add_token_merges(merges)
    w.add_token_types([1] * (N_VOCAB - 3) + [3] * 3)
    w.add_eos_token_id(N_VOCAB - 1), w.add_bos_token_id(N_VOCAB - 3), w.add_add_bos_token(False)


def write_language(path, arch, model, kind=T.F32, seed=0, vocabulary=None):
    c, p = model.config, Pair(path, arch, kind, seed)
    w, head_dim = p.w, getattr(c, "head_dim", None) or c.hidden_size // c.num_attention_heads
    w.add_context_length(c.max_position_embeddings)
    w.add_embedding_length(c.hidden_size), w.add_block_count(c.num_hidden_layers)
    w.add_feed_forward_length(c.intermediate_size), w.add_head_count(c.num_attention_heads)
    w.add_head_count_kv(c.num_key_value_heads), w.add_layer_norm_rms_eps(c.rms_norm_eps)
    w.add_rope_freq_base(c.rope_parameters["rope_theta"]), w.add_rope_dimension_count(head_dim)
    w.add_vocab_size(c.vocab_size), w.add_file_type(0 if kind == T.F32 else 1)
    if arch == "qwen3":
        w.add_key_length(head_dim), w.add_value_length(head_dim)
    (vocabulary or (byte_vocab if arch.startswith("qwen") else sentencepiece_vocab))(w)
    write_rope(p, c, head_dim)
    p.put("token_embd.weight", model.model.embed_tokens.weight)
    p.put("output_norm.weight", model.model.norm.weight)
    if not c.tie_word_embeddings:
        p.put("output.weight", model.lm_head.weight)
    order_q = rotary_order(c.num_attention_heads, head_dim) if arch == "llama" else None
    order_k = rotary_order(c.num_key_value_heads, head_dim) if arch == "llama" else None
    for i, layer in enumerate(model.model.layers):
        b, a, m = f"blk.{i}.", layer.self_attn, layer.mlp
        p.put(b + "attn_norm.weight", layer.input_layernorm.weight)
        p.put(b + "ffn_norm.weight", layer.post_attention_layernorm.weight)
        if arch == "phi3":
            p.put(b + "attn_qkv.weight", a.qkv_proj.weight), p.put(b + "ffn_up.weight", m.gate_up_proj.weight)
        else:
            p.put(b + "attn_q.weight", a.q_proj.weight, order=order_q)
            p.put(b + "attn_k.weight", a.k_proj.weight, order=order_k)
            p.put(b + "attn_v.weight", a.v_proj.weight)
            p.put(b + "ffn_gate.weight", m.gate_proj.weight), p.put(b + "ffn_up.weight", m.up_proj.weight)
        if arch == "qwen2":
            for ours, theirs in (("q", a.q_proj), ("k", a.k_proj), ("v", a.v_proj)):
                p.put(f"{b}attn_{ours}.bias", theirs.bias)
        if arch == "qwen3":
            p.put(b + "attn_q_norm.weight", a.q_norm.weight), p.put(b + "attn_k_norm.weight", a.k_norm.weight)
        p.put(b + "attn_output.weight", a.o_proj.weight), p.put(b + "ffn_down.weight", m.down_proj.weight)
    p.close()


def write_rope(p, c, head_dim):
    """The scaling keys and tensors as convert_hf_to_gguf.py writes them."""
    rope, w = c.rope_parameters, p.w
    match rope["rope_type"]:
        case "linear":
            w.add_rope_scaling_type(gguf.RopeScalingType.LINEAR), w.add_rope_scaling_factor(rope["factor"])
        case "llama3":
            freqs = 1 / rope["rope_theta"] ** (torch.arange(0, head_dim, 2).float() / head_dim)
            low, high = rope["low_freq_factor"], rope["high_freq_factor"]
            original, factors = rope["original_max_position_embeddings"], []
            for freq in freqs.tolist():
                length = 2 * math.pi / freq
                smooth = (original / length - low) / (high - low)
                factors.append(1 if length < original / high else rope["factor"] if length > original / low
                               else 1 / ((1 - smooth) / rope["factor"] + smooth))
            p.put("rope_freqs.weight", torch.tensor(factors, dtype=torch.float32))
        case "longrope":
            scale = c.max_position_embeddings / c.original_max_position_embeddings
            w.add_rope_scaling_orig_ctx_len(c.original_max_position_embeddings)
            w.add_rope_scaling_attn_factors(math.sqrt(1 + math.log(scale) / math.log(c.original_max_position_embeddings)))
            p.put("rope_factors_long.weight", torch.tensor(rope["long_factor"]))
            p.put("rope_factors_short.weight", torch.tensor(rope["short_factor"]))


def write_tower(path, vision, projector, kind, new_names, n_blocks):
    """CLIP as the legacy script writes it (one block short, FFN names swapped), SigLIP with today's names."""
    c, p = vision.config, Pair(path, "clip", kind)
    clip = isinstance(vision, CLIPVisionModel)
    tower, w = getattr(vision, "vision_model", vision), p.w
    w.add_bool("clip.has_vision_encoder", True), w.add_bool("clip.has_text_encoder", False)
    w.add_bool("clip.has_llava_projector", True), w.add_string("clip.projector_type", "mlp")
    w.add_bool("clip.use_gelu", False), w.add_uint32("clip.vision.image_size", SIDE)
    w.add_uint32("clip.vision.patch_size", PATCH), w.add_uint32("clip.vision.embedding_length", c.hidden_size)
    w.add_uint32("clip.vision.feed_forward_length", c.intermediate_size)
    w.add_uint32("clip.vision.projection_dim", 16), w.add_uint32("clip.vision.block_count", n_blocks)
    w.add_uint32("clip.vision.attention.head_count", c.num_attention_heads)
    w.add_float32("clip.vision.attention.layer_norm_epsilon", c.layer_norm_eps)
    mean, std = ([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]) if clip else ([0.5] * 3,) * 2
    w.add_array("clip.vision.image_mean", mean), w.add_array("clip.vision.image_std", std)
    if new_names:
        w.add_array("clip.vision.feature_layer", [c.num_hidden_layers - 1])
    e = tower.embeddings
    # Small tensors stay wide, as llama.cpp's scripts keep them.
    p.put("v.patch_embd.weight", e.patch_embedding.weight, T.F16 if kind != T.F32 else T.F32)
    p.put("v.position_embd.weight", e.position_embedding.weight, T.F32)
    if clip:
        p.put("v.class_embd", e.class_embedding)
        p.put("v.pre_ln.weight", tower.pre_layrnorm.weight), p.put("v.pre_ln.bias", tower.pre_layrnorm.bias)
    else:
        p.put("v.patch_embd.bias", e.patch_embedding.bias)
    p.put("v.post_ln.weight", tower.post_layernorm.weight), p.put("v.post_ln.bias", tower.post_layernorm.bias)
    fc1, fc2 = ("ffn_up", "ffn_down") if new_names else ("ffn_down", "ffn_up")
    for i, layer in enumerate(tower.encoder.layers[:n_blocks]):
        a = layer.self_attn
        for name, module in (("ln1", layer.layer_norm1), ("ln2", layer.layer_norm2), ("attn_q", a.q_proj),
                             ("attn_k", a.k_proj), ("attn_v", a.v_proj), ("attn_out", a.out_proj),
                             (fc1, layer.mlp.fc1), (fc2, layer.mlp.fc2)):
            p.put(f"v.blk.{i}.{name}.weight", module.weight), p.put(f"v.blk.{i}.{name}.bias", module.bias)
    for name, module in (("mm.0", projector.linear_1), ("mm.2", projector.linear_2)):
        p.put(f"{name}.weight", module.weight), p.put(f"{name}.bias", module.bias)
    p.close()
    return torch.tensor(mean), torch.tensor(std)


class Projected:
    """The two fields of LlavaConfig that LLaVA's projector looks at."""

    def __init__(self, vision, width):
        self.vision_config, self.vision_feature_layer = vision.config, -2
        self.text_config = type("Text", (), {"hidden_size": width})
        self.projector_hidden_act, self.multimodal_projector_bias = "gelu", True


def clip_frames():
    """Six frames of a little clip: a bright square that wanders over a gradient with noise."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    frames = []
    for t in range(6):
        picture = np.stack([4 * x + 8 * t, 5 * y, 120 + 40 * np.sin((x + y) / 9 + t)], -1) + rng.normal(0, 12, (SIDE, SIDE, 3))
        picture[4 + 5 * t:18 + 5 * t, 26 - 4 * t:40 - 4 * t] = (250, 200 - 30 * t, 40)
        frames.append(picture.clip(0, 255).astype(np.uint8))
    return torch.from_numpy(np.stack(frames))


def see(vision, projector, mean, std, frames):
    """TS-LLaVA on six frames: 24 of their patch rows spread evenly, then a 3 x 2 thumbnail's."""
    pixels = ((frames.float() / 255 - mean) / std).permute(0, 3, 1, 2)
    cells = F.interpolate(pixels, (SIDE // 3, SIDE // 2), mode="area")
    thumbnail = cells.reshape(3, 2, 3, SIDE // 3, SIDE // 2).permute(2, 0, 3, 1, 4).reshape(1, 3, SIDE, SIDE)
    pixels = torch.cat([pixels, thumbnail])
    features = vision(pixels, output_hidden_states=True).hidden_states[-2]
    features = features[:, 1:] if isinstance(vision, CLIPVisionModel) else features
    rows = features.reshape(-1, features.shape[-1])
    n_patches = features.shape[1]
    sampled = torch.linspace(0, 6 * n_patches - 1, 24).round().long()
    picked = torch.cat([sampled, torch.arange(6 * n_patches, 7 * n_patches)])
    return {"thumbnail": pixels[6], "features": features, "picked": picked, "projected": projector(rows[picked])}


def answer(model, before, visual, after):
    """Logits at every position of ids, rows, ids; then 64 greedy tokens. Also the smallest lead of a first choice."""
    embed = model.get_input_embeddings()
    rows = torch.cat([embed(before), visual, embed(after)])[None]
    logits = model(inputs_embeds=rows, use_cache=False).logits[0]
    out = model(inputs_embeds=rows, use_cache=True)
    tokens, lead = [], math.inf
    for _ in range(64):
        top = out.logits[0, -1].topk(2)
        lead = min(lead, (top.values[0] - top.values[1]).item() / out.logits[0, -1].abs().max().item())
        tokens.append(top.indices[0].item())
        out = model(input_ids=top.indices[:1][None], past_key_values=out.past_key_values, use_cache=True)
    return {"before": before, "after": after, "visual": visual, "logits": logits, "tokens": torch.tensor(tokens)}, lead


def golden(name, tensors):
    kept = {k: (v.to(torch.uint32) if v.dtype == torch.int64 else v).contiguous() for k, v in tensors.items()}
    save_file(kept, OUT / f"{name}.safetensors")


def language(name, arch, make, visual, kind=T.F32, floor=1e-3):
    """Writes a language model and its golden values; takes the first seed whose 64 choices are not close calls."""
    g = torch.Generator().manual_seed(5)
    before, after = torch.randint(3, N_VOCAB, (9,), generator=g), torch.randint(3, N_VOCAB, (14,), generator=g)
    before[0] = 1
    for seed in range(1, 200):
        model = randomize(make(), seed)
        model.tie_weights()
        write_language(OUT / f"{name}.gguf", arch, model, kind, seed)
        tensors, lead = answer(model, before, visual, after)
        if lead > floor:
            break
    print(f"{name:22} seed {seed:3} lead {lead:.1e} logits +-{tensors['logits'].abs().max():.1f} std {tensors['logits'].std():.2f}")
    golden(name, tensors)


def config(cls, **more):
    base = dict(vocab_size=N_VOCAB, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
                num_key_value_heads=4, max_position_embeddings=512, rms_norm_eps=1e-5, attn_implementation="eager",
                rope_parameters={"rope_type": "default", "rope_theta": 10000.0}, pad_token_id=0)
    return cls(**(base | more))


@torch.no_grad()
def main():
    OUT.mkdir(parents=True, exist_ok=True)
    frames = clip_frames()
    golden("clip", {"frames": frames})
    size = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=4, num_attention_heads=2, image_size=SIDE,
                patch_size=PATCH, attn_implementation="eager")
    clip = lambda: CLIPVisionModel(CLIPVisionConfig(**size))
    siglip = lambda: SiglipVisionModel(SiglipVisionConfig(**size, vision_use_head=False))
    seen = {}
    for name, make, kind, new_names, n_blocks in (("tower-clip-f32", clip, T.F32, False, 3),
                                                  ("tower-clip-f16", clip, T.F16, False, 3),
                                                  ("tower-clip-q8_0", clip, T.Q8_0, False, 3),
                                                  ("tower-siglip-f32", siglip, T.F32, True, 4)):
        vision = randomize(make(), 11)
        projector = randomize(LlavaMultiModalProjector(Projected(vision, 64)), 12)
        mean, std = write_tower(OUT / f"{name}.gguf", vision, projector, kind, new_names, n_blocks)
        seen[name] = see(vision, projector, mean, std, frames)
        print(f"{name:22} features +-{seen[name]['features'].abs().max():.1f}")
        golden(name, seen[name])
    visual = seen["tower-clip-f32"]["projected"]

    llama = lambda: LlamaForCausalLM(config(LlamaConfig))
    language("llama-f32", "llama", llama, visual)
    language("llama-f16", "llama", llama, visual, T.F16)
    language("llama-bf16", "llama", llama, visual, T.BF16)
    language("mistral-f32", "llama", lambda: MistralForCausalLM(config(MistralConfig, num_key_value_heads=2, sliding_window=None, tie_word_embeddings=True)), visual)
    language("qwen2-f32", "qwen2", lambda: Qwen2ForCausalLM(config(Qwen2Config, num_key_value_heads=2, tie_word_embeddings=True)), visual)
    language("phi3-f32", "phi3", lambda: Phi3ForCausalLM(config(Phi3Config, num_key_value_heads=2, tie_word_embeddings=True)), visual)

    # Rope scaling, far beyond the length that the frequencies were made for.
    small = dict(hidden_size=32, num_attention_heads=2, num_key_value_heads=2, num_hidden_layers=1, intermediate_size=64,
                 tie_word_embeddings=True, max_position_embeddings=64)
    rows = torch.randn(60, 32, generator=torch.Generator().manual_seed(4))
    for rope in ({"rope_type": "linear", "factor": 4.0}, {"rope_type": "dynamic", "factor": 2.0},
                 {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                  "original_max_position_embeddings": 64}):
        rope["rope_theta"] = 10000.0
        language(f"rope-{rope['rope_type']}", "llama", lambda: LlamaForCausalLM(config(LlamaConfig, **small | {"rope_parameters": rope})), rows)
    for name, original in (("short", 256), ("long", 64)):
        rope = {"rope_type": "longrope", "rope_theta": 10000.0, "short_factor": [1.0, 1.1, 1.2, 1.4, 1.5, 1.7, 1.8, 2.0],
                "long_factor": [1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 7.0, 8.0], "original_max_position_embeddings": original}
        phi = small | dict(max_position_embeddings=512, original_max_position_embeddings=original)
        language(f"rope-longrope-{name}", "phi3", lambda: Phi3ForCausalLM(config(Phi3Config, **phi, rope_parameters=rope)), rows)

    # Quantized types: rows of 256, as K-quants need.
    wide = dict(hidden_size=256, intermediate_size=256, num_hidden_layers=1, num_attention_heads=4, num_key_value_heads=1,
                tie_word_embeddings=True)
    rows = torch.randn(12, 256, generator=torch.Generator().manual_seed(3))
    for kind in (T.Q4_0, T.Q4_1, T.Q5_0, T.Q5_1, T.Q8_0, T.Q2_K, T.Q3_K, T.Q4_K, T.Q5_K, T.Q6_K):
        language(f"llama-{kind.name.lower()}", "llama", lambda: LlamaForCausalLM(config(LlamaConfig, **wide)), rows, kind, floor=0)
        file = gguf.GGUFReader(OUT / f"llama-{kind.name.lower()}.gguf")
        sample = next(t for t in file.tensors if t.name == "blk.0.attn_v.weight")
        golden(f"values-{kind.name.lower()}", {sample.name: torch.from_numpy(gguf.quants.dequantize(sample.data, kind)).reshape(64, 256)[:4]})


if __name__ == "__main__":
    main()
