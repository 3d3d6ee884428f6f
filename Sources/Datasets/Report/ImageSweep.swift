import System
import SystemPackage

/// Examines all images of a list on several threads.
struct ImageSweep<Finding: Sendable>: Sendable {
  let images: any ImageSource
  /// Examines one image, with its thread's memory for files and pixels.
  let look: @Sendable (_ index: Int, FileMemory, ByteBuffer) throws(DataError) -> Finding

  /// The results, in the order of the list.
  struct Findings {
    /// The findings for usable images.
    fileprivate(set) var found: [(index: Int, finding: Finding)] = []
    /// The errors of the others.
    fileprivate(set) var failures: [(index: Int, error: DataError)] = []
  }

  private struct Shared {
    var next = 0
    var findings = Findings()
  }

  // The number of images that a thread takes at once, so that threads seldom contend.
  private static var turn: Int { 16 }

  /// Examines all images.
  func findings(threads: Int) -> Findings {
    let shared = Monitor(Shared())
    let workers = (0..<max(1, min(threads, images.count))).map { _ in
      OwnedThread.started("decode") { work(shared) }
    }
    for worker in workers { worker.join() }
    var findings = shared.withLock(\.findings)
    findings.found.sort { $0.index < $1.index }
    findings.failures.sort { $0.index < $1.index }
    return findings
  }

  private func work(_ shared: Monitor<Shared>) {
    let (file, memory) = (FileMemory(), ByteBuffer())
    var own = Findings()
    while let turn = shared.withLock(take) {
      for index in turn {
        do throws(DataError) {
          own.found.append((index, try look(index, file, memory)))
        } catch {
          own.failures.append((index, error))
        }
      }
    }
    shared.withLock { state in
      state.findings.found += own.found
      state.findings.failures += own.failures
    }
  }

  private func take(_ state: inout Shared) -> Range<Int>? {
    guard state.next < images.count else { return nil }
    defer { state.next += Self.turn }
    return state.next..<min(state.next + Self.turn, images.count)
  }
}
