import CLinux

/// Makes malloc keep up to 256 MiB of freed memory instead of returning large blocks to the system each time.
public func keepMallocMemory() { linux_keep_memory() }
