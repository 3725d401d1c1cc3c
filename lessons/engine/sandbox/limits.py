"""Limits that a process sets on itself before it runs untrusted code.

Idea:   limits kept by the kernel, applied by the child to itself, because then nothing outside has
        to run as an administrator: memory, processor time, file size and open files (setrlimit); no
        new processes, no network, no signals to others, no change of file rights, nothing that
        outlives the process (seccomp); no file written and only installed code read (Landlock);
        and, when started as root, the rights of user nobody, since root is above process limits.
Source: seccomp(2), landlock(7), setrlimit(2), unshare(2), prctl(2) of the Linux manual; numbers
        from the kernel's unistd.h for x86-64 and arm64.
Run:    python -m lessons doctor   (tries each limit and says which hold here)
Omits:  hiding the machine (process list, kernel version). Hostile code belongs in a container.

On macOS only setrlimit works, and the network stays open; on Windows neither. There the supervisor
still limits wall-clock time and the size of answers.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

NOBODY = 65534
PROCESSES = 64
_READ_ANYTHING = 1 << 2  # CAP_DAC_READ_SEARCH
OPEN_FILES = 128

# syscall: (x86-64, arm64); -1 if the machine has none
_DENIED = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "bind": (49, 200),
    "fork": (57, -1),
    "vfork": (58, -1),
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "tkill": (200, 130),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "pidfd_getfd": (438, 438),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "open_by_handle_at": (304, 265),  # a file without its path, for those who may read anything
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "memfd_create": (319, 279),
    "add_key": (248, 217),
    "keyctl": (250, 219),
    # what Landlock does not restrict: rights, owner and times of the user's files, and, before
    # Linux 6.2, cutting them short
    "truncate": (76, 45),
    "chmod": (90, -1),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, -1),
    "fchown": (93, 55),
    "lchown": (94, -1),
    "fchownat": (260, 54),
    "utime": (132, -1),
    "utimes": (235, -1),
    "futimesat": (261, -1),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    # memory and queues that outlive the process
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    # the pace of other processes of the same user
    "setpriority": (141, 140),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274),
    "ioprio_set": (251, 30),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
}
_CLONE, _CLONE3 = (56, 220), (435, 435)
_OWN_PID_ONLY = {"kill": (62, 129), "tgkill": (234, 131), "prlimit64": (302, 261)}
_CLONE_THREAD = 0x00010000
_FCNTL = (72, 25)
_TO_OTHERS = (8, 10, 15)
"""F_SETOWN, F_SETSIG, F_SETOWN_EX: they let a pipe send any signal to processes of its user."""
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

_ALLOW, _DENY = 0x7FFF0000, 0x00050000  # SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO


def apply(*, seconds: float, megabytes: int, readable: Sequence[str]) -> dict[str, str]:
    """Apply every limit of this system; {limit: "" or why it does not hold}.

    `megabytes` are beyond the memory that the process already uses. `readable` are the folders that
    may be read. The steps are ordered so that each still permits the next.
    """
    used = time.process_time()
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    held = {
        "memory": _try(lambda: _memory(megabytes)),
        "processor time": _try(lambda: _rlimit("RLIMIT_CPU", int(used + seconds) + 1)),
        "files": _try(_files),
        "signals": _try(_die_with_parent),
    }
    held["network"] = _try(_own_network)
    held["user"] = _try(_become_nobody)
    no_new_rights = _try(lambda: _prctl(38, 1))  # PR_SET_NO_NEW_PRIVS: needed by the next two
    held["folders"] = no_new_rights or _try(lambda: _landlock(readable))
    if held["folders"] or not root:  # an ordinary user has all of them in its own namespace
        _try(lambda: _capabilities(0))
    filtered = no_new_rights or _try(_seccomp)
    held["processes"] = filtered and _try(_few_processes)
    if filtered == "":
        held["network"] = ""  # with or without the namespace: there are no sockets now
    return held


def allow(*, seconds: float | None = None, megabytes: int | None = None) -> None:
    """Limit this process from now on, or lift the limits; each call replaces the one before.

    It is for our own code that reads untrusted data: it does not lift its own limits, so they can
    be lifted again. If a system has no such limit, nothing happens.
    """
    used = time.process_time()
    _try(lambda: _soft("RLIMIT_CPU", None if seconds is None else int(used + seconds) + 1))
    above = None if megabytes is None else megabytes << 20
    _try(lambda: _soft("RLIMIT_AS", None if above is None else _mapped() + above))


def _soft(name: str, value: int | None) -> None:
    import resource

    which = getattr(resource, name)
    _, hard = resource.getrlimit(which)
    resource.setrlimit(which, (hard if value is None else value, hard))


def _try(step: Callable[[], None]) -> str:
    try:
        step()
    except (OSError, ValueError, ImportError, AttributeError) as error:
        return str(error) or type(error).__name__
    return ""


def _rlimit(name: str, value: int) -> None:
    import resource

    which = getattr(resource, name)
    _, hard = resource.getrlimit(which)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(which, (value, value))


def _memory(megabytes: int) -> None:
    """Limit address space beyond that mapped now: torch's libraries alone map gigabytes."""
    _rlimit("RLIMIT_AS", _mapped() + (megabytes << 20))


def _mapped() -> int:
    """Bytes of address space that this process has."""
    if sys.platform != "linux":
        raise OSError("only Linux keeps a limit on memory")
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[0])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _files() -> None:
    _rlimit("RLIMIT_FSIZE", 0)
    _rlimit("RLIMIT_CORE", 0)
    _rlimit("RLIMIT_NOFILE", OPEN_FILES)


def _few_processes() -> None:
    """Limit the number of processes if seccomp is missing; it counts all of the user's."""
    import psutil

    # asked for by name: unknown values of another's process, or of one just ended, are None
    owners = [process.info["uids"] for process in psutil.process_iter(["uids"])]
    mine = sum(owner is not None and owner.real == os.getuid() for owner in owners)
    _rlimit("RLIMIT_NPROC", mine + PROCESSES)


def _libc() -> ctypes.CDLL:
    if sys.platform != "linux":
        raise OSError("only on Linux")
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def _prctl(option: int, a: int = 0, b: int = 0) -> None:
    arguments = [ctypes.c_ulong(n) for n in (a, b, 0, 0)]
    _checked(_libc().prctl(option, *arguments), "prctl")


def _die_with_parent() -> None:
    _prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL


def keep_private() -> None:
    """Keep other processes of the same user from reading this one's memory."""
    _prctl(4, 0)  # PR_SET_DUMPABLE


def _own_network() -> None:
    """Enter an empty network namespace; without root it comes with its own user namespace."""
    flags = 0x40000000 if os.geteuid() == 0 else 0x40000000 | 0x10000000
    _checked(_libc().unshare(flags), "unshare")


def _become_nobody() -> None:
    if sys.platform == "win32" or os.geteuid() != 0:
        return
    linux = sys.platform == "linux"
    if linux:
        _prctl(8, 1)  # PR_SET_KEEPCAPS over the change of user
    os.setgroups([])
    os.setgid(NOBODY)  # for root these set the real, effective and saved one
    os.setuid(NOBODY)
    if linux:
        _die_with_parent()  # a change of user resets it
        _capabilities(_READ_ANYTHING)


def _capabilities(kept: int) -> None:
    """Give up all of root's rights but `kept`.

    One is kept until Landlock limits reading: an interpreter installed in root's own folder must
    still find its modules.
    """
    header = struct.pack("=Ii", 0x20080522, 0)
    data = struct.pack("=6I", kept, kept, 0, 0, 0, 0)  # effective, permitted, inheritable; twice
    _checked(_libc().capset(header, data), "capset")


def _landlock(readable: Sequence[str]) -> None:
    """Forbid writing files, and reading outside `readable` (Linux 5.13 and later)."""
    libc = _libc()
    create, add, restrict = 444, 445, 446
    version = _checked(libc.syscall(create, None, 0, 1), "landlock")
    # execute .. make_sym are bits 0 to 12 of version 1; refer, truncate came with 2 and 3
    rights = (1 << (13 + min(version - 1, 2))) - 1
    read = 0b1100  # read_file, read_dir
    ruleset = ctypes.c_uint64(rights)
    handle = _checked(libc.syscall(create, ctypes.byref(ruleset), 8, 0), "landlock")
    for folder in readable:
        try:
            place = os.open(folder, getattr(os, "O_PATH", 0) | os.O_CLOEXEC)
        except OSError:
            continue  # does not exist: nothing to allow
        allowed = read if os.path.isdir(folder) else read & 0b100
        rule = ctypes.create_string_buffer(struct.pack("=Qi", allowed, place), 12)
        _checked(libc.syscall(add, handle, 1, rule, 0), f"landlock {folder}")
        os.close(place)
    _checked(libc.syscall(restrict, handle, 0), "landlock")
    os.close(handle)


def _seccomp() -> None:
    """Forbid processes, sockets, and signals to others: the calls return EPERM."""
    if platform.machine() not in _ARCHITECTURES:
        raise OSError(f"no seccomp filter for {platform.machine()}")
    column, architecture = _ARCHITECTURES[platform.machine()]
    program = _filter(column, architecture, os.getpid())
    code = ctypes.create_string_buffer(b"".join(program), len(program) * 8)
    header = struct.pack("@HP", len(program), ctypes.addressof(code))
    head = ctypes.create_string_buffer(header, len(header))
    _prctl(22, 2, ctypes.addressof(head))  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER


def _filter(column: int, architecture: int, pid: int) -> list[bytes]:
    """A classic BPF program over (number, architecture, arguments)."""

    def load(offset: int) -> bytes:
        return struct.pack("=HBBI", 0x20, 0, 0, offset)

    def equal(value: int, then: int, otherwise: int) -> bytes:
        return struct.pack("=HBBI", 0x15, then, otherwise, value)

    def answer(value: int) -> bytes:
        return struct.pack("=HBBI", 0x06, 0, 0, value)

    refuse = _DENY | errno.EPERM
    program = [load(4), equal(architecture, 1, 0), answer(refuse), load(0)]
    # numbers with this bit belong to x86-64's second, 32-bit interface
    program += [struct.pack("=HBBI", 0x45, 0, 1, 0x40000000), answer(refuse)]
    for numbers in _DENIED.values():
        if numbers[column] >= 0:
            program += [equal(numbers[column], 0, 1), answer(refuse)]
    # glibc tries clone3 first and, without it, clone, whose flags a filter can read
    program += [equal(_CLONE3[column], 0, 1), answer(_DENY | errno.ENOSYS)]
    thread = struct.pack("=HBBI", 0x45, 1, 0, _CLONE_THREAD)
    program += [equal(_CLONE[column], 0, 4), load(16), thread, answer(refuse), answer(_ALLOW)]
    own, sig, own_ex = _TO_OTHERS
    program += [equal(_FCNTL[column], 0, 6), load(24), equal(own, 2, 0), equal(sig, 1, 0)]
    program += [equal(own_ex, 0, 1), answer(refuse), answer(_ALLOW)]
    for name, numbers in _OWN_PID_ONLY.items():
        program += [equal(numbers[column], 0, 5), load(16), equal(pid, 2, 0)]
        program += [equal(0, 1, 0) if name == "prlimit64" else equal(pid, 1, 0)]
        program += [answer(refuse), answer(_ALLOW)]
    return program + [answer(_ALLOW)]
