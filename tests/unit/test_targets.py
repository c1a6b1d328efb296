"""Whatever a scrape writes, it is the name of a target that is configured, or it is refused."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.targets import EXPECTED, AskedWrongError, Targets

WORDS = st.sampled_from(
    ["target", "module", "=", "&", ";", "%", "+", "..", "/", ":", "a", "%00", "\x00", "?", "#"]
)


@given(st.text() | st.lists(WORDS).map("".join))
def test_any_other_query_is_refused_and_not_repeated(query: str) -> None:
    with pytest.raises(AskedWrongError) as caught:
        Targets().page(query, 1.0)

    assert str(caught.value) in (EXPECTED, "no target has this name in the configuration")


@given(st.text(min_size=1))
def test_a_name_that_nobody_has_is_no_target_however_it_is_written(name: str) -> None:
    with pytest.raises(AskedWrongError, match="no target has this name"):
        Targets().page(f"target={quote(name, safe='', errors='replace')}", 1.0)
