import Protobuf
import System

/// Records of an event file in TFRecord format, as framed by TensorFlow's record_writer.cc.
enum Record {
  /// Frames bytes with their length before them, and a checksum after each of the two.
  static func framed(_ message: [UInt8]) -> [UInt8] {
    let length = littleEndianBytes(UInt64(message.count))
    return length + checksum(length[...]) + message + checksum(message[...])
  }

  /// The first record in the bytes: its message and total length; nil if it is incomplete or damaged.
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

  /// A masked CRC-32C: rotated and offset, so that checksums of bytes that contain checksums stay reliable.
  private static func checksum(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    let value = bytes.withUnsafeBytes { CRC32C(of: $0).value }
    return littleEndianBytes((value >> 15 | value << 17) &+ 0xa282_ead8)
  }

  private static func littleEndianBytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian, Array.init)
  }
}

/// The place of an event in a run.
public struct EventPlace: Equatable, Sendable {
  /// The event's step.
  public var step = 0
  /// The tag of its first value; nil if it has none.
  public var tag: String?
  /// That value if it is a scalar.
  public var scalar: Double?

  /// The number of bytes at the start of an event file that are intact records to be kept.
  ///
  /// - Parameter keeps: Called for each event with a value.
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
