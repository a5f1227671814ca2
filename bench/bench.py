"""What tokenban costs, beside bare NGINX and the other ways to deny tokens.

All contenders run on the same NGINX, Debian's, with one worker each. In every round each of them
gets the same load in turn; a figure is the median of the rounds. The tables go to standard output.
"""

import argparse
import http.client
import pathlib
import random
import shutil
import statistics
import subprocess
import tempfile
import time

import bodies
import contenders
import tokens
from server import Failed, Server, instructions, load

NGINX = "/usr/sbin/nginx"
CLEAN = "Authorization: Bearer fake_clean-token-of-a-clean-client-0123456"

# What a browser or an API client sends, Authorization included.
TWELVE = [
    CLEAN,
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Accept: application/json, text/plain, */*",
    "Accept-Language: en-US,en;q=0.5",
    "Accept-Encoding: gzip, deflate, br, zstd",
    "Origin: https://app.example.com",
    "Referer: https://app.example.com/orders/2026/11",
    "Cookie: session=4f1c9a0b7d2e8f35a6c1; theme=dark; _ga=GA1.1.1234567890.1700000000",
    "X-Request-Id: 8d7c1c1e-7a58-4f51-9d4e-0f6b2c3d4e5f",
    "X-Forwarded-For: 192.0.2.10",
    "Cache-Control: no-cache",
    # `Host` is the twelfth.
]


def main():
    arguments = parse()
    work = pathlib.Path(arguments.work).resolve()
    work.mkdir(parents=True, exist_ok=True)
    bench = Bench(arguments, work)
    for suite in arguments.suites:
        {"rules": bench.rules, "denylist": bench.denylist, "bodies": bench.bodies,
         "live": bench.live, "instructions": bench.instructions}[suite]()


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--module", required=True, help="the module, built for Debian's NGINX")
    parser.add_argument("--tokenban", required=True, help="the command")
    parser.add_argument("--work", required=True, help="a directory for stores and lists of tokens")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--sizes", type=int, nargs="+",
                        default=[1_000, 100_000, 1_000_000, 10_000_000])
    parser.add_argument("--peers", type=int, default=10_000_000,
                        help="the largest size for which the other ways take part")
    parser.add_argument("suites", nargs="*", default=["rules", "denylist", "bodies", "live", "instructions"])
    return parser.parse_args()


class Bench:
    """The suites; each prints its table."""

    def __init__(self, arguments, work):
        self.arguments, self.work = arguments, work
        self.root = pathlib.Path(__file__).resolve().parent.parent
        self.known = {"module": pathlib.Path(arguments.module).resolve(), "root": self.root}

    def rules(self):
        """Patterns, on Authorization."""
        rows = [("bare NGINX", contenders.bare, {})]
        rows += [(f"tokenban, {n} regex rules", contenders.tokenban_rules, {"count": n})
                 for n in (1, 100, 1000)]
        rows += [("tokenban, `rules/` as shipped", contenders.tokenban_shipped, {}),
                 ("`map`, 1,000 regexes", contenders.map_regex, {"count": 1000}),
                 ("ModSecurity, 1,000 `@rx` rules", contenders.modsecurity_regex, {"count": 1000})]
        print("\n### Patterns on Authorization, clean requests\n")
        self.table(rows, [CLEAN])
        self.compile(10_000)

    def compile(self, count):
        """`tokenban check` reads, compiles and drops a ruleset."""
        file = self.directory("compile") / "rules.yaml"
        file.write_text(contenders.mixed_rules(count))
        seconds, peak, _ = timed([self.arguments.tokenban, "check", file])
        print(f"\nCompiling {count:,} rules of mixed kinds (`tokenban check`): {seconds:.2f} s, at most "
              f"{peak / 2**20:.0f} MiB.")

    def denylist(self):
        """Tokens, for each size."""
        for size in self.arguments.sizes:
            listed, store = self.store(size)
            common = {"count": size, "tokens": listed, "store": store}
            rows = [("bare NGINX", contenders.bare, common),
                    ("tokenban, Authorization", contenders.tokenban_store, common)]
            if size <= self.arguments.peers:
                rows += [("`map`, exact strings", contenders.map_exact, common),
                         ("Lua table", contenders.lua_table, common),
                         ("Lua shared dictionary", contenders.lua_dictionary, common),
                         ("ModSecurity `@pmFromFile`", contenders.modsecurity_tokens, common)]
            print(f"\n### {size:,} tokens, clean requests\n")
            self.table(rows, [CLEAN], whole=True)
            rows = [("bare NGINX", contenders.bare, {}),
                    ("tokenban, `anywhere`", contenders.tokenban_store,
                     {"store": store, "point": "anywhere"})]
            print(f"\n{size:,} tokens, 12 headers:\n")
            self.table(rows, TWELVE)

    def bodies(self):
        """Bodies on their way to an application."""
        tokens.write(self.work / "tokens-1000.txt", 1000)
        for name, body, points in bodies.ALL:
            common = {"tokens": self.work / "tokens-1000.txt", "points": points}
            rows = [("bare NGINX", contenders.bare, common),
                    ("tokenban, no body rule", contenders.tokenban_rules, {"count": 100}),
                    (f"tokenban, `[{points}]`", contenders.tokenban_body, common),
                    ("tokenban, `anywhere`", contenders.tokenban_body,
                     {**common, "points": "anywhere"}),
                    ("ModSecurity, the like", contenders.modsecurity_body, common)]
            print(f"\n### Body: {name}, clean requests, proxied\n")
            with Running(self, "application", {"location": "return 204;"}) as application:
                self.table(rows, [], body=body, location=(
                    f"proxy_pass http://127.0.0.1:{application.port}; proxy_http_version 1.1;"))

    def live(self):
        """From a ban to a denial, and how long an import takes."""
        size = max(self.arguments.sizes)
        _, store = self.store(size, fresh=True)
        settings = contenders.tokenban_store(self.directory("live"), store=store, **self.known)
        latencies = []
        with Running(self, "live", settings) as server:
            for number in range(20):
                latencies.append(self.ban_to_denied(server, store, f"fake_live-token-{number:024}"))
        print(f"\nFrom the end of `tokenban ban` to the first denial, {size:,} tokens in the store: "
              f"median {statistics.median(latencies):.1f} ms, most {max(latencies):.1f} ms.")

    def instructions(self):
        """User instructions a clean request: the steadiest figure. Valgrind hides the processor's
        SHA extensions from a program, so digests cost more here than they do in time."""
        sizes = self.arguments.sizes
        rows = [("bare NGINX", contenders.bare, {}),
                ("tokenban, 1,000 regex rules", contenders.tokenban_rules, {"count": 1000}),
                (f"tokenban, {max(sizes):,} tokens", contenders.tokenban_store,
                 {"store": self.store(max(sizes))[1]}),
                (f"`map`, {min(sizes):,} exact strings", contenders.map_exact,
                 {"count": min(sizes)})]
        print("\n### User instructions a clean request, `Authorization` only\n")
        print("| | instructions | added |\n| --- | ---: | ---: |")
        base = None
        for name, contender, arguments in rows:
            directory = self.directory("instructions")
            count = instructions(NGINX, directory, CLEAN, contender(
                directory, **{**self.known, **arguments}))
            base = base or count
            print(f"| {name} | {count:,.0f} | {count - base:+,.0f} |")

    def ban_to_denied(self, server, store, token):
        """Milliseconds; one request is tried after the other, so it counts their time too."""
        subprocess.run([self.arguments.tokenban, "ban", "--store", store, "--list", "leaked"],
                       input=token.encode(), check=True, capture_output=True)
        began = time.monotonic()
        while load_once(server, token) != 403:
            if time.monotonic() - began > 10:
                raise Failed("a banned token passes")
        return (time.monotonic() - began) * 1000

    def store(self, size, fresh=False):
        """The list of tokens and the store that holds it."""
        listed, store = self.work / f"tokens-{size}.txt", self.work / f"store-{size}"
        tokens.write(listed, size)
        if fresh:
            shutil.rmtree(store, ignore_errors=True)
        if not store.exists():
            subprocess.run([self.arguments.tokenban, "init", "--store", store], check=True,
                           capture_output=True)
            seconds, peak, _ = timed([self.arguments.tokenban, "import", "--store", store, "--list",
                                      "leaked", listed])
            used = (store / "data.mdb").stat().st_blocks * 512
            print(f"\nImport of {size:,} tokens: {seconds:.1f} s, at most {peak / 2**20:.0f} MiB, "
                  f"{used / size:.1f} bytes of file an entry.")
        for path in [store, *store.iterdir()]:
            path.chmod(0o777)
        return listed, store

    def directory(self, name):
        directory = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.work))
        directory.chmod(0o755)
        return directory

    def table(self, rows, headers, body=None, location=None, whole=False):
        """Starts all contenders, loads them in turn, prints a row each."""
        running, failed = [], {}
        for name, contender, arguments in rows:
            directory = self.directory("contender")
            settings = contender(directory, **{**self.known, **arguments})
            if location and "location" not in settings:
                settings["location"] = location
            try:
                running.append((name, Server(NGINX, directory, **settings)))
            except Failed as error:
                failed[name] = str(error)
        figures = {name: [] for name, _ in running}
        for _ in range(self.arguments.rounds):
            random.shuffle(running)
            for name, server in running:
                result = load(server, self.arguments.seconds, headers, body)
                figures[name].append(result)
        show(rows, figures, dict(running), failed, whole)
        for _, server in running:
            server.stop()
            shutil.rmtree(server.directory, ignore_errors=True)


class Running:
    """A server for the time of a block."""

    def __init__(self, bench, name, settings):
        self.server = Server(NGINX, bench.directory(name), **settings)

    def __enter__(self):
        return self.server

    def __exit__(self, *_):
        self.server.stop()
        shutil.rmtree(self.server.directory, ignore_errors=True)


def timed(command):
    """Seconds, the most bytes of memory at a time, and the output of a command."""
    began = time.monotonic()
    result = subprocess.run(["/usr/bin/time", "-f", "%M", *command], check=True,
                            capture_output=True, text=True)
    return time.monotonic() - began, int(result.stderr.split()[-1]) * 1024, result.stdout


def load_once(server, token):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", "/", headers={"Authorization": f"Bearer {token}"})
    return connection.getresponse().status


def show(rows, figures, running, failed, whole):
    """A table of medians; `whole` adds memory, start and reload."""
    median = {name: [statistics.median(column) for column in zip(*results)]
              for name, results in figures.items()}
    base = median["bare NGINX"]
    titles = ["", "requests/s", "of bare", "CPU µs/request", "added µs"]
    titles += ["memory MiB", "own to the worker MiB", "start s", "reload s"] if whole else []
    print("| " + " | ".join(titles) + " |")
    print("| --- |" + " ---: |" * (len(titles) - 1))
    for name, *_ in rows:
        if name in failed:
            print(f"| {name} | {failed[name]} |" + " |" * (len(titles) - 2))
            continue
        rate, cpu, bad = median[name]
        cells = [f"{rate:,.0f}", f"{rate / base[0]:.2f}", f"{cpu:.2f}", f"{cpu - base[1]:+.2f}"]
        if whole:
            server = running[name]
            memory, own = server.memory()
            cells += [f"{memory / 2**20:.1f}", f"{own / 2**20:.1f}", f"{server.start_seconds:.2f}"]
            try:
                cells.append(f"{server.reload():.2f}")
            except Failed as error:
                cells.append(str(error))
        note = f" ({bad:.0f} not answered 2xx)" if bad else ""
        print(f"| {name}{note} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
