"""Hosts that are network namespaces of this machine, joined by a virtual cable whose rate can be limited."""

import os
import subprocess
import sys
import time


class Namespaces:
    """Two of them, by IPv4 and IPv6; gone with the processes that hold them, at the latest with this program's."""

    ADDRESSES = {4: ("10.77.0.1", "10.77.0.2"), 6: ("fd77::1", "fd77::2")}
    LINK = "veth-twins"

    def __init__(self, rate=None):
        """The rate is in tc's words, such as 1gbit; None leaves the cable as fast as the processor."""
        if os.geteuid() != 0:
            sys.exit(f"{sys.argv[0]}: network namespaces are root's to make; run it as root")
        self.rate = rate

    def __enter__(self):
        self.holders = [subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE) for _ in range(2)]
        own = os.readlink("/proc/self/ns/net")
        while any(os.readlink(f"/proc/{holder.pid}/ns/net") == own for holder in self.holders):
            time.sleep(0.01)
        first, second = (str(holder.pid) for holder in self.holders)
        ends = ("type", "veth", "peer", "name", self.LINK, "netns", second)
        self._run("ip", "link", "add", self.LINK, "netns", first, *ends)
        for host in range(2):
            for family, addresses in self.ADDRESSES.items():
                own = f"{addresses[host]}/{24 if family == 4 else 64}"
                # Without duplicate address detection an IPv6 address can be used at once.
                late = ("nodad",) if family == 6 else ()
                self._run(*self.inside(host), "ip", "address", "add", own, "dev", self.LINK, *late)
            for link in ("lo", self.LINK):
                self._run(*self.inside(host), "ip", "link", "set", link, "up")
            if self.rate:
                limit = ("tbf", "rate", self.rate, "burst", "512kb", "latency", "100ms")
                self._run(*self.inside(host), "tc", "qdisc", "add", "dev", self.LINK, "root", *limit)
        return self

    def __exit__(self, *_):
        for holder in self.holders:
            holder.stdin.close()
            holder.wait()

    def inside(self, host):
        """What goes before a command that is to run on a host."""
        return ["nsenter", f"--net=/proc/{self.holders[host].pid}/ns/net"]

    def _run(self, *command):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)} ended with {done.returncode}\n{done.stderr}")
