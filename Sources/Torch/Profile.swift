import CTorch

/// Where the time of a thread's operations goes.
public struct Profile: Sendable {
  /// An operation of libtorch's, or one of our own.
  public struct Part: Sendable {
    /// Its name; that of a gradient ends with `, backward`.
    public let name: String
    /// Of its own, without the operations that it calls.
    public let seconds: Double
    /// How often it ran.
    public let calls: Int
    /// Floating-point operations; 0 where they are not counted.
    public let operations: Double
  }

  /// The longest first.
  public let parts: [Part]

  /// Runs `body`; what this thread calls meanwhile is timed.
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
  /// Floating-point operations a second that the processor does in registers, by all threads, for products of a type.
  public static func peakRate(_ type: DType) -> Double {
    var rate = 0.0
    check(ct_peak_rate(type.rawValue, &rate), #fileID, #line)
    return rate
  }
}
