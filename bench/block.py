"""What a Block Transformer and the vanilla transformer beside it compute, read and
keep while they generate text: from the sizes of a case (algorithms.md, 4.4).

A case whose block_len is 0 is the vanilla transformer. Work and bytes are those of
one sequence, for each token it generates."""

# Of the whole model: floats of activations that a row of a layer needs at most, in
# widths. Residual, query, key, value, and the two sides of a GELU.
_ACTIVATIONS = 12


def global_layers(case):
    """Layers whose queries see all that came before."""
    return case.num_layers // 2 if case.block_len else case.num_layers


def local_layers(case):
    """Layers whose queries see their own block."""
    return case.num_layers - global_layers(case)


def steps(case):
    """Keys that a step of the global layers sees, itself included, at the positions
    that are timed: the middles of `points` equal parts of the generation."""
    unit = case.block_len or 1
    first = case.prompt // unit + 1
    count = case.seq_kv // unit + 1 - first
    points = min(case.points, count)
    return [first + (2 * i + 1) * count // (2 * points) for i in range(points)]


def tiles(case):
    """(queries, keys) of the token decoder's steps in one block."""
    if not case.block_len:
        return []
    p = case.prefix_len
    return [(p, p), *((1, p + m) for m in range(1, case.block_len))]


def tile_len(case):
    """Entries of a token decoder's cache."""
    return case.prefix_len + case.block_len - 1


def held_elements(case):
    """Elements of K and V that a sequence keeps."""
    entries = global_layers(case) * (case.seq_kv // (case.block_len or 1))
    if case.block_len:
        entries += local_layers(case) * tile_len(case)
    return 2 * entries * case.kv_heads * case.head_dim


def keys_per_token(case):
    """Of one head in all layers: (keys read, pairs of a query and a key it sees)."""
    seen = steps(case)
    keys = pairs = global_layers(case) * sum(seen) / len(seen)
    keys += local_layers(case) * sum(k for _, k in tiles(case))
    pairs += local_layers(case) * sum(q * k - q * (q - 1) / 2 for q, k in tiles(case))
    return keys / (case.block_len or 1), pairs / (case.block_len or 1)


def attention_flops(case):
    """Two products with every key seen."""
    return 4 * case.heads * case.head_dim * keys_per_token(case)[1]


def attention_elements(case):
    """Elements of K and V that are read."""
    return 2 * case.kv_heads * case.head_dim * keys_per_token(case)[0]


# ------------------------------------------------------------- the whole model


def _width(case):
    return case.heads * case.head_dim


def _layer(case):
    """Weights of the products of a layer, its MLP four times as wide."""
    return 12 * _width(case) ** 2


def _parts(case):
    """[(weights, rows of a product with them, uses)] for one step of the global
    layers."""
    d = _width(case)
    head = d * case.vocab
    whole = global_layers(case) * _layer(case)
    if not case.block_len:
        # Its wider MLP stands for the projection of the other model.
        return [(whole + 2 * d * d, 1, 1), (head, 1, 1)]
    local, rows = local_layers(case) * _layer(case), tile_len(case)
    prefix = d * case.prefix_len * d
    return [
        (whole, 1, 1),
        (prefix, 1, 1),
        (local, rows, case.block_len),
        (head, case.block_len, case.block_len),
    ]


def linear_flops(case):
    """Products with weights."""
    linear = sum(2 * weights * rows for weights, rows, _ in _parts(case))
    return linear / (case.block_len or 1)


def linear_elements(case):
    """Weights, each read once a step for all sequences."""
    linear = sum(weights * uses for weights, _, uses in _parts(case))
    return linear / ((case.block_len or 1) * sequences(case))


def model_flops(case):
    """Products with weights, and attention."""
    return linear_flops(case) + attention_flops(case)


def model_elements(case):
    """Weights, and K and V."""
    return linear_elements(case) + attention_elements(case)


def model_seconds(case, fma, read):
    """What the machine needs at least, at so many f32 operations and bytes a second:
    layers and attention take turns, and each computes while it reads."""
    linear = max(linear_flops(case) / fma, 4 * linear_elements(case) / read)
    attention = max(attention_flops(case) / fma, 4 * attention_elements(case) / read)
    return linear + attention


def parameters(case):
    """Weights, and tables of tokens; not the vectors of norms and biases."""
    tables = _width(case) * case.vocab
    if case.block_len:
        tables += _width(case) // case.block_len * case.vocab
    return sum(weights for weights, _, _ in _parts(case)) + tables


def activation_elements(case):
    """What a sequence needs at most beside its K and V: the rows of the prompt in a
    layer, and the scores of all tokens."""
    rows = max(case.prompt // (case.block_len or 1), case.prefix_len)
    return rows * _ACTIVATIONS * _width(case) + case.vocab


def sequences(case):
    """How many sequences are generated together: as many as fit, or the batch."""
    if not case.memory:
        return case.batch
    room = (case.memory << 30) // 4 - parameters(case)
    return max(1, room // (held_elements(case) + activation_elements(case)))
