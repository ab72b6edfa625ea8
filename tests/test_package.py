"""The package as it is installed: its names, what importing it costs, what is in the wheel."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path
from types import ModuleType

import pytest

import assignopt as ao

ROOT = Path(__file__).parent.parent
TINY = """
problem = ao.Problem([ao.Rep("ana", capacity=8)], [ao.Task("acme", effort=3)])
assert ao.audit(problem, {"acme": "ana"}).ok
"""
SOLVED = """
assert ao.solve(problem).status is ao.Status.OPTIMAL
"""
BLOCK = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in MISSING:
            raise ImportError(name)

sys.meta_path.insert(0, Missing())
"""
OPTIONAL = ["IPython", "hypothesis", "matplotlib", "networkx", "pytest", "scipy", "tqdm"]


def run(code: str) -> None:
    """Run code in a new interpreter in which warnings are errors."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert done.stderr == ""


def test_the_listed_names_are_the_public_ones_and_sorted() -> None:
    modules = {name for name in ao.__all__ if isinstance(getattr(ao, name), ModuleType)}
    for name in ao.__all__:
        getattr(ao, name)
    public = {
        name
        for name, thing in vars(ao).items()
        if not name.startswith("_") and not isinstance(thing, ModuleType)
    }
    assert set(ao.__all__) - modules - {"__version__"} == public
    assert ao.__all__ == sorted(set(ao.__all__))


def test_every_public_class_and_function_says_what_it_is() -> None:
    things = [getattr(ao, name) for name in ao.__all__]
    assert [t.__name__ for t in things if hasattr(t, "__name__") and not t.__doc__] == []


def test_importing_describing_and_auditing_need_no_solver() -> None:
    run(f"""
import sys
import assignopt as ao
{TINY}
assert not [name for name in sys.modules if name.partition(".")[0] == "ortools"]
""")


def test_optional_packages_may_be_missing() -> None:
    run(f"MISSING = {OPTIONAL}\n{BLOCK}\nimport assignopt as ao\n{TINY}\n{SOLVED}")


def test_describing_and_auditing_work_where_the_solver_cannot_be_loaded() -> None:
    run(f"MISSING = ['ortools']\n{BLOCK}\nimport assignopt as ao\n{TINY}")


def test_importing_leaves_logging_alone() -> None:
    run("""
import logging
before = logging.root.level, list(logging.root.handlers)
import assignopt as ao
assert (logging.root.level, list(logging.root.handlers)) == before
assert not logging.getLogger("assignopt").handlers
""")


def test_types_are_shipped() -> None:
    assert (Path(ao.__file__).parent / "py.typed").is_file()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel without network."""
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(out)],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    (built,) = out.iterdir()
    return built


def test_the_wheel_holds_the_modules_and_nothing_else(wheel: Path) -> None:
    assert wheel.name == f"assignopt-{ao.__version__}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    source = ROOT / "src"
    modules = {path.relative_to(source).as_posix() for path in source.glob("assignopt/**/*.py")}
    assert names == {*modules, "assignopt/py.typed"}


def test_the_wheel_asks_for_no_development_tools(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
        needs = Parser().parsestr(archive.read(metadata).decode()).get_all("Requires-Dist")
    always = {re.match(r"[\w-]+", need)[0] for need in needs if "extra ==" not in need}
    assert always == {"numpy", "ortools", "pandas", "pydantic"}


def test_constraints_are_names_with_versions() -> None:
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        name, equals, version = line.partition("==")
        assert name, line
        assert equals, line
        assert version[0].isdigit(), line
        assert not set(line) & set(" @:/;"), line
