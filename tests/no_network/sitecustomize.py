"""Blocks the network for every Python that has this folder on its PYTHONPATH.

`make test` runs the notebooks with it, so that a course which works only online fails here.
"""

import sys

LOOPBACK = ("127.", "localhost", "::1", "0.0.0.0")
SENDS = {"socket.connect": 1, "socket.sendto": 1, "socket.sendmsg": 1, "socket.getaddrinfo": 0}


def refuse_network(event, arguments):
    """Raise OSError where a socket of this process would leave the machine."""
    if event not in SENDS:
        return
    address = arguments[SENDS[event]]
    host = address[0] if isinstance(address, tuple) else address
    if isinstance(host, bytes):
        host = host.decode(errors="replace")
    is_path = isinstance(address, (str, bytes)) and event != "socket.getaddrinfo"
    if host and not is_path and not str(host).startswith(LOOPBACK):
        raise OSError(f"the network is blocked here, and something asked for {host!r}")


sys.addaudithook(refuse_network)
