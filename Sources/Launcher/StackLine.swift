import Glibc

/// A line of a stack, `program(symbol+0x12)[0x55d0]`, with its function's name as the source has it.
///
/// The launcher does this, as it copies the lines: in the worker's signal handler nothing may allocate.
func readableStackLine(_ line: String) -> String {
  guard let open = line.lastIndex(of: "("), let plus = line[open...].firstIndex(of: "+") else { return line }
  let symbol = line.index(after: open)..<plus
  guard let name = demangled(String(line[symbol])) else { return line }
  return line[..<symbol.lowerBound] + name + line[symbol.upperBound...]
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

/// Nil for a name of C, and where this program was linked without the functions that know.
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
  return name.map { String(cString: $0) }
}
