internal import CKernels
internal import System

/// Blocks that travel as one message: their floats one after another, then a CRC-32C of these.
struct HostParcel: Equatable, Sendable {
  /// Where the blocks lie in their buffer.
  let blocks: [Range<Int>]
  /// How their floats travel.
  let wire: WireFormat

  /// The number of blocks in a message: 1 MiB of floats.
  static let blockCount = 16
  /// Bytes of the checksum.
  private static let trailer = 4

  /// The parcels of `ranges`, in order.
  static func parcels(of ranges: [Range<Int>], in wire: WireFormat) -> [HostParcel] {
    (0..<ranges.count).divided(by: blockCount).map { HostParcel(blocks: Array(ranges[$0]), wire: wire) }
  }

  /// Bytes of the floats on the wire.
  var payload: Int { blocks.reduce(0) { $0 + wire.byteCount(for: $1.byteCount) } }
  /// Bytes of the message.
  var byteCount: Int { payload + Self.trailer }

  /// Each block with its bytes' place in the message.
  var places: [(block: Range<Int>, bytes: Range<Int>)] {
    var start = 0
    return blocks.map { block in
      let end = start + wire.byteCount(for: block.byteCount)
      defer { start = end }
      return (block, start..<end)
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
  /// - Parameters:
  ///   - parts: The parts that this rank's peer on each host owns, by host.
  ///   - wire: What the hosts' sums are rounded to before they are sent, and the results before they are kept.
  func sum(
    _ lane: UnsafeMutablePointer<Float>, parts: [[Range<Int>]], in wire: WireFormat, _ memory: HostMemory,
    during call: CollectiveCall
  ) throws(CollectiveError) {
    let parcels = parts.map { HostParcel.parcels(of: $0, in: wire) }
    let own = parcels[host]
    let roomBytes = own.flatMap(\.blocks).reduce(0) { max($0, $1.byteCount) } * peers.count
    memory.reserve(
      roomBytes + own.byteCount * peers.count + peers.reduce(0) { $0 + parcels[$1].byteCount })
    let room = memory.take(roomBytes)
    let arrivals = try own.map { parcel throws(CollectiveError) in
      try peers.map { peer throws(CollectiveError) in try expect(parcel, from: peer, memory, call) }
    }
    for peer in peers {
      for parcel in parcels[peer] { try send(pack(parcel, of: lane, memory), to: peer, during: call) }
    }
    for arrival in arrivals {
      for one in arrival { try take(one, call) }
      add(arrival, to: lane, through: room)
    }
    try finishSends(of: call)
  }

  /// Sends every peer the parts of `lane` that this rank owns, and fills in the parts that the peers own.
  ///
  /// - Parameter wire: The format of the floats on the wire, which must be able to hold them.
  func spread(
    _ lane: UnsafeMutablePointer<Float>, parts: [[Range<Int>]], in wire: WireFormat, _ memory: HostMemory,
    during call: CollectiveCall
  ) throws(CollectiveError) {
    let parcels = parts.map { HostParcel.parcels(of: $0, in: wire) }
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
      for (block, bytes) in arrival.parcel.places {
        let target = UnsafeMutableRawBufferPointer(lane, block)
        // Not past the caches: the host's ranks read it next.
        let floats = wire.floats(of: UnsafeRawBufferPointer(rebasing: arrival.message[bytes]), in: target)
        if let floats, floats != UnsafeRawPointer(target.baseAddress) {
          target.baseAddress?.copyMemory(from: floats, byteCount: target.count)
        }
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
    for (block, bytes) in parcel.places {
      parcel.wire.write(
        UnsafeRawBufferPointer(UnsafeMutableRawBufferPointer(lane, block)),
        to: UnsafeMutableRawBufferPointer(rebasing: message[bytes]))
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
  ///
  /// - Parameter room: Memory for a block of every peer.
  private func add(
    _ arrivals: [Arrival], to lane: UnsafeMutablePointer<Float>, through room: UnsafeMutableRawBufferPointer
  ) {
    guard let parcel = arrivals.first?.parcel else { return }
    let order = SumOrder(size: hosts).ranks(endingWith: host)
    for (block, bytes) in parcel.places {
      let own = UnsafeMutableRawBufferPointer(lane, block)
      var places = [host: UnsafeRawPointer(lane + block.lowerBound)]
      for (index, arrival) in arrivals.enumerated() {
        places[arrival.host] = parcel.wire.floats(
          of: UnsafeRawBufferPointer(rebasing: arrival.message[bytes]),
          in: UnsafeMutableRawBufferPointer(rebasing: room[(index * own.count)..<(index + 1) * own.count]))
      }
      let terms = order.map { places[$0] }
      floats_sum([own.baseAddress], 1, terms, terms.count, terms.count, 0, block.count)
      parcel.wire.round(own, through: room)
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
