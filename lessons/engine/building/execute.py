"""Run a notebook from top to bottom, as a reader would, and keep its outputs.

Idea:   nbclient starts a new kernel, sends it one cell after the other, and stops at the first
        error. If the system allows it the kernel has no network at all: it runs in its own network
        namespace, and communicates over files instead of ports.
Source: nbclient (nbclient.readthedocs.io); unshare(1).
Run:    python -m lessons build
Omits:  running cells in parallel, or some of them only.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lessons.engine.work import ROOT

if TYPE_CHECKING:
    from nbformat import NotebookNode

KERNEL = "python3"
UNSHARE = ("unshare", "--net")
UNSHARE_AS_USER = ("unshare", "--user", "--map-current-user", "--net")


class CellFailed(ValueError):
    """A cell of a notebook raised an error, or the notebook took too long."""


@functools.cache
def without_network() -> tuple[str, ...]:
    """The prefix of a command that removes its network; empty if the system cannot.

    Linux usually can: root makes a network namespace, others need a user namespace around it.
    """
    for words in (UNSHARE, UNSHARE_AS_USER):
        try:
            done = subprocess.run([*words, "true"], capture_output=True, timeout=10)
        except (OSError, subprocess.TimeoutExpired):
            return ()
        if done.returncode == 0:
            return words
    return ()


def execute(
    notebook: NotebookNode,
    *,
    profile: str,
    work: Path,
    environment: dict[str, str] | None = None,
    network: bool = False,
    cell_seconds: float = 1800,
) -> NotebookNode:
    """Run `notebook` (changed in place: outputs are filled in) and return it.

    `work` takes the place of the learner's `work/`; the kernel starts in an empty folder. Without
    `network` the kernel gets none, if the system can deny it. CellFailed names the lesson, the cell
    and the error.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    deny = () if network else without_network()
    with tempfile.TemporaryDirectory(prefix="lessons-") as folder:
        sockets = Path(folder) / "sockets"
        empty = Path(folder) / "here"
        sockets.mkdir()
        empty.mkdir()
        client = NotebookClient(
            notebook,
            km=_kernel(deny, sockets),
            timeout=int(cell_seconds),
            record_timing=False,
            coalesce_streams=True,  # the same output however busy the machine is
            resources={"metadata": {"path": str(empty)}},
        )
        variables = {
            **os.environ,
            "COGNITIVE_CORE_PROFILE": profile,
            "COGNITIVE_CORE_WORK": str(work),
            "PYTHONPATH": str(ROOT),
            "PYTHONHASHSEED": "0",
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # no remark of the debugger on frozen modules
            "IPYTHONDIR": str(Path(folder) / "ipython"),  # without the user's start-up files
            **(environment or {}),
        }
        title = _title(notebook)
        try:
            client.execute(cleanup_kc=True, env=variables)  # our manager, but nbclient ends it
        except CellExecutionError as error:
            number, source = _failing(notebook)
            raise CellFailed(
                f"{title}, code cell {number} ({source!r}): {error.ename}: {error.evalue}"
            ) from error
        except (CellTimeoutError, DeadKernelError, AssertionError) as error:
            told: BaseException | None = error
            if isinstance(error, AssertionError):  # nbclient's clean-up after a kernel that died
                told = error.__context__
                if not isinstance(told, DeadKernelError):
                    raise
            number, source = _failing(notebook)
            raise CellFailed(f"{title}, code cell {number} ({source!r}): {told}") from error
    return notebook


def _kernel(deny: tuple[str, ...], sockets: Path) -> Any:
    """The manager of a kernel in this very Python, whatever kernels are registered here; the prefix
    `deny` removes its network."""
    from jupyter_client.manager import AsyncKernelManager

    manager: Any = AsyncKernelManager(kernel_name=KERNEL)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    manager.kernel_spec.argv = [*deny, *argv]
    if deny:
        manager.transport = "ipc"  # sockets as files work across network namespaces
        manager.ip = str(sockets / "kernel")
    return manager


def _title(notebook: NotebookNode) -> str:
    return str(notebook.metadata.get("cognitive_core", {}).get("lesson", "notebook"))


def _failing(notebook: NotebookNode) -> tuple[int, str]:
    """Number and first line of the last code cell that was started."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    begun = [i for i, cell in enumerate(code) if cell.outputs or cell.execution_count]
    place = max(begun, default=0)
    lines = code[place].source.splitlines() if code else [""]
    return place + 1, lines[0][:60] if lines else ""
