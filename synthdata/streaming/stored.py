"""Arrays from an untrusted file.

Idea:   an .npz is a zip of arrays, each with a header that says how large it is. A few kilobytes
        can claim terabytes, packed or not; here no array is larger than the bytes present.
Source: the .npy format, NumPy Enhancement Proposal 1.
Run:    used by `synthdata.streaming.meter`; nothing to run.
"""

from __future__ import annotations

import io
import zipfile
import zlib

import numpy as np

_NUMBERS = {"uint8": 1, "int64": 8, "uint64": 8}  # types of a meter's arrays, with their bytes
DAMAGES = (  # errors on reading an untrusted file
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    RecursionError,
    RuntimeError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)


def arrays(body: bytes) -> dict[str, np.ndarray]:
    """The arrays [N] of numbers in an .npz that `numpy.savez` wrote, by name.

    Raises one of DAMAGES if it holds anything else, ValueError if it claims more than there is.
    """
    found = {}
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        members = archive.infolist()
        packed = any(member.compress_type != zipfile.ZIP_STORED for member in members)
        if packed or sum(member.file_size for member in members) > len(body):
            raise ValueError("its arrays are larger than the file")
        for member in members:
            data = archive.read(member)
            file = io.BytesIO(data)
            version = np.lib.format.read_magic(file)
            if version != (1, 0):
                raise ValueError(f"an array of format {version}")
            shape, _, dtype = np.lib.format.read_array_header_1_0(file)
            rest, kind = data[file.tell() :], str(dtype)
            if len(shape) != 1 or kind not in _NUMBERS or shape[0] * _NUMBERS[kind] != len(rest):
                raise ValueError(
                    f"{member.filename} says {kind} {list(shape)} of {len(rest)} bytes"
                )
            found[member.filename.removesuffix(".npy")] = np.frombuffer(rest, dtype).copy()
    return found
