/// What the ring's sockets may use; memory and speed depend on it, correctness does not.
struct SocketTuning {
  /// The most bytes of content in one message.
  var segmentBytes = RingGrain().segmentBytes
  /// The messages that each socket queues.
  var queueLength = 8
  /// Threads that move the messages; a connection uses one.
  var ioThreads = 1
  /// The kernel's buffers of each connection, in bytes; nil leaves them to the kernel, which lets them grow.
  var sendBuffer: Int?
  var receiveBuffer: Int?

  /// For connections within one host, where what does not fit the processor's caches is slow: measured as the best of
  /// 64 KiB to 4 MiB.
  static var loopback: SocketTuning {
    var tuning = SocketTuning()
    tuning.sendBuffer = 262_144
    tuning.receiveBuffer = 262_144
    return tuning
  }

  /// The largest message: besides a segment, room for the header and for the words of an abort notice.
  var largestMessage: Int { segmentBytes + 65_536 }
}
