"""Every profile has its page, and each page has today's facts."""

from __future__ import annotations

import pytest

from segue.profiles import PROFILES, Profile
from tests.docs.provider_pages import BEGIN, END, INDEX, PAGES, index, page_of, rendered

EVERY = pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)


@EVERY
def test_facts_are_those_of_the_profile(profile: Profile) -> None:
    """What stands between the marks is what the profile says now."""
    assert page_of(profile).read_text(encoding="utf-8") == rendered(profile), (
        "run `make fix` and commit the pages"
    )


@EVERY
def test_page_has_words_of_its_own(profile: Profile) -> None:
    """Around the facts somebody has written the traps, and how to switch the provider off."""
    text = page_of(profile).read_text(encoding="utf-8")
    assert text.count(BEGIN) == text.count(END) == 1
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    assert before.startswith(f"# {profile.title}\n")
    assert "\n## Traps\n\n- " in after
    assert "\n## Switching it off\n" in after


def test_index_is_current() -> None:
    """The table has exactly the profiles, and there is no page of another."""
    assert INDEX.read_text(encoding="utf-8") == index(), "run `make fix` and commit the index"
    assert {page.stem for page in PAGES.glob("*.md")} - {"README"} == set(PROFILES)
