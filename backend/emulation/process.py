"""A running `program.Program`: in an emulator, or on the processor itself where it is of that kind."""

from __future__ import annotations

import os
import select
import signal
import struct
import subprocess
import time

from jitpy.backend import isa
from jitpy.backend.emulation import programs

#: Seconds that a request may take.
TIMEOUT = 20


class Stopped(Exception):
    """A request had no answer. ``number``: what stopped it (see `program`), ``pc``: where. ``number`` 0: the process died or ran
    out of time, ``str`` says how.
    """

    def __init__(self, number: int, pc: int, how: str = "") -> None:
        super().__init__(how or f"stopped by {number} at {pc:#x}")
        self.number = number
        self.pc = pc


class Process:
    """Starts when it is first asked, and again after it died. ``image``: the executable; ``emulated``: in the emulator even on
    a machine of that kind; ``timeout``: seconds that a request may take, None for any.
    """

    def __init__(
        self, image: bytes, target: str, big_endian: bool, emulated: bool = True, timeout: float | None = TIMEOUT
    ) -> None:  # fmt: skip
        self.timeout = timeout
        self.process: subprocess.Popen[bytes] | None = None
        self.parent = os.getpid()
        command, *options = isa.linux(target).EMULATOR
        self.command = [programs.find(command), *options] if emulated else []
        self.order = ">" if big_endian else "<"
        self.image = image

    def _start(self) -> subprocess.Popen[bytes]:
        # The file lives in memory and goes with its last user.
        file = os.memfd_create("emulated")
        with open(file, "wb", closefd=False) as stream:
            stream.write(self.image)
        try:
            process = subprocess.Popen(
                [*self.command, f"/proc/self/fd/{file}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                bufsize=0, pass_fds=(file,),
            )  # fmt: skip
        finally:
            os.close(file)
        self.process = process
        return process

    def call(self, address: int, argument: bytes) -> bytes:
        """Call the function at ``address`` with a pointer to these bytes; the bytes afterwards. Raises Stopped."""
        process = self.process or self._start()
        assert process.stdin is not None
        deadline = None if self.timeout is None else time.monotonic() + self.timeout
        try:
            process.stdin.write(struct.pack(f"{self.order}QQ", address, len(argument)) + argument)
        except BrokenPipeError:
            raise self._died() from None
        number, pc = struct.unpack(f"{self.order}QQ", self._read(process, 16, deadline))
        if number:
            raise Stopped(number, pc)
        return self._read(process, len(argument), deadline)

    def _read(self, process: subprocess.Popen[bytes], size: int, deadline: float | None) -> bytes:
        assert process.stdout is not None
        data = b""
        while len(data) < size:
            left = None if deadline is None else max(deadline - time.monotonic(), 0)
            ready, _, _ = select.select([process.stdout], [], [], left)
            if not ready:
                self.close()
                raise Stopped(0, 0, f"no answer in {self.timeout} s")
            piece = process.stdout.read(size - len(data))
            if not piece:
                raise self._died()
            data += piece
        return data

    def _died(self) -> Stopped:
        assert self.process is not None
        status = self.process.wait(TIMEOUT)
        self.close()
        return Stopped(0, 0, signal.Signals(-status).name if status < 0 else f"the program ended with status {status}")

    def close(self) -> None:
        """End the process."""
        process, self.process = self.process, None
        # A forked child inherits its parent's processes, which are not its own to end.
        if process is not None and os.getpid() == self.parent:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()

    def __del__(self) -> None:
        self.close()
