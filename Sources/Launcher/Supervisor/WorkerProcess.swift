import CLinux
import Flags
import FoundationEssentials
import Glibc
import Recipe
import RunControl
import System

/// A worker process that is running, or has ended but is not reaped yet.
final class WorkerProcess {
  let rank: Int
  let identifier: pid_t
  /// A pidfd, which becomes readable when the process ends and never refers to another process.
  let handle: Descriptor
  private var output: Descriptor?
  private var errors: Descriptor?

  init(
    rank: Int, identifier: pid_t, handle: consuming Descriptor,
    output: consuming Descriptor, errors: consuming Descriptor
  ) {
    output.stopBlocking()
    errors.stopBlocking()
    self.rank = rank
    self.identifier = identifier
    self.handle = handle
    self.output = consume output
    self.errors = consume errors
  }

  /// One whose streams are a file's.
  private init(rank: Int, identifier: pid_t, handle: consuming Descriptor) {
    self.rank = rank
    self.identifier = identifier
    self.handle = handle
  }

  /// The read end of a stream's pipe, while it is open.
  func pipe(of stream: WorkerStream) -> CInt? {
    switch stream {
    case .output: output?.number
    case .errors: errors?.number
    }
  }

  func closePipe(of stream: WorkerStream) {
    switch stream {
    case .output: output = nil
    case .errors: errors = nil
    }
  }

  /// Sends a signal to the worker and to every process that it started in its group.
  func send(_ signal: Signal) {
    kill(-identifier, signal.number)
  }

  /// Collects the ending of a process that has ended, and takes along what it left running in its group.
  func collect() -> Ending {
    // Before waitpid: until then the kernel gives the group's number to nobody else.
    send(.kill)
    var status: CInt = 0
    while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
    return Ending(waitStatus: status)
  }
}

extension WorkerProcess {
  /// Whether a signal or a debugger holds the process: it is there, and does nothing.
  var isStopped: Bool { Self.isStopped(identifier) }

  static func isStopped(_ process: Int32) -> Bool {
    let state = ProcFS.Process(process)?.state
    return state == "T" || state == "t"
  }

  /// Whether the process has a handler for the signal.
  func catches(_ signal: Signal) -> Bool {
    let text = ProcFS.text("/proc/\(identifier)/status") ?? ""
    guard let start = text.firstRange(of: "SigCgt:")?.upperBound,
      let caught = UInt64(text[start...].prefix { $0 != "\n" }.filter { !$0.isWhitespace }, radix: 16)
    else { return false }
    return caught >> (signal.number - 1) & 1 == 1
  }
}

extension WorkerProcess {
  /// The number under which a worker inherits the read end of the launcher's lifeline.
  static let lifelineDescriptor: CInt = 3
  /// The number under which a worker inherits the file that all ranks share, where there is one.
  static let memoryDescriptor: CInt = 4
  /// The number under which a worker inherits the board, where there is one.
  static let boardDescriptor: CInt = 5
  /// The number under which a worker inherits what it is to do, where it is to read no flags.
  static let requestDescriptor: CInt = 6
  /// The number under which the first of the workers of several hosts inherits the socket of their store.
  static let storeDescriptor: CInt = 7

  /// What a worker inherits beside its standard streams, by number in the launcher.
  struct Inheritance {
    /// The read end of the launcher's lifeline.
    let lifeline: CInt
    /// The file that all ranks share, above the numbers that workers get.
    var memory: CInt?
    /// The board, above the numbers that workers get.
    var board: CInt?
    /// The socket of the store of all hosts, above the numbers that workers get.
    var store: CInt?

    /// What the worker is to do, above the numbers that workers get.
    fileprivate var request: CInt?

    init(lifeline: CInt, memory: CInt? = nil, board: CInt? = nil, store: CInt? = nil) {
      (self.lifeline, self.memory, self.board, self.store) = (lifeline, memory, board, store)
    }

    /// What has a number above the lifeline's, by that number.
    fileprivate var shared: [(number: CInt, file: CInt?)] {
      [
        (memoryDescriptor, memory), (boardDescriptor, board), (requestDescriptor, request),
        (storeDescriptor, store),
      ]
    }

    /// The highest number that a worker gets.
    fileprivate var last: CInt { shared.last { $0.file != nil }?.number ?? lifelineDescriptor }
  }

  /// Starts a worker in a process group of its own, with an empty stdin, two pipes and its inheritance;
  /// nothing else.
  static func spawn(
    _ command: WorkerCommand, rank: Int, inheriting inheritance: Inheritance
  ) throws(LaunchError) -> WorkerProcess {
    let output = try Pipe()
    let errors = try Pipe()
    let nothing = try Descriptor(open("/dev/null", O_RDONLY | O_CLOEXEC), from: "open /dev/null")
    let request: Descriptor? =
      if let request = command.task.request { try .memoryFile(holding: request.document) } else { nil }
    var inheritance = inheritance
    // Borrowed, as in `Attempt.inheritance`; open until this function returns.
    inheritance.request =
      switch request {
      case .some(let file): file.number
      case .none: nil
      }
    let identifier = try start(
      command, input: nothing.number, output: output.writing.number, errors: errors.writing.number,
      inheritance)
    return WorkerProcess(
      rank: rank, identifier: identifier, handle: try openHandle(of: identifier),
      output: output.reading, errors: errors.reading)
  }

  /// Starts a worker likewise, with both streams going to a file.
  static func spawn(
    _ command: WorkerCommand, rank: Int, inheriting inheritance: Inheritance,
    writingTo log: borrowing Descriptor
  ) throws(LaunchError) -> WorkerProcess {
    let nothing = try Descriptor(open("/dev/null", O_RDONLY | O_CLOEXEC), from: "open /dev/null")
    let identifier = try start(
      command, input: nothing.number, output: log.number, errors: log.number, inheritance)
    return WorkerProcess(rank: rank, identifier: identifier, handle: try openHandle(of: identifier))
  }

  private static func openHandle(of process: pid_t) throws(LaunchError) -> Descriptor {
    do {
      return try Descriptor(linux_open_process(process), from: "pidfd_open")
    } catch {
      // Nobody would supervise it.
      kill(-process, SIGKILL)
      waitpid(process, nil, 0)
      throw error
    }
  }

  private static func start(
    _ command: WorkerCommand, input: CInt, output: CInt, errors: CInt, _ inheritance: Inheritance
  ) throws(LaunchError) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO)
    posix_spawn_file_actions_adddup2(&actions, inheritance.lifeline, lifelineDescriptor)
    for (number, file) in inheritance.shared where number <= inheritance.last {
      if let file {
        posix_spawn_file_actions_adddup2(&actions, file, number)
      } else {
        // Whatever the launcher has under that number is not for workers; what is closed already is no
        // failure.
        posix_spawn_file_actions_addclose(&actions, number)
      }
    }
    _ = linux_spawn_closing_from(&actions, inheritance.last + 1)

    var attributes = freshAttributes()
    defer { posix_spawnattr_destroy(&attributes) }
    var process: pid_t = 0
    let failure = withCStrings([command.program] + command.task.arguments) { arguments in
      withCStrings(command.environment.map { "\($0.key)=\($0.value)" }) { environment in
        posix_spawn(&process, command.program, &actions, &attributes, arguments, environment)
      }
    }
    guard failure == 0 else { throw refusal(of: command.program, failure) }
    return process
  }

  private static func refusal(of program: String, _ errno: CInt) -> LaunchError {
    let error = LaunchError(call: program, errno: errno)
    // What is no program is no trouble with reading one.
    let isNone = [EACCES, ENOENT, ENOEXEC, ENOTDIR, ELOOP].contains(errno)
    return isNone ? LaunchError(error.description, exitStatus: .badConfiguration) : error
  }

  /// A process group of its own, no signal blocked, and those that the launcher changed as they are by default.
  private static func freshAttributes() -> posix_spawnattr_t {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    for number in [SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGPIPE, SIGCHLD, SIGXFSZ] {
      sigaddset(&signals, number)
    }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    return attributes
  }
}

/// Lends the strings as a null-terminated array of C strings, as exec(3) wants them.
func withCStrings<Result>(
  _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
  let copies: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
  defer { for copy in copies { free(copy) } }
  return copies.withUnsafeBufferPointer { buffer in
    // `copies` always holds the final nil, so the buffer has an address.
    guard let start = buffer.baseAddress else { preconditionFailure("an empty argument array") }
    return body(start)
  }
}
