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

  func send(_ text: String) throws(WireError) -> Bool {
    let message = Message(byteCount: text.utf8.count)
    message.bytes.copyBytes(from: text.utf8)
    return try push.trySend(message)
  }

  func hasRoom(until deadline: ContinuousClock.Instant) throws(WireError) -> Bool {
    try PollItem.wait(for: [push.pollItem(.writable)], until: deadline)
  }

  func receive(until deadline: ContinuousClock.Instant) throws(WireError) -> String? {
    guard try pull.receive(into: inbox, until: deadline) else { return nil }
    return String(decoding: UnsafeRawBufferPointer(inbox.bytes), as: UTF8.self)
  }

  func receiverSawDisconnect(until deadline: ContinuousClock.Instant) throws(WireError) -> Bool {
    try receiverMonitor.sawDisconnect(until: deadline)
  }

  func senderSawDisconnect(until deadline: ContinuousClock.Instant) throws(WireError) -> Bool {
    try senderMonitor.sawDisconnect(until: deadline)
  }

  func closeSender() {
    senderMonitor.close(watching: push)
    push.close()
  }

  deinit {
    receiverMonitor.close(watching: pull)
    senderMonitor.close(watching: push)
    push.close()
    pull.close()
    context.terminate()
    try? FileManager.default.removeItem(atPath: folder)
  }
}

extension ConnectionMonitor {
  /// Whether an event that `isWanted` comes in time.
  func waits(
    until deadline: ContinuousClock.Instant, for isWanted: (ConnectionEvent) -> Bool
  ) throws(WireError) -> Bool {
    while true {
      while let event = try next() { if isWanted(event) { return true } }
      guard try PollItem.wait(for: [pollItem], until: deadline) else { return false }
    }
  }

  func sawDisconnect(until deadline: ContinuousClock.Instant) throws(WireError) -> Bool {
    try waits(until: deadline) { if case .disconnected = $0 { true } else { false } }
  }
}
