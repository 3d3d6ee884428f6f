import CLinux
import Foundation

@testable import Collective

/// An empty file in memory, as a launcher makes one for its workers; here for ranks that are threads.
final class TestMemory: Sendable {
  private let descriptor: Int32
  private let limit: Int?

  init(limit: Int? = nil) throws {
    self.limit = limit
    descriptor = linux_memory_file("ring-test")
    guard descriptor >= 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
  }

  /// What a rendezvous tells a rank of it.
  var shared: RingRendezvous.SharedMemory {
    RingRendezvous.SharedMemory(descriptor: descriptor, limit: limit)
  }

  /// The bytes that the file has grown to.
  var length: Int {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? status.st_size : -1
  }

  /// How many mappings of this process show the file.
  var mappings: Int {
    let maps = wholeText(of: "/proc/self/maps")
    var status = stat()
    fstat(descriptor, &status)
    return maps.split(separator: "\n").count {
      $0.contains("memfd:ring-test") && $0.contains(" \(status.st_ino) ")
    }
  }

  /// Whether a file in memory has small pages unless its user asks for large ones.
  static var hasSmallPages: Bool {
    let choice = wholeText(of: "/sys/kernel/mm/transparent_hugepage/shmem_enabled")
    return !["[always]", "[within_size]", "[force]"].contains { choice.contains($0) }
  }

  /// Of the file's bytes, those that each mapping of this process has in place, by address.
  var residentBytes: [Int] {
    var status = stat()
    fstat(descriptor, &status)
    var isOurs = false
    return wholeText(of: "/proc/self/smaps").split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ", omittingEmptySubsequences: true)
      // A mapping's first line begins with its addresses, the others with a name and a colon.
      if !words[0].hasSuffix(":") { isOurs = words.count > 5 && words[4] == "\(status.st_ino)" }
      return isOurs && words[0] == "Rss:" ? Int(words[1]).map { $0 * 1024 } : nil
    }
  }

  /// How many descriptors of this process are the file's.
  var descriptors: Int {
    var own = stat()
    fstat(descriptor, &own)
    return (0..<4096).count {
      var status = stat()
      return fstat(Int32($0), &status) == 0 && status.st_ino == own.st_ino && status.st_dev == own.st_dev
    }
  }

  deinit { close(descriptor) }
}

/// Reads to the end: a file of the kernel's gives less than was asked for long before that.
private func wholeText(of path: String) -> String {
  let file = open(path, O_RDONLY | O_CLOEXEC)
  defer { close(file) }
  var text: [UInt8] = []
  var part = [UInt8](repeating: 0, count: 65_536)
  while case let count = read(file, &part, part.count), count > 0 { text += part.prefix(count) }
  return String(decoding: text, as: UTF8.self)
}
