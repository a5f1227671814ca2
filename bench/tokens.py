"""Tokens that never were: the same ones in every run, as many as are asked for."""

import hashlib


def token(number):
    """40 characters, no two numbers alike."""
    return "fake_" + hashlib.blake2b(number.to_bytes(8, "little"), digest_size=18).hexdigest()[:35]


def pattern(number):
    """A regex that no clean request matches; braces are quoted by its users where NGINX needs it."""
    return f"fake{number:04}_[A-Za-z0-9_-]{{36}}"


def write(path, count):
    """A token a line; kept from run to run."""
    if path.exists():
        return
    with open(path, "w", encoding="ascii") as file:
        file.writelines(f"{token(i)}\n" for i in range(count))
