import Glibc
import RunControl
import System

/// The disk to which a run is to write, and how fast and how completely it works.
struct DiskFacts: Equatable, Sendable {
  /// The folder as the user named it.
  var folder = "."
  /// The file system's type, as mount tables name it.
  var kind: String?
  var space: FileSystemSpace?
  /// Why nothing can be written there; nil where writing works.
  var obstacle: String?
  /// The median time of fsync(2) for a small file, in seconds.
  var syncSeconds: Double?
  /// The write speed in bytes per second, fsync(2) included.
  var speed: Double?
  /// Whether O_DIRECT works.
  var isDirect: Bool?
  /// Whether file locks work.
  var hasLocks: Bool?
  /// How many seconds the file system's clock, such as a server's, is ahead of this machine's.
  var clockLead: Double?

  init() {}

  /// Tests the folder, or the nearest existing one above it; leaves nothing behind.
  init(of given: String) {
    folder = given
    var path = given
    while access(path, F_OK) != 0, path != "/", path != "." { path = Folders.parent(of: path) }
    space = FileSystemSpace(around: path)
    kind = Self.kind(of: path)
    guard Folders.canWrite(given) else {
      obstacle = errorText(errno)
      return
    }
    measure("\(path)/.twins-doctor-\(getpid())")
  }

  private static let block = 8 << 20

  private mutating func measure(_ path: String) {
    guard let file = Descriptor(open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)) else {
      obstacle = errorText(errno)
      return
    }
    defer { unlink(path) }
    let number = file.number
    hasLocks = flock(number, LOCK_EX | LOCK_NB) == 0
    var word: UInt8 = 1
    var times: [Double] = []
    for _ in 0..<5 {
      let watch = Stopwatch()
      guard write(number, &word, 1) == 1, fsync(number) == 0 else { return obstacle = errorText(errno) }
      times.append(watch.elapsed)
    }
    syncSeconds = times.sorted()[2]
    clockLead = lastChange(of: path).map { $0 - Self.now }
    let bytes = [UInt8](repeating: 1, count: Self.block)
    let watch = Stopwatch()
    if bytes.withUnsafeBytes({ writeAll($0, to: number) }).failure == nil, fsync(number) == 0 {
      speed = Double(Self.block) / watch.elapsed
    }
    let direct = open(path, O_RDONLY | Self.direct | O_CLOEXEC)
    isDirect = direct >= 0
    if direct >= 0 { close(direct) }
  }

  private static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// O_DIRECT, which Swift's Glibc module lacks.
  #if arch(arm64)
    private static let direct: CInt = 0o200000
  #else
    private static let direct: CInt = 0o40000
  #endif

  /// The file system's type of the innermost mount that contains a path.
  private static func kind(of path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    let whole = String(cString: resolved) + "/"
    let mounts = (ProcFS.text("/proc/self/mounts") ?? "").split(separator: "\n").map {
      $0.split(separator: " ")
    }
    let around = mounts.filter { $0.count > 2 && (whole.hasPrefix($0[1] + "/") || $0[1] == "/") }
    return around.enumerated().max { ($0.element[1].count, $0.offset) < ($1.element[1].count, $1.offset) }
      .map { String($0.element[2]) }
  }
}
