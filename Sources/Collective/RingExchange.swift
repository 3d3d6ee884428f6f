internal import Wire

/// One operation under way on one rank: how far its plan has come, and the buffer it works on.
///
/// It does no I/O: it says what can be sent, and takes in what has arrived.
struct RingExchange {
  let call: OperationCall
  private let plan: RingPlan
  private let buffer: UnsafeMutableRawBufferPointer
  private var sent = 0
  private(set) var received = 0
  /// Of the bytes that each receive left in the buffer, so that sending them on need not read them again.
  private var checksums: [UInt32] = []

  init(_ call: OperationCall, plan: RingPlan, on buffer: UnsafeMutableRawBufferPointer) {
    self.call = call
    self.plan = plan
    self.buffer = buffer
    checksums.reserveCapacity(plan.receives.count)
  }

  var awaitsArrival: Bool { received < plan.receives.count }
  var hasUnsent: Bool { sent < plan.sends.count }
  var isFinished: Bool { !awaitsArrival && !hasUnsent }

  /// Whether the next send's content is in the buffer.
  var canSend: Bool { hasUnsent && received >= plan.receivesBeforeSend[sent] }

  mutating func didSend() { sent += 1 }

  /// The next send: `header` is filled in, the payload's parts lie in the buffer.
  func describeNextSend(in header: inout FrameHeader) -> [UnsafeRawBufferPointer] {
    let transfer = plan.sends[sent]
    let parts = plan.pieces(of: transfer).map { UnsafeRawBufferPointer(rebasing: buffer[$0]) }
    call.describe(in: &header)
    header.step = UInt32(transfer.step)
    header.segment = UInt32(transfer.segment)
    header.length = UInt32(parts.reduce(0) { $0 + $1.count })
    header.payloadChecksum = checksumOfNextSend(parts)
    return parts
  }

  private func checksumOfNextSend(_ parts: [UnsafeRawBufferPointer]) -> UInt32 {
    let needed = plan.receivesBeforeSend[sent]
    if needed > 0 { return checksums[needed - 1] }
    var checksum = CRC32C()
    for part in parts { checksum.update(with: part) }
    return checksum.value
  }
}

extension RingExchange {
  /// Why an arrived message is not the one that the plan expects next.
  struct Damage: Error { let detail: String }

  /// Adds or copies a message's payload to its places in the buffer.
  mutating func accept(_ header: FrameHeader, _ payload: UnsafeRawBufferPointer) throws(Damage) {
    let transfer = plan.receives[received]
    guard header.step == transfer.step, header.segment == transfer.segment else {
      throw Damage(
        detail: "expected step \(transfer.step) segment \(transfer.segment), "
          + "found step \(header.step) segment \(header.segment): one was lost or came twice")
    }
    let places = plan.pieces(of: transfer)
    let length = places.reduce(0) { $0 + $1.count }
    guard payload.count == length, header.length == length else {
      throw Damage(detail: "expected \(length) bytes, found \(payload.count)")
    }
    let arrived = merge(payload, into: places, adding: plan.isSum(transfer))
    guard arrived == header.payloadChecksum else {
      throw Damage(detail: "CRC-32C of the payload is \(arrived), its header says \(header.payloadChecksum)")
    }
    received += 1
  }

  /// Merges and checks piece by piece, while the piece is in the processor's cache.
  private mutating func merge(
    _ payload: UnsafeRawBufferPointer, into places: ArraySlice<Range<Int>>, adding: Bool
  ) -> UInt32 {
    var arrived = CRC32C()
    var kept = CRC32C()
    var start = 0
    for place in places {
      let part = UnsafeRawBufferPointer(rebasing: payload[start..<start + place.count])
      let target = UnsafeMutableRawBufferPointer(rebasing: buffer[place])
      start += place.count
      arrived.update(with: part)
      guard adding else {
        target.copyMemory(from: part)
        continue
      }
      target.addFloats(part)
      kept.update(with: UnsafeRawBufferPointer(target))
    }
    checksums.append(adding ? kept.value : arrived.value)
    return arrived.value
  }
}

extension UnsafeMutableRawBufferPointer {
  /// Adds floats, lying at any address, to the floats that lie here.
  func addFloats(_ addends: UnsafeRawBufferPointer) {
    let sums = assumingMemoryBound(to: Float.self)
    let width = MemoryLayout<Float>.stride
    for index in 0..<sums.count {
      sums[index] += addends.loadUnaligned(fromByteOffset: index * width, as: Float.self)
    }
  }
}
