import Collective
import Glibc
import Recipe
import RunControl
import System

/// What one worker came to that checked a start for all of them, by `--dry-run`, before any is started.
struct Rehearsal {
  let ending: Ending
  /// The signal to the launcher that ended it early.
  let interruption: Signal?
  /// What it printed, by stream.
  private let printed: [WorkerStream: [UInt8]]

  /// Runs a worker to its end, or to a signal that asks the launcher to stop.
  ///
  /// - Parameters:
  ///   - command: As for rank 0, which meets the others; this one meets nobody.
  ///   - patience: How long it may take before it is ended; nil for as long as it does.
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
    // Also ends it, where it has not ended by itself.
    ending = worker.collect()
    Self.read(worker, into: &printed)
    self.printed = printed
    self.interruption = interruption
  }

  /// Waits for anything to do; whether the worker may have more to say.
  private static func isRunning(
    _ worker: WorkerProcess, _ signals: borrowing SignalReader, until deadline: ContinuousClock.Instant?
  ) -> Bool {
    let others = WorkerStream.allCases.compactMap { worker.pipe(of: $0) } + [signals.descriptor.number]
    var entries = ([worker.handle.number] + others).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    let patience = deadline.map { CInt(max(0, ($0 - .now) / .milliseconds(1)).rounded(.up)) } ?? -1
    while poll(&entries, nfds_t(entries.count), patience) < 0, errno == EINTR {}
    return entries[0].revents == 0
  }

  /// Takes what is there.
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
  /// What the worker printed as its answer.
  var output: String { String(decoding: printed[.output] ?? [], as: UTF8.self) }

  /// What it complained of.
  var errors: String {
    String(decoding: printed[.errors] ?? [], as: UTF8.self).split(separator: "\n").joined(separator: "; ")
  }

  /// Passes on what the worker printed; throws where the answer has not arrived.
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

  /// Why every worker would end so, once more and again; nil where all is well, or where the trouble may pass.
  var refusal: LaunchError? {
    guard !ending.isOrderly, let code = lastingCode else { return nil }
    let text = String(decoding: printed[.errors] ?? [], as: UTF8.self)
    if let fault = LoaderFault(text) { return LaunchError(fault.description, exitStatus: .noDevice) }
    let message = text.split(separator: "twins-worker: error: ", maxSplits: 1).last ?? text[...]
    return LaunchError(message.split(separator: "\n").joined(separator: "\n"), exitStatus: code)
  }

  private var lastingCode: ExitStatus? {
    guard case .exited(let status) = ending else { return nil }
    // The dynamic loader's, where a library is not there or finds no room; it says which.
    if status == 127 { return .badConfiguration }
    return ending.mayPass ? nil : ExitStatus(rawValue: status)
  }
}
