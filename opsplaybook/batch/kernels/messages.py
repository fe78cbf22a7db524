"""What a process and the kernel server say to each other over a Unix socket.

A process opens one connection per kernel, sends one request with the kernel's standard streams,
and keeps the connection open for as long as it wants the kernel. Two lines come back, each a
JSON object: ``{"pid": ...}`` from the kernel itself once its sockets are bound, and
``{"exit": ...}`` from the server when the kernel has ended. One line comes if the system has no
room for another process: ``{"refused": ...}``, with its reason.
"""

import json
import os
import socket
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass

_LENGTH = struct.Struct("!Q")
_STREAMS = 2


@dataclass(frozen=True, slots=True)
class KernelRequest:
    """What a kernel starts with.

    Attributes
    ----------
    arguments : tuple of str
        Arguments of ipykernel, as after ``python -m ipykernel_launcher``.
    environment : mapping of str to str
        The whole environment of the kernel; nothing of the server's is added.
    working_folder : str
        Where the kernel works.
    socket_folder : str
        Folder of the kernel's sockets; removed if the asking process dies.
    connection_file : str
        The file that names the sockets; removed if the asking process dies.
    """

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    working_folder: str
    socket_folder: str
    connection_file: str


def encode_request(request: KernelRequest) -> bytes:
    """Write a request as bytes: its length, then JSON.

    Examples
    --------
    >>> request = KernelRequest(("-f", "k.json"), {"LANG": "C"}, "/", "/tmp/k", "/tmp/k/k.json")
    >>> len(encode_request(request)) > 8
    True
    """
    body = json.dumps(asdict(request)).encode()
    return _LENGTH.pack(len(body)) + body


def receive_request(connection: socket.socket) -> tuple[KernelRequest, list[int]]:
    """Read a request and the two file descriptors that come with it.

    Parameters
    ----------
    connection : socket.socket
        A connection with a timeout.

    Returns
    -------
    tuple of KernelRequest and list of int
        The request, and the kernel's standard output and standard error.

    Raises
    ------
    OSError
        If nothing arrives in time (TimeoutError) or the other side is gone (ConnectionError).
    """
    head, descriptors, _, _ = socket.recv_fds(connection, _LENGTH.size, _STREAMS)
    try:
        head += _receive_exactly(connection, _LENGTH.size - len(head))
        (length,) = _LENGTH.unpack(head)
        fields = json.loads(_receive_exactly(connection, length))
    except OSError:
        for descriptor in descriptors:
            os.close(descriptor)
        raise
    return KernelRequest(**(fields | {"arguments": tuple(fields["arguments"])})), descriptors


def encode_line(message: Mapping[str, int | str]) -> bytes:
    r"""Write an answer as one line.

    Examples
    --------
    >>> encode_line({"exit": -9})
    b'{"exit": -9}\n'
    """
    return json.dumps(message).encode() + b"\n"


def _receive_exactly(connection: socket.socket, length: int) -> bytes:
    parts = []
    while length > 0:
        part = connection.recv(length)
        if not part:
            raise ConnectionError("the other side closed the connection within a request")
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
