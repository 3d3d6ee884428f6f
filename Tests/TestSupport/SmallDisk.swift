import Foundation
import Glibc
import System

/// A small file system in memory that only one thread and those that it starts can see; it goes with the last of them.
public enum SmallDisk {
  /// Whether this process may make one, as root may.
  public static let isPossible = (try? run(size: "1m") { _ in }) != nil

  /// Why there is none.
  public struct Refused: Error {
    let errno: CInt
  }

  /// Runs `body` on a thread of its own with an empty file system of that size.
  public static func run(size: String, _ body: @escaping @Sendable (Mounted) throws -> Void) throws {
    let path = "\(NSTemporaryDirectory())small-disk-\(UUID())"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    // On this thread, for which it is no mount point.
    defer { try? FileManager.default.removeItem(atPath: path) }
    let result = Monitor<Result<Void, any Error>?>(nil)
    let ended = DispatchSemaphore(value: 0)
    let thread = Thread {
      let outcome = Result {
        let disk = Mounted(path: path)
        try disk.mount(size: size)
        try body(disk)
      }
      result.withLock { $0 = outcome }
      ended.signal()
    }
    thread.start()
    ended.wait()
    try result.withLock { try $0?.get() }
  }

  /// An empty file system.
  public struct Mounted {
    /// Where it is, for those that can see it.
    public let path: String

    /// Leaves only so many bytes free, more or less; the file that does it.
    public func fill(leaving bytes: Int) throws -> String {
      let ballast = "\(path)/ballast-\(UUID())"
      let file = open(ballast, O_WRONLY | O_CREAT, 0o600)
      defer { close(file) }
      var size = 0
      // Others may take room meanwhile.
      for _ in 0..<1000 {
        let excess = try free - bytes
        if excess <= 0 { return ballast }
        if posix_fallocate(file, off_t(size), off_t(excess)) == 0 { size += excess }
      }
      throw Refused(errno: ENOSPC)
    }

    private var free: Int {
      get throws {
        let attributes = try FileManager.default.attributesOfFileSystem(forPath: path)
        return attributes[.systemFreeSize] as? Int ?? 0
      }
    }

    fileprivate func mount(size: String) throws {
      typealias Unshare = @convention(c) (CInt) -> CInt
      let unshare = unsafeBitCast(dlsym(nil, "unshare"), to: Unshare.self)
      let newMounts: CInt = 0x20000
      guard unshare(newMounts) == 0 else { throw Refused(errno: errno) }
      let (privately, recursively): (UInt, UInt) = (1 << 18, 1 << 14)
      try call("none", "/", nil, privately | recursively, nil)
      try call("tmpfs", path, "tmpfs", 0, "size=\(size)")
    }

    /// From here on nothing can be written.
    public func makeReadOnly() throws {
      let (readOnly, again): (UInt, UInt) = (1, 32)
      try call("tmpfs", path, "tmpfs", readOnly | again, nil)
    }

    private func call(_ source: String, _ target: String, _ type: String?, _ flags: UInt, _ data: String?)
      throws
    {
      typealias Mount =
        @convention(c) (
          UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafePointer<CChar>?, UInt, UnsafePointer<CChar>?
        ) -> CInt
      let mount = unsafeBitCast(dlsym(nil, "mount"), to: Mount.self)
      guard mount(source, target, type ?? "none", flags, data ?? "") == 0 else { throw Refused(errno: errno) }
    }
  }
}
