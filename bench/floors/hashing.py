"""The Argon2 floor: the library alone, at the parameters of the product."""

from __future__ import annotations

import threading
import time

from argon2.low_level import Type, hash_secret_raw


def argon2(threads: int, seconds: float = 2.0) -> float:
    """Hashes per second of `threads` threads."""
    done = [0] * threads
    began = time.perf_counter()

    def work(number: int) -> None:
        while time.perf_counter() - began < seconds:
            hash_secret_raw(b"correct horse battery staple", b"0123456789abcdef", 2, 19_456, 1, 32, Type.ID)
            done[number] += 1

    pool = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for thread in pool:
        thread.start()
    for thread in pool:
        thread.join()
    return sum(done) / (time.perf_counter() - began)
