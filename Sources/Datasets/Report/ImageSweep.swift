import System
import SystemPackage

/// Goes through all images of a list on several threads.
struct ImageSweep<Finding: Sendable>: Sendable {
  let images: any ImageSource
  /// Looks at one image, with memory of its thread for the file and for pixels.
  let look: @Sendable (_ index: Int, FileMemory, ByteBuffer) throws(DataError) -> Finding

  /// What was found, in the order of the list.
  struct Findings {
    /// Of images that can be used.
    fileprivate(set) var found: [(index: Int, finding: Finding)] = []
    /// What is wrong with the others.
    fileprivate(set) var failures: [(index: Int, error: DataError)] = []
  }

  private struct Shared {
    var next = 0
    var findings = Findings()
  }

  // So many images are taken at once, so that threads seldom meet.
  private static var turn: Int { 16 }

  /// Looks at all.
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
