"""What the scripts that measure share."""

import datetime
import json
import os
import pathlib
import platform
import subprocess
import sys


def machine():
    """The date, the processor and its cores, in a few words, for the heading of a report."""
    return f"{datetime.date.today()}, {processor()}, {os.cpu_count()} cores"


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def reports(command, limit=600):
    """The JSON objects that a command prints, a line each; ends this program where the command fails or takes too long."""
    return reports_of([command], limit=limit)


def reports_of(commands, environment=None, limit=600):
    """What the first of some commands prints that run together, likewise."""
    commands = [[str(word) for word in command] for command in commands]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": environment}
    processes = [subprocess.Popen(command, **pipes) for command in commands]
    outputs = []
    for command, process in zip(commands, processes):
        try:
            output, errors = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            # Not SIGKILL: a launcher takes its workers along.
            for other in processes:
                other.terminate()
                other.communicate()
            sys.exit(f"{' '.join(command)} has not ended in {limit} s")
        if process.returncode != 0:
            sys.exit(f"{' '.join(command)} ended with {process.returncode}\n{errors}")
        outputs.append(output)
    return [json.loads(line) for line in outputs[0].splitlines() if line.startswith("{")]


def torchrun(workers):
    """The command that starts a peer's ranks, or None where PEER_PYTHON names no Python that has torch."""
    peer = os.environ.get("PEER_PYTHON")
    return [peer, "-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={workers}"] if peer else None
