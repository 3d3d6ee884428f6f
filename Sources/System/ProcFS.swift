import SystemPackage

/// Reads what the kernel reports about processes and the machine in /proc.
public enum ProcFS {
  /// The text of such a file, at most 64 KiB; nil if it cannot be read.
  public static func text(_ path: String) -> String? { text(path, atMost: 65_536) }

  /// At most `most` bytes of such a file's text; nil if it cannot be read.
  public static func text(_ path: String, atMost most: Int) -> String? {
    guard let file = try? RegularFile(FilePath(path)) else { return nil }
    var bytes = [UInt8](repeating: 0, count: most)
    let count = bytes.withUnsafeMutableBytes { try? file.read(into: $0) }
    return count.map { String(decoding: bytes.prefix($0), as: UTF8.self) }
  }

  /// The number after a name at the start of a line, as in /proc/meminfo and a control group's `memory.stat`.
  public static func number(after name: String, in text: String) -> Int? {
    for line in text.split(separator: "\n") {
      let words = line.split(whereSeparator: \.isWhitespace)
      if words.count > 1, words[0] == name { return Int(words[1]) }
    }
    return nil
  }

  /// A process as described by `/proc/PID/stat`.
  public struct Process: Equatable, Sendable {
    /// Its state, such as `R` for running and `T` for stopped; see proc(5).
    public let state: Character
    /// When it started, in ticks since boot; together with the process's number this is unique.
    public let start: UInt64
    /// The process that started or adopted it.
    public let parent: Int32
    /// Processor time of all its threads, in ticks.
    public let ticks: UInt64
    /// Its resident memory, in pages.
    public let residentPages: Int

    /// Nil if there is no such process.
    public init?(_ number: Int32) {
      guard let text = ProcFS.text("/proc/\(number)/stat") else { return nil }
      self.init(stat: text)
    }

    /// Parses the file's text; fields are counted after the program's name, which may contain anything.
    public init?(stat text: String) {
      guard let name = text.lastIndex(of: ")") else { return nil }
      let fields = text[text.index(after: name)...].split(separator: " ")
      guard fields.count > 21, let state = fields[0].first, let start = UInt64(fields[19]),
        let parent = Int32(fields[1]), let user = UInt64(fields[11]), let system = UInt64(fields[12]),
        let pages = Int(fields[21])
      else { return nil }
      (self.state, self.start, self.parent) = (state, start, parent)
      (ticks, residentPages) = (user &+ system, pages)
    }

    /// Whether it is a zombie or dead, so does nothing more.
    public var hasEnded: Bool { state == "Z" || state == "X" }
  }
}
