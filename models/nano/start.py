"""Where training starts: weights that already see as a person would tell a machine to look.

A tower of random weights spends most of a short training on finding out that neighbouring patches belong together. Here
its first block looks at the four neighbours of a patch, the second at the four diagonal ones, the third at the cells
before and after in a thumbnail, and the rest at patches that look alike; all of it is free to change. A patch enters as
its whitened principal components, measured on rendered pictures.
"""

import numpy as np
import torch

import plans
from world.render import render
from world.scene import sample_scenes

EMBEDDING_STD = 1 / 16  # of the words' embeddings: unit length at 256 columns
N_WAVES = 8  # sines and cosines of rows and of columns: 32 columns of the tower say where a patch is
PERIOD = 24.0  # of the longest wave, in patches


@torch.no_grad()
def prepare(model, shape):
    """Sets the weights of an untrained LLaVA."""
    tower = model.model.vision_tower
    _patches(tower.embeddings, shape)
    head = model.config.vision_config.hidden_size // model.config.vision_config.num_attention_heads
    assert head == 4 * N_WAVES, "a head of the tower compares places with exactly its columns"
    near, diagonal = [(0, -1), (0, 1), (-1, 0), (1, 0)], [(-1, -1), (-1, 1), (1, -1), (1, 1)]
    # One step in time is a cell to the right, or one down and to the left.
    across, down = shape.grid // plans.THUMBNAIL_COLS, shape.grid // plans.THUMBNAIL_ROWS
    cells = [(0, -across), (0, across), (-down, 0), (down, 0)]
    for block, offsets in zip(tower.encoder.layers, [near, diagonal, cells], strict=False):
        for n, offset in enumerate(offsets):
            _look_at(block.self_attn, n, head, offset)
    for block in tower.encoder.layers[3:]:
        a = block.self_attn
        for rows in (slice(n * head, (n + 1) * head) for n in range(4)):
            torch.nn.init.normal_(a.q_proj.weight[rows], std=0.07)
            a.k_proj.weight[rows] = a.q_proj.weight[rows]
    model.model.language_model.embed_tokens.weight.normal_(std=EMBEDDING_STD)


@torch.no_grad()
def prepare_language_model(model, heads, rows):
    """Sets the language model's blocks once tower and projector know what they say. `rows` [N, width] are some rows of
    theirs, `heads` the dense heads, which share words with it."""
    text = model.model.language_model
    embeddings = text.embed_tokens.weight
    # Not tied in the file, but starting equal: a word that was read is the word to say.
    model.lm_head.weight.copy_(embeddings)
    # What all rows have in common would drown the rest.
    model.model.multi_modal_projector.linear_2.bias -= rows.mean(0)
    heads.shift(rows.mean(0), embeddings)
    words = heads.word_ids["shape"] + heads.word_ids["before"]
    for block in text.layers:
        block.self_attn.o_proj.weight *= 0.1
        block.mlp.down_proj.weight *= 0.1
    width = embeddings.shape[1]
    basis = torch.linalg.qr(embeddings[words].T)[0].T  # [words, width], orthonormal
    for block in text.layers[1:3]:
        a = block.self_attn
        n_heads = model.config.text_config.num_attention_heads
        head, mixed = width // n_heads, torch.linalg.qr(torch.randn(width, width))[0]
        for n in range(n_heads):
            own = slice(n * head, (n + 1) * head)
            # Rotary embedding turns columns i and i + head / 2 together; the last of each half hardly turn at all.
            slow = [n * head + half + head // 2 - 1 - i for i in range(len(words) // 2) for half in (0, head // 2)]
            a.q_proj.weight[own] *= 0.3
            a.k_proj.weight[own] *= 0.3
            a.q_proj.weight[slow] = basis * (0.4 + 0.1 * n)
            a.k_proj.weight[slow] = basis * (0.4 + 0.1 * n)
            a.v_proj.weight[own] = mixed[own]
            a.o_proj.weight[:, own] = 0.15 * mixed[own].T


def _waves(places):
    """Sines, then cosines of `places`: [n, 2 * N_WAVES]."""
    angle = places[:, None] * (2 * np.pi / PERIOD) * torch.arange(1, N_WAVES + 1)
    return torch.cat([angle.sin(), angle.cos()], 1)


def _patches(embeddings, shape):
    """Patch and position embeddings: principal components of patches in most columns, the place in the last ones."""
    weight, places = embeddings.patch_embedding.weight, embeddings.position_embedding.weight
    n_content, side = weight.shape[0] - 4 * N_WAVES, shape.side // shape.grid
    rng = np.random.default_rng(1)
    frames, owner = render(sample_scenes(64, rng), np.full((64, 6), 0.5) + np.linspace(-0.5, 0.5, 6), shape.side, shape.side, rng)
    pictures = np.concatenate([np.stack([plans.thumbnail(f) for f in frames]), frames[:, 2]])
    seen = torch.from_numpy(plans.normalise(pictures)).unfold(2, side, side).unfold(3, side, side)
    seen = seen.permute(0, 2, 3, 1, 4, 5).reshape(-1, 3 * side * side)
    seen = seen[seen.std(1) > 0.25]  # patches with something on them
    mean = seen.mean(0)
    values, vectors = torch.linalg.eigh((seen - mean).T @ (seen - mean) / len(seen))
    values, vectors = values.flip(0)[:n_content], vectors.flip(1)[:, :n_content]
    # Not wholly whitened: what varies much means much.
    components = (vectors / (values.sqrt() ** 0.7)).T
    components = components / ((seen - mean) @ components.T).std()
    weight.zero_(), places.zero_()
    weight[:n_content] = components.reshape(n_content, 3, side, side)
    places[1:, :n_content] = -(components @ mean)
    line = _waves(torch.arange(shape.grid).float())
    rows = line[:, None].expand(-1, shape.grid, -1)
    cols = line[None].expand(shape.grid, -1, -1)
    places[1:, n_content:] = torch.cat([rows, cols], -1).reshape(shape.n_patches, -1)


def _look_at(attention, n, head, offset, strength=2.0):
    """Head `n` attends to the patch that lies `offset` (rows, columns) away: Q turns the waves of its own place."""
    turn = torch.zeros(head, head)
    for axis, steps in enumerate(offset):
        angle = steps * (2 * np.pi / PERIOD) * torch.arange(1, N_WAVES + 1)
        first = 2 * N_WAVES * axis
        sin, cos = torch.arange(first, first + N_WAVES), torch.arange(first + N_WAVES, first + 2 * N_WAVES)
        turn[sin, sin], turn[sin, cos] = angle.cos(), angle.sin()
        turn[cos, cos], turn[cos, sin] = angle.cos(), -angle.sin()
    rows = slice(n * head, (n + 1) * head)
    for part, place in ((attention.q_proj, turn), (attention.k_proj, torch.eye(head))):
        part.weight[rows] *= 0.3
        part.weight[rows, -head:] = strength * place
