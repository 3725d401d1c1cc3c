"""What holds in every test: checked shapes, no network, a cache of its own, one thread."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from beartype import BeartypeConf, beartype
from jaxtyping import install_import_hook

ROOT = Path(__file__).resolve().parent.parent

# Every shape in a signature of minigpt is checked at each call in the tests, and only there: the
# decorators would break torch.compile. This must come before anything imports minigpt.
assert not any(name.partition(".")[0] == "minigpt" for name in sys.modules)
_CHECKER = types.ModuleType("checked_types")
_CHECKER.check = beartype(conf=BeartypeConf(is_pep484_tower=True))  # an int will do for a float
sys.modules["checked_types"] = _CHECKER  # the hook takes the checker by name
_HOOK = install_import_hook(["minigpt"], "checked_types.check")

os.environ["OMP_NUM_THREADS"] = "1"  # for the commands that tests start
_CONNECT = socket.socket.connect
_RESOLVE = socket.getaddrinfo


def _is_loopback(host: Any) -> bool:
    if not isinstance(host, str) or host in ("", "localhost", socket.gethostname()):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _connect(self: socket.socket, address: Any) -> Any:
    if isinstance(address, tuple) and not _is_loopback(address[0]):
        raise PermissionError(f"tests have no network; something wanted {address[0]!r}")
    return _CONNECT(self, address)


def _resolve(host: Any, *args: Any, **kwargs: Any) -> Any:
    if not _is_loopback(host):
        raise socket.gaierror(f"tests have no network; something wanted {host!r}")
    return _RESOLVE(host, *args, **kwargs)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but this machine can be reached from a test."""
    monkeypatch.setattr(socket.socket, "connect", _connect)
    monkeypatch.setattr(socket, "getaddrinfo", _resolve)


@pytest.fixture(scope="session")
def _session_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def own_cache(_session_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Texts and measurements of the tests stay out of the user's cache."""
    monkeypatch.setenv("MINIGPT_CACHE", str(_session_cache))
    monkeypatch.delenv("COGNITIVE_CORE_TRACEBACK", raising=False)
    return _session_cache


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """The order of additions, and so the last bits, depend on the number of threads."""
    torch = sys.modules.get("torch")  # tests of labkit and of the n-gram never load it
    if torch is not None:
        torch.set_num_threads(1)


@pytest.fixture
def command_environment(own_cache: Path) -> dict[str, str]:
    """Environment variables for commands that a test starts: this checkout, this cache."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "MINIGPT_CACHE": str(own_cache),
        "PIP_NO_INDEX": "1",
        "OMP_NUM_THREADS": "1",
    }
