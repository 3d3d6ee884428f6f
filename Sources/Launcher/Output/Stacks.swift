import FoundationEssentials
import Glibc
import System

/// A line of a stack, `program(symbol+0x12)[0x55d0]`, with its function's name as the source has it; nil for any other line.
///
/// The launcher does this, as it copies the lines: in the worker's signal handler nothing may allocate.
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

/// Nil for a name of C, and for what only looks like another one, and where this program was linked without the functions that know.
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

/// What the kernel says of a process and its threads: also where they cannot say anything themselves.
enum ProcessNotes {
  /// A line for the process and one for each thread.
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

  /// Where in the kernel a thread waits; 0 while it computes.
  private static func place(_ folder: String) -> String {
    let place = text("\(folder)/wchan")
    return place.isEmpty || place == "0" ? "no call that the kernel names" : place
  }

  private static func text(_ path: String) -> String {
    (ProcFS.text(path) ?? "").split(separator: "\n").joined(separator: "\n")
  }
}
