import Glibc

/// What the user sees: rank 0's stdout as it is, and every other line behind the name of its rank.
struct Console {
  var output = Sink(descriptor: STDOUT_FILENO)
  var errors = Sink(descriptor: STDERR_FILENO)

  /// Whether the reader is so far behind that the workers have to wait.
  var isCongested: Bool { output.isCongested || errors.isCongested }

  /// Passes on one line of a worker.
  mutating func pass(_ line: UnsafeRawBufferPointer, from stream: WorkerStream, rank: Int, prefix: [UInt8]) {
    switch stream {
    case .output: output.write(line, prefix: rank == 0 ? [] : prefix)
    case .errors: errors.write(line, prefix: prefix)
    }
  }

  /// Says something on the launcher's own behalf.
  mutating func say(_ text: String) {
    errors.write("twins-launch: \(text)\n")
  }

  /// What nobody reads any more, and why, each as a clause.
  var lostReaders: [String] {
    [("standard output", output), ("standard error", errors)].compactMap { name, sink in
      sink.failure.map { "nobody reads \(name) (\(errorText($0)))" }
    }
  }

  /// The descriptors whose readers are behind.
  var waitingSinks: [CInt] {
    [output, errors].filter { !$0.isEmpty }.map(\.descriptor)
  }

  /// Writes what the readers take without waiting.
  mutating func flush() {
    output.flush()
    errors.flush()
  }

  /// Writes the rest, but gives up on a reader that takes nothing for `patience`.
  mutating func drain(patience: Duration) {
    output.drain(patience: patience)
    errors.drain(patience: patience)
  }
}

/// The two streams on which a worker writes.
enum WorkerStream: CaseIterable, Sendable {
  case output
  case errors
}
