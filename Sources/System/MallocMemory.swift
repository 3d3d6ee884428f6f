import CLinux

/// Has malloc keep what is freed, up to 256 MiB, in place of handing large blocks back to the system each time.
public func keepMallocMemory() { linux_keep_memory() }
