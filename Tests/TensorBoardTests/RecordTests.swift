import Testing

@testable import TensorBoard

@Suite struct RecordTests {
  /// The bytes are those of `RecordWriter` in PyPI's tensorboard 2.21.
  @Test(arguments: [
    ("", "000000000000000029039807d8ea82a2"), ("abc", "0300000000000000b099490e6162636e57f121"),
  ])
  func `records are framed as TensorFlow frames them`(message: String, hexadecimal: String) {
    let record = Record.framed(Array(message.utf8))
    #expect(record.map(hex).joined() == hexadecimal)
  }

  private func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
}

@Suite struct EventPlaceTests {
  private let first = Event.beginning(at: 1.5).record
  private let second = Event([.scalar("train/loss", 0.5), .scalar("train/lr", 2)], step: 300, at: 2).record
  private let third = Event([.scalar("epoch", 7)], step: 300, at: 3).record

  @Test func `an event says where it belongs`() throws {
    let places = try [first, second, third].map {
      EventPlace(try #require(Record.first(of: $0[...])).message)
    }
    #expect((places[0].step, places[0].tag, places[0].scalar) == (0, nil, nil))
    #expect((places[1].step, places[1].tag, places[1].scalar) == (300, "train/loss", 0.5))
    #expect((places[2].step, places[2].tag, places[2].scalar) == (300, "epoch", 7))
  }

  @Test func `what is not to be kept goes, with all that follows`() {
    let file = first + second + third + second
    #expect(EventPlace.length(of: file) { _ in true } == file.count)
    #expect(EventPlace.length(of: file) { $0.tag != "epoch" } == first.count + second.count)
    #expect(EventPlace.length(of: file) { _ in false } == first.count)
  }

  @Test func `a record that is torn or changed ends the file`() {
    let file = first + second + third
    for count in file.indices {
      let kept = EventPlace.length(of: Array(file[..<count])) { _ in true }
      #expect(kept == [0, first.count, first.count + second.count].last { $0 <= count })
    }
    for place in first.count..<(first.count + second.count) {
      var changed = file
      changed[place] ^= 0x10
      #expect(EventPlace.length(of: changed) { _ in true } == first.count)
    }
  }

  @Test func `numbers of any size are written and read`() throws {
    for step in [1, 127, 128, 1 << 31, Int.max] {
      let record = Event([.scalar("a", 1)], step: step, at: 0).record
      #expect(EventPlace(try #require(Record.first(of: record[...])).message).step == step)
    }
  }
}
