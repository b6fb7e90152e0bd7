"""
What becomes of many mappings that are added at once: the judge.

House rule: the outcome is that of adding them one after the other, in the given order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import TypeAlias

from segue.core.model import Imported, UserIdMapping
from segue.ids import UserId

Pair: TypeAlias = tuple[UserId, UserId]


def outcomes(
    mappings: Sequence[UserIdMapping], *, added: AbstractSet[Pair], stored: Iterable[UserIdMapping]
) -> tuple[Imported, ...]:
    """
    Say of each mapping what became of it.

    Args:
        mappings: in their order.
        added: pairs of user id and external id that have just been written.
        stored: mappings that share an id with one that was not written, as they are stored now.
    """
    by_user_id: dict[UserId, UserIdMapping] = {}
    by_external_id: dict[UserId, UserIdMapping] = {}
    for found in stored:
        if (found.user_id, found.external_id) in added:
            continue  # it counts from its place in the order
        by_user_id[found.user_id] = by_external_id[found.external_id] = found
    fresh = set(added)
    result: list[Imported] = []
    for mapping in mappings:
        pair = (mapping.user_id, mapping.external_id)
        if pair in fresh:
            fresh.remove(pair)
            by_user_id[mapping.user_id] = by_external_id[mapping.external_id] = (
                mapping  # for those that follow
            )
            result.append(Imported.ADDED)
        else:
            result.append(
                compared(mapping, by_user_id.get(mapping.user_id), by_external_id.get(mapping.external_id))
            )
    return tuple(result)


def compared(
    mapping: UserIdMapping, of_user_id: UserIdMapping | None, of_external_id: UserIdMapping | None
) -> Imported:
    """What becomes of a mapping that meets these two; `ADDED` if it meets none."""
    if of_external_id is not None and of_external_id.user_id != mapping.user_id:
        return Imported.EXTERNAL_ID_TAKEN
    if of_user_id is None:
        return Imported.ADDED
    if of_user_id.external_id != mapping.external_id:
        return Imported.USER_ID_TAKEN
    kept = mapping.info is None or mapping.info == of_user_id.info
    return Imported.THERE if kept else Imported.OTHER_INFO
