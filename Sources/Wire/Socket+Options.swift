internal import CZeroMQ

extension Socket {
  /// How long unsent messages outlive a closed ``Socket`` while the context terminates.
  public func setLinger(_ time: Duration) throws(WireError) {
    try set(ZMQ_LINGER, to: time.wholeMilliseconds, named: "LINGER")
  }

  /// The most messages queued on this side, for sending and receiving each; the peer has its own queue. Set
  /// before connecting.
  public func setHighWaterMark(_ messages: Int) throws(WireError) {
    try set(ZMQ_SNDHWM, to: Int32(messages), named: "SNDHWM")
    try set(ZMQ_RCVHWM, to: Int32(messages), named: "RCVHWM")
  }

  /// The most bytes of a received message; peers that send more are disconnected. Set before binding.
  public func setMaximumMessageSize(_ bytes: Int) throws(WireError) {
    try set(ZMQ_MAXMSGSIZE, to: Int64(bytes), named: "MAXMSGSIZE")
  }

  /// The pause between connection attempts. Set before connecting.
  public func setReconnectInterval(_ time: Duration) throws(WireError) {
    try set(ZMQ_RECONNECT_IVL, to: time.wholeMilliseconds, named: "RECONNECT_IVL")
  }

  /// Refuses to queue messages until a peer has completed the handshake. Set before connecting.
  ///
  /// A message queued earlier can be lost, whatever the linger time, if the socket closes during the
  /// handshake.
  public func queueOnlyForPeers() throws(WireError) {
    try set(ZMQ_IMMEDIATE, to: Int32(1), named: "IMMEDIATE")
  }

  /// On `ipc`, refuses peers of any other user, as reported by the kernel. Set before binding.
  public func acceptOnly(user: UInt32) throws(WireError) {
    try set(ZMQ_IPC_FILTER_UID, to: user, named: "IPC_FILTER_UID")
  }

  /// The time limit for a peer's handshake, after which it is disconnected. Set before binding.
  public func setHandshakeLimit(_ time: Duration) throws(WireError) {
    try set(ZMQ_HANDSHAKE_IVL, to: time.wholeMilliseconds, named: "HANDSHAKE_IVL")
  }

  /// The kernel's buffers for each connection, in bytes; nil keeps the kernel's defaults. Set before
  /// connecting.
  public func setKernelBuffers(send: Int?, receive: Int?) throws(WireError) {
    if let send { try set(ZMQ_SNDBUF, to: Int32(send), named: "SNDBUF") }
    if let receive { try set(ZMQ_RCVBUF, to: Int32(receive), named: "RCVBUF") }
  }

  /// Allows IPv6 addresses. Set before binding or connecting.
  public func allowVersion6() throws(WireError) { try set(ZMQ_IPV6, to: Int32(1), named: "IPV6") }

  func set(
    _ option: Int32, to value: some BitwiseCopyable, named name: String
  ) throws(WireError) {
    let status = withUnsafeBytes(of: value) {
      zmq_setsockopt(handle, option, $0.baseAddress, $0.count)
    }
    guard status == 0 else { throw .last("zmq_setsockopt", on: name) }
  }

  func set(_ option: Int32, to text: String, named name: String) throws(WireError) {
    guard zmq_setsockopt(handle, option, text, text.utf8.count) == 0 else {
      throw .last("zmq_setsockopt", on: name)
    }
  }
}

extension Duration {
  /// Milliseconds rounded up, so that no wait ends early, capped at C's largest `int`.
  var wholeMilliseconds: Int32 {
    let (seconds, attoseconds) = components
    guard seconds < 2_000_000 else { return Int32.max }
    let milliseconds = seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    return Int32(Swift.max(0, milliseconds))
  }
}
