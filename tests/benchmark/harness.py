"""What `run` and `scale` share: servers that are started and ended, a home for the daemon, load."""

import collections
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = SOURCE / "tests/node_modules/@octokit/webhooks-examples/api.github.com/index.json"
SECRET = b"It's a Secret to Everybody"
CONNECTIONS = 64
READY_SECONDS = 60
DRAIN_SECONDS = 120
SUCCEEDED = 3  # as the store counts the statuses of runs

WEBHOOK = "on: {{ webhook: {{ path: {path}, connector: github, credential: github-webhook }} }}\n"
# Ends within the transaction that is acknowledged.
ACK = WEBHOOK + "steps:\n  - set: {{ action: '${{{{ .trigger.body.action }}}}' }}\n"
FLOW = WEBHOOK + """steps:
  - http:
      method: POST
      url: {sink}
      json:
        text: >-
          New issue: ${{{{ .trigger.body.issue.title }}}} by ${{{{ .trigger.body.sender.login }}}}
"""

Load = collections.namedtuple("Load", "requests p50 p99")  # latencies in ms
Body = collections.namedtuple("Body", "name origin data")


def fail(message):
    sys.exit(f"benchmark: {message}")


def require_programs(build, programs):
    for program in programs:
        if not (build / program).exists():
            fail(f"{build} holds no {program}: configure with -DTBA_BENCHMARKS=ON and build")
    if not shutil.which("wrk"):
        fail("wrk is missing: apt install wrk")


def wait_until(condition, seconds, what, pause=0.002):
    """The first true value that condition() gives, which is asked with pauses of so many seconds."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            fail(f"{what} within {seconds} s")
        time.sleep(pause)
    return value


def in_fresh_folder(parent, measure, *arguments):
    """measure(folder, *arguments), in a folder that is gone afterwards."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tba-benchmark-", dir=parent))
    try:
        return measure(folder, *arguments)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def median_of(rounds):
    return {name: statistics.median(result[name] for result in rounds) for name in rounds[0]}


def machine():
    """When and on what this measures, and what else that had to do."""
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")),
                 platform.machine())
    return (f"{time.strftime('%Y-%m-%d %H:%M')}, {os.cpu_count()} cores ({model}), "
            f"load before: {os.getloadavg()[0]:.1f}")


# --- bodies


def issue_opened():
    """GitHub's example of issues.opened, or as many bytes that are shaped alike."""
    if EXAMPLES.is_file():
        events = json.loads(EXAMPLES.read_text())
        examples = next(event["examples"] for event in events if event["name"] == "issues")
        found = next(example for example in examples if example.get("action") == "opened")
        origin = "GitHub's example"
    else:
        urls = {f"link_{i}_url": f"https://api.github.com/repos/octo/hello/link/{i}" for i in range(40)}
        found = {"action": "opened", "issue": {"title": "Spelling error in the README file", **urls},
                 "repository": {"id": 186853002, **urls}, "organization": urls,
                 "sender": {"login": "octo", **urls}}
        origin = "made up: packaging/test fetches GitHub's"
    return Body("issue", origin, json.dumps(found, separators=(",", ":"), ensure_ascii=False).encode())


def one_kilobyte():
    text = {"action": "opened", "text": ""}
    text["text"] = "x" * (1024 - len(json.dumps(text, separators=(",", ":"))))
    return Body("1 kB", "made up", json.dumps(text, separators=(",", ":")).encode())


# --- processes


class Process:
    """A server of ours, ended when the `with` ends."""

    def __init__(self, *command, **options):
        self.popen = subprocess.Popen([str(part) for part in command], text=True, **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.popen.terminate()
        try:
            self.popen.wait(30)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()

    def cpu_seconds(self):
        """What its threads have taken, user and system. Requires: none of them has ended."""
        tasks = pathlib.Path(f"/proc/{self.popen.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9

    def told_of(self, name):
        """A number of /proc/PID/status."""
        status = pathlib.Path(f"/proc/{self.popen.pid}/status").read_text()
        return int(status.split(name + ":")[1].split()[0])

    def resident_mb(self):
        return self.told_of("VmRSS") / 1024

    def most_resident_mb(self):
        return self.told_of("VmHWM") / 1024

    def threads(self):
        return self.told_of("Threads")


class Bare(Process):
    """bare_ack, bare_flow or sink: they print their port."""

    def __init__(self, program, *arguments):
        super().__init__(program, 0, *arguments, stdout=subprocess.PIPE)
        self.url = f"http://127.0.0.1:{self.popen.stdout.readline().strip()}/"

    def ask(self, what):
        connection = http.client.HTTPConnection(self.url.split("/")[2], timeout=10)
        connection.request("GET", "/" + what)
        return connection.getresponse().read().decode()

    def count(self):
        return int(self.ask("count"))


def make_home(home, workflows, config=""):
    """A daemon's home with the workflows given by name; may be there already."""
    (home / "workflows").mkdir(parents=True, exist_ok=True)
    (home / "config.yaml").write_text('http: { listen: "127.0.0.1:0" }\n' + config)
    for name, text in workflows.items():
        (home / f"workflows/{name}.yaml").write_text(text)
    return home


class Daemon(Process):
    """The daemon on a home, from its start until it is ready."""

    def __init__(self, build, home):
        self.cli, self.home = build / "tba-integrate", home
        log = home / "daemon.log"
        begun = time.monotonic()
        with log.open("wb") as stream:
            super().__init__(build / "tba-integrated", "--home", home, stderr=stream)
        wait_until(lambda: '"ready"' in log.read_text() or self.popen.poll() is not None, READY_SECONDS,
                   "the daemon was not ready")
        if self.popen.poll() is not None:
            fail(f"the daemon did not start: {log.read_text()}")
        self.start_seconds = time.monotonic() - begun
        self.ready_cpu_seconds = self.cpu_seconds()

    def tba(self, *arguments, **options):
        answer = subprocess.run([self.cli, "--home", self.home, *arguments], text=True,
                                capture_output=True, **options)
        if answer.returncode != 0:
            fail(f"tba-integrate {' '.join(arguments)}: {answer.stderr}")
        return answer.stdout

    def set_webhook_secret(self):
        self.tba("credential", "set", "github-webhook", "--connector", "github", "--auth", "webhook",
                 input=SECRET.decode() + "\n")

    def hooks(self):
        listening = self.status()["listen"]
        return next(address for address in listening if address.startswith("http:")) + "/hooks/"

    def status(self):
        return json.loads(self.tba("daemon", "status", "--output", "json"))

    def is_idle(self):
        return self.status()["runs"]["active"] == 0

    def query(self, sql, *values):
        """The rows that the database gives."""
        store = sqlite3.connect(f"file:{self.home}/tba.db?mode=ro", uri=True)
        try:
            return store.execute(sql, values).fetchall()
        finally:
            store.close()

    def finished_runs(self):
        return self.query("SELECT count(*) FROM runs WHERE status = ?", SUCCEEDED)[0][0]


def load(url, body, folder, seconds, signed=True, pause=None):
    """Has wrk post the body for so long, as GitHub would deliver it or bare; with a pause, in ms, of
    each connection before each request."""
    file = folder / "body.json"
    file.write_bytes(body.data)
    signature = "sha256=" + hmac.new(SECRET, body.data, hashlib.sha256).hexdigest()
    delivery = ["issues", signature] if signed else []
    pauses = [str(pause)] if pause else []
    wrk = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "30s", "-s",
                          SOURCE / "tests/benchmark/post.lua", url, "--", file, *delivery, *pauses],
                         text=True, capture_output=True, timeout=seconds + 60)
    found = [line.split()[1:] for line in wrk.stdout.splitlines() if line.startswith("done ")]
    if not found:
        fail(f"wrk: {wrk.stdout}{wrk.stderr}")
    requests, p50, p99, errors = map(float, found[0])
    if errors:
        fail(f"wrk met {errors:.0f} errors at {url}")
    return Load(int(requests), p50 / 1000, p99 / 1000)
