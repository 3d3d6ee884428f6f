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
    command = [str(word) for word in command]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        output, errors = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        # Not SIGKILL: a launcher takes its workers along.
        process.terminate()
        process.communicate()
        sys.exit(f"{' '.join(command)} has not ended in {limit} s")
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}\n{errors}")
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def torchrun(workers):
    """The command that starts a peer's ranks, or None where PEER_PYTHON names no Python that has torch."""
    peer = os.environ.get("PEER_PYTHON")
    return [peer, "-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={workers}"] if peer else None
