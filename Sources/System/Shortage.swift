internal import CLinux
import Glibc

/// A resource that the system refused because this process has reached a limit.
public struct Shortage: Error, Equatable, Sendable {
  /// The kinds of limited resources.
  public enum Thing: Equatable, Sendable {
    /// Open files, sockets and pipes.
    case descriptors
    /// Threads and processes.
    case threads
    /// Memory, or room for it.
    case memory
  }

  /// The resource.
  public let thing: Thing
  /// Its purpose.
  public let purpose: String
  /// The limits of the process.
  public let limits: Limits

  /// Makes the error with the current limits.
  public init(_ thing: Thing, for purpose: String, limits: Limits = .now) {
    (self.thing, self.purpose, self.limits) = (thing, purpose, limits)
  }

  /// Makes the error that an errno describes; nil for any other errno.
  public init?(errno: CInt, for purpose: String, limits: Limits = .now) {
    switch errno {
    case EMFILE: self.init(.descriptors, for: purpose, limits: limits)
    case EAGAIN: self.init(.threads, for: purpose, limits: limits)
    case ENOMEM: self.init(.memory, for: purpose, limits: limits)
    default: return nil
    }
  }

  /// Whether a limit explains it, so that another start would fail too.
  public var isLimit: Bool { thing != .memory || limits.addressSpace != nil }
}

extension Shortage: CustomStringConvertible {
  /// The purpose, the limit with its value, and how to raise it.
  public var description: String {
    switch thing {
    case .descriptors:
      "no descriptor for \(purpose): this process may have \(limits.descriptors.map(String.init) ?? "no more") "
        + "(ulimit -n). Raise it with `ulimit -n 1024`, for a systemd service with LimitNOFILE=1024."
    case .threads:
      "no thread or process for \(purpose)\(threadBounds). Raise it with `ulimit -u 4096`"
        + (limits.addressSpace == nil ? "" : " and `ulimit -v unlimited`")
        + ", for a systemd service with TasksMax=4096 and LimitNPROC=4096, for a container with --pids-limit 4096; or start "
        + "fewer workers, with fewer --threads and --num-workers."
    case .memory:
      if let bytes = limits.addressSpace {
        "no memory for \(purpose): this process may have \(bytes >> 20) MiB of address space (ulimit -v). "
          + "Lift it with `ulimit -v unlimited`, for a systemd service with LimitAS=infinity."
      } else {
        "no memory for \(purpose): the machine gives no more. Start fewer workers, or use a smaller --batch-size."
      }
    }
  }

  private var threadBounds: String {
    let user = limits.threads.map { "this user may have \($0) (ulimit -u)" }
    let group = limits.tasks.map { "the control group may have \($0) (pids.max)" }
    let memory = limits.addressSpace.map {
      "this process may have \($0 >> 20) MiB of address space (ulimit -v)"
    }
    let bounds = [user, group, memory].compactMap(\.self)
    return bounds.isEmpty ? ": the machine gives no more" : ": " + bounds.joined(separator: ", ")
  }
}

extension Shortage {
  /// The exit status: `ExitStatus.badConfiguration` at a limit; otherwise that of a failed read, since memory
  /// may become free.
  public var exitStatus: CInt { isLimit ? 78 : 74 }

  /// Prints the error and ends the process, when it cannot continue.
  public func end() -> Never { endProcess("\(self)", exitStatus) }
}

/// The limits of this process; nil where there is none.
public struct Limits: Equatable, Sendable {
  /// Open files, sockets and pipes.
  public var descriptors: Int?
  /// Threads and processes of its user, if that limit applies to the user.
  public var threads: Int?
  /// Threads and processes of its tightest control group.
  public var tasks: Int?
  /// Bytes of address space.
  public var addressSpace: Int?

  /// Makes limits; none by default.
  public init(descriptors: Int? = nil, threads: Int? = nil, tasks: Int? = nil, addressSpace: Int? = nil) {
    (self.descriptors, self.threads, self.tasks, self.addressSpace) = (
      descriptors, threads, tasks, addressSpace
    )
  }

  /// The current limits of this process.
  public static var now: Limits {
    Limits(
      descriptors: number(LINUX_DESCRIPTORS),
      // The kernel does not count root's threads.
      threads: geteuid() == 0 ? nil : number(LINUX_THREADS), tasks: ControlGroups.own.taskLimit,
      addressSpace: number(LINUX_ADDRESS_SPACE))
  }

  private static func number(_ limit: linux_limit) -> Int? {
    let value = linux_limit_of(limit)
    return value == .max ? nil : Int(value)
  }

  /// Raises this process's own limit of descriptors as far as allowed, to `count`.
  ///
  /// - Throws: A ``Shortage`` if the limit stays lower.
  public static func require(descriptors count: Int, for purpose: String) throws(Shortage) {
    guard linux_raise_descriptors(Int64(count)) < count else { return }
    throw Shortage(.descriptors, for: "\(purpose), which takes \(count) descriptors")
  }

  /// Throws a ``Shortage`` if this process cannot get `count` more bytes of address space.
  public static func require(addressSpace count: Int, for purpose: String) throws(Shortage) {
    guard linux_has_room(count) == 0 else { return }
    throw Shortage(.memory, for: "\(purpose), which takes \(count >> 20) MiB more")
  }
}

extension ControlGroups {
  /// The most threads and processes that the tightest group allows.
  var taskLimit: Int? {
    folders(of: "pids").compactMap { text("\($0.path)/pids.max")?.numbers.first }.min()
  }
}
