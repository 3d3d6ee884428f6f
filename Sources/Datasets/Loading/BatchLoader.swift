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
  /// So many batches are ready or being decoded where nobody says otherwise.
  public static let usualDepth = 2

  /// More than so many wait for one another where they take images: 64 threads pass 26,000 images a second on two cores, which is
  /// what several cards take; 208 pass 10,000.
  private static let mostThreads = 64

  /// How many threads are of use where there are so many processors for them: one each, but no more than a loader has images in
  /// hand at any time.
  public static func threads(on processors: Int, batchSize: Int) -> Int {
    max(1, min(processors, usualDepth * batchSize, mostThreads))
  }

  // Decodes on the caller's thread where there are no others.
  private let inlineReader: ImageDecoder?

  /// What the loader's threads and its owner share.
  private struct Shared {
    var queue: BatchQueue
    var work = LoaderWork()
    var isClosed = false
  }

  /// Makes a loader and starts its threads, which sleep until `start`.
  ///
  /// - Parameters:
  ///   - folder: where the views come from.
  ///   - transform: how an image becomes a view; its `size` is the views' height and width.
  ///   - batchSize: the largest number of views in a batch.
  ///   - seed: with epoch and index, the key of a view's randomness.
  ///   - threads: how many decode; with 0, `next` decodes on its caller's thread (for debugging).
  ///   - depth: how many batches are prepared ahead.
  ///   - failures: what is done about an image that cannot be used.
  ///   - times: what the stages of images take is added there, with 0 threads.
  public convenience init(
    folder: any ImageSource, transform: any Transform, batchSize: Int, seed: UInt64, threads: Int,
    depth: Int = BatchLoader.usualDepth, failures: Failures = .replaced(inARow: 0), times: StageTimes? = nil
  ) {
    self.init(
      folder: folder, transform: transform, batchSize: batchSize, seed: seed, threads: threads, depth: depth,
      failures: failures, retries: ReadRetries(), times: times)
  }

  /// What is done about images that cannot be used.
  public enum Failures: Sendable {
    /// So many damaged ones in a row are replaced by the next one; with 0, and for what cannot be read, the epoch ends.
    case replaced(inARow: Int)
    /// Their views are black, and the batch names them; nothing ends.
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

  /// Begins an epoch of `batches`, given as a sampler's view numbers; an epoch still under way is dropped.
  ///
  /// Views i, i + n, i + 2n… of a folder with n images are views of image i with randomness of their own.
  public func start(batches: some RandomAccessCollection<[Int]>, epoch: Int) {
    shared.update { state in
      precondition(!state.isClosed, "the loader is closed")
      state.queue.start(batches, epoch: epoch)
      state.work = LoaderWork()
      return true
    }
  }

  /// The next batch, after a wait if it is not ready; nil at the end of the epoch.
  ///
  /// Throws the error of the first image in order that could not be read, which ends the epoch.
  public func next() throws(DataError) -> PixelBatch? {
    if let inlineReader { decodeInline(inlineReader) }
    switch shared.wait(for: { $0.isClosed ? .end : $0.queue.take() }) {
    case .batch(let batch):
      // There is room for another batch now.
      shared.update { _ in true }
      return batch
    case .failure(let error): throw error
    case .end: return nil
    }
  }

  /// What its threads have been busy with since `start`.
  public var work: LoaderWork { shared.withLock(\.work) }

  /// Gives a batch back, whose memory a later one will use; its pixels must not be read any more.
  public func recycle(_ batch: PixelBatch) {
    shared.update { state in
      state.queue.recycle(batch)
      return false
    }
  }

  /// Ends the threads, also in the middle of an epoch, and waits for them; happens by itself when the loader goes.
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

/// Decodes one claimed image into its place; a value that every decode thread has.
struct ViewDecoder: Sendable {
  let folder: any ImageSource
  let transform: any Transform
  let seed: UInt64
  let failures: BatchLoader.Failures

  /// What became of a claim.
  enum Outcome {
    case whole
    /// Images were damaged, and the next one of the folder stands in for them, with its label, or nothing does.
    case replaced(label: Int, damage: [Damage])
    case failed(DataError)
  }

  /// Writes the claim's view.
  ///
  /// Which image stands in for a damaged one depends on the folder alone, and its randomness on the view, so that
  /// any number of ranks sees the same. Images that are missing or cannot be read are not passed over.
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
