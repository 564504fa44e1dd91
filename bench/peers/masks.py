# SPDX-License-Identifier: Apache-2.0
"""How a problem's visible keys are told to peers that know a causal flag, or a mask, only."""
import numpy as np

from problems import Attention


def causal_flag(problem: Attention) -> bool | None:
    """What a flag that means "row r sees keys 0 .. r" must be; None where no flag says it."""
    if all(len(problem.visible(row)) == problem.keys for row in (0, problem.queries - 1)):
        return False
    plain = problem.causal and not problem.position and not 0 < problem.window < problem.keys
    return True if plain else None


def ends_at_last_key(problem: Attention) -> bool:
    """Whether the last row sees the last key and each row one less: queries that continue a sequence."""
    if problem.queries == 1:
        return problem.visible(0).stop == problem.keys
    return bool(problem.causal) and problem.position + problem.queries == problem.keys


def boolean_mask(problem: Attention) -> np.ndarray:
    """[queries, keys]: True where visible."""
    mask = np.zeros((problem.queries, problem.keys), bool)
    for row in range(problem.queries):
        visible = problem.visible(row)
        mask[row, visible.start : visible.stop] = True
    return mask


def additive_mask(problem: Attention, dtype: type) -> np.ndarray:
    """[queries, keys]: 0 where visible, else -inf."""
    return np.where(boolean_mask(problem), 0, -np.inf).astype(dtype)
