internal import Glibc

/// Notices the end of the launcher, by whatever means it died.
///
/// The launcher alone holds the other end of a pipe; end-of-file on ours means that it does not run any more.
public enum Lifeline {
  /// The variable that names the descriptor of this process's end.
  public static let variable = "TWINS_LIFELINE_FD"

  /// The descriptor that the environment names, where a launcher has started this process.
  public static func descriptor(_ environment: [String: String]) -> Int32? {
    environment[variable].flatMap { Int32($0) }
  }

  /// Calls `end` on a thread of its own when the launcher is gone.
  public static func watch(_ descriptor: Int32, end: @escaping @Sendable () -> Never) {
    let watch = Unmanaged.passRetained(Watch(descriptor, end))
    var thread = pthread_t()
    let failure = pthread_create(
      &thread, nil,
      { watch in
        guard let watch else { return nil }
        let taken = Unmanaged<Watch>.fromOpaque(watch).takeRetainedValue()
        taken.run()
      }, watch.toOpaque())
    guard failure == 0 else {
      fatalError("no thread to watch the launcher: \(String(cString: strerror(failure)))")
    }
    pthread_detach(thread)
  }

  private final class Watch: Sendable {
    private let descriptor: Int32
    private let end: @Sendable () -> Never

    init(_ descriptor: Int32, _ end: @escaping @Sendable () -> Never) {
      self.descriptor = descriptor
      self.end = end
    }

    func run() -> Never {
      var byte: UInt8 = 0
      while true {
        let count = read(descriptor, &byte, 1)
        if count == 0 || (count < 0 && errno != EINTR) { end() }
      }
    }
  }
}
