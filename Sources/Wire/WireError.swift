internal import CZeroMQ

/// A failed ZeroMQ or system call, with what it worked on.
public struct WireError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The call, such as `zmq_bind`.
  public let call: String
  /// What it worked on: an endpoint, an option, a path.
  public let subject: String
  /// The call's `errno`, which may be one of ZeroMQ's own codes.
  public let code: Int32

  /// Makes the error of a failed call.
  public init(call: String, subject: String, code: Int32) {
    self.call = call
    self.subject = subject
    self.code = code
  }

  /// The call, its subject and the system's message for the code.
  public var description: String {
    "\(call)(\(subject)) failed: \(String(cString: zmq_strerror(code))) (errno \(code))"
  }

  /// The error of the ZeroMQ call that just failed on this thread.
  static func last(_ call: String, on subject: String) -> WireError {
    WireError(call: call, subject: subject, code: zmq_errno())
  }
}
