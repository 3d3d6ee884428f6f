import Glibc
import System

/// A worker that runs, or has ended and not been collected yet.
final class WorkerProcess {
  let rank: Int
  let identifier: pid_t
  /// Becomes readable when the process ends, and never stands for another process.
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
