import CTorch

/// The time that each kind of operation of a thread takes.
public struct Profile: Sendable {
  /// An operation of libtorch or of the project's kernels.
  public struct Part: Sendable {
    /// The operation's name; a gradient's ends with `, backward`.
    public let name: String
    /// Its own seconds, without the operations that it calls.
    public let seconds: Double
    /// How often it ran.
    public let calls: Int
    /// Floating-point operations; 0 where they are not counted.
    public let operations: Double
  }

  /// The operations, the longest first.
  public let parts: [Part]

  /// Runs `body` and times the operations that this thread calls.
  public init<Failure: Error>(_ body: () throws(Failure) -> Void) throws(Failure) {
    check(ct_profile_begin(), #fileID, #line)
    let result = Result { () throws(Failure) in try body() }
    var parts: [Part] = []
    let status = withUnsafeMutablePointer(to: &parts) { parts in
      ct_profile_end(
        { parts, name, seconds, calls, operations in
          guard let parts = parts?.assumingMemoryBound(to: [Part].self), let name else { return }
          parts.pointee.append(
            Part(name: String(cString: name), seconds: seconds, calls: Int(calls), operations: operations))
        }, parts)
    }
    check(status, #fileID, #line)
    self.parts = parts.sorted { $0.seconds > $1.seconds }
    try result.get()
  }
}

extension Runtime {
  /// The processor's peak rate in floating-point operations per second: all threads, products of a type in
  /// registers.
  public static func peakRate(_ type: DType) -> Double {
    var rate = 0.0
    check(ct_peak_rate(type.rawValue, &rate), #fileID, #line)
    return rate
  }
}
