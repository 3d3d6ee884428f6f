import SystemPackage
import Testing

@testable import Datasets

/// A packing of two shards, of three images and of one, whose changes may stand inside an expectation.
private final class Packing {
  private var queue: PackQueue

  init(most: Int) {
    let sizes = [0: 3, 2: 1]
    queue = PackQueue([0, 2], count: { sizes[$0] ?? 0 }, most: most)
  }

  var failure: DataError? { queue.failure }

  /// Nil where the thread that asks waits or stops.
  func next() -> PackQueue.Place? {
    if case .prepare(let place) = queue.next() { place } else { nil }
  }

  var isOver: Bool { if case .stop = queue.next() { true } else { false } }

  func add(_ index: Int, at place: PackQueue.Place?) {
    guard let place else { return }
    queue.add(
      PackedSample(index: index, label: 0, name: [], bytes: [], ending: "png", width: 1, height: 1), at: place
    )
  }

  func release(_ count: Int) { queue.release(count) }
  func fail(_ error: DataError) { queue.fail(error) }

  /// The numbers of the images that are to be written of a shard, and whether it is whole then; nil where none are.
  func run(of shard: Int) -> Written? {
    queue.run(of: shard).map { Written(images: $0.samples.map(\.index), isLast: $0.isLast) }
  }

  struct Written: Equatable {
    let images: [Int]
    let isLast: Bool
  }
}

@Suite struct PackQueueTests {
  @Test func `threads share the images of a shard, and one of them writes, in order`() {
    let packing = Packing(most: 9)
    let places = (0..<4).compactMap { _ in packing.next() }
    #expect(places.map(\.shard) == [0, 0, 0, 2])
    #expect(places.map(\.position) == [0, 1, 2, 0])
    #expect(packing.isOver)
    packing.add(11, at: places[1])
    #expect(packing.run(of: 0) == nil)
    packing.add(10, at: places[0])
    #expect(packing.run(of: 0) == Packing.Written(images: [10, 11], isLast: false))
    packing.add(12, at: places[2])
    #expect(packing.run(of: 0) == nil, "somebody writes it")
    packing.add(20, at: places[3])
    #expect(
      packing.run(of: 2) == Packing.Written(images: [20], isLast: true), "another shard has its own writer")
  }

  @Test func `images wait while as many are in memory as may be`() {
    let packing = Packing(most: 2)
    let places = (0..<2).map { _ in packing.next() }
    #expect(packing.next() == nil && !packing.isOver)
    packing.add(0, at: places[0])
    #expect(packing.next() == nil)
    #expect(packing.run(of: 0)?.images == [0])
    packing.release(1)
    #expect(packing.next() == PackQueue.Place(shard: 0, position: 2))
  }

  @Test func `after a failure nothing more is prepared or written`() {
    let packing = Packing(most: 9)
    let first = packing.next()
    packing.fail(.notAnImage(path: "a"))
    packing.fail(.notAnImage(path: "b"))
    packing.add(0, at: first)
    #expect(packing.run(of: 0) == nil)
    #expect(packing.isOver)
    #expect(packing.failure == .notAnImage(path: "a"))
  }
}
