internal import CZeroMQ
internal import Glibc
internal import Synchronization
internal import System

/// Decides for one context which peers its secured sockets admit (ZeroMQ's RFC 27), on a thread of its own.
///
/// The thread sleeps until a peer's handshake, and ends when the context terminates. Make it before binding.
public final class Authenticator: Sendable {
  /// The domain for which sockets ask; ZeroMQ asks nobody without one.
  static let domain = "ring"
  private let loop: AuthenticationLoop

  /// Starts to answer requests.
  public init(admitting admission: PeerAdmission, in context: Context) throws(WireError) {
    loop = AuthenticationLoop(admission, socket: try Self.listen(in: context))
    try Self.startThread(of: loop)
  }

  /// Refuses everybody from now on; existing connections stay.
  public func admitNobody() { loop.isOpen.store(false, ordering: .releasing) }

  private static func listen(in context: Context) throws(WireError) -> UnsafeMutableRawPointer {
    let endpoint = "inproc://zeromq.zap.01"
    guard let socket = zmq_socket(context.handle, ZMQ_REP) else { throw .last("zmq_socket", on: "reply") }
    var linger: Int32 = 0
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, MemoryLayout<Int32>.size)
    guard zmq_bind(socket, endpoint) == 0 else {
      defer { zmq_close(socket) }
      throw .last("zmq_bind", on: endpoint)
    }
    return socket
  }

  private static func startThread(of loop: AuthenticationLoop) throws(WireError) {
    do {
      // Signals are left to the program's own threads.
      try OwnedThread("admission", takesSignals: false, loop.serve).detach()
    } catch {
      zmq_close(loop.socket)
      throw WireError(call: "pthread_create", subject: "authenticator", code: EAGAIN)
    }
  }
}

/// The thread's state.
private final class AuthenticationLoop: @unchecked Sendable {
  // Safe: once it runs, only the serving thread uses `socket`; everything else is atomic or never changes.
  let socket: UnsafeMutableRawPointer
  let isOpen = Atomic(true)
  private let admission: PeerAdmission

  init(_ admission: PeerAdmission, socket: UnsafeMutableRawPointer) {
    self.admission = admission
    self.socket = socket
  }

  /// Answers until the context terminates, which `zmq_msg_recv` reports.
  func serve() {
    while let parts = receive() { answer(parts) }
    zmq_close(socket)
  }

  /// All parts of the next request; parts beyond those that ZeroMQ sends are discarded.
  private func receive() -> [[UInt8]]? {
    let part = Message()
    var parts: [[UInt8]] = []
    repeat {
      while zmq_msg_recv(part.storage, socket, 0) < 0 {
        guard zmq_errno() == EINTR else { return nil }
      }
      if parts.count < 16 { parts.append(Array(part.bytes)) }
    } while part.hasMore
    return parts
  }

  /// Answers a request: version, number, domain, address, name, mechanism, then credentials.
  private func answer(_ parts: [[UInt8]]) {
    let isKnown = parts.count > 6 && parts[0] == Array("1.0".utf8)
    let admits =
      isKnown && isOpen.load(ordering: .acquiring) && admission.admits(parts[5], parts.dropFirst(6))
    let verdict = admits ? ["200", "OK"] : ["400", "not admitted"]
    let number = parts.count > 1 ? parts[1] : []
    let answer = [Array("1.0".utf8), number] + (verdict + ["", ""]).map { Array($0.utf8) }
    for (index, part) in answer.enumerated() {
      zmq_send(socket, part, part.count, index == answer.count - 1 ? 0 : ZMQ_SNDMORE)
    }
  }
}

/// Which peers a context's secured sockets admit.
public enum PeerAdmission: Sendable {
  /// Peers with this name and password.
  case credentials(Credentials)
  /// Peers that own one of these keys.
  case keys([PublicKey])

  /// Whether to admit a peer that presents `proofs` by `mechanism`.
  ///
  /// The proofs are a stranger's bytes: they are only compared, never interpreted.
  func admits(_ mechanism: [UInt8], _ proofs: ArraySlice<[UInt8]>) -> Bool {
    switch self {
    case .credentials(let wanted):
      guard mechanism == Array("PLAIN".utf8), let name = proofs.first, let password = proofs.last,
        proofs.count == 2
      else { return false }
      let nameFits = name.equalsInConstantTime(Array(wanted.name.utf8))
      let passwordFits = password.equalsInConstantTime(Array(wanted.password.utf8))
      return nameFits && passwordFits
    case .keys(let wanted):
      guard mechanism == Array("CURVE".utf8), let key = proofs.first, proofs.count == 1 else { return false }
      return wanted.contains { key.equalsInConstantTime($0.bytes) }
    }
  }
}

extension [UInt8] {
  /// Compares in constant time, so that timing does not help to guess.
  func equalsInConstantTime(_ other: [UInt8]) -> Bool {
    guard count == other.count else { return false }
    return zip(self, other).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
