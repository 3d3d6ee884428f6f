import Collective
import Glibc
import Recipe
import RunControl
import System

/// The result of one worker that runs to its end before the others start, such as a dry run that checks the
/// start for all.
struct Rehearsal {
  let ending: Ending
  /// The signal that ended the launcher's wait early.
  let interruption: Signal?
  /// What it printed, by stream.
  private let printed: [WorkerStream: [UInt8]]

  /// Runs a worker until it ends, or until a signal asks the launcher to stop.
  ///
  /// - Parameters:
  ///    - command: A command as for rank 0, but for a worker that meets no other rank.
  ///    - patience: How long it may take before it is killed; nil for no limit.
  init(
    _ command: WorkerCommand, _ signals: borrowing SignalReader, patience: Duration? = nil
  ) throws(LaunchError) {
    let deadline = patience.map { ContinuousClock.now + $0 }
    let alone = WorkerCommand(
      program: command.program, task: command.task,
      environment: command.environment.filter {
        $0.key == RingRendezvous.sizeVariable || !RingRendezvous.variables.contains($0.key)
      })
    let lifeline = try Pipe()
    let worker = try WorkerProcess.spawn(
      alone, rank: 0, inheriting: WorkerProcess.Inheritance(lifeline: lifeline.reading.number))
    var printed: [WorkerStream: [UInt8]] = [:]
    var interruption: Signal?
    while interruption == nil, deadline.map({ .now < $0 }) ?? true,
      Self.isRunning(worker, signals, until: deadline)
    {
      while let signal = signals.next() {
        if SignalReader.stopping.contains(signal) { interruption = signal }
      }
      Self.read(worker, into: &printed)
    }
    // Also kills it where it is still running.
    ending = worker.collect()
    Self.read(worker, into: &printed)
    self.printed = printed
    self.interruption = interruption
  }

  /// Waits for something to happen; returns whether the worker may still write.
  private static func isRunning(
    _ worker: WorkerProcess, _ signals: borrowing SignalReader, until deadline: ContinuousClock.Instant?
  ) -> Bool {
    let others = WorkerStream.allCases.compactMap { worker.pipe(of: $0) } + [signals.descriptor.number]
    var entries = ([worker.handle.number] + others).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    let patience = deadline.map { CInt(max(0, ($0 - .now) / .milliseconds(1)).rounded(.up)) } ?? -1
    while poll(&entries, nfds_t(entries.count), patience) < 0, errno == EINTR {}
    return entries[0].revents == 0
  }

  /// Reads what is available without waiting.
  private static func read(_ worker: WorkerProcess, into printed: inout [WorkerStream: [UInt8]]) {
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    for stream in WorkerStream.allCases {
      while let pipe = worker.pipe(of: stream) {
        let count = Glibc.read(pipe, &bytes, bytes.count)
        if count == 0 { worker.closePipe(of: stream) }
        guard count > 0 else { break }
        printed[stream, default: []] += bytes.prefix(count)
      }
    }
  }
}

extension Rehearsal {
  /// The worker's stdout.
  var output: String { String(decoding: printed[.output] ?? [], as: UTF8.self) }

  /// The worker's stderr.
  var errors: String {
    String(decoding: printed[.errors] ?? [], as: UTF8.self).split(separator: "\n").joined(separator: "; ")
  }

  /// Prints the worker's output; throws where it could not be written.
  func show() throws(LaunchError) {
    var fault: LaunchError?
    for (stream, descriptor) in [(WorkerStream.output, STDOUT_FILENO), (.errors, STDERR_FILENO)] {
      var sink = Sink(descriptor: descriptor)
      sink.write(String(decoding: printed[stream] ?? [], as: UTF8.self))
      sink.drain(patience: .seconds(5))
      if stream == .output { fault = sink.failure.map(LaunchError.init(unwrittenOutput:)) }
    }
    if let fault { throw fault }
  }

  /// The error with which every other worker would end too; nil where this one succeeded or the cause may
  /// pass.
  var refusal: LaunchError? {
    guard !ending.isOrderly, let code = lastingCode else { return nil }
    let text = String(decoding: printed[.errors] ?? [], as: UTF8.self)
    if let fault = LoaderFault(text) { return LaunchError(fault.description, exitStatus: .noDevice) }
    let message = text.split(separator: "twins-worker: error: ", maxSplits: 1).last ?? text[...]
    return LaunchError(message.split(separator: "\n").joined(separator: "\n"), exitStatus: code)
  }

  private var lastingCode: ExitStatus? {
    guard case .exited(let status) = ending else { return nil }
    // 127 is the dynamic loader's status where a library is missing or cannot be mapped; it has printed which
    // one.
    if status == 127 { return .badConfiguration }
    return ending.mayPass ? nil : ExitStatus(rawValue: status)
  }
}
