"""Random-weight video models as GGUF, and what transformers computes with them, from pixels to tokens.

    python tests/reference/videos.py        # writes tests/golden/llava

Needs what llava.py needs. LLaVA-OneVision runs whole, with several frames: pooled rows, the newline, logits, 64 tokens.
LLaVA-NeXT-Video's pooler stands before a projector of llava.py's, which is all that it adds to LLaVA.
"""

import math
from types import SimpleNamespace

import gguf
import llava
import torch
from gguf import GGMLQuantizationType as T
from transformers import (CLIPVisionConfig, CLIPVisionModel, LlavaOnevisionConfig, LlavaOnevisionForConditionalGeneration,
                          Qwen2Config, SiglipVisionConfig)
from transformers.models.llava.modeling_llava import LlavaMultiModalProjector
from transformers.models.llava_next_video.modeling_llava_next_video import LlavaNextVideoPooler

# 7 x 7 patches, so that pooling by two rounds up to 4 x 4.
SIDE = 56
N_FRAMES, VIDEO = 4, llava.N_VOCAB - 4


def onevision_model(seed):
    text = llava.config(Qwen2Config, hidden_size=32, intermediate_size=64, num_attention_heads=2, num_key_value_heads=1,
                        tie_word_embeddings=True)
    vision = SiglipVisionConfig(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
                                image_size=SIDE, patch_size=llava.PATCH, vision_use_head=False)
    both = LlavaOnevisionConfig(text_config=text.to_dict(), vision_config=vision.to_dict(), video_token_index=VIDEO,
                                image_token_index=VIDEO - 1, vision_feature_layer=-1, vision_feature_select_strategy="full",
                                tie_word_embeddings=True)
    both._attn_implementation = "eager"
    model = llava.randomize(LlavaOnevisionForConditionalGeneration(both), seed)
    model.tie_weights()
    return model


def add_own(path, tensors, strings):
    """The file once more, with keys and tensors that `llava.write_tower` knows nothing of, and without a feature layer: all
    blocks that are stored are run, as in the files of LLaVA-OneVision."""
    reader = gguf.GGUFReader(path)
    writer = gguf.GGUFWriter(path.with_suffix(".new"), "clip")
    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name in ("general.architecture", "clip.vision.feature_layer"):
            continue
        kind, value = field.types[0], field.contents()
        writer.add_key_value(field.name, value, kind, field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None)
    for name, value in strings.items():
        writer.add_string(name, value)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    for name, value in tensors.items():
        writer.add_tensor(name, value.detach().numpy())
    writer.write_header_to_file(), writer.write_kv_data_to_file(), writer.write_tensors_to_file()
    writer.close()
    path.with_suffix(".new").replace(path)


def frames():
    """The frames of llava.py's clip, enlarged by repeating pixels and cut."""
    return llava.clip_frames().repeat_interleave(2, 1).repeat_interleave(2, 2)[:N_FRAMES, :SIDE, :SIDE]


def onevision():
    """Takes the first seed whose 64 choices are not close calls."""
    g = torch.Generator().manual_seed(5)
    before, after = (torch.randint(3, llava.N_VOCAB - 8, (n,), generator=g) for n in (9, 14))
    pixels = ((frames().float() / 255 - 0.5) / 0.5).permute(0, 3, 1, 2)[None]
    for seed in range(1, 200):
        model = onevision_model(seed)
        llava.SIDE = SIDE
        inner = model.model
        llava.write_tower(llava.OUT / "onevision-tower.gguf", inner.vision_tower, inner.multi_modal_projector, T.F32, True, 2)
        llava.write_language(llava.OUT / "onevision.gguf", "qwen2", SimpleNamespace(
            config=model.config.text_config, model=inner.language_model, lm_head=model.lm_head))
        rows = inner.get_video_features(pixels, vision_feature_layer=-1, vision_feature_select_strategy="full").pooler_output[0]
        ids = torch.cat([before, torch.full((len(rows),), VIDEO), after])[None]
        out = model(input_ids=ids, pixel_values_videos=pixels, use_cache=True)
        logits, tokens, lead = out.logits[0], [], math.inf
        for _ in range(64):
            top = out.logits[0, -1].topk(2)
            lead = min(lead, (top.values[0] - top.values[1]).item() / out.logits[0, -1].abs().max().item())
            tokens.append(top.indices[0].item())
            out = model(input_ids=top.indices[:1][None], past_key_values=out.past_key_values, use_cache=True)
        if lead > 1e-3:
            break
    print(f"onevision              seed {seed:3} lead {lead:.1e} {tuple(rows.shape)} rows")
    add_own(llava.OUT / "onevision-tower.gguf", {"v.image_newline": inner.image_newline}, {"videre.family": "llava-onevision"})
    llava.golden("onevision", {"frames": frames(), "before": before, "after": after, "visual": rows, "logits": logits,
                               "tokens": torch.tensor(tokens)})


def next_video():
    """Every 2 x 2 features of `tower-clip-f32` as their mean, through its projector."""
    llava.SIDE = 48
    size = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=4, num_attention_heads=2, image_size=48,
                patch_size=llava.PATCH, attn_implementation="eager")
    vision = llava.randomize(CLIPVisionModel(CLIPVisionConfig(**size)), 11)
    projector = llava.randomize(LlavaMultiModalProjector(llava.Projected(vision, 64)), 12)
    pooler = LlavaNextVideoPooler(SimpleNamespace(spatial_pool_mode="average", spatial_pool_stride=2, vision_config=vision.config))
    mean, std = torch.tensor([0.48145466, 0.4578275, 0.40821073]), torch.tensor([0.26862954, 0.26130258, 0.27577711])
    pixels = ((llava.clip_frames().float() / 255 - mean) / std).permute(0, 3, 1, 2)
    features = vision(pixels, output_hidden_states=True).hidden_states[-2][:, 1:]
    rows = projector(pooler(features))
    llava.golden("next-video", {"visual": rows.reshape(-1, rows.shape[-1])})
    print(f"next-video             {tuple(rows.shape)} rows")


if __name__ == "__main__":
    with torch.no_grad():
        onevision()
        next_video()
