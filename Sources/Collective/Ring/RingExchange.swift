internal import System
internal import Wire

/// One operation in progress on one rank: how far its plan has come, and the buffer it works on.
///
/// It does no I/O: it makes the messages that can be sent, and takes in those that have arrived. Partial sums
/// grow inside the received message, which is then sent on, so nothing is copied on the way through a rank.
struct RingExchange {
  let call: CollectiveCall
  private let plan: RingPlan
  private let buffer: UnsafeMutableRawBufferPointer
  private let wire: WireFormat
  private(set) var sent = 0
  private(set) var received = 0
  /// For each receive, whether its message is sent on afterwards.
  private var goesOn: [Bool]
  /// Messages received and not sent on yet, each with its payload's checksum, oldest first.
  private var passing: [(message: Message, checksum: UInt32)] = []

  init(
    _ call: CollectiveCall, plan: RingPlan, on buffer: UnsafeMutableRawBufferPointer,
    wire: WireFormat = .float32
  ) {
    self.call = call
    self.wire = wire
    self.plan = plan
    self.buffer = buffer
    goesOn = Array(repeating: false, count: plan.receives.count)
    for needed in plan.receivesBeforeSend where needed > 0 { goesOn[needed - 1] = true }
  }

  var awaitsArrival: Bool { received < plan.receives.count }
  var hasUnsent: Bool { sent < plan.sends.count }
  var isFinished: Bool { !awaitsArrival && !hasUnsent }

  /// Whether the next send's content is available.
  var canSend: Bool { hasUnsent && received >= plan.receivesBeforeSend[sent] }

  mutating func didSend() { sent += 1 }

  /// Makes the next message; `identity` describes this rank.
  mutating func makeNextSend(from identity: FrameHeader) -> Message {
    let transfer = plan.sends[sent]
    let (message, checksum) =
      plan.receivesBeforeSend[sent] > 0 ? passing.removeFirst() : gathered(plan.pieces(of: transfer))
    var header = identity
    call.describe(in: &header)
    header.step = UInt32(transfer.step)
    header.segment = UInt32(transfer.segment)
    header.length = UInt32(message.payload.count)
    header.payloadChecksum = checksum
    header.encode(into: message.bytes)
    return message
  }

  /// Makes a new message from this rank's own bytes.
  private func gathered(_ pieces: ArraySlice<Range<Int>>) -> (Message, UInt32) {
    let message = Message(byteCount: FrameHeader.byteCount + wire.byteCount(for: pieces.length))
    var checksum = CRC32C()
    forEachStrip(of: pieces, in: message.payload) { own, part in
      wire.write(UnsafeRawBufferPointer(own), to: part)
      checksum.update(with: UnsafeRawBufferPointer(part))
    }
    return (message, checksum.value)
  }
}

extension RingExchange {
  /// Why an arrived message is not the one that the plan expects next.
  struct Damage: Error { let detail: String }

  /// Takes in an arrived message, and keeps it where it is to be sent on.
  mutating func accept(_ header: FrameHeader, _ message: Message) throws(Damage) {
    let transfer = plan.receives[received]
    guard header.step == transfer.step, header.segment == transfer.segment else {
      throw Damage(
        detail: "expected step \(transfer.step) segment \(transfer.segment), "
          + "found step \(header.step) segment \(header.segment): one was lost or came twice")
    }
    let pieces = plan.pieces(of: transfer)
    let length = wire.byteCount(for: pieces.length)
    guard message.payload.count == length, header.length == length else {
      throw Damage(detail: "expected \(length) bytes, found \(message.payload.count)")
    }
    let (arrived, kept) = merge(message.payload, transfer, pieces)
    guard arrived == header.payloadChecksum else {
      throw Damage(detail: "CRC-32C of the payload is \(arrived), its header says \(header.payloadChecksum)")
    }
    if goesOn[received] { passing.append((message, kept)) }
    received += 1
  }

  /// Checks and merges strip by strip, so that each strip stays in the L1 cache.
  private func merge(
    _ payload: UnsafeMutableRawBufferPointer, _ transfer: RingPlan.Transfer, _ pieces: ArraySlice<Range<Int>>
  ) -> (arrived: UInt32, kept: UInt32) {
    var arrived = CRC32C()
    var kept = CRC32C()
    let isSum = plan.isSum(transfer)
    let isResult = !isSum || plan.isLastSum(transfer)
    forEachStrip(of: pieces, in: payload) { own, part in
      arrived.update(with: UnsafeRawBufferPointer(part))
      if isSum {
        wire.add(UnsafeRawBufferPointer(own), to: part)
        kept.update(with: UnsafeRawBufferPointer(part))
      }
      if isResult { wire.read(UnsafeRawBufferPointer(part), to: own) }
    }
    return (arrived.value, isSum ? kept.value : arrived.value)
  }

  /// Calls `body` for short strips of the pieces, each with its part of the payload, where the pieces lie one
  /// after another.
  private func forEachStrip(
    of pieces: ArraySlice<Range<Int>>, in payload: UnsafeMutableRawBufferPointer,
    _ body: (_ own: UnsafeMutableRawBufferPointer, _ part: UnsafeMutableRawBufferPointer) -> Void
  ) {
    var start = 0
    for place in pieces.lazy.flatMap({ $0.divided(by: Self.stripBytes) }) {
      let end = start + wire.byteCount(for: place.count)
      body(
        UnsafeMutableRawBufferPointer(rebasing: buffer[place]),
        UnsafeMutableRawBufferPointer(rebasing: payload[start..<end]))
      start = end
    }
  }

  private static let stripBytes = 16_384
}

extension Message {
  /// What follows the header.
  var payload: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(rebasing: bytes[FrameHeader.byteCount...])
  }
}

extension ArraySlice<Range<Int>> {
  /// The pieces' total length.
  fileprivate var length: Int { reduce(0) { $0 + $1.count } }
}
