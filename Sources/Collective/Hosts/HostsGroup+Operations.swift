internal import Wire

extension HostsGroup {
  /// Makes a buffer in the memory of the host's group: shared memory where that has some.
  public func makeBuffer(count: Int) throws(CollectiveError) -> SymmetricBuffer {
    try perform(.makeBuffer, element: .float32, range: 0..<count) { call throws(CollectiveError) in
      try meetPeers(call)
      return SymmetricBuffer(ofHost: try local.makeBuffer(count: count))
    }
  }

  /// Sums within the host, then over the hosts, and gives all sums to all ranks.
  public func allReduceSum(_ buffer: SymmetricBuffer, _ range: Range<Int>) throws(CollectiveError) {
    try onFloats(.allReduce, buffer, range, in: gradientWire) { host, parts, call throws(CollectiveError) in
      try local.reduceScatterSum(host, range)
      try exchange.hear(call)
      try exchange.sum(host.start, parts: parts, in: gradientWire, memory, during: call)
      try exchange.spread(host.start, parts: parts, in: gradientWire, memory, during: call)
      try local.allGatherBlocks(host, range)
    }
  }

  /// Sums within the host, then over the hosts, and leaves each sum with its owner.
  public func reduceScatterSum(_ buffer: SymmetricBuffer, _ range: Range<Int>) throws(CollectiveError) {
    try onFloats(.reduceScatter, buffer, range, in: gradientWire) {
      host, parts, call throws(CollectiveError) in
      try local.reduceScatterSum(host, range)
      try exchange.hear(call)
      try exchange.sum(host.start, parts: parts, in: gradientWire, memory, during: call)
    }
  }

  /// Sends each owner's elements to its peers on the other hosts, then within each host.
  public func allGatherBlocks(_ buffer: SymmetricBuffer, _ range: Range<Int>) throws(CollectiveError) {
    try onFloats(.allGatherBlocks, buffer, range, in: .float32) { host, parts, call throws(CollectiveError) in
      try exchange.hear(call)
      try exchange.spread(host.start, parts: parts, in: .float32, memory, during: call)
      try local.allGatherBlocks(host, range)
    }
  }

  /// Sends the headers before `body` runs the host's own part, so that they travel meanwhile.
  private func onFloats(
    _ operation: CollectiveCall.Operation, _ buffer: SymmetricBuffer, _ range: Range<Int>,
    in wire: WireFormat,
    _ body: (SymmetricBuffer, _ parts: [[Range<Int>]], CollectiveCall) throws(CollectiveError) -> Void
  ) throws(CollectiveError) {
    precondition((0..<buffer.count).contains(range), "\(range) of \(buffer.count) floats")
    guard let host = buffer.ofHost else { preconditionFailure("a buffer of another group") }
    try perform(operation, element: wire.element, range: range) { call throws(CollectiveError) in
      try exchange.announce(call)
      let parts = (0..<exchange.hosts).map { blocks.ranges(of: exchange.rank(on: $0), in: range) }
      try body(host, parts, call)
    }
  }
}

extension HostsGroup {
  /// Whether this rank exchanges messages with the other hosts on behalf of its host's ranks.
  private var speaks: Bool { local.rank == 0 }

  /// Returns every rank's `bytes`, by rank: gathered within each host, then passed on from host to host.
  public func allGather(_ bytes: [UInt8]) throws(CollectiveError) -> [[UInt8]] {
    try perform(.allGather) { call throws(CollectiveError) in
      let own = try local.allGather(bytes)
      var all: [UInt8] = []
      if speaks { all = try exchanged(packed(own), call).flatMap { $0 } }
      return unpacked(try local.allGather(all)[0])
    }
  }

  /// The most bytes that a host may announce for one call; a larger number means damage.
  private static let mostGathered = 1 << 30

  /// Exchanges one host's bytes with all others and returns them by host.
  private func exchanged(_ own: [UInt8], _ call: CollectiveCall) throws(CollectiveError) -> [[UInt8]] {
    memory.reserve(own.count)
    let outgoing = memory.take(own.count)
    outgoing.copyBytes(from: own)
    let payload = UnsafeRawBufferPointer(outgoing)
    try exchange.announce(call, payload: payload)
    let headers = try exchange.hear(call)
    for peer in exchange.peers {
      let length = Int(headers[peer]?.length ?? 0)
      guard length <= Self.mostGathered else {
        throw .corrupt(
          rank: exchange.rank(on: peer), operation: call.name, detail: "it announces \(length) bytes")
      }
    }
    let all = try exchange.gather(payload, announced: headers, in: incoming, during: call)
    try exchange.finishSends(of: call)
    return all
  }

  /// Returns once every rank has called it.
  public func barrier() throws(CollectiveError) {
    try perform(.barrier) { call throws(CollectiveError) in
      try local.barrier()
      if speaks { try meetPeers(call) }
      try local.barrier()
    }
  }

  /// Replaces `bytes` by those of rank `root`: first on its host, then from host to host, then on the other
  /// hosts.
  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(CollectiveError) {
    precondition((0..<size).contains(root), "root \(root) of \(size) ranks")
    try perform(.broadcast, range: 0..<bytes.count, root: root) { call throws(CollectiveError) in
      let isRootHost = root / local.size == exchange.host
      if isRootHost { try local.broadcast(bytes, from: root % local.size) }
      if speaks { try relay(bytes, from: root / local.size, call) }
      if !isRootHost { try local.broadcast(bytes, from: 0) }
    }
  }

  /// Passes bytes from host to host along a binomial tree, in ⌈log₂(hosts)⌉ hops.
  private func relay(
    _ bytes: UnsafeMutableRawBufferPointer, from root: Int, _ call: CollectiveCall
  ) throws(CollectiveError) {
    let payload = UnsafeRawBufferPointer(bytes)
    let (host, hosts) = (exchange.host, exchange.hosts)
    let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
    try exchange.announce(call, payload: host == root ? payload : nothing)
    let headers = try exchange.hear(call)
    // With hosts counted from the root on, a host receives from the host whose number lacks its lowest set
    // bit, and sends to those that have one more bit, below that.
    let place = (host - root).modulo(hosts)
    let lowest = place == 0 ? Int.bitWidth - 1 : place.trailingZeroBitCount
    if place != 0, let checksum = headers[root]?.payloadChecksum {
      let source = (root + place - (1 << lowest)).modulo(hosts)
      try exchange.wait(for: exchange.receive(into: bytes, from: source, during: call), during: call)
      try exchange.check(payload, from: source, against: checksum, during: call)
    }
    for digit in (0..<lowest).reversed() where digit < 32 && place + (1 << digit) < hosts {
      try exchange.send(payload, to: (root + place + (1 << digit)).modulo(hosts), during: call)
    }
    try exchange.finishSends(of: call)
  }
}

extension SymmetricBuffer {
  /// The first float's address, which an empty buffer has too.
  fileprivate var start: UnsafeMutablePointer<Float> {
    guard let start = floats.baseAddress else { preconditionFailure("a buffer without memory") }
    return start
  }
}

/// Concatenates contributions, each behind its length as four little-endian bytes.
private func packed(_ contributions: [[UInt8]]) -> [UInt8] {
  contributions.flatMap { withUnsafeBytes(of: UInt32($0.count).littleEndian, Array.init) + $0 }
}

private func unpacked(_ bytes: [UInt8]) -> [[UInt8]] {
  var contributions: [[UInt8]] = []
  var rest = bytes[...]
  while !rest.isEmpty {
    let length = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    contributions.append(Array(rest.dropFirst(4).prefix(length)))
    rest = rest.dropFirst(4 + length)
  }
  return contributions
}
