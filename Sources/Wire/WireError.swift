internal import CZeroMQ

/// A ZeroMQ or system call that failed, with what it was working on.
public struct WireError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The call, such as `zmq_bind`.
  public let call: String
  /// What it was called on: an endpoint, an option, a path.
  public let subject: String
  /// Its `errno`; ZeroMQ's own codes included.
  public let code: Int32

  /// Names a failed call.
  public init(call: String, subject: String, code: Int32) {
    self.call = call
    self.subject = subject
    self.code = code
  }

  /// The call, its subject and the system's words for the code.
  public var description: String {
    "\(call)(\(subject)) failed: \(String(cString: zmq_strerror(code))) (errno \(code))"
  }

  /// Names the ZeroMQ call that just failed on this thread.
  static func last(_ call: String, on subject: String) -> WireError {
    WireError(call: call, subject: subject, code: zmq_errno())
  }
}
