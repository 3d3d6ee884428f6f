internal import CKernels
internal import System

/// Blocks that travel as one message: their floats one after another, then a CRC-32C of these.
struct HostParcel: Equatable, Sendable {
  /// Where the blocks lie in their buffer.
  let blocks: [Range<Int>]

  /// The number of blocks in a message: 1 MiB of floats.
  static let blockCount = 16
  /// Bytes of the checksum.
  private static let trailer = 4

  /// The parcels of `ranges`, in order.
  static func parcels(of ranges: [Range<Int>]) -> [HostParcel] {
    (0..<ranges.count).divided(by: blockCount).map { HostParcel(blocks: Array(ranges[$0])) }
  }

  /// Bytes of the floats.
  var payload: Int { blocks.reduce(0) { $0 + $1.byteCount } }
  /// Bytes of the message.
  var byteCount: Int { payload + Self.trailer }

  /// Each block with its byte offset in the message.
  var places: [(block: Range<Int>, offset: Int)] {
    var offset = 0
    return blocks.map { block in
      defer { offset += block.byteCount }
      return (block, offset)
    }
  }

  /// Writes the checksum of the floats after the floats.
  func seal(_ message: UnsafeMutableRawBufferPointer) {
    let value = CRC32C(of: UnsafeRawBufferPointer(rebasing: message[..<payload])).value
    message.storeBytes(of: value.littleEndian, toByteOffset: payload, as: UInt32.self)
  }

  /// The checksum that came with a message.
  func checksum(in message: UnsafeMutableRawBufferPointer) -> UInt32 {
    UInt32(littleEndian: message.loadUnaligned(fromByteOffset: payload, as: UInt32.self))
  }
}

/// Memory for messages, reused from one operation to the next.
final class HostMemory {
  private var bytes = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  private var used = 0

  /// Makes room for all messages of an operation, and frees everything taken before.
  func reserve(_ count: Int) {
    used = 0
    guard count > bytes.count else { return }
    bytes.deallocate()
    bytes = .allocate(byteCount: count, alignment: 64)
  }

  /// The next `count` bytes.
  func take(_ count: Int) -> UnsafeMutableRawBufferPointer {
    defer { used += count }
    return UnsafeMutableRawBufferPointer(rebasing: bytes[used..<used + count])
  }

  deinit { bytes.deallocate() }
}

/// A parcel being received from a host.
private struct Arrival {
  let parcel: HostParcel
  let host: Int
  let message: UnsafeMutableRawBufferPointer
  let transfer: any EngineTransfer
}

extension HostExchange {
  /// Sums over the hosts the parts of `lane` that this rank owns, and sends each peer the parts that it owns.
  ///
  /// - Parameter parts: The parts that this rank's peer on each host owns, by host.
  func sum(
    _ lane: UnsafeMutablePointer<Float>, parts: [[Range<Int>]], _ memory: HostMemory,
    during call: CollectiveCall
  ) throws(CollectiveError) {
    let parcels = parts.map(HostParcel.parcels)
    let own = parcels[host]
    memory.reserve(
      (own.byteCount * peers.count) + peers.reduce(0) { $0 + parcels[$1].byteCount })
    let arrivals = try own.map { parcel throws(CollectiveError) in
      try peers.map { peer throws(CollectiveError) in try expect(parcel, from: peer, memory, call) }
    }
    for peer in peers {
      for parcel in parcels[peer] { try send(pack(parcel, of: lane, memory), to: peer, during: call) }
    }
    for arrival in arrivals {
      for one in arrival { try take(one, call) }
      add(arrival, to: lane)
    }
    try finishSends(of: call)
  }

  /// Sends every peer the parts of `lane` that this rank owns, and fills in the parts that the peers own.
  func spread(
    _ lane: UnsafeMutablePointer<Float>, parts: [[Range<Int>]], _ memory: HostMemory,
    during call: CollectiveCall
  ) throws(CollectiveError) {
    let parcels = parts.map(HostParcel.parcels)
    memory.reserve(parcels.reduce(0) { $0 + $1.byteCount })
    var arrivals: [Arrival] = []
    for peer in peers {
      for parcel in parcels[peer] { arrivals.append(try expect(parcel, from: peer, memory, call)) }
    }
    for parcel in parcels[host] {
      let message = pack(parcel, of: lane, memory)
      for peer in peers { try send(message, to: peer, during: call) }
    }
    for arrival in arrivals {
      try take(arrival, call)
      for (block, offset) in arrival.parcel.places {
        let floats = UnsafeRawBufferPointer(rebasing: arrival.message[offset...])
        UnsafeMutableRawBufferPointer(lane, block).copyBytes(from: floats.prefix(block.byteCount))
      }
    }
    try finishSends(of: call)
  }

  private func expect(
    _ parcel: HostParcel, from host: Int, _ memory: HostMemory, _ call: CollectiveCall
  ) throws(CollectiveError) -> Arrival {
    let message = memory.take(parcel.byteCount)
    return Arrival(
      parcel: parcel, host: host, message: message,
      transfer: try receive(into: message, from: host, during: call))
  }

  private func pack(
    _ parcel: HostParcel, of lane: UnsafeMutablePointer<Float>, _ memory: HostMemory
  ) -> UnsafeRawBufferPointer {
    let message = memory.take(parcel.byteCount)
    for (block, offset) in parcel.places {
      UnsafeMutableRawBufferPointer(rebasing: message[offset...]).copyMemory(
        from: UnsafeRawBufferPointer(UnsafeMutableRawBufferPointer(lane, block)))
    }
    parcel.seal(message)
    return UnsafeRawBufferPointer(message)
  }

  private func take(_ arrival: Arrival, _ call: CollectiveCall) throws(CollectiveError) {
    try wait(for: arrival.transfer, during: call)
    try check(
      UnsafeRawBufferPointer(rebasing: arrival.message[..<arrival.parcel.payload]), from: arrival.host,
      against: arrival.parcel.checksum(in: arrival.message), during: call)
  }

  /// Sums a parcel's blocks over the hosts, in the order that ends with this one.
  private func add(_ arrivals: [Arrival], to lane: UnsafeMutablePointer<Float>) {
    guard let parcel = arrivals.first?.parcel else { return }
    let order = SumOrder(size: hosts).ranks(endingWith: host)
    let messages = Dictionary(uniqueKeysWithValues: arrivals.map { ($0.host, $0.message) })
    for (block, offset) in parcel.places {
      let own = UnsafeMutableRawPointer(lane + block.lowerBound)
      let terms = order.map { host in UnsafeRawPointer(messages[host]?.baseAddress.map { $0 + offset } ?? own)
      }
      floats_sum([own], 1, terms.map(Optional.some), terms.count, terms.count, 0, block.count)
    }
  }
}

extension Range<Int> {
  /// The bytes of so many floats.
  fileprivate var byteCount: Int { count * MemoryLayout<Float>.stride }
}

extension UnsafeMutableRawBufferPointer {
  /// The floats of a block.
  fileprivate init(_ lane: UnsafeMutablePointer<Float>, _ block: Range<Int>) {
    self.init(start: lane + block.lowerBound, count: block.byteCount)
  }
}

extension [HostParcel] {
  /// The bytes of all messages.
  fileprivate var byteCount: Int { reduce(0) { $0 + $1.byteCount } }
}
