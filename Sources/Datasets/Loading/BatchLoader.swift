import Randomness
import System

/// Decodes batches ahead of the one who trains on them, on threads of its own; used by one thread.
///
/// ```swift
/// loader.start(batches: sampler.batches(epoch: epoch, rank: rank), epoch: epoch)
/// while let batch = try loader.next() {
///   …
///   loader.recycle(batch)
/// }
/// ```
/// Batches come in the order asked for, with the same bytes whatever the number of threads. At most `depth` batches are
/// ready or being decoded at any time. Threads share a batch image by image, and sleep while the queue is full.
public final class BatchLoader {
  private let decoder: ViewDecoder
  private let shared: Monitor<Shared>
  private var threads: [OwnedThread] = []
  /// The default number of batches that are ready or being decoded.
  public static let usualDepth = 2

  /// The most threads: beyond this they wait for each other when claiming images. On two cores 64 threads
  /// pass 26,000 images a second, enough for several cards; 208 threads pass 10,000.
  private static let mostThreads = 64

  /// The useful number of threads for `processors` processors: one each, but no more than the images that a
  /// loader decodes at a time.
  public static func threads(on processors: Int, batchSize: Int) -> Int {
    max(1, min(processors, usualDepth * batchSize, mostThreads))
  }

  // Decodes on the caller's thread if there are no decode threads.
  private let inlineReader: ImageDecoder?

  /// The state shared by the loader's threads and its owner.
  private struct Shared {
    var queue: BatchQueue
    var work = LoaderWork()
    var isClosed = false
  }

  /// Makes a loader and starts its threads, which sleep until `start`.
  ///
  /// - Parameters:
  /// - folder: The source of the images.
  /// - transform: Turns an image into a view; its `size` is the views' height and width.
  /// - batchSize: The largest number of views in a batch.
  /// - seed: With epoch and index, the key of a view's randomness.
  /// - threads: The number of decode threads; with 0, `next` decodes on its caller's thread (for debugging).
  /// - depth: The number of batches prepared ahead.
  /// - failures: How to treat an image that cannot be used.
  /// - times: With 0 threads, receives the times of the images' stages.
  public convenience init(
    folder: any ImageSource, transform: any Transform, batchSize: Int, seed: UInt64, threads: Int,
    depth: Int = BatchLoader.usualDepth, failures: Failures = .replaced(inARow: 0), times: StageTimes? = nil
  ) {
    self.init(
      folder: folder, transform: transform, batchSize: batchSize, seed: seed, threads: threads, depth: depth,
      failures: failures, retries: ReadRetries(), times: times)
  }

  /// How to treat images that cannot be used.
  public enum Failures: Sendable {
    /// Replaces up to this many damaged images in a row by the next one; with 0, and for unreadable files,
    /// the epoch ends.
    case replaced(inARow: Int)
    /// Makes their views black and names them in the batch; the epoch goes on.
    case black
  }

  init(
    folder: any ImageSource, transform: any Transform, batchSize: Int, seed: UInt64, threads: Int,
    depth: Int, failures: Failures, retries: ReadRetries, times: StageTimes? = nil
  ) {
    precondition(batchSize > 0 && threads >= 0, "\(batchSize) views on \(threads) threads")
    let size = transform.size
    let decoder = ViewDecoder(folder: folder, transform: transform, seed: seed, failures: failures)
    let queue = BatchQueue(
      depth: threads == 0 ? 1 : depth, label: { folder.label(at: $0 % folder.count) },
      makeBatch: { PixelBatch(capacity: batchSize, size: size) })
    let shared = Monitor(Shared(queue: queue))
    self.decoder = decoder
    self.shared = shared
    inlineReader = threads == 0 ? ImageDecoder(retries: retries, times: times) : nil
    self.threads = (0..<threads).map { _ in
      OwnedThread.started("decode") {
        Self.decodeUntilClosed(decoder, ImageDecoder(retries: retries), shared)
      }
    }
  }

  deinit {
    close()
  }

  /// Begins an epoch of `batches`, given as a sampler's view numbers; drops an epoch that is not finished.
  ///
  /// Views i, i + n, i + 2n… of a folder with n images show image i, each with its own randomness.
  public func start(batches: some RandomAccessCollection<[Int]>, epoch: Int) {
    shared.update { state in
      precondition(!state.isClosed, "the loader is closed")
      state.queue.start(batches, epoch: epoch)
      state.work = LoaderWork()
      return true
    }
  }

  /// Returns the next batch, waiting if necessary; nil at the end of the epoch.
  ///
  /// Throws the error of the first image, in order, that could not be read, which ends the epoch.
  public func next() throws(DataError) -> PixelBatch? {
    if let inlineReader { decodeInline(inlineReader) }
    switch shared.wait(for: { $0.isClosed ? .end : $0.queue.take() }) {
    case .batch(let batch):
      // Wakes the threads: there is room for another batch.
      shared.update { _ in true }
      return batch
    case .failure(let error): throw error
    case .end: return nil
    }
  }

  /// The work of the loader's threads since `start`.
  public var work: LoaderWork { shared.withLock(\.work) }

  /// Returns a batch's memory for reuse; its pixels must not be read afterwards.
  public func recycle(_ batch: PixelBatch) {
    shared.update { state in
      state.queue.recycle(batch)
      return false
    }
  }

  /// Ends the threads, even in the middle of an epoch, and waits for them; deinitialisation does the same.
  public func close() {
    shared.update { state in
      state.isClosed = true
      return true
    }
    for thread in threads { thread.join() }
    threads = []
  }

  private enum Work {
    case image(BatchQueue.Claim)
    case stop
  }

  private static func decodeUntilClosed(
    _ decoder: ViewDecoder, _ reader: ImageDecoder, _ shared: Monitor<Shared>
  ) {
    while case .image(let claim) = shared.wait(for: nextWork) { work(on: claim, decoder, reader, shared) }
  }

  private static func nextWork(_ state: inout Shared) -> Work? {
    state.isClosed ? .stop : state.queue.claim().map(Work.image)
  }

  private static func work(
    on claim: BatchQueue.Claim, _ decoder: ViewDecoder, _ reader: ImageDecoder, _ shared: Monitor<Shared>
  ) {
    let (watch, read) = (Stopwatch(), reader.readSeconds)
    let outcome = decoder.decode(claim, with: reader)
    let (all, reading) = (watch.elapsed, reader.readSeconds - read)
    shared.update { state in
      state.work.reading += reading
      state.work.making += all - reading
      return state.queue.finish(claim, outcome)
    }
  }

  private func decodeInline(_ reader: ImageDecoder) {
    while let claim = shared.wait(for: { Optional.some($0.queue.claim()) }) {
      Self.work(on: claim, decoder, reader, shared)
    }
  }
}

/// Decodes one claimed image into its place; every decode thread has a copy.
struct ViewDecoder: Sendable {
  let folder: any ImageSource
  let transform: any Transform
  let seed: UInt64
  let failures: BatchLoader.Failures

  /// The result of a claim.
  enum Outcome {
    case whole
    /// Damaged images were replaced by the folder's next one, with its label, or by nothing.
    case replaced(label: Int, damage: [Damage])
    case failed(DataError)
  }

  /// Writes the claim's view.
  ///
  /// The replacement of a damaged image depends only on the folder, and its randomness only on the view, so
  /// the result is the same for any number of ranks. Missing or unreadable images are not replaced.
  func decode(_ claim: BatchQueue.Claim, with reader: ImageDecoder) -> Outcome {
    if !claim.upcoming.isEmpty { folder.willRead(claim.upcoming.map { $0 % folder.count }) }
    let batch = claim.open.batch
    let view = batch.indices[claim.position]
    let generator = KeyedGenerator(seed: seed, stream: .geometry, epoch: claim.open.epoch, index: view)
    let pixels = batch.view(at: claim.position)
    var damage: [Damage] = []
    while true {
      let image = (view + damage.count) % folder.count
      let label = folder.label(at: image)
      do throws(DataError) {
        try reader.read(image, of: folder, transform, generator: generator, into: pixels)
        return damage.isEmpty ? .whole : .replaced(label: label, damage: damage)
      } catch {
        damage.append(Damage(image: image, error: error))
        switch failures {
        case .black:
          pixels.update(repeating: 0)
          return .replaced(label: label, damage: damage)
        case .replaced(let most):
          guard error.damagedFile != nil, damage.count <= min(most, folder.count - 1) else {
            return .failed(error)
          }
        }
      }
    }
  }
}
