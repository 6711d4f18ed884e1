"""Triton's fused attention, which no package has: a file of its repository."""

import hashlib
import http.client
import os
import urllib.request

NAME = "06-fused-attention.py"
# A version that runs with Triton 3.4 to 3.6; it has `warp_specialize`.
COMMIT = "5c846f015d9cfbe94480fea890545888ea33b827"
SHA256 = "5b16be48b7b781ef018931c789b191f3390886ac479bb5df8a3418e5612ab317"
URL = (
    "https://raw.githubusercontent.com/triton-lang/triton/"
    f"{COMMIT}/python/tutorials/{NAME}"
)
SECONDS = 20
MOST_BYTES = 1 << 20


def fetch(path, url=URL, sha256=SHA256):
    """Writes the file to `path`; returns why it could not, or None. What is at
    `path` already is looked at first."""
    try:
        with open(path, "rb") as file:
            if hashlib.sha256(file.read()).hexdigest() == sha256:
                return None
    except OSError:
        pass
    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as answer:
            text = answer.read(MOST_BYTES)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"not fetched: {getattr(error, 'reason', error)}: {url}"
    found = hashlib.sha256(text).hexdigest()
    if found != sha256:
        return f"another file (sha256 {found[:16]}, expected {sha256[:16]}): {url}"
    with open(f"{path}.{os.getpid()}", "wb") as file:
        file.write(text)
    os.replace(file.name, path)
    return None
