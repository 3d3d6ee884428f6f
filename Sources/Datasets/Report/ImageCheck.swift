import System
import SystemPackage

/// Looks into every image of a list, on several threads.
struct ImageCheck: Sendable {
  let images: any ImageSource
  /// Whether all data are decoded, and not the header alone.
  let decodes: Bool

  /// A file's bytes, as far as they tell it from others; the same in one process alone.
  struct Fingerprint: Hashable {
    let count: Int
    let hash: Int
  }

  /// What was found, by the images' places in the list.
  struct Findings {
    /// What is wrong with those that cannot be used.
    fileprivate(set) var failures: [(index: Int, error: DataError)] = []
    /// Those that can be used.
    fileprivate(set) var fingerprints: [(index: Int, print: Fingerprint)] = []
  }

  private struct Shared {
    var next = 0
    var findings = Findings()
  }

  // So many images are taken at once, so that threads seldom meet.
  private static let turn = 16

  /// Looks into all, the findings in the order of the list.
  func findings(threads: Int) -> Findings {
    let shared = Monitor(Shared())
    let workers = (0..<max(1, min(threads, images.count))).map { _ in
      OwnedThread.started("decode") { work(shared) }
    }
    for worker in workers { worker.join() }
    var findings = shared.withLock(\.findings)
    findings.failures.sort { $0.index < $1.index }
    findings.fingerprints.sort { $0.index < $1.index }
    return findings
  }

  private func work(_ shared: Monitor<Shared>) {
    let (file, strip) = (FileMemory(), ByteBuffer())
    var own = Findings()
    while let turn = shared.withLock(take) {
      for index in turn {
        do throws(DataError) {
          own.fingerprints.append((index, try look(at: index, file, strip)))
        } catch {
          own.failures.append((index, error))
        }
      }
    }
    shared.withLock { state in
      state.findings.failures += own.failures
      state.findings.fingerprints += own.fingerprints
    }
  }

  private func take(_ state: inout Shared) -> Range<Int>? {
    guard state.next < images.count else { return nil }
    defer { state.next += Self.turn }
    return state.next..<min(state.next + Self.turn, images.count)
  }

  private func look(
    at index: Int, _ file: FileMemory, _ strip: ByteBuffer
  ) throws(DataError) -> Fingerprint {
    let bytes = try images.contents(of: index, in: file)
    let image = try EncodedImage(bytes, path: images[index].path)
    if decodes { try image.requireSound(strip) }
    var hasher = Hasher()
    hasher.combine(bytes: UnsafeRawBufferPointer(bytes))
    return Fingerprint(count: bytes.count, hash: hasher.finalize())
  }
}
