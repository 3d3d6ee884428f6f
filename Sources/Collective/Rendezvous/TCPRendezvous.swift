internal import Glibc
internal import Wire

/// What a rank needs to meet its neighbours over TCP.
struct TCPRendezvous {
  let ring: RingRendezvous
  let pathLock: SocketPathLock
  let address: IPAddress
  let security: RingSecurity
  /// A random name for this listener.
  let token = RingSecrets.randomText()
  /// Whether connections are authenticated; false only in tests that the rank then refuses to start.
  var hasAuthenticator = true
  /// The time limit of this rank's own test that strangers are refused.
  var refusalLimit = Duration.seconds(5)

  /// Checks the address and the folder, claims the rank's socket path, and reads the secrets.
  init(_ ring: RingRendezvous) throws(CollectiveError) {
    self.ring = ring
    do {
      try SocketPathLock.checkPrivate(directory: ring.directory)
      address = try Self.address(ring.address)
      security = try RingSecurity(for: address, ring)
      pathLock = try SocketPathLock(path: RingGroup.socketPath(of: ring.rank, in: ring.directory))
    } catch let refusal as SocketPathLock.Refusal {
      throw .setup(rank: ring.rank, detail: refusal.detail)
    } catch let refusal as PrivateFile.Refusal {
      throw .setup(rank: ring.rank, detail: refusal.detail)
    } catch {
      throw .setup(rank: ring.rank, detail: "\(error)")
    }
    if let obstacle = address.obstacle { throw .noRoute(detail: Self.words(address, obstacle)) }
  }

  private static func address(_ text: String) throws(SocketPathLock.Refusal) -> IPAddress {
    guard let address = IPAddress(text), !address.isUnspecified else {
      throw SocketPathLock.Refusal(
        detail: "'\(text)' is not one numeric address of this host; give one such as 127.0.0.1 or 192.0.2.7")
    }
    return address
  }

  /// Explains an address without a route. Unreported, it would let the self-test for strangers run into its
  /// time limit.
  private static func words(_ address: IPAddress, _ obstacle: String) -> String {
    let cause =
      address.isLoopback
      ? "Likely the loopback interface is down, as in a network namespace that was just made: 'ip link set lo up' "
        + "brings it up" : "Likely its interface is down: 'ip address' shows them"
    return
      "nothing can be sent to \(address) from here: \(obstacle). \(cause). --transport shm and ipc need no network"
  }

  /// Writes the file that says where this rank listens.
  func announce(port: UInt16) throws(PrivateFile.Refusal) {
    let announcement = RingAnnouncement(
      run: ring.run, generation: ring.generation, address: address, port: port, token: token)
    try PrivateFile.replace(pathLock.announcementPath, with: announcement.text)
  }

  /// Reads where the next rank listens; nil while it has not said so.
  func findNext() throws(PrivateFile.Refusal) -> RingAnnouncement? {
    let next = RingGroup.socketPath(of: (ring.rank + 1) % ring.size, in: ring.directory)
    return try PrivateFile.read(SocketPathLock.announcementPath(of: next))
      .flatMap { RingAnnouncement($0, run: ring.run, generation: ring.generation) }
  }
}

/// Where a rank listens, as announced in a file in the ring's folder.
struct RingAnnouncement: Equatable {
  let run: String
  let generation: Int
  let process: Int32
  let address: IPAddress
  let port: UInt16
  /// A random name for this one listener.
  let token: String

  var endpoint: Endpoint { .tcp(address, port: port) }

  /// The file's content: one value a line.
  var text: String {
    [
      Self.title, String(FrameHeader.digest(ofRun: run)), "\(generation)", "\(process)", "\(address)",
      "\(port)",
      token,
    ].joined(separator: "\n")
  }

  private static let title = "twins-launch ring 1"

  /// Reads an announcement of this run and start whose writer is alive; nil for any other, such as a dead
  /// run's.
  init?(_ text: String, run: String, generation: Int) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    guard lines.count == 7, lines[0] == Self.title, UInt64(lines[1]) == FrameHeader.digest(ofRun: run),
      Int(lines[2]) == generation, let process = Int32(lines[3]), process > 0,
      let address = IPAddress(lines[4]), let port = UInt16(lines[5])
    else { return nil }
    // Only a process of this host can be checked.
    guard !address.isLoopback || kill(process, 0) == 0 || errno == EPERM else { return nil }
    self.init(
      run: run, generation: generation, process: process, address: address, port: port, token: lines[6])
  }

  init(
    run: String, generation: Int, process: Int32 = getpid(), address: IPAddress, port: UInt16, token: String
  ) {
    self.run = run
    self.generation = generation
    self.process = process
    self.address = address
    self.port = port
    self.token = token
  }
}

/// How a rank proves itself to the next one over TCP, and whom it admits.
///
/// On loopback only the machine's own users could listen in, so a shared secret suffices and costs nothing
/// afterwards. Beyond it everything is encrypted, at about a second of processor time per gigabyte on either
/// side.
enum RingSecurity {
  /// A secret of the run.
  case secret(String)
  /// This rank's keys, and the public ones of the rank before and the rank after.
  case keys(own: KeyPair, previous: PublicKey, next: PublicKey)

  /// Chooses what an address requires, with the secrets from the ring's folder.
  init(for address: IPAddress, _ ring: RingRendezvous) throws(PrivateFile.Refusal) {
    if address.isLoopback && !ring.alwaysEncrypts {
      self = .secret(try RingSecrets.shared(in: ring.directory))
    } else {
      let keys = try RingSecrets.keys(of: ring.rank, size: ring.size, in: ring.directory)
      self = .keys(own: keys.own, previous: keys.previous, next: keys.next)
    }
  }

  /// The security of the listening socket.
  var server: SocketSecurity {
    switch self {
    case .secret: .plainServer
    case .keys(let own, _, _): .curveServer(own)
    }
  }

  /// Whom the listening socket admits. `token` is the listener's random name, known only to readers of its
  /// announcement: someone who took over a dead listener's port, and was told the secret there, can use it at
  /// no other listener.
  func admission(token: String) -> PeerAdmission {
    switch self {
    case .secret(let secret): .credentials(Credentials(name: token, password: secret))
    case .keys(_, let previous, _): .keys([previous])
    }
  }

  /// The security of the socket that connects to the next rank; nil where it would send the secret beyond
  /// loopback.
  func client(of next: RingAnnouncement) -> SocketSecurity? {
    switch self {
    case .secret(let secret):
      next.address.isLoopback ? .plainClient(Credentials(name: next.token, password: secret)) : nil
    case .keys(let own, _, let server): .curveClient(own, server: server)
    }
  }

  /// The security of a stranger's socket, which knows everything but the secret, for the self-test.
  func stranger(token: String) throws(WireError) -> SocketSecurity {
    switch self {
    case .secret: .plainClient(Credentials(name: token, password: RingSecrets.randomText()))
    case .keys(let own, _, _): .curveClient(try KeyPair(), server: own.publicKey)
    }
  }
}
