"""The model: transformers' own LLaVA classes, with a forward pass for packed questions and heads for dense labels."""

import torch
import torch.nn.functional as F
from torch import nn
from transformers import AttentionInterface, CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

import start
from data import DENSE, IGNORE, Shape
from world.scene import COLOURS, SHAPES

# tower width, its heads' width, tower blocks that run, model width, FFN width, blocks. `small` fits two CPU cores,
# `large` wants a GPU; both stay under 16 MB as Q8_0.
SIZES = {
    "small": {"tower": 192, "tower_head": 32, "tower_blocks": 4, "width": 256, "ffn": 512, "blocks": 4, "shape": Shape(144, 12)},
    "large": {"tower": 256, "tower_head": 32, "tower_blocks": 6, "width": 256, "ffn": 768, "blocks": 8, "shape": Shape(144, 12)},
}  # fmt: skip
HEAD_WIDTH = 64
CONTEXT = 2048


def build(size, vocab_size, special):
    """A LLaVA of untrained weights. `special` has the ids of bos, eos, pad and image tokens."""
    s = SIZES[size]
    vision = CLIPVisionConfig(
        hidden_size=s["tower"],
        intermediate_size=4 * s["tower"],
        num_hidden_layers=s["tower_blocks"] + 1,  # LLaVA reads hidden_states[-2]: the last block never runs
        num_attention_heads=s["tower"] // s["tower_head"],
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
        initializer_range=0.04,
        # Slow enough for words to be found wherever in 864 rows they stand.
        rope_parameters={"rope_type": "default", "rope_theta": 1e6},
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
    start.prepare(model, s["shape"])
    return model


def lean_attention(module, query, key, value, attention_mask, scaling=None, dropout=0.0, **_):
    """Attention as plain matrix products: on CPUs with bfloat16 several times as fast, backwards, as the fused one."""
    b, n_heads, length, width = query.shape
    query, key = (query * scaling).to(value.dtype), key.to(value.dtype)
    scores = query @ key.transpose(-1, -2)
    if attention_mask is not None:
        scores = scores + attention_mask.to(scores.dtype)
    return (scores.softmax(-1) @ value).transpose(1, 2).contiguous(), None


AttentionInterface.register("lean", lean_attention)


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
    # Added to the scores; what is never seen gets a number so low that it weighs nothing.
    mask = torch.zeros(batch["mask"].shape, dtype=x.dtype, device=x.device).masked_fill(~batch["mask"], -1e9)
    out = model.model.language_model(
        inputs_embeds=x, attention_mask=mask, position_ids=batch["positions"], use_cache=False
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
    """One linear layer on each row that the projector gives to the language model; training only.

    The rows of shapes, first colours and directions are the language model's own embeddings of those words, so that it
    finds, say, "red" and "star" added up in a visual row and need not learn another code for them.
    """

    def __init__(self, width, word_ids):
        super().__init__()
        self.out = nn.ParameterDict({name: torch.randn(n, width) * start.EMBEDDING_STD for name, n in DENSE.items()})
        self.bias = nn.ParameterDict({name: torch.zeros(n) for name, n in DENSE.items()})
        self.centre = nn.Linear(width, 2)
        self.sharpness = nn.Parameter(torch.tensor(8.0).log())
        self.word_ids = word_ids

    def forward(self, rows, embeddings):
        found = {"centre": self.centre(rows)}
        for name, weight in self.out.items():
            if name in self.word_ids:
                weight = torch.cat([embeddings[self.word_ids[name]], weight[len(self.word_ids[name]) :]])
            found[name] = self.sharpness.exp() * (rows @ weight.T + self.bias[name])
        return found

    @torch.no_grad()
    def shift(self, by, embeddings):
        """Makes up for rows that are `by` smaller from now on."""
        zero = torch.zeros_like(by)
        before, after = self(zero, embeddings), self(by, embeddings)
        for name, bias in self.bias.items():
            bias += (after[name] - before[name]) / self.sharpness.exp()
        self.centre.bias += after["centre"] - before["centre"]


def word_ids(tokenizer):
    """Ids of the words that the dense heads share with the language model, in the order of the classes."""
    words = {"shape": SHAPES, "before": COLOURS, "direction": ["still", "left", "right", "up", "down"]}
    ids = {name: [tokenizer.encode(f" {word}", add_special_tokens=False).ids for word in these] for name, these in words.items()}
    assert all(len(one) == 1 for these in ids.values() for one in these), "a word of the world is no single token"
    return {name: [one[0] for one in these] for name, these in ids.items()}


def dense_rows(model, pictures):
    """What the language model is given of each picture, [N, patches, width]."""
    return model.model.multi_modal_projector(encode(model, pictures))


def dense_loss(out, batch):
    """Sum of the heads' losses. Patches without an object count a tenth."""
    weight = torch.where(batch["shape"] == DENSE["shape"] - 1, 0.1, 1.0).flatten()
    total = 3.0 * ((out["centre"] - batch["centre"]).abs().mean(-1).flatten() * weight).sum() / weight.sum()
    for name in DENSE:
        each = F.cross_entropy(out[name].flatten(0, 1), batch[name].flatten(), reduction="none")
        total = total + (each * weight).sum() / weight.sum()
    return total


def dense_figures(out, batch):
    """Accuracy of the class heads over patches with an object (and something to tell), mean error of the centre."""
    figures = {"centre": (out["centre"] - batch["centre"]).abs()[batch["shape"] != DENSE["shape"] - 1].mean().item()}
    for name, n in DENSE.items():
        asked = batch[name] != n - 1
        figures[name] = (out[name].argmax(-1) == batch[name])[asked].float().mean().item()
    return figures
