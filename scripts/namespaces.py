"""Hosts that are network namespaces of this machine, whose virtual cables to one switch can be limited."""

import os
import subprocess
import sys
import time


class Namespaces:
    """Some of them, by IPv4 and IPv6; gone with the processes that hold them, at the latest with this program's."""

    LINK = "veth-twins"

    def __init__(self, rate=None, count=2):
        """The rate, each way, is in tc's words, such as 1gbit; None leaves cables as fast as the processor."""
        if os.geteuid() != 0:
            sys.exit(f"{sys.argv[0]}: network namespaces are root's to make; run it as root")
        self.rate, self.count = rate, count

    @staticmethod
    def address(host, family=4):
        return f"10.77.0.{host + 1}" if family == 4 else f"fd77::{host + 1}"

    def __enter__(self):
        # The last one is the switch.
        self.holders = [subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE) for _ in range(self.count + 1)]
        own = os.readlink("/proc/self/ns/net")
        while any(os.readlink(f"/proc/{holder.pid}/ns/net") == own for holder in self.holders):
            time.sleep(0.01)
        self._run(self.count, "ip", "link", "add", "switch", "type", "bridge")
        self._run(self.count, "ip", "link", "set", "switch", "up")
        for host in range(self.count):
            self._connect(host)
        return self

    def _connect(self, host):
        port, switch = f"port{host}", self.count
        ends = ("type", "veth", "peer", "name", port, "netns", str(self.holders[switch].pid))
        self._run(host, "ip", "link", "add", self.LINK, *ends)
        self._run(switch, "ip", "link", "set", port, "master", "switch")
        for family, length, late in ((4, 24, ()), (6, 64, ("nodad",))):
            # Without duplicate address detection an IPv6 address can be used at once.
            self._run(host, "ip", "address", "add", f"{self.address(host, family)}/{length}", "dev", self.LINK, *late)
        self._run(host, "ip", "link", "set", "lo", "up")
        for place, link in ((host, self.LINK), (switch, port)):
            self._run(place, "ip", "link", "set", link, "up")
            if self.rate:
                limit = ("tbf", "rate", self.rate, "burst", "512kb", "latency", "100ms")
                self._run(place, "tc", "qdisc", "add", "dev", link, "root", *limit)

    def __exit__(self, *_):
        for holder in self.holders:
            holder.stdin.close()
            holder.wait()

    def inside(self, host):
        """What goes before a command that is to run on a host."""
        return ["nsenter", f"--net=/proc/{self.holders[host].pid}/ns/net"]

    def set_link(self, host, state):
        """Pulls a host's cable out ("down"), or plugs it in again ("up")."""
        self._run(host, "ip", "link", "set", self.LINK, state)

    def _run(self, host, *command):
        done = subprocess.run([*self.inside(host), *command], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)} ended with {done.returncode}\n{done.stderr}")
