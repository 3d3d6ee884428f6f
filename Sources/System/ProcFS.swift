import SystemPackage

/// What the kernel tells of processes and of the machine, in small files of text.
public enum ProcFS {
  /// The text of such a file, if it can be read; 64 KiB of it at most.
  public static func text(_ path: String) -> String? { text(path, atMost: 65_536) }

  /// The text of such a file, if it can be read, and no more than so many bytes of it.
  public static func text(_ path: String, atMost most: Int) -> String? {
    guard let file = try? RegularFile(FilePath(path)) else { return nil }
    var bytes = [UInt8](repeating: 0, count: most)
    let count = bytes.withUnsafeMutableBytes { try? file.read(into: $0) }
    return count.map { String(decoding: bytes.prefix($0), as: UTF8.self) }
  }

  /// The number behind a name that begins a line, as in /proc/meminfo and a control group's `memory.stat`.
  public static func number(after name: String, in text: String) -> Int? {
    for line in text.split(separator: "\n") {
      let words = line.split(whereSeparator: \.isWhitespace)
      if words.count > 1, words[0] == name { return Int(words[1]) }
    }
    return nil
  }

  /// A process as `/proc/PID/stat` tells of it.
  public struct Process: Equatable, Sendable {
    /// What it is doing, as `R` for running and `T` for stopped; see proc(5).
    public let state: Character
    /// When it started, in ticks since boot: together with the process's number it does not come again.
    public let start: UInt64
    /// Who started it, or took it over.
    public let parent: Int32
    /// What all of its threads have taken of the processors, in ticks.
    public let ticks: UInt64
    /// Its memory that is not swapped out, in pages.
    public let residentPages: Int

    /// Nil where there is no such process.
    public init?(_ number: Int32) {
      guard let text = ProcFS.text("/proc/\(number)/stat") else { return nil }
      self.init(stat: text)
    }

    /// Reads the file's text; the fields are counted behind the program's name, which may hold anything.
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

    /// Whether it has ended, and its parent has not collected it: it does no more.
    public var hasEnded: Bool { state == "Z" || state == "X" }
  }
}
