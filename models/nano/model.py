"""The model: transformers' own LLaVA classes, with a forward pass for packed questions and heads for dense labels."""

import torch
import torch.nn.functional as F
from torch import nn
from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

from data import DENSE, IGNORE, Shape

# tower width, tower blocks that run, model width, FFN width, blocks. `small` fits two CPU cores, `large` wants a GPU;
# both stay under 16 MB as Q8_0.
SIZES = {
    "small": {"tower": 192, "tower_blocks": 4, "width": 256, "ffn": 512, "blocks": 4, "shape": Shape(144, 12)},
    "large": {"tower": 256, "tower_blocks": 6, "width": 256, "ffn": 768, "blocks": 8, "shape": Shape(144, 12)},
}
HEAD_WIDTH = 64
CONTEXT = 2048


def build(size, vocab_size, special):
    """A LLaVA of untrained weights. `special` has the ids of bos, eos, pad and image tokens."""
    s = SIZES[size]
    vision = CLIPVisionConfig(
        hidden_size=s["tower"],
        intermediate_size=4 * s["tower"],
        num_hidden_layers=s["tower_blocks"] + 1,  # LLaVA reads hidden_states[-2]: the last block never runs
        num_attention_heads=s["tower"] // HEAD_WIDTH,
        image_size=s["shape"].side,
        patch_size=s["shape"].side // s["shape"].grid,
        projection_dim=s["tower"],
    )
    text = LlamaConfig(
        vocab_size=vocab_size,
        hidden_size=s["width"],
        intermediate_size=s["ffn"],
        num_hidden_layers=s["blocks"],
        num_attention_heads=s["width"] // HEAD_WIDTH,
        num_key_value_heads=s["width"] // HEAD_WIDTH,
        max_position_embeddings=CONTEXT,
        bos_token_id=special["bos"],
        eos_token_id=special["eos"],
        pad_token_id=special["pad"],
        tie_word_embeddings=False,
    )
    config = LlavaConfig(
        vision_config=vision,
        text_config=text,
        image_token_index=special["image"],
        vision_feature_layer=-2,
        vision_feature_select_strategy="default",
        image_seq_length=s["shape"].n_patches,
    )
    model = LlavaForConditionalGeneration(config)
    _start_from_a_grid(model.model.vision_tower.embeddings.position_embedding.weight, s["shape"].grid)
    return model


@torch.no_grad()
def _start_from_a_grid(weight, grid):
    """Position embeddings begin as waves over rows and columns, so that neighbours look alike from the first step."""
    n = weight.shape[1] // 4
    frequency = torch.exp(torch.linspace(0, -3.0, n))
    place = torch.arange(grid).float()[:, None] * frequency * 1.5
    waves = torch.cat([place.sin(), place.cos()], 1)
    both = torch.cat([waves[:, None].expand(-1, grid, -1), waves[None].expand(grid, -1, -1)], -1)
    weight[1:, : 4 * n] = 0.1 * both.reshape(grid * grid, -1)


def encode(model, pictures):
    """Patch features [N, patches, tower width]: hidden_states[-2] without the class row, as LLaVA takes them."""
    tower = model.model.vision_tower
    x = tower.pre_layrnorm(tower.embeddings(pictures))
    for block in tower.encoder.layers[:-1]:
        x = block(x, attention_mask=None)
        x = x[0] if isinstance(x, tuple) else x
    return x[:, 1:]


def logits(model, batch, train_tower, chunk=64):
    """Logits [B, length, vocabulary] of packed questions."""
    n = len(batch["ids"])
    if train_tower:
        features = encode(model, batch["pictures"])
    else:
        with torch.no_grad():
            features = torch.cat([encode(model, part) for part in batch["pictures"].split(chunk)])
    features = features.reshape(n, -1, features.shape[-1])[:, batch["rows"]]
    visual = model.model.multi_modal_projector(features)
    x = model.model.language_model.embed_tokens(batch["ids"])
    first = batch["n_head"]
    x = torch.cat([x[:, :first], visual.to(x.dtype), x[:, first + visual.shape[1] :]], 1)
    out = model.model.language_model(
        inputs_embeds=x, attention_mask=batch["mask"], position_ids=batch["positions"], use_cache=False
    )
    return model.lm_head(out.last_hidden_state[:, first + visual.shape[1] - 1 :])


def answer_loss(out, targets):
    """Mean cross entropy of the answers' tokens; `out` covers the last rows of `targets`."""
    targets = targets[:, -(out.shape[1] - 1) :]
    return F.cross_entropy(out[:, :-1].flatten(0, 1), targets.flatten(), ignore_index=IGNORE)


def right_answers(out, batch):
    """(task number, whether greedy decoding gives this very answer) for every question. Greedy decoding repeats the
    expected answer exactly if each of its tokens is the most likely one after those before it."""
    best, offset = out.argmax(-1).cpu(), batch["ids"].shape[1] - out.shape[1]
    targets, found = batch["targets"].cpu(), []
    for row, spans in enumerate(batch["answers"]):
        for start, length, task in spans:
            said = best[row, start - 1 - offset : start - 1 - offset + length]
            found.append((task, bool((said == targets[row, start : start + length]).all())))
    return found


class DenseHeads(nn.Module):
    """One linear layer on each patch of the tower; training only."""

    def __init__(self, width):
        super().__init__()
        self.out = nn.Linear(width, sum(DENSE.values()))

    def forward(self, features):
        return dict(zip(DENSE, self.out(features).split(list(DENSE.values()), -1), strict=True))


def dense_loss(out, batch):
    """Sum of the heads' losses. Patches without an object count a quarter."""
    nothing = batch["shape"] == DENSE["shape"] - 1
    weight = torch.where(nothing, 0.25, 1.0)
    total = 0.0
    for name in ("shape", "colour"):
        each = F.cross_entropy(out[name].flatten(0, 1), batch[name].flatten(), reduction="none")
        total = total + (each * weight.flatten()).sum() / weight.sum()
    for name in ("direction", "fate"):
        each = F.cross_entropy(out[name].flatten(0, 1), batch[name].flatten(), ignore_index=IGNORE, reduction="sum")
        total = total + 0.5 * each / (batch[name] != IGNORE).sum().clamp(min=1)
    for name in ("centre_image", "centre_frame", "way"):
        wanted = batch[name]
        known = ~wanted.isnan()
        each = (out[name] - wanted.nan_to_num()).abs() * known * weight[..., None]
        total = total + 3.0 * each.sum() / (known * weight[..., None]).sum().clamp(min=1)
    return total


def dense_figures(out, batch):
    """Accuracy of the class heads over patches with an object, mean absolute error of the others."""
    some = batch["shape"] != DENSE["shape"] - 1
    figures = {}
    for name in ("shape", "colour", "direction", "fate"):
        asked = some & (batch[name] != IGNORE)
        figures[name] = (out[name].argmax(-1) == batch[name])[asked].float().mean().item()
    for name in ("centre_image", "centre_frame", "way"):
        figures[name] = (out[name] - batch[name]).abs()[some].nanmean().item()
    return figures
