"""Records name versions and the kind of machine, and nobody."""

import getpass
import platform
from importlib import metadata

from labkit.versions import machine, version, versions


def test_versions_are_those_installed() -> None:
    assert versions("numpy") == {
        "python": platform.python_version(),
        "numpy": metadata.version("numpy"),
    }
    assert version("no-such-distribution-here") == "not installed"


def test_the_machine_has_no_name() -> None:
    words = machine()
    assert words.startswith(platform.system())
    assert words.endswith("cores")
    assert platform.node() not in words.split()
    assert getpass.getuser() not in words.split()
