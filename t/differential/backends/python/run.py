"""Starts back ends in one process, a thread each: `run.py NAME PORT [NAME PORT]...`."""

import sys
from importlib import import_module
from threading import Thread

threads = []
for name, port in zip(sys.argv[1::2], sys.argv[2::2]):
    threads.append(Thread(target=import_module(f"{name}_app").serve, args=[int(port)]))
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
