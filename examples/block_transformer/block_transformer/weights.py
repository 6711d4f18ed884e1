"""Models in files: f16 arrays and the configuration in one .npz, no pickles."""

import dataclasses
import json

import numpy as np
import torch

from .config import BlockTransformerConfig, VanillaConfig
from .model import BlockTransformer
from .vanilla import VanillaTransformer

KINDS = {
    "block": (BlockTransformer, BlockTransformerConfig),
    "vanilla": (VanillaTransformer, VanillaConfig),
}


def save_model(path, model):
    """Write the weights of `model`, rounded to f16."""
    kind = next(k for k, (model_type, _) in KINDS.items() if type(model) is model_type)
    about = {"kind": kind, "config": dataclasses.asdict(model.config)}
    arrays = {
        f"weights/{name}": tensor.detach().half().numpy()
        for name, tensor in model.state_dict().items()
    }
    np.savez(path, about=np.array(json.dumps(about)), **arrays)


def load_model(path):
    """The model of a file that `save_model` wrote, in f32."""
    with np.load(path, allow_pickle=False) as file:
        about = json.loads(str(file["about"]))
        model_type, config_type = KINDS[about["kind"]]
        model = model_type(config_type(**about["config"]))
        state = {
            name.removeprefix("weights/"): torch.from_numpy(file[name]).float()
            for name in file.files
            if name != "about"
        }
    model.load_state_dict(state)
    return model.eval()
