/// How messages get from rank to rank.
public enum TransportName: String, CaseIterable, Sendable {
  /// Shared memory where it can be had, sockets where not.
  case auto
  /// The ring's messages over Unix-domain sockets, the gradients in memory that all ranks see.
  case shm
  /// Messages and gradients over Unix-domain sockets.
  case ipc
  /// Messages and gradients over TCP.
  case tcp
}

/// Everything that a rank must know to join its ring.
public struct RingMeeting: Sendable {
  /// This process's place; every rank from 0 to `size` - 1 must come.
  public var rank: Int
  /// The number of ranks.
  public var size: Int
  /// The run's name; a rank of another run is refused.
  public var run: String
  /// How often the run has started its workers; a rank of another start is refused.
  public var generation: Int
  /// A folder of this run alone, closed to other users (mode 0700), with a short path.
  public var directory: String
  /// How messages get from rank to rank.
  public var transport = TransportName.auto
  /// The memory that all ranks see, for `shm`; nil where the launcher gave none.
  public var memory: SharedMemory?
  /// The address whose ports `tcp` uses; beyond loopback, messages are encrypted.
  public var address = "127.0.0.1"
  /// Whether `tcp` encrypts on loopback too.
  var alwaysEncrypts = false
  /// How sums travel where `transport` is `ipc` or `tcp`; `auto` never rounds, whatever it comes to.
  public var gradientWire = GradientWire.float32
  /// The longest wait for a rank that is not there yet; it counts anew as others arrive.
  public var deadline = Duration.seconds(60)
  /// How long a rank waits for its neighbours once they have met.
  public var timeouts = RingGroup.Timeouts()

  /// Whether sums are sent between the ranks for certain.
  public var sendsSums: Bool { transport == .ipc || transport == .tcp }

  /// A file in memory that the launcher made and every worker has inherited.
  public struct SharedMemory: Sendable {
    /// Its descriptor, the same file on every rank.
    public var descriptor: Int32
    /// The most bytes it may grow to; nil leaves that to the machine.
    public var limit: Int?

    /// Names an inherited file.
    public init(descriptor: Int32, limit: Int? = nil) {
      self.descriptor = descriptor
      self.limit = limit
    }
  }

  /// A meeting over sockets in `directory`, with the usual limits.
  public init(rank: Int, size: Int, run: String, generation: Int, directory: String) {
    self.rank = rank
    self.size = size
    self.run = run
    self.generation = generation
    self.directory = directory
  }
}
