# SPDX-License-Identifier: Apache-2.0
"""How engines are called and coloured, the same in every picture."""

# Name in the rows: name on the page, colour on a light and on a dark ground.
ENGINES = {
    "qkv": ("qkv", "#0b5fd9", "#58a6ff"),
    "openblas": ("OpenBLAS", "#b45309", "#f0a04b"),
    "blis": ("BLIS", "#8a6d1d", "#d6bb5c"),
    "onednn": ("oneDNN (Debian)", "#0f766e", "#2dd4bf"),
    "onednn:pypi": ("oneDNN (PyPI)", "#15803d", "#5fd38a"),
    "pytorch": ("PyTorch", "#dc2626", "#f87171"),
    "onnxruntime:MultiHeadAttention": ("ONNX Runtime MultiHeadAttention", "#6d28d9", "#b197fc"),
    "onnxruntime:GroupQueryAttention": ("ONNX Runtime GroupQueryAttention", "#9333ea", "#d0a2f7"),
    "onnxruntime:Attention-23": ("ONNX Runtime Attention-23", "#4f46e5", "#8f9bff"),
    "openvino": ("OpenVINO", "#be185d", "#f472b6"),
    "ggml": ("ggml", "#57606a", "#a8b3bf"),
}
SHORT = {"onnxruntime:MultiHeadAttention": "ORT MHA", "onnxruntime:GroupQueryAttention": "ORT GQA",
         "onnxruntime:Attention-23": "ORT Attention-23"}
OTHER = ("#57606a", "#a8b3bf")


def title_of(engine: str) -> str:
    return ENGINES[engine][0] if engine in ENGINES else engine


def short_title_of(engine: str) -> str:
    return SHORT.get(engine, title_of(engine))


def order_of(engine: str) -> int:
    return list(ENGINES).index(engine) if engine in ENGINES else len(ENGINES)


def slug_of(engine: str) -> str:
    return "e-" + "".join(c if c.isalnum() else "-" for c in engine) if engine in ENGINES else "e-other"


def colours(dark: bool) -> str:
    """CSS variables, one for each engine."""
    known = [(slug_of(engine), entry[2 if dark else 1]) for engine, entry in ENGINES.items()]
    return " ".join(f"--{slug}: {colour};" for slug, colour in [*known, ("e-other", OTHER[dark])])
