"""Mounts a folder as a disk that answers late: opening a file takes MS milliseconds, and so does each read from it.

    python slow_disk.py FOLDER MOUNTPOINT MS        # fusepy, libfuse2; ends with umount or Ctrl-C
"""

import os
import sys
import time

from fuse import FUSE, Operations

FIELDS = ("st_atime", "st_ctime", "st_gid", "st_mode", "st_mtime", "st_nlink", "st_size", "st_uid")


class SlowDisk(Operations):
    def __init__(self, root, milliseconds):
        self.root, self.delay = root, milliseconds / 1000

    def getattr(self, path, fh=None):
        status = os.stat(self.root + path)
        return {field: getattr(status, field) for field in FIELDS}

    def readdir(self, path, fh):
        return [".", "..", *os.listdir(self.root + path)]

    def open(self, path, flags):
        time.sleep(self.delay)
        return os.open(self.root + path, flags)

    def read(self, path, size, offset, fh):
        time.sleep(self.delay)
        return os.pread(fh, size, offset)

    def release(self, path, fh):
        os.close(fh)


folder, mountpoint, milliseconds = sys.argv[1:]
FUSE(SlowDisk(folder, float(milliseconds)), mountpoint, foreground=True, ro=True, attr_timeout=60, entry_timeout=60)
