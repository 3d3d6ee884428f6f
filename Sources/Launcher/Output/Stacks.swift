import FoundationEssentials
import Glibc
import System

/// Returns a stack line, `program(symbol+0x12)[0x55d0]`, with its function name demangled; nil for any other
/// line.
///
/// The launcher does this while it copies the lines, since the worker's signal handler may not allocate.
func readableStackLine(_ line: UnsafeRawBufferPointer) -> [UInt8]? {
  guard let open = line.lastIndex(of: UInt8(ascii: "(")),
    let plus = line[open...].firstIndex(of: UInt8(ascii: "+")),
    let name = demangled(String(decoding: line[(open + 1)..<plus], as: UTF8.self))
  else { return nil }
  return line[...open] + Array(name.utf8) + line[plus...]
}

private typealias SwiftDemangle =
  @convention(c) (
    UnsafePointer<CChar>, Int, UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<Int>?, UInt32
  ) -> UnsafeMutablePointer<CChar>?
private typealias CppDemangle =
  @convention(c) (
    UnsafePointer<CChar>, UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<Int>?,
    UnsafeMutablePointer<CInt>?
  ) -> UnsafeMutablePointer<CChar>?

/// Nil for a C name, for text that only resembles a mangled name, and where the program was linked without
/// demanglers.
private func demangled(_ symbol: String) -> String? {
  let name: UnsafeMutablePointer<CChar>?
  if symbol.hasPrefix("$s"), let function = dlsym(nil, "swift_demangle") {
    name = unsafeBitCast(function, to: SwiftDemangle.self)(symbol, symbol.utf8.count, nil, nil, 0)
  } else if symbol.hasPrefix("_Z"), let function = dlsym(nil, "__cxa_demangle") {
    name = unsafeBitCast(function, to: CppDemangle.self)(symbol, nil, nil, nil)
  } else {
    return nil
  }
  defer { free(name) }
  return name.map { String(cString: $0) }.flatMap { $0 == symbol ? nil : $0 }
}

/// Describes a process and its threads from /proc, which works even when they cannot run.
enum ProcessNotes {
  /// Returns a line for the process and one for each thread.
  static func lines(of process: pid_t) -> [String] {
    let folder = "/proc/\(process)"
    let threads = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/task")) ?? []
    return ["pid \(process), state \(state(folder)), \(counted(threads.count, "thread"))"]
      + threads.sorted().map { thread in
        let task = "\(folder)/task/\(thread)"
        return "thread \(thread) (\(text("\(task)/comm"))): state \(state(task)), waits in \(place(task))"
      }
  }

  private static func state(_ folder: String) -> String {
    let line = text("\(folder)/status").split(separator: "\n").first { $0.hasPrefix("State:") }
    return line.map { $0.dropFirst("State:".count).drop { $0 == "\t" || $0 == " " } }.map(String.init)
      ?? "unknown"
  }

  /// The kernel function in which a thread waits; 0 while it runs.
  private static func place(_ folder: String) -> String {
    let place = text("\(folder)/wchan")
    return place.isEmpty || place == "0" ? "no call that the kernel names" : place
  }

  private static func text(_ path: String) -> String {
    (ProcFS.text(path) ?? "").split(separator: "\n").joined(separator: "\n")
  }
}
