"""SmolVLM, InternVL and Qwen3 with random weights as GGUF, and what Hugging Face transformers computes with them.

    python tests/reference/families.py     # writes to tests/golden/llava

Needs torch, torchvision, transformers, num2words, pillow, gguf, safetensors, numpy. The files have the keys and names that
llama.cpp's converter writes (its classes SmolVLMModel and InternVisionModel); every number beside them comes from
transformers' own models and processors in float32.
"""

from types import SimpleNamespace

import numpy as np
import torch
import torch.nn.functional as F
from gguf import GGMLQuantizationType as T
from gguf.constants import VisionProjectorType
from PIL import Image
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import (InternVLConfig, InternVLForConditionalGeneration, InternVLProcessor, LlamaConfig,
                          PreTrainedTokenizerFast, Qwen2Config, Qwen3Config, Qwen3ForCausalLM, SmolVLMConfig,
                          SmolVLMForConditionalGeneration, SmolVLMProcessor)
from transformers.models.got_ocr2.image_processing_got_ocr2 import GotOcr2ImageProcessor
from transformers.models.internvl.video_processing_internvl import InternVLVideoProcessor
from transformers.models.smolvlm.image_processing_smolvlm import SmolVLMImageProcessor
from transformers.models.smolvlm.processing_smolvlm import DEFAULT_CHAT_TEMPLATE
from transformers.models.smolvlm.video_processing_smolvlm import SmolVLMVideoProcessor
from transformers.video_utils import VideoMetadata

from llava import N_VOCAB, OUT, PATCH, SIDE, Pair, answer, clip_frames, config, golden, language, randomize, write_language

HALF = [0.5] * 3
IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
SMOLVLM_MARKUP = ["<|endoftext|>", "<|im_start|>", "<fake_token_around_image>", "<image>", "<video>", "<global-img>",
                  "<end_of_utterance>"]
INTERNVL_MARKUP = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<img>", "</img>", "<IMG_CONTEXT>", "<video>"]
# As in tokenizer_config.json of OpenGVLab's InternVL3 in the form for transformers.
INTERNVL_TEMPLATE = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n'}}"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}{% for content in message['content'] %}"
    "{% if content['type'] == 'image' %}{{ '<IMG_CONTEXT>\n' }}{% elif content['type'] == 'video' %}{{ '<video>\n' }}"
    "{% elif content['type'] == 'text' %}{{ content['text'] }}{% endif %}{% endfor %}{% endif %}{{'<|im_end|>\n'}}"
    "{% endfor %}{% if add_generation_prompt %}{{'<|im_start|>assistant\n' }}{% endif %}")
# Merges that reach across places where texts are put together: ": " and "You", a line's end and a word.
MERGES = ["t h", "Ġ t", "Ġt h", "Ġth e", "i n", "e r", "Ġ a", "Ġ Y", "o u", "ĠY ou", "F r", "a m", "Fr am", "Fram e",
          "Ċ Ċ", "f r", "o m", "Ġ f", "Ġf r", "Ġfr om", "v i", "d e", "vi de", "vide o", "Ġ video", "U s", "Us er"]


def byte_tokens(markup):
    visible = [b for b in range(256) if chr(b).isprintable() and not 0x7F <= b <= 0xA0 and b not in (32, 0xAD)]
    hidden = iter(range(256, 512))
    chars = [chr(b) if b in visible else chr(next(hidden)) for b in range(256)]
    tokens = chars + [merge.replace(" ", "") for merge in MERGES]
    return tokens + [f"<|unused{i}|>" for i in range(N_VOCAB - len(tokens) - len(markup))] + markup


def vocabulary(pre, markup, bos, eos, template):
    def write(w):
        tokens = byte_tokens(markup)
        w.add_tokenizer_model("gpt2"), w.add_tokenizer_pre(pre)
        w.add_token_list(tokens), w.add_token_merges(MERGES)
        w.add_token_types([1] * (N_VOCAB - len(markup)) + [3] * len(markup))
        w.add_bos_token_id(tokens.index(bos)), w.add_eos_token_id(tokens.index(eos)), w.add_add_bos_token(False)
        w.add_chat_template(template)
    return write


def fast_tokenizer(pre, markup, named):
    """The same vocabulary as a tokenizer of transformers, with the names that its processors ask for."""
    tokens = byte_tokens(markup)
    bpe = models.BPE({token: i for i, token in enumerate(tokens)}, [tuple(merge.split(" ")) for merge in MERGES])
    tokenizer = Tokenizer(bpe)
    if pre == "smollm":
        cuts = [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    else:
        qwen = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
                r"|\s+(?!\S)|\s+")
        cuts = [pre_tokenizers.Split(Regex(qwen), "isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.Sequence(cuts), decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in markup])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, extra_special_tokens=named)


def mmproj_head(p, c, mean, std):
    """What MmprojModel.set_gguf_parameters writes for every family."""
    w, number = p.w, lambda n: n[0] if isinstance(n, (list, tuple)) else n
    w.add_type("mmproj"), w.add_file_type(0 if p.kind == T.F32 else 1), w.add_clip_has_vision_encoder(True)
    w.add_vision_projection_dim(32), w.add_vision_image_size(number(c.image_size))
    w.add_vision_patch_size(number(c.patch_size)), w.add_vision_embedding_length(c.hidden_size)
    w.add_vision_feed_forward_length(c.intermediate_size), w.add_vision_block_count(c.num_hidden_layers)
    w.add_vision_head_count(c.num_attention_heads), w.add_vision_image_mean(mean), w.add_vision_image_std(std)
    w.add_vision_attention_layernorm_eps(c.layer_norm_eps), w.add_vision_use_gelu(True)


def both(p, name, module):
    p.put(f"{name}.weight", module.weight)
    if module.bias is not None:
        p.put(f"{name}.bias", module.bias)


def write_smolvlm(path, full, kind=T.F32):
    c, p = full.config.vision_config, Pair(path, "clip", kind)
    tower = full.model.vision_model
    p.w.add_clip_projector_type(VisionProjectorType.IDEFICS3)
    mmproj_head(p, c, HALF, HALF)
    p.w.add_vision_projector_scale_factor(full.config.scale_factor), p.w.add_vision_preproc_image_size(SIDE)
    p.put("v.patch_embd.weight", tower.embeddings.patch_embedding.weight, T.F32)
    p.put("v.patch_embd.bias", tower.embeddings.patch_embedding.bias)
    p.put("v.position_embd.weight", tower.embeddings.position_embedding.weight, T.F32)
    for i, layer in enumerate(tower.encoder.layers):
        a = layer.self_attn
        for name, module in (("ln1", layer.layer_norm1), ("ln2", layer.layer_norm2), ("attn_q", a.q_proj),
                             ("attn_k", a.k_proj), ("attn_v", a.v_proj), ("attn_out", a.out_proj),
                             ("ffn_up", layer.mlp.fc1), ("ffn_down", layer.mlp.fc2)):
            both(p, f"v.blk.{i}.{name}", module)
    both(p, "v.post_ln", tower.post_layernorm)
    both(p, "mm.model.fc", full.model.connector.modality_projection.proj)
    p.close()


def write_internvl(path, full, kind=T.F32):
    c, p = full.config.vision_config, Pair(path, "clip", kind)
    tower, projector = full.model.vision_tower, full.model.multi_modal_projector
    p.w.add_clip_projector_type(VisionProjectorType.INTERNVL)
    mmproj_head(p, c, *IMAGENET)
    p.w.add_vision_projector_scale_factor(int(1 / full.config.downsample_ratio))
    both(p, "v.patch_embd", tower.embeddings.patch_embeddings.projection)
    # The converter keeps the checkpoint's leading dimensions of one.
    p.put("v.class_embd", tower.embeddings.cls_token, T.F32)
    p.put("v.position_embd.weight", tower.embeddings.position_embeddings, T.F32)
    for i, layer in enumerate(tower.encoder.layer):
        a = layer.attention
        for name, module in (("ln1", layer.layernorm_before), ("ln2", layer.layernorm_after), ("attn_q", a.q_proj),
                             ("attn_k", a.k_proj), ("attn_v", a.v_proj), ("attn_out", a.projection_layer),
                             ("ffn_up", layer.mlp.fc1), ("ffn_down", layer.mlp.fc2)):
            both(p, f"v.blk.{i}.{name}", module)
        p.put(f"v.blk.{i}.ls1.weight", layer.lambda_1), p.put(f"v.blk.{i}.ls2.weight", layer.lambda_2)
    for place, module in ((0, projector.layer_norm), (1, projector.linear_1), (3, projector.linear_2)):
        both(p, f"mm.model.mlp.{place}", module)
    p.close()


def smolvlm_features(full, pixels):
    return full.model.connector.pixel_shuffle(full.model.vision_model(pixels).last_hidden_state, full.config.scale_factor)


def internvl_features(full, pixels):
    patches = full.model.vision_tower(pixels).last_hidden_state[:, 1:]
    side = int(patches.shape[1] ** 0.5)
    squares = full.model.pixel_shuffle(patches.reshape(len(patches), side, side, -1), full.config.downsample_ratio)
    return squares.reshape(len(squares), -1, squares.shape[-1])


def see(features_of, project, mean, std, frames):
    """TS-LLaVA on six frames, as `see` of llava.py, on rows that stand for several patches."""
    pixels = ((frames.float() / 255 - torch.tensor(mean)) / torch.tensor(std)).permute(0, 3, 1, 2)
    cells = F.interpolate(pixels, (SIDE // 3, SIDE // 2), mode="area")
    thumbnail = cells.reshape(3, 2, 3, SIDE // 3, SIDE // 2).permute(2, 0, 3, 1, 4).reshape(1, 3, SIDE, SIDE)
    pixels = torch.cat([pixels, thumbnail])
    features = features_of(pixels)
    n_rows = features.shape[1]
    sampled = torch.linspace(0, 6 * n_rows - 1, 24).round().long()
    picked = torch.cat([sampled, torch.arange(6 * n_rows, 7 * n_rows)])
    rows = features.reshape(-1, features.shape[-1])
    return pixels, {"thumbnail": pixels[6], "features": features, "picked": picked, "projected": project(rows[picked])}


def family(name, arch, make, parts, image_token, words, frames, mean, std, floor=1e-3):
    """A pair of files and its golden values: three frames in a prompt, through the whole model of transformers."""
    write_vision, features_of, project_with, as_input = parts
    g = torch.Generator().manual_seed(6)
    before, after = torch.randint(0, 250, (9,), generator=g), torch.randint(0, 250, (14,), generator=g)
    for seed in range(1, 200):
        full = randomize(make(), seed)
        full.tie_weights()
        text = full.model.text_model if hasattr(full.model, "text_model") else full.model.language_model
        shim = SimpleNamespace(config=full.config.text_config, model=text, lm_head=full.lm_head)
        write_vision(OUT / f"tower-{name}.gguf", full)
        write_language(OUT / f"{name}.gguf", arch, shim, T.F32, seed, words)
        project = project_with(full)
        pixels, seen = see(lambda p: features_of(full, p), project, mean, std, frames)
        visual = project(seen["features"][:3].flatten(0, 1))
        tensors, lead = answer(full, before, visual, after)
        if lead > floor:
            break
    # The same through the model's own front: image tokens in the ids, and pixels.
    ids = torch.cat([before, torch.full((len(visual),), image_token), after])[None]
    whole = full(input_ids=ids, pixel_values=as_input(pixels[:3]), use_cache=False).logits[0]
    difference = (whole - tensors["logits"]).abs().max().item()
    assert difference < 1e-4, f"{name}: rows in the wrong order, {difference}"
    tensors["logits"] = whole
    print(f"{name:22} seed {seed:3} lead {lead:.1e} features +-{seen['features'].abs().max():.1f} "
          f"logits +-{whole.abs().max():.1f}")
    golden(f"tower-{name}", seen), golden(name, tensors)
    return full


def moving_picture(n_frames, height, width):
    """A clip that is not square: stripes that move, in integers."""
    y, x, t = np.mgrid[0:height, 0:width, 0:n_frames].astype(np.int64)
    channels = [((x * (5 + c) + y * (3 + 2 * c) + t * (11 + c)) * 3 + 17 * ((x // 9 + y // 7 + t) % 2)) % 256 for c in range(3)]
    return np.stack(channels, -1).transpose(2, 0, 1, 3).astype(np.uint8)


def smolvlm_by_pillow(image):
    """The two steps of SmolVLMVideoProcessor.resize with Pillow, whose rounding torch repeats but for a level here and there."""
    width, height = image.size
    assert width >= height
    height = int(SIDE / (width / height))
    first = image.resize((SIDE, height + height % 2), Image.Resampling.LANCZOS)
    return np.asarray(first.resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def internvl_by_pillow(image):
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


QUESTION = "video from the user?"


def video(name, full, processor, template, sampling, by_pillow, mean, std):
    """What a family's own processor makes of a clip (indices of frames, squares of pixels, token ids), and what the whole
    model makes of that: the logits of the last positions, and 64 greedy tokens."""
    clip = moving_picture(40, 36, 64)
    metadata = VideoMetadata(total_num_frames=40, fps=5.0, duration=8.0, frames_indices=list(range(40)))
    conversation = [{"role": "user", "content": [{"type": "video"}, {"type": "text", "text": QUESTION}]}]
    prompt = processor.apply_chat_template(conversation, chat_template=template, add_generation_prompt=True)
    inputs = processor(text=[prompt], videos=[torch.from_numpy(clip).permute(0, 3, 1, 2)], video_metadata=[metadata],
                       return_tensors="pt", do_sample_frames=True, **sampling)
    indices = np.asarray(processor.video_processor.sample_frames(metadata, **sampling)).tolist()
    pixels = inputs["pixel_values"].reshape(-1, 3, SIDE, SIDE).permute(0, 2, 3, 1)
    squares = ((pixels * torch.tensor(std) + torch.tensor(mean)) * 255).round().to(torch.uint8)
    assert len(squares) == len(indices)
    out = full(**{k: v for k, v in inputs.items() if k in ("input_ids", "pixel_values")}, use_cache=True)
    logits, tokens = out.logits[0, -16:], []
    for _ in range(64):
        tokens.append(out.logits[0, -1].argmax().item())
        out = full(input_ids=torch.tensor([[tokens[-1]]]), past_key_values=out.past_key_values, use_cache=True)
    print(f"{name:22} frames {indices} of the clip, {inputs['input_ids'].shape[1]} tokens")
    print(repr(processor.tokenizer.decode(inputs["input_ids"][0])[:200]))
    golden(f"{name}-video", {
        "indices": torch.tensor(indices), "input_ids": inputs["input_ids"][0], "frames": torch.from_numpy(clip[indices]),
        "squares": squares, "pillow": torch.from_numpy(np.stack([by_pillow(Image.fromarray(clip[i])) for i in indices[:3]])),
        "logits": logits, "tokens": torch.tensor(tokens)})


@torch.no_grad()
def main():
    frames = clip_frames()
    small = dict(hidden_size=32, intermediate_size=48, num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=1024)
    size = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, attn_implementation="eager")

    def smolvlm():
        return SmolVLMForConditionalGeneration(SmolVLMConfig(
            vision_config=dict(size, image_size=SIDE, patch_size=PATCH, layer_norm_eps=1e-6, model_type="smolvlm_vision"),
            text_config=config(LlamaConfig, **small).to_dict(), scale_factor=3, attn_implementation="eager",
            image_token_id=byte_tokens(SMOLVLM_MARKUP).index("<image>")))

    def internvl():
        return InternVLForConditionalGeneration(InternVLConfig(
            vision_config=dict(size, image_size=[SIDE, SIDE], patch_size=[PATCH, PATCH], attention_bias=True,
                               model_type="internvl_vision"),
            text_config=config(Qwen2Config, **small, tie_word_embeddings=True).to_dict(), attn_implementation="eager",
            image_token_id=byte_tokens(INTERNVL_MARKUP).index("<IMG_CONTEXT>"), image_seq_length=9))

    words = vocabulary("smollm", SMOLVLM_MARKUP, "<|im_start|>", "<end_of_utterance>", DEFAULT_CHAT_TEMPLATE)
    parts = (write_smolvlm, smolvlm_features, lambda full: full.model.connector.modality_projection, lambda p: p[None])
    smol = family("smolvlm-f32", "llama", smolvlm, parts, byte_tokens(SMOLVLM_MARKUP).index("<image>"), words, frames,
                  HALF, HALF)
    words = vocabulary("qwen2", INTERNVL_MARKUP, "<|endoftext|>", "<|im_end|>", INTERNVL_TEMPLATE)
    parts = (write_internvl, internvl_features, lambda full: full.model.multi_modal_projector, lambda p: p)
    intern = family("internvl-f32", "qwen2", internvl, parts, byte_tokens(INTERNVL_MARKUP).index("<IMG_CONTEXT>"), words, frames,
                    *IMAGENET)

    rows = torch.randn(20, 32, generator=torch.Generator().manual_seed(8))
    # Heads of 16 where the width shared out would be 8.
    qwen3 = lambda: Qwen3ForCausalLM(config(Qwen3Config, **small, head_dim=16, tie_word_embeddings=True))
    language("qwen3-f32", "qwen3", qwen3, rows)

    tokenizer = fast_tokenizer("smollm", SMOLVLM_MARKUP, {
        "image_token": "<image>", "video_token": "<video>", "fake_image_token": "<fake_token_around_image>",
        "global_image_token": "<global-img>", "end_of_utterance_token": "<end_of_utterance>"})
    edge = {"longest_edge": SIDE}
    processor = SmolVLMProcessor(
        SmolVLMImageProcessor(size=edge, max_image_size=edge), tokenizer,
        SmolVLMVideoProcessor(size=edge, max_image_size=edge, image_mean=HALF, image_std=HALF), image_seq_len=4)
    video("smolvlm", smol, processor, DEFAULT_CHAT_TEMPLATE, {"num_frames": 64, "fps": 1}, smolvlm_by_pillow, HALF, HALF)
    tokenizer = fast_tokenizer("qwen2", INTERNVL_MARKUP, {
        "start_image_token": "<img>", "end_image_token": "</img>", "context_image_token": "<IMG_CONTEXT>", "video_token": "<video>"})
    processor = InternVLProcessor(
        GotOcr2ImageProcessor(size={"height": SIDE, "width": SIDE}), tokenizer,
        InternVLVideoProcessor(size={"height": SIDE, "width": SIDE}, image_mean=IMAGENET[0], image_std=IMAGENET[1]),
        image_seq_length=9)
    video("internvl", intern, processor, INTERNVL_TEMPLATE, {"num_frames": 8}, internvl_by_pillow, *IMAGENET)


if __name__ == "__main__":
    main()
