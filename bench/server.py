"""An NGINX with one worker on loopback, and what it costs: time, CPU, memory."""

import http.client
import pathlib
import re
import resource
import signal
import socket
import subprocess
import time

# Most bytes of private memory that a process may have: a contender that needs more fails, and not
# the machine.
MEMORY = 12 << 30

FRAME = """
daemon off; {single} worker_processes 1; pid {dir}/nginx.pid; error_log {dir}/error.log error;
{modules}
events {{ worker_connections 1024; }}
http {{
    access_log off; keepalive_requests 1000000000; server_tokens off;
    client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi; client_max_body_size 64m;
    {http}
    server {{ listen 127.0.0.1:{port} backlog=1024; {server} location / {{ {location} }} }}
}}
"""


class Failed(Exception):
    """A contender that does not start, or not in time; the text says how."""


def instructions(nginx, directory, header, settings):
    """User instructions that one more request costs, counted by Valgrind."""
    few, many = (counted(nginx, directory, header, settings, n) for n in (200, 1200))
    return (many - few) / 1000


def counted(nginx, directory, header, settings, requests):
    """Instructions of a whole run of a single process."""
    tool = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={directory}/callgrind.out"]
    server = Server([*tool, nginx], directory, single=True, **settings)
    name, value = header.split(": ", 1)
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    for _ in range(requests):
        connection.request("GET", "/", headers={name: value})
        connection.getresponse().read()
    connection.close()
    server.stop()
    text = (directory / "callgrind.out").read_text()
    return int(re.search(r"^(?:summary|totals): (\d+)", text, re.M)[1])


class Server:
    """A running NGINX; `nginx` is its command."""

    def __init__(self, nginx, directory, modules="", http="", server="", location="empty_gif;",
                 limit=100, single=False):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o755)
        self.port = free_port()
        (self.directory / "nginx.conf").write_text(FRAME.format(
            dir=self.directory, modules=modules, http=http, server=server, location=location,
            port=self.port, single="master_process off;" if single else ""))
        began = time.monotonic()
        self.master = subprocess.Popen(
            [*([nginx] if isinstance(nginx, str) else nginx), "-e", self.directory / "error.log", "-p", self.directory, "-c", "nginx.conf"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY)))
        while not self.listens():
            if self.master.poll() is not None:
                raise Failed(f"does not start ({self.master.returncode}): {self.last_error()}")
            if time.monotonic() - began > limit:
                self.stop()
                raise Failed(f"does not start within {limit} s")
            time.sleep(0.001)
        self.start_seconds = time.monotonic() - began

    def listens(self):
        """Whether a worker answers: the master listens before it has read everything."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
                connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
                return connection.recv(1) != b""
        except OSError:
            return False

    def workers(self):
        path = f"/proc/{self.master.pid}/task/{self.master.pid}/children"
        return [int(word) for word in pathlib.Path(path).read_text().split()]

    def worker(self):
        return self.workers()[-1]

    def cpu(self):
        """Nanoseconds of CPU that the worker has used."""
        return int(pathlib.Path(f"/proc/{self.worker()}/schedstat").read_text().split()[0])

    def memory(self):
        """Bytes: all processes (each shared page once), and what only the worker has."""
        all_pss = sum(rollup(pid, "Pss") for pid in [self.master.pid, *self.workers()])
        own = rollup(self.worker(), "Private_Clean") + rollup(self.worker(), "Private_Dirty")
        return all_pss, own

    def reload(self, limit=100):
        """Seconds from the signal to the end of the old worker."""
        old, began = self.worker(), time.monotonic()
        self.master.send_signal(signal.SIGHUP)
        while old in self.workers() or not self.workers():
            if time.monotonic() - began > limit:
                raise Failed(f"does not reload within {limit} s")
            time.sleep(0.001)
        return time.monotonic() - began

    def last_error(self):
        log = self.directory / "error.log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        return lines[-1][:160] if lines else "no message"

    def stop(self):
        self.master.send_signal(signal.SIGTERM)
        try:
            self.master.wait(60)
        except subprocess.TimeoutExpired:
            self.master.kill()
            self.master.wait()


def rollup(pid, field):
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(n) for n in re.findall(rf"^{field}:\s+(\d+) kB", text, re.M)) * 1024


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def load(server, seconds, headers=(), body=None, path="/", connections=16):
    """Requests per second, CPU microseconds per request, and how many were not answered 2xx."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s"]
    for header in headers:
        command += ["-H", header]
    if body is not None:
        content_type, data = body
        (server.directory / "request.body").write_bytes(data)
        script = server.directory / "post.lua"
        script.write_text(
            f'wrk.method = "POST"\nwrk.headers["Content-Type"] = "{content_type}"\n'
            f'local file = io.open("{server.directory}/request.body", "rb")\n'
            'wrk.body = file:read("*a")\nfile:close()\n')
        command += ["-s", script]
    before = server.cpu()
    output = subprocess.run([*command, f"http://127.0.0.1:{server.port}{path}"], check=True,
                            capture_output=True, text=True).stdout
    used = server.cpu() - before
    requests = int(re.search(r"(\d+) requests in", output)[1])
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1])
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    return rate, used / 1000 / max(requests, 1), int(bad[1]) if bad else 0

