import Foundation
import Glibc
import System
import TestSupport
import Testing

@testable import Checkpoint

@Suite struct CheckpointWriterTests {
  let folder: TemporaryFolder
  var store: CheckpointStore

  init() throws {
    folder = try TemporaryFolder()
    store = CheckpointStore(folder: "\(folder.path)/checkpoints")
  }

  @Test func `training goes on while it writes`() throws {
    let gate = Gate()
    let writer = CheckpointWriter(store.on(gate.disk))
    var values: [Float] = [1, 2, 3]
    #expect(values.withUnsafeBytes { writer.begin(CheckpointName(epoch: 0), values: $0) })
    values = [7, 8, 9]
    #expect(writer.isBusy && writer.takeOutcome() == nil)
    #expect(!writer.wait(within: .zero))
    #expect(
      !writer.begin(CheckpointName(epoch: 1), state: 1) { _ in Issue.record("it copies during a save") })
    gate.open()
    #expect(writer.wait(within: .seconds(60)))
    #expect(!writer.isBusy)
    let saved = try #require(try writer.takeOutcome()?.get())
    #expect(saved.name == "epoch-0000" && saved.byteCount >= 12 && saved.removed == [])
    #expect(writer.takeOutcome() == nil)
    let found = try #require(store.newestVerified().checkpoint)
    #expect(try found.tensors(of: "model").floats("w") == [1, 2, 3])
    #expect(try found.state(Int.self) == 0)
    #expect(folder.names("checkpoints") == ["epoch-0000"])
  }

  @Test func `a writer that goes loses nothing`() throws {
    // A slow disk, so that the writer goes while the save is under way.
    let disk = FileSystem { _ in
      usleep(2000)
      return .proceed
    }
    for epoch in 0..<3 {
      var writer: CheckpointWriter? = CheckpointWriter(store.on(disk))
      #expect(writer?.begin(CheckpointName(epoch: epoch), floats: 10) == true)
      writer = nil
      #expect(try store.newestVerified().checkpoint?.state(Int.self) == epoch)
    }
  }

  /// A later save takes the memory of an earlier one, whatever the tensors' sizes.
  @Test func `memory is used again`() throws {
    let writer = CheckpointWriter(store)
    let counts = [10, 20_000_000, 3, 1000]
    var places: [[UnsafeMutableRawPointer?]] = []
    for epoch in 0..<2 {
      var seen: [UnsafeMutableRawPointer?] = []
      let isTaken = writer.begin(CheckpointName(epoch: epoch), state: epoch) { snapshot in
        for (index, count) in counts.enumerated() {
          let bytes = snapshot.take(count)
          seen.append(bytes.baseAddress)
          bytes.initializeMemory(as: UInt8.self, repeating: UInt8(index + 1))
          let view = TensorView(
            name: "w\(index)", type: .uint8, shape: [count], bytes: UnsafeRawBufferPointer(bytes))
          snapshot.add([view], to: "model")
        }
      }
      #expect(isTaken && writer.wait(within: .seconds(60)))
      #expect(writer.takeOutcome()?.failure == nil)
      places.append(seen)
    }
    #expect(places[0] == places[1])
    let file = try #require(try store.newestVerified().checkpoint?.tensors(of: "model"))
    for (index, count) in counts.enumerated() {
      let bytes = try file.tensor(named: "w\(index)").bytes
      #expect(bytes.count == count && bytes.allSatisfy { $0 == UInt8(index + 1) })
    }
  }

  /// Memory of another's, which fills it when it is asked to.
  private final class Arriving: Sendable {
    // Safe: it is filled by who writes the checkpoint, before anybody reads it.
    nonisolated(unsafe) let floats = UnsafeMutableBufferPointer<Float>.allocate(capacity: 3)
    let isAwaited = Gate()

    init() { floats.initialize(repeating: .nan) }
    deinit { floats.deallocate() }

    func arrive() {
      isAwaited.pass()
      for index in floats.indices { floats[index] = Float(index) }
    }
  }

  @Test func `what is still on its way is waited for by who writes it, and kept as long`() throws {
    let writer = CheckpointWriter(store)
    var arriving: Arriving? = Arriving()
    weak let kept = arriving
    let gate = try #require(arriving?.isAwaited)
    let isTaken = writer.begin(CheckpointName(epoch: 0), state: 0) { [arriving] snapshot in
      guard let arriving else { return }
      let view = TensorView(
        name: "w", type: .float32, shape: [3], bytes: UnsafeRawBufferPointer(arriving.floats))
      snapshot.add([view], to: "model") { arriving.arrive() }
    }
    arriving = nil
    #expect(isTaken && kept != nil && !writer.wait(within: .zero))
    gate.open()
    #expect(writer.wait(within: .seconds(60)) && writer.takeOutcome()?.failure == nil)
    let file = try #require(try store.newestVerified().checkpoint?.tensors(of: "model"))
    #expect(try file.floats("w") == [0, 1, 2])
  }

  @Test func `memory is in place before the first save`() throws {
    let megabytes = 40
    let writer = CheckpointWriter(store)
    writer.prepare(byteCount: megabytes << 20)
    var places: [UnsafeMutableRawBufferPointer] = []
    let isTaken = writer.begin(CheckpointName(epoch: 0), state: 0) { snapshot in
      // The snapshot waits for nobody: only the test does.
      for _ in 0..<megabytes / 8 { places.append(snapshot.take(8 << 20)) }
      let end = ContinuousClock.now + .seconds(60)
      while residentPages(of: places) < megabytes * 256, .now < end { usleep(1000) }
    }
    #expect(isTaken && writer.wait(within: .seconds(60)))
    #expect(residentPages(of: places) == megabytes * 256)
  }

  /// Pages of 4 KiB that are there without anybody having touched them.
  private func residentPages(of places: [UnsafeMutableRawBufferPointer]) -> Int {
    places.reduce(0) { sum, place in
      var pages = [UInt8](repeating: 0, count: place.count >> 12)
      return mincore(place.baseAddress, place.count, &pages) == 0 ? sum + pages.count { $0 & 1 == 1 } : sum
    }
  }

  /// A save need not wait for the memory, nor keep to what was announced.
  @Test(arguments: [1, 300_000_000]) func `a save begins while memory is put in place`(announced: Int) throws
  {
    let writer = CheckpointWriter(store)
    writer.prepare(byteCount: announced)
    for epoch in 0..<2 {
      try writer.succeed(CheckpointName(epoch: epoch), floats: 1_000_000)
      let file = try #require(try store.newestVerified().checkpoint?.tensors(of: "model"))
      #expect(try file.floats("w") == Array(repeating: Float(epoch), count: 1_000_000))
      writer.prepare(byteCount: announced)
    }
  }

  @Test func `what cannot be copied is no save`() throws {
    struct Trouble: Error {}
    let writer = CheckpointWriter(store)
    #expect(throws: Trouble.self) {
      try writer.begin(CheckpointName(epoch: 0), state: 0) { _ throws(Trouble) in throw Trouble() }
    }
    #expect(!writer.isBusy && writer.takeOutcome() == nil && folder.names() == [])
    try writer.succeed(CheckpointName(epoch: 0), floats: 10)
  }

  @Test func `what is not a number is not saved`() throws {
    let writer = CheckpointWriter(store)
    _ = [Float.nan].withUnsafeBytes { writer.begin(CheckpointName(epoch: 0), values: $0) }
    #expect(writer.wait(within: .seconds(60)))
    let failure = try #require(writer.takeOutcome()?.failure)
    #expect(failure.kind == .notFinite)
    #expect(failure.description.contains("epoch-0000 was not saved: "))
    #expect(failure.description.contains("model.safetensors: tensor w: element 0 is NaN"))
    #expect(folder.names() == [])
    // A state that is no JSON is no different: it ends no run.
    #expect(writer.begin(CheckpointName(epoch: 0), state: State(epoch: 0, best: .nan)) { _ in })
    #expect(writer.wait(within: .seconds(60)))
    #expect(writer.takeOutcome()?.failure?.kind == .other)
    #expect(folder.names() == [])
    try writer.succeed(CheckpointName(epoch: 0), floats: 10)
  }

  /// What cannot be read back is not kept, and nothing older goes for it.
  @Test func `what does not read back fails`() throws {
    try store.save(epoch: 1)
    try store.save(epoch: 2)
    let disk = FileSystem { call in
      if call.operation == .rename, let folder = call.source, folder.contains(".epoch-0003.") {
        try? flipByte("\(folder)/model.safetensors", at: -1)
      }
      return .proceed
    }
    let failure = try #require(
      CheckpointWriter(store.on(disk), keeping: 1).save(CheckpointName(epoch: 3), floats: 10).failure)
    #expect(failure.kind == .disk)
    #expect(failure.description.contains("epoch-0003/model.safetensors: tensor w: its bytes changed"))
    #expect(folder.names("checkpoints") == ["epoch-1", "epoch-2"])
  }

  @Test func `what does not read back does not take the place of one that does`() throws {
    try CheckpointWriter(store).succeed(CheckpointName(epoch: 3), floats: 9)
    let swaps = Monitor(0)
    let disk = FileSystem { call in
      guard call.operation == .replace, let folder = call.source else { return .proceed }
      // The second swap gives the earlier one its name again.
      let count = swaps.withLock { count in
        count += 1
        return count
      }
      if count == 1 { try? flipByte("\(folder)/model.safetensors", at: -1) }
      return .proceed
    }
    let failure = try #require(
      CheckpointWriter(store.on(disk)).save(CheckpointName(epoch: 3), floats: 10).failure)
    #expect(failure.description.contains("epoch-0003/model.safetensors: tensor w: its bytes changed"))
    #expect(try store.newestVerified().checkpoint?.tensors(of: "model").floats("w").count == 9)
    try CheckpointWriter(store).succeed(CheckpointName(epoch: 3), floats: 11)
    #expect(folder.names("checkpoints") == ["epoch-0003"])
  }
}
