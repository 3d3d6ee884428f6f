import Protobuf
import System

/// Records of an event file: TFRecord, as TensorFlow's record_writer.cc frames them.
enum Record {
  /// The bytes with their length before them, and a checksum after each of the two.
  static func framed(_ message: [UInt8]) -> [UInt8] {
    let length = littleEndianBytes(UInt64(message.count))
    return length + checksum(length[...]) + message + checksum(message[...])
  }

  /// The first record of the bytes: its message and its own length; nil where it is torn or changed.
  static func first(of bytes: ArraySlice<UInt8>) -> (message: ArraySlice<UInt8>, length: Int)? {
    let head = bytes.prefix(8)
    guard head.count == 8, let count = Int(exactly: littleEndian(head)), count <= bytes.count - 16 else {
      return nil
    }
    let message = bytes.dropFirst(12).prefix(count)
    guard bytes.dropFirst(8).prefix(4).elementsEqual(checksum(head)),
      bytes.dropFirst(12 + count).prefix(4).elementsEqual(checksum(message))
    else { return nil }
    return (message, count + 16)
  }

  /// CRC-32C, turned and moved on so that a checksum of bytes that hold checksums is as good.
  private static func checksum(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    let value = bytes.withUnsafeBytes { CRC32C(of: $0).value }
    return littleEndianBytes((value >> 15 | value << 17) &+ 0xa282_ead8)
  }

  private static func littleEndianBytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian, Array.init)
  }
}

/// What tells where in a run an event of a file belongs.
public struct EventPlace: Equatable, Sendable {
  /// Its step.
  public var step = 0
  /// The tag of its first value; nil where it has none.
  public var tag: String?
  /// That value, where it is a scalar.
  public var scalar: Double?

  /// How many bytes of an event file are whole records that are to be kept, up to the first that is not.
  ///
  /// - Parameter keeps: asked for each event with a value.
  public static func length(of file: [UInt8], while keeps: (EventPlace) -> Bool) -> Int {
    var rest = file[...]
    while let (message, length) = Record.first(of: rest) {
      let place = EventPlace(message)
      if place.tag != nil, !keeps(place) { break }
      rest = rest.dropFirst(length)
    }
    return file.count - rest.count
  }

  init(_ message: ArraySlice<UInt8>) {
    for (field, value) in ProtobufFields(message) {
      switch (field, value) {
      case (2, .varint(let step)): self.step = Int(truncatingIfNeeded: step)
      case (5, .bytes(let summary)): takeFirstValue(of: summary)
      default: break
      }
    }
  }

  private mutating func takeFirstValue(of summary: ArraySlice<UInt8>) {
    var fields = ProtobufFields(summary)
    guard case (1, .bytes(let first))? = fields.next() else { return }
    for (field, value) in ProtobufFields(first) {
      switch (field, value) {
      case (1, .bytes(let text)): tag = String(decoding: text, as: UTF8.self)
      case (2, .fixed32(let bits)): scalar = Double(Float(bitPattern: bits))
      default: break
      }
    }
  }
}
