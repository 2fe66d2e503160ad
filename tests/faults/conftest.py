"""A small partnership with a good briefing already published, for everything that can go wrong with the next one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.faults.running import DONE, DRAW, PAGES, World, notebook
from tests.small import folder
from threatlib.pipeline.plan import records_of


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The world as last quarter's run left it."""
    world = World(tmp_path_factory.mktemp("good"), tmp_path_factory.mktemp("assessed"))
    folder(world.data / "small")
    world.notebooks.mkdir()
    for name in PAGES:
        notebook(world.notebooks / f"{name}.ipynb", DRAW, DONE)
    done = world.run()
    assert done.code == 0, done.out + done.err
    return world


@pytest.fixture
def world(good: World, tmp_path: Path) -> World:
    """A copy of it, to be spoilt, with its records at the place that goes with its own output folder."""
    shutil.copytree(good.root, tmp_path / "world", symlinks=True)
    copy = World(tmp_path / "world", good.assessed)
    (copy.root / ".threatlib" / records_of(good.data, good.out).name).rename(records_of(copy.data, copy.out))
    return copy
