import Dispatch
import Testing

/// Has each test of a suite run on a thread of the suite's own.
///
/// Whole runs are waited for, most of the time for nothing but a process; the threads that all tests share are as many as cores.
struct OwnThread: SuiteTrait, TestTrait, TestScoping {
  private let thread: ThreadExecutor
  let isRecursive = true

  fileprivate init(_ name: String) { thread = ThreadExecutor(name) }

  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    try await withTaskExecutorPreference(thread) { try await function() }
  }
}

extension Trait where Self == OwnThread {
  static func thread(_ name: String) -> Self { OwnThread(name) }
}

/// Runs jobs one after another on a queue's thread.
private final class ThreadExecutor: TaskExecutor {
  private let queue: DispatchQueue

  init(_ name: String) { queue = DispatchQueue(label: name) }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
