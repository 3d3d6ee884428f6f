import Glibc
import System

extension Supervisor {
  /// One stream of one worker that can be read.
  struct Source {
    let rank: Int
    let stream: WorkerStream
  }

  /// Waits for anything to do, at most until `deadline`; returns the streams that have something to read.
  func waitForInput(until deadline: Duration?) -> [Source] {
    // While the reader of our own output is behind, the workers' lines stay in their pipes.
    let sources = console.isCongested ? [] : openStreams
    var entries = sources.map { pollfd(fd: pipe(of: $0), events: Int16(POLLIN), revents: 0) }
    let others =
      [ended.descriptor.number, signals.descriptor.number] + [control?.descriptor].compactMap { $0 }
    entries += others.map {
      pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
    }
    entries += console.waitingSinks.map { pollfd(fd: $0, events: Int16(POLLOUT), revents: 0) }
    guard poll(&entries, nfds_t(entries.count), milliseconds(until: deadline)) > 0 else { return [] }
    return zip(sources, entries).filter { $1.revents != 0 }.map(\.0)
  }

  /// Reads from a stream once, so that a worker that floods its pipe cannot keep the others waiting.
  func read(_ source: Source) {
    guard let worker = workers[source.rank] else { return }
    if readOnce(source.stream, of: worker) == .end { close(source.stream, of: worker) }
  }

  /// Reads what a worker that has ended left in its pipes, and closes them.
  ///
  /// At most one full pipe is read of each: a process that escaped from the group may go on writing.
  func readRest(of worker: WorkerProcess) {
    for stream in WorkerStream.allCases {
      for _ in 0..<Self.readsOfFullPipe where readOnce(stream, of: worker) != .some { break }
      close(stream, of: worker)
    }
  }

  /// Keeps what a worker writes from now on to its log, and adds what the kernel says of it.
  func expectStacks(of worker: WorkerProcess) {
    let output = outputs[worker.rank]
    output.isQuiet = true
    for line in ProcessNotes.lines(of: worker.identifier) { output.note(line, console: &console) }
  }
}

extension Supervisor {
  private enum ReadResult { case some, nothing, end }

  private static let readSize = 64 * 1024
  /// A pipe holds 1 MiB at most, by the kernel's default.
  private static let readsOfFullPipe = 16

  private var openStreams: [Source] {
    workers.values.flatMap { worker in
      WorkerStream.allCases.filter { worker.pipe(of: $0) != nil }
        .map { Source(rank: worker.rank, stream: $0) }
    }
  }

  private func pipe(of source: Source) -> CInt {
    workers[source.rank]?.pipe(of: source.stream) ?? -1
  }

  private func milliseconds(until deadline: Duration?) -> CInt {
    guard let deadline else { return -1 }
    let rest = max(.zero, deadline - now) / .milliseconds(1)
    return CInt(min(rest.rounded(.up), 60_000))
  }

  private func readOnce(_ stream: WorkerStream, of worker: WorkerProcess) -> ReadResult {
    guard let pipe = worker.pipe(of: stream) else { return .end }
    return withUnsafeTemporaryAllocation(byteCount: Self.readSize, alignment: 1) { buffer in
      let count = Glibc.read(pipe, buffer.baseAddress, buffer.count)
      guard count > 0 else { return count == 0 ? .end : .nothing }
      let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
      outputs[worker.rank].receive(bytes, from: stream, into: &console)
      return .some
    }
  }

  private func close(_ stream: WorkerStream, of worker: WorkerProcess) {
    outputs[worker.rank].finish(stream, into: &console)
    worker.closePipe(of: stream)
  }
}
