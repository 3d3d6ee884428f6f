import FoundationEssentials

extension WorkerProcess {
  /// Whether a signal or a debugger holds the process: it is there, and does nothing.
  var isStopped: Bool { Self.isStopped(identifier) }

  static func isStopped(_ process: Int32) -> Bool {
    guard let content = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return false }
    // The state follows the program's name, which stands in parentheses and may hold any character.
    let state = String(decoding: content, as: UTF8.self).split(separator: ")").last?.first { $0 != " " }
    return state == "T" || state == "t"
  }
}
