internal import Wire

/// How a rank proves itself to the next one over TCP, and whom it lets in.
///
/// On loopback nobody but the machine's own users can read along, so a secret is enough, and costs nothing afterwards.
/// Beyond it everything is encrypted, which costs about a second of processor time for each gigabyte on either side.
enum RingSecurity {
  /// A secret of the run.
  case secret(String)
  /// This rank's keys, and the public ones of the rank before and the rank after.
  case keys(own: KeyPair, previous: PublicKey, next: PublicKey)

  /// The one that an address demands, with the secrets from the meeting's folder.
  init(for address: IPAddress, _ meeting: RingMeeting) throws(PrivateFile.Refusal) {
    if address.isLoopback && !meeting.alwaysEncrypts {
      self = .secret(try RingSecrets.shared(in: meeting.directory))
    } else {
      let keys = try RingSecrets.keys(of: meeting.rank, size: meeting.size, in: meeting.directory)
      self = .keys(own: keys.own, previous: keys.previous, next: keys.next)
    }
  }

  /// What the listening socket is.
  var server: SocketSecurity {
    switch self {
    case .secret: .plainServer
    case .keys(let own, _, _): .curveServer(own)
    }
  }

  /// Whom it lets in. `token` is the listener's own name, which only readers of its announcement know: so whoever lures
  /// a rank into telling it the secret at a dead listener's port can use it nowhere else.
  func admission(token: String) -> Admission {
    switch self {
    case .secret(let secret): .credentials(Credentials(name: token, password: secret))
    case .keys(_, let previous, _): .keys([previous])
    }
  }

  /// What the socket that connects to the next rank is; nil where that would tell the secret beyond loopback.
  func client(of next: RingAnnouncement) -> SocketSecurity? {
    switch self {
    case .secret(let secret):
      next.address.isLoopback ? .plainClient(Credentials(name: next.token, password: secret)) : nil
    case .keys(let own, _, let server): .curveClient(own, server: server)
    }
  }

  /// What a stranger's socket is that knows all but the secret.
  func stranger(token: String) throws(WireError) -> SocketSecurity {
    switch self {
    case .secret: .plainClient(Credentials(name: token, password: RingSecrets.randomText()))
    case .keys(let own, _, _): .curveClient(try KeyPair(), server: own.publicKey)
    }
  }
}
