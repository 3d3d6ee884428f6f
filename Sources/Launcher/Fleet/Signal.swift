import Glibc

/// A signal by number, printed by its name.
struct Signal: Hashable, Sendable {
  let number: CInt

  init(_ number: CInt) {
    self.number = number
  }

  static let hangUp = Signal(SIGHUP)
  static let interrupt = Signal(SIGINT)
  static let terminate = Signal(SIGTERM)
  static let kill = Signal(SIGKILL)
  static let user1 = Signal(SIGUSR1)
  static let user2 = Signal(SIGUSR2)
}

extension Signal: CustomStringConvertible {
  var description: String {
    Self.names[number] ?? "signal \(number)"
  }

  private static let names: [CInt: String] = [
    SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL", SIGTRAP: "SIGTRAP",
    SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGKILL: "SIGKILL", SIGUSR1: "SIGUSR1",
    SIGSEGV: "SIGSEGV", SIGUSR2: "SIGUSR2", SIGPIPE: "SIGPIPE", SIGALRM: "SIGALRM", SIGTERM: "SIGTERM",
    SIGXCPU: "SIGXCPU", SIGXFSZ: "SIGXFSZ", SIGSYS: "SIGSYS",
  ]
}
