import Foundation
import Wire

/// A PUSH and a PULL socket connected over ipc, with a folder that goes when the test lets go of them.
final class Link {
  private let context: Context
  private let folder: String
  private var push: Socket
  private var pull: Socket
  private var receiverMonitor: ConnectionMonitor
  private var senderMonitor: ConnectionMonitor
  private let inbox = Message()

  init(queueLength: Int = 1000, maximumMessageSize: Int = 1 << 24, acceptedUser: UInt32 = getuid()) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "wire-\(UUID())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    context = try Context()
    push = try Socket(.push, in: context)
    pull = try Socket(.pull, in: context)
    receiverMonitor = try ConnectionMonitor(of: pull, in: context)
    senderMonitor = try ConnectionMonitor(of: push, in: context)
    try push.setHighWaterMark(queueLength)
    try pull.setHighWaterMark(queueLength)
    try pull.setMaximumMessageSize(maximumMessageSize)
    try pull.acceptOnly(user: acceptedUser)
    let endpoint = try Endpoint.ipc(path: folder + "/socket")
    try pull.bind(to: endpoint)
    try push.connect(to: endpoint)
  }

  func send(_ parts: String...) throws(WireError) -> Bool {
    let bytes = parts.map { Array($0.utf8) }
    let buffers = bytes.map { part in
      let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: part.count, alignment: 1)
      copy.copyBytes(from: part)
      return copy
    }
    defer { for buffer in buffers { buffer.deallocate() } }
    return try push.trySend(buffers.map { UnsafeRawBufferPointer($0) })
  }

  func receive(until deadline: ContinuousClock.Instant) throws(WireError) -> String? {
    guard try pull.receive(into: inbox, until: deadline) else { return nil }
    return String(decoding: inbox.bytes, as: UTF8.self)
  }

  func receiverSawDisconnect(until deadline: ContinuousClock.Instant) throws(WireError) -> Bool {
    guard try PollItem.wait(for: [receiverMonitor.pollItem], until: deadline) else { return false }
    return try receiverMonitor.sawDisconnect()
  }

  func senderSawDisconnect(until deadline: ContinuousClock.Instant) throws(WireError) -> Bool {
    guard try PollItem.wait(for: [senderMonitor.pollItem], until: deadline) else { return false }
    return try senderMonitor.sawDisconnect()
  }

  func closeSender() { push.close() }

  deinit {
    receiverMonitor.close()
    senderMonitor.close()
    push.close()
    pull.close()
    context.terminate()
    try? FileManager.default.removeItem(atPath: folder)
  }
}
