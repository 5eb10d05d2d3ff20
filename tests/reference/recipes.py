"""The video recipe of each family on the bundled clip, from the file to the logits: what transformers' own processors and
models make of it. For tests/it/llava/recipes.rs and tests/it/llava/convert_families.rs.

    python tests/reference/recipes.py        # writes tests/golden/checkpoints/NAME

Each folder gets a small checkpoint with random weights as it is downloaded, `pair.json` (the names and values that its GGUF
pair has by the gguf package) and `recipe.safetensors`: indices of frames by the family's own sampler, token ids by its
processor, logits at the last positions and 64 greedy tokens by its model. Pixels are kept as their differences from Pillow's
squares (`levels_at`, `levels_by` + 128) and a hash of those.

Where transformers has no reference, that of LLaVA-NeXT's code takes its place, repeated here in a line or two:
 - LLaVA-OneVision and LLaVA-NeXT-Interleave have no sampler of their own there (the base class starts equal parts).
 - LLaVA-Video has neither its newline after each row of a frame nor its sentence of times there; tower, projector, pooling and
   decoder are transformers' LLaVA-OneVision.

Needs what families.py and checkpoints.py need, and PyAV.
"""

import copy
import hashlib
import json
import math
import shutil

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as T
from PIL import Image
from safetensors.torch import save_file
from transformers import (CLIPVisionConfig, InternVLConfig, InternVLForConditionalGeneration, InternVLProcessor, LlamaConfig,
                          LlavaConfig, LlavaForConditionalGeneration, LlavaNextVideoConfig,
                          LlavaNextVideoForConditionalGeneration, LlavaNextVideoProcessor, LlavaOnevisionConfig,
                          LlavaOnevisionForConditionalGeneration, LlavaOnevisionProcessor, LlavaProcessor,
                          PreTrainedTokenizerFast, Qwen2Config, SiglipImageProcessor, SiglipVisionConfig, SmolVLMConfig,
                          SmolVLMForConditionalGeneration, SmolVLMProcessor)
from transformers.models.got_ocr2.image_processing_got_ocr2 import GotOcr2ImageProcessor
from transformers.models.internvl.video_processing_internvl import InternVLVideoProcessor
from transformers.models.llava_next.image_processing_llava_next import LlavaNextImageProcessor
from transformers.models.llava_next_video.video_processing_llava_next_video import LlavaNextVideoVideoProcessor
from transformers.models.llava_onevision.image_processing_llava_onevision import LlavaOnevisionImageProcessor
from transformers.models.llava_onevision.video_processing_llava_onevision import LlavaOnevisionVideoProcessor
from transformers.models.smolvlm.image_processing_smolvlm import SmolVLMImageProcessor
from transformers.models.smolvlm.processing_smolvlm import DEFAULT_CHAT_TEMPLATE
from transformers.models.smolvlm.video_processing_smolvlm import SmolVLMVideoProcessor
from transformers.video_utils import read_video_pyav

from checkpoints import N_VOCAB, OUT, PATCH, SIDE, byte_level_tokenizer, sentencepiece_tokenizer
from families import (HALF, IMAGENET, INTERNVL_MARKUP, INTERNVL_TEMPLATE, SMOLVLM_MARKUP, byte_tokens, fast_tokenizer,
                      smolvlm_by_pillow)
from llava import randomize
from real_clip import CLIP, decoded

QUESTION = "What is in the video?"
CLIP_MEAN, CLIP_STD = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
TEXT = dict(vocab_size=N_VOCAB, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
            num_key_value_heads=2, max_position_embeddings=2048, rms_norm_eps=1e-5, attn_implementation="eager", pad_token_id=0)
VISION = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, image_size=SIDE,
              patch_size=PATCH, attn_implementation="eager")
# As in chat_template.json of llava-hf's LLaVA-OneVision and LLaVA-NeXT-Interleave (which knows no videos), and of their
# LLaVA-NeXT-Video.
SHOWN = "{{% for content in message['content'] | selectattr('type', 'equalto', '{0}') %}}{{{{ '<{0}>{1}' }}}}{{% endfor %}}"
SAID = ("{{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}}{{{{ {0} }}}}{{% endfor %}}")
QWEN_HF = ("{% for message in messages %}{{'<|im_start|>' + message['role'] + ' '}}" + SHOWN.format("image", "") + "%VIDEOS%"
           + SAID.format("'\\n' + content['text']")
           + "{{'<|im_end|>'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}")
VICUNA_HF = ("{% for message in messages %}{{ message['role'].upper() + ': '}}" + SHOWN.format("image", "\\n")
             + SHOWN.format("video", "\\n") + SAID.format("content['text'] + ' '")
             + "{% endfor %}{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}")
# As in tokenizer_config.json of Qwen2, which LLaVA-Video's repositories keep.
QWEN_2 = ("{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
          "{{ '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}{% endif %}"
          "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
          "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}")


# Checkpoints: a folder with config, weights and tokenizer.

def saved(name, model, seed, dtype=torch.bfloat16):
    """A folder with `model`, whose weights are those that are stored."""
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    randomize(model, seed)
    model.tie_weights()
    for param in model.parameters():
        param.copy_(param.to(dtype).float())
    # A copy, because the frequencies of positions lose bits with it.
    copy.deepcopy(model).to(dtype).save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)  # says nothing of the weights
    return folder


def byte_level(folder, more=()):
    settings = dict(eos_token="<|im_end|>", pad_token="<|endoftext|>")
    return PreTrainedTokenizerFast(tokenizer_object=byte_level_tokenizer(folder, more), **settings)


def sentencepiece(folder, more=()):
    settings = dict(bos_token="<s>", eos_token="</s>", unk_token="<unk>")
    return PreTrainedTokenizerFast(tokenizer_object=sentencepiece_tokenizer(folder, more), **settings)


def named(folder, pre, markup, names, **ends):
    """The vocabulary of families.py as files."""
    tokenizer = fast_tokenizer(pre, markup, names)
    tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps(ends | names | {"add_bos_token": False}, indent=1) + "\n")
    return tokenizer


def own_layout(folder, model, config):
    """Rewrites a checkpoint of transformers with the names and the one config that LLaVA's own code saves; its tower with it,
    as where that was trained too. The size of the tower, which that code knows by its name, is written down."""
    weights = {}
    for name, value in model.state_dict().items():
        name = name.removeprefix("model.")
        for theirs, own in (("language_model.", "model."), ("vision_tower.vision_model.", "vision_tower."),
                            ("vision_tower.", "model.vision_tower.vision_tower.vision_model."),
                            ("multi_modal_projector.linear_1", "model.mm_projector.0"),
                            ("multi_modal_projector.linear_2", "model.mm_projector.2"),
                            ("image_newline", "model.image_newline")):
            if name.startswith(theirs):
                name = own + name.removeprefix(theirs)
        weights[name] = value.to(torch.bfloat16)
    if model.config.text_config.tie_word_embeddings:
        weights.pop("lm_head.weight", None)
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    text, vision = model.config.text_config, model.config.vision_config
    own = {key: getattr(text, key) for key in (
        "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads",
        "max_position_embeddings", "rms_norm_eps", "vocab_size", "tie_word_embeddings")}
    sizes = {key: getattr(vision, key) for key in ("hidden_size", "intermediate_size", "num_hidden_layers",
                                                    "num_attention_heads", "image_size", "patch_size", "model_type")}
    (folder / "config.json").write_text(json.dumps(own | config | {"vision_config": sizes}, indent=1) + "\n")


# What the pair is by the gguf package: its names, and values as its quantizers and dequantizers make them.

def digests(value):
    value = np.ascontiguousarray(value.detach().float().numpy())
    digest = lambda values: hashlib.sha256(np.ascontiguousarray(values, "<f4").tobytes()).hexdigest()[:16]
    kinds = {"F32": digest(value)}
    if value.ndim > 1:
        rows = value.reshape(value.shape[0], -1) if value.ndim == 4 else value
        kinds["F16"] = digest(value.astype(np.float16))
        if value.ndim == 2 and value.shape[1] % 32 == 0:
            kinds["Q8_0"] = digest(gguf.quants.dequantize(gguf.quants.quantize(rows, T.Q8_0), T.Q8_0))
    return {"shape": list(value.shape)} | kinds


def language_half(text, head, config, arch):
    names = gguf.get_tensor_name_map(arch, config.num_hidden_layers)
    half = {}
    for name, value in text.named_parameters():
        if arch == gguf.MODEL_ARCH.LLAMA and ("q_proj" in name or "k_proj" in name):
            # LlamaModel.permute of convert_hf_to_gguf.py.
            n_heads = config.num_attention_heads if "q_proj" in name else config.num_key_value_heads
            value = value.reshape(n_heads, 2, -1, value.shape[1]).transpose(1, 2).reshape(value.shape)
        half[names.get_name(f"model.{name}", (".weight", ".bias"))] = digests(value)
    if not config.tie_word_embeddings:
        half["output.weight"] = digests(head.weight)
    return half


def vision_half(tower, prefix, n_blocks, projector, own_names, newline=None, keeps_norm=False):
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.MMPROJ, max(n_blocks, 4))
    half = {}
    for name, value in tower.named_parameters():
        name = name.removeprefix("vision_model.")
        block = name.split(".")[2] if name.startswith("encoder.layer") else "0"
        if int(block) >= n_blocks or (name.startswith("post_layernorm") and not keeps_norm):
            continue
        while value.shape[0] == 1:
            value = value[0]
        ours = names.get_name(f"{prefix}.{name}", (".weight", ".bias"))
        assert ours, f"the gguf package has no name for {prefix}.{name}"
        # InternVisionModel of convert_hf_to_gguf.py gives these the usual end.
        ours += ".weight" if ours.endswith((".ls1", ".ls2", "position_embd")) else ""
        half[ours] = digests(value)
    for theirs, ours in own_names.items():
        for part in ("weight", "bias"):
            value = getattr(projector.get_submodule(theirs), part, None)
            if value is not None:
                half[f"{ours}.{part}"] = digests(value)
    if newline is not None:
        half["v.image_newline"] = digests(newline)
    return half


def pair(folder, family, model, arch, vision, projector_type, n_blocks, more=None):
    text, sizes = model.config.text_config, model.config.vision_config
    name = gguf.MODEL_ARCH_NAMES[arch]
    number = lambda n: n[0] if isinstance(n, (list, tuple)) else n
    inner = getattr(model.model, "text_model", None) or model.model.language_model
    golden = {
        "language": {"tensors": language_half(inner, model.lm_head, text, arch), "keys": {
            "general.architecture": name, f"{name}.block_count": text.num_hidden_layers,
            f"{name}.context_length": text.max_position_embeddings, f"{name}.embedding_length": text.hidden_size,
            f"{name}.feed_forward_length": text.intermediate_size, f"{name}.attention.head_count": text.num_attention_heads,
            f"{name}.attention.head_count_kv": text.num_key_value_heads,
            f"{name}.attention.layer_norm_rms_epsilon": text.rms_norm_eps,
            f"{name}.rope.freq_base": text.rope_parameters["rope_theta"], f"{name}.vocab_size": text.vocab_size}},
        "vision": {"tensors": vision, "keys": {
            "general.architecture": "clip", "videre.family": family, "clip.projector_type": projector_type,
            "clip.has_vision_encoder": True, "clip.vision.image_size": number(sizes.image_size),
            "clip.vision.patch_size": number(sizes.patch_size), "clip.vision.embedding_length": sizes.hidden_size,
            "clip.vision.feed_forward_length": sizes.intermediate_size, "clip.vision.block_count": n_blocks,
            "clip.vision.attention.head_count": sizes.num_attention_heads,
            "clip.vision.attention.layer_norm_epsilon": sizes.layer_norm_eps} | (more or {})}}
    (folder / "pair.json").write_text(json.dumps(golden, indent=0) + "\n")


def mlp_pair(folder, family, model, arch, n_blocks, newline=None):
    vision = vision_half(model.model.vision_tower, "vision_tower.vision_model", n_blocks, model.model.multi_modal_projector,
                         {"linear_1": "mm.0", "linear_2": "mm.2"}, newline)
    more = {"clip.vision.feature_layer": [n_blocks]}
    pair(folder, family, model, arch, vision, "mlp", n_blocks, more)


# Recipes.

class Film:
    """The clip as transformers reads it by PyAV, which gives the very bytes of the `ffmpeg` program."""

    def __init__(self):
        self.frames, self.metadata = read_video_pyav(str(CLIP), lambda metadata: np.arange(metadata.total_num_frames))
        assert np.array_equal(self.frames, decoded(CLIP))

    def tensor(self):
        return torch.from_numpy(self.frames).permute(0, 3, 1, 2)


def squash(image):
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def cut(image):
    width, height = image.size
    wide = image.resize((SIDE * width // height, SIDE), Image.Resampling.BICUBIC)
    left = (wide.width - SIDE) // 2
    return np.asarray(wide.crop((left, 0, left + SIDE, SIDE)))


def record(folder, film, indices, ids, pixels, by_pillow, mean, std, step):
    """Writes the golden values; `step(tokens, cache)` is the model: ids (none at first) and a cache to logits and a cache."""
    pixels = pixels.reshape(-1, 3, SIDE, SIDE).permute(0, 2, 3, 1)
    squares = ((pixels * torch.tensor(std) + torch.tensor(mean)) * 255).round().to(torch.uint8).numpy()
    pillow = np.stack([by_pillow(Image.fromarray(film.frames[i])) for i in indices])
    assert squares.shape == pillow.shape
    levels = squares.astype(int).reshape(-1) - pillow.astype(int).reshape(-1)
    at = np.flatnonzero(levels)
    logits, cache = step(None, None)
    kept, tokens, lead = logits[-16:], [], math.inf
    for _ in range(64):
        top = logits[-1].topk(2)
        lead = min(lead, (top.values[0] - top.values[1]).item() / logits[-1].abs().max().item())
        tokens.append(top.indices[0].item())
        logits, cache = step(top.indices[:1][None], cache)
    number = lambda values: torch.tensor(np.asarray(values).astype(np.uint32))
    save_file({"indices": number(indices), "input_ids": number(ids), "levels_at": number(at),
               "levels_by": torch.from_numpy((levels[at] + 128).astype(np.uint8)),
               "pillow": torch.tensor(list(hashlib.sha256(pillow.tobytes()).digest()), dtype=torch.uint8),
               "logits": kept.contiguous(), "tokens": number(tokens)}, folder / "recipe.safetensors")
    print(f"{folder.name:22} {len(indices)} frames {list(indices)[:4]} … {indices[-1]}, {len(ids)} tokens, lead {lead:.1e}, "
          f"{len(at) / levels.size:.2%} of the levels differ by up to {abs(levels).max()}, logits +-{kept.abs().max():.1f}")


def stepping(model, inputs):
    def step(tokens, cache):
        fed = inputs if tokens is None else {"input_ids": tokens}
        out = model(**fed, past_key_values=cache, use_cache=True)
        return out.logits[0], out.past_key_values
    return step


def inputs_of(both, *names):
    return {name: both[name] for name in ("input_ids", *names)}


def conversation(kind="video", n=1):
    return [{"role": "user", "content": [{"type": kind}] * n + [{"type": "text", "text": QUESTION}]}]


def smolvlm2(film):
    tokens = byte_tokens(SMOLVLM_MARKUP)
    model = SmolVLMForConditionalGeneration(SmolVLMConfig(
        vision_config=dict(VISION, layer_norm_eps=1e-6, model_type="smolvlm_vision"),
        text_config=LlamaConfig(**TEXT).to_dict(), scale_factor=3, attn_implementation="eager",
        image_token_id=tokens.index("<image>"), tie_word_embeddings=False))
    folder = saved("smolvlm2", model, 11)
    names = {"image_token": "<image>", "video_token": "<video>", "fake_image_token": "<fake_token_around_image>",
             "global_image_token": "<global-img>", "end_of_utterance_token": "<end_of_utterance>"}
    tokenizer = named(folder, "smollm", SMOLVLM_MARKUP, names, bos_token="<|im_start|>", eos_token="<end_of_utterance>")
    (folder / "chat_template.jinja").write_text(DEFAULT_CHAT_TEMPLATE)
    inner = model.model
    vision = vision_half(inner.vision_model, "model.vision_model", 2, inner.connector,
                         {"modality_projection.proj": "mm.model.fc"}, keeps_norm=True)
    pair(folder, "smolvlm2", model, gguf.MODEL_ARCH.LLAMA, vision, "idefics3", 2,
         {"clip.vision.projector.scale_factor": 3})
    edge = {"longest_edge": SIDE}
    processor = SmolVLMProcessor(
        SmolVLMImageProcessor(size=edge, max_image_size=edge), tokenizer,
        SmolVLMVideoProcessor(size=edge, max_image_size=edge, image_mean=HALF, image_std=HALF), image_seq_len=4)
    sampling = {"num_frames": 64, "fps": 1}
    text = processor.apply_chat_template(conversation(), chat_template=DEFAULT_CHAT_TEMPLATE, add_generation_prompt=True)
    both = processor(text=[text], videos=[film.tensor()], video_metadata=[film.metadata], return_tensors="pt",
                     do_sample_frames=True, **sampling)
    indices = processor.video_processor.sample_frames(film.metadata, **sampling)
    record(folder, film, indices, both["input_ids"][0], both["pixel_values"], smolvlm_by_pillow, HALF, HALF,
           stepping(model, inputs_of(both, "pixel_values")))


def internvl3(film):
    tokens = byte_tokens(INTERNVL_MARKUP)
    model = InternVLForConditionalGeneration(InternVLConfig(
        vision_config=dict(VISION, image_size=[SIDE, SIDE], patch_size=[PATCH, PATCH], attention_bias=True,
                           model_type="internvl_vision"),
        text_config=Qwen2Config(**TEXT).to_dict(), attn_implementation="eager", image_seq_length=9,
        image_token_id=tokens.index("<IMG_CONTEXT>"), tie_word_embeddings=False))
    folder = saved("internvl3", model, 12)
    names = {"start_image_token": "<img>", "end_image_token": "</img>", "context_image_token": "<IMG_CONTEXT>",
             "video_token": "<video>"}
    tokenizer = named(folder, "qwen2", INTERNVL_MARKUP, names, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    (folder / "chat_template.jinja").write_text(INTERNVL_TEMPLATE)
    inner = model.model
    vision = vision_half(inner.vision_tower, "model.vision_tower", 2, inner.multi_modal_projector, {
        "layer_norm": "mm.model.mlp.0", "linear_1": "mm.model.mlp.1", "linear_2": "mm.model.mlp.3"})
    pair(folder, "internvl3", model, gguf.MODEL_ARCH.QWEN2, vision, "internvl", 2,
         {"clip.vision.projector.scale_factor": 2})
    size = {"height": SIDE, "width": SIDE}
    processor = InternVLProcessor(
        GotOcr2ImageProcessor(size=size), tokenizer,
        InternVLVideoProcessor(size=size, image_mean=IMAGENET[0], image_std=IMAGENET[1]), image_seq_length=9)
    text = processor.apply_chat_template(conversation(), chat_template=INTERNVL_TEMPLATE, add_generation_prompt=True)
    both = processor(text=[text], videos=[film.tensor()], video_metadata=[film.metadata], return_tensors="pt",
                     do_sample_frames=True, num_frames=8)
    indices = processor.video_processor.sample_frames(film.metadata, num_frames=8).tolist()
    record(folder, film, indices, both["input_ids"][0], both["pixel_values"], squash, *IMAGENET,
           stepping(model, inputs_of(both, "pixel_values")))


def onevision_model(video_id, image_id):
    return LlavaOnevisionForConditionalGeneration(LlavaOnevisionConfig(
        vision_config=SiglipVisionConfig(**VISION, vision_use_head=False),
        text_config=Qwen2Config(**TEXT, tie_word_embeddings=True),
        image_token_index=image_id, video_token_index=video_id, tie_word_embeddings=True, attn_implementation="eager",
        image_grid_pinpoints=[[SIDE, 2 * SIDE], [2 * SIDE, SIDE]]))


def onevision_video_processor():
    return LlavaOnevisionVideoProcessor(size={"height": SIDE, "width": SIDE}, image_mean=HALF, image_std=HALF)


def llava_onevision(film):
    model = onevision_model(N_VOCAB - 1, N_VOCAB - 2)
    folder = saved("llava-onevision-video", model, 13)
    tokenizer = byte_level(folder, ["<video>"])
    # The ids that the config names, in a vocabulary that is shorter than the embeddings.
    model.config.video_token_id = tokenizer.convert_tokens_to_ids("<video>")
    model.config.image_token_id = tokenizer.convert_tokens_to_ids("<image>")
    template = QWEN_HF.replace("%VIDEOS%", SHOWN.format("video", ""))
    (folder / "chat_template.jinja").write_text(template)
    mlp_pair(folder, "llava-onevision", model, gguf.MODEL_ARCH.QWEN2, 2, model.model.image_newline)
    processor = LlavaOnevisionProcessor(
        LlavaOnevisionImageProcessor(), tokenizer, onevision_video_processor(), num_image_tokens=(SIDE // PATCH) ** 2,
        vision_feature_select_strategy="full", chat_template=template)
    # LLaVA-NeXT's load_video.
    indices = np.linspace(0, film.metadata.total_num_frames - 1, 32, dtype=int)
    text = processor.apply_chat_template(conversation(), add_generation_prompt=True)
    both = processor(text=[text], videos=[film.tensor()[indices]], do_sample_frames=False, return_tensors="pt")
    record(folder, film, indices, both["input_ids"][0], both["pixel_values_videos"], squash, HALF, HALF,
           stepping(model, inputs_of(both, "pixel_values_videos")))


def llava_next_video(film):
    model = LlavaNextVideoForConditionalGeneration(LlavaNextVideoConfig(
        vision_config=CLIPVisionConfig(**VISION | dict(num_hidden_layers=3)), text_config=LlamaConfig(**TEXT),
        image_token_index=N_VOCAB - 2, video_token_index=N_VOCAB - 1, tie_word_embeddings=False, attn_implementation="eager",
        image_grid_pinpoints=[[SIDE, 2 * SIDE], [2 * SIDE, SIDE]]))
    folder = saved("llava-next-video", model, 14, torch.float16)
    tokenizer = sentencepiece(folder, ["<video>"])
    model.config.video_token_id = tokenizer.convert_tokens_to_ids("<video>")
    model.config.image_token_id = tokenizer.convert_tokens_to_ids("<image>")
    (folder / "chat_template.jinja").write_text(VICUNA_HF)
    mlp_pair(folder, "llava-next-video", model, gguf.MODEL_ARCH.LLAMA, 2, model.model.image_newline)
    processor = LlavaNextVideoProcessor(
        LlavaNextVideoVideoProcessor(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}),
        LlavaNextImageProcessor(), tokenizer, patch_size=PATCH, vision_feature_select_strategy="default", chat_template=VICUNA_HF)
    text = processor.apply_chat_template(conversation(), add_generation_prompt=True)
    both = processor(text=[text], videos=[film.tensor()], video_metadata=[film.metadata], return_tensors="pt",
                     do_sample_frames=True, fps=1)
    indices = processor.video_processor.sample_frames(film.metadata, fps=1)
    # LLaVA-NeXT's load_video, which is the same on a clip of whole seconds.
    assert indices.tolist() == list(range(0, film.metadata.total_num_frames, round(film.metadata.fps)))
    record(folder, film, indices, both["input_ids"][0], both["pixel_values_videos"], cut, CLIP_MEAN, CLIP_STD,
           stepping(model, inputs_of(both, "pixel_values_videos")))


def llava_next_interleave(film):
    model = LlavaForConditionalGeneration(LlavaConfig(
        vision_config=SiglipVisionConfig(**VISION, vision_use_head=False),
        text_config=Qwen2Config(**TEXT, tie_word_embeddings=True),
        image_token_index=N_VOCAB - 2, vision_feature_layer=-1, vision_feature_select_strategy="full",
        tie_word_embeddings=True, attn_implementation="eager"))
    folder = saved("llava-next-interleave", model, 15)
    tokenizer = byte_level(folder)
    model.config.image_token_id = tokenizer.convert_tokens_to_ids("<image>")
    template = QWEN_HF.replace("%VIDEOS%", "")
    (folder / "chat_template.jinja").write_text(template)
    mlp_pair(folder, "llava-next-interleave", model, gguf.MODEL_ARCH.QWEN2, 2)
    processor = LlavaProcessor(
        SiglipImageProcessor(size={"height": SIDE, "width": SIDE}, image_mean=HALF, image_std=HALF, resample=3), tokenizer,
        patch_size=PATCH, vision_feature_select_strategy="full", chat_template=template)
    # Its demo's loader, stopped at so many frames.
    indices = np.arange(16) * (film.metadata.total_num_frames // 16)
    text = processor.apply_chat_template(conversation("image", 16), add_generation_prompt=True)
    both = processor(text=[text], images=[Image.fromarray(film.frames[i]) for i in indices], return_tensors="pt")
    record(folder, film, indices, both["input_ids"][0], both["pixel_values"], squash, HALF, HALF,
           stepping(model, inputs_of(both, "pixel_values")))


def llava_video(film):
    model = onevision_model(N_VOCAB - 1, N_VOCAB - 2)
    folder = saved("llava-video", model, 16)
    tokenizer = byte_level(folder)
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps(settings | {"chat_template": QWEN_2}, indent=1) + "\n")
    (folder / "chat_template.jinja").unlink()
    own_layout(folder, model, {
        "architectures": ["LlavaQwenForCausalLM"], "model_type": "llava", "mm_projector_type": "mlp2x_gelu",
        "mm_vision_tower": "google/siglip-so400m-patch14-384", "mm_vision_select_layer": -1, "mm_vision_select_feature": "patch",
        "mm_newline_position": "grid", "mm_spatial_pool_mode": "bilinear", "mm_spatial_pool_stride": 2,
        "mm_patch_merge_type": "spatial_unpad", "rope_theta": model.config.text_config.rope_parameters["rope_theta"]})
    mlp_pair(folder, "llava-video", model, gguf.MODEL_ARCH.QWEN2, 2, model.model.image_newline)
    n_total, fps = film.metadata.total_num_frames, film.metadata.fps
    indices = np.linspace(0, n_total - 1, 64, dtype=int)
    # Its model card, word for word.
    times = ",".join(f"{i / fps:.2f}s" for i in indices)
    told = (f"The video lasts for {n_total / fps:.2f} seconds, and {len(indices)} frames are uniformly sampled from it. These "
            f"frames are located at {times}.Please answer the following questions related to this video.")
    text = tokenizer.apply_chat_template([{"role": "user", "content": f"<image>\n{told}\n{QUESTION}"}], chat_template=QWEN_2,
                                         add_generation_prompt=True, tokenize=False)
    before, after = (torch.tensor(tokenizer.encode(part, add_special_tokens=False)) for part in text.split("<image>"))
    pixels = onevision_video_processor()(videos=[film.tensor()[indices]], do_sample_frames=False,
                                         return_tensors="pt")["pixel_values_videos"]
    inner = model.model
    features = inner.vision_tower(pixels[0], output_hidden_states=True).hidden_states[-1]
    pooled = inner.apply_pooling(inner.multi_modal_projector(features))
    side = math.isqrt(pooled.shape[1])
    # add_token_per_grid of LLaVA-NeXT's llava_arch.py: a newline after each row.
    grid = pooled.reshape(len(indices), side, side, -1)
    rows = torch.cat([grid, inner.image_newline.expand(len(indices), side, 1, -1)], 2).flatten(0, 2)
    embed = model.get_input_embeddings()
    whole = torch.cat([embed(before), rows, embed(after)])[None]
    ids = torch.cat([before, torch.full((len(rows),), tokenizer.convert_tokens_to_ids("<image>")), after])

    def step(tokens, cache):
        embedded = whole if tokens is None else embed(tokens)
        out = inner.language_model(inputs_embeds=embedded, past_key_values=cache, use_cache=True)
        return model.lm_head(out.last_hidden_state)[0], out.past_key_values
    record(folder, film, indices, ids, pixels, squash, HALF, HALF, step)


def m3():
    """M3 is LLaVA 1.5 with another training, tower and all; its checkpoints have LLaVA's own layout."""
    model = LlavaForConditionalGeneration(LlavaConfig(
        vision_config=CLIPVisionConfig(**VISION | dict(num_hidden_layers=3)), text_config=LlamaConfig(**TEXT),
        image_token_index=N_VOCAB - 2, vision_feature_layer=-2, tie_word_embeddings=False, attn_implementation="eager"))
    folder = saved("llava-v1.5-7b-m3", model, 17)
    sentencepiece(folder)
    own_layout(folder, model, {
        "architectures": ["LlavaLlamaForCausalLM"], "model_type": "llava", "mm_projector_type": "mlp2x_gelu",
        "mm_vision_tower": "openai/clip-vit-large-patch14-336", "mm_vision_select_layer": -2, "mm_vision_select_feature": "patch",
        "bos_token_id": 1, "eos_token_id": 2, "rope_theta": model.config.text_config.rope_parameters["rope_theta"]})
    mlp_pair(folder, "llava-1.5", model, gguf.MODEL_ARCH.LLAMA, 2)


@torch.no_grad()
def main():
    film = Film()
    for family in (smolvlm2, internvl3, llava_onevision, llava_next_video, llava_next_interleave, llava_video):
        family(film)
    m3()


if __name__ == "__main__":
    main()
