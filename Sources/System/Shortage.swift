internal import CLinux
import Glibc

/// Something that the system did not give, since this process has as much of it as it may.
public struct Shortage: Error, Equatable, Sendable {
  /// What there is only so much of.
  public enum Thing: Equatable, Sendable {
    /// Open files, sockets and pipes.
    case descriptors
    /// Threads and processes.
    case threads
    /// Memory, or room for it.
    case memory
  }

  /// What was short.
  public let thing: Thing
  /// What it was for.
  public let purpose: String
  /// What bounds the process.
  public let limits: Limits

  /// Takes the limits as they are now.
  public init(_ thing: Thing, for purpose: String, limits: Limits = .now) {
    (self.thing, self.purpose, self.limits) = (thing, purpose, limits)
  }

  /// The shortage that an errno tells of, if it does.
  public init?(errno: CInt, for purpose: String, limits: Limits = .now) {
    switch errno {
    case EMFILE: self.init(.descriptors, for: purpose, limits: limits)
    case EAGAIN: self.init(.threads, for: purpose, limits: limits)
    case ENOMEM: self.init(.memory, for: purpose, limits: limits)
    default: return nil
    }
  }

  /// Whether a limit explains it, and another start would meet the same one.
  public var isLimit: Bool { thing != .memory || limits.addressSpace != nil }
}

extension Shortage: CustomStringConvertible {
  /// What it was for, the limit and its value, and how it is raised.
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
  /// The status of a program that ends for a limit, `ExitStatus.badConfiguration`; else, where memory may be there again,
  /// that of a failed read.
  public var exitStatus: CInt { isLimit ? 78 : 74 }

  /// Says so on standard error and ends the process, where nothing can go on without what is short.
  public func end() -> Never { endProcess("\(self)", exitStatus) }
}

/// What this process may have of the things that the system counts; nil where nothing bounds it.
public struct Limits: Equatable, Sendable {
  /// Open files, sockets and pipes.
  public var descriptors: Int?
  /// Threads and processes of its user, where its user is bound by that.
  public var threads: Int?
  /// Threads and processes of its tightest control group.
  public var tasks: Int?
  /// Bytes of address space.
  public var addressSpace: Int?

  /// No limits, or those that are named.
  public init(descriptors: Int? = nil, threads: Int? = nil, tasks: Int? = nil, addressSpace: Int? = nil) {
    (self.descriptors, self.threads, self.tasks, self.addressSpace) = (
      descriptors, threads, tasks, addressSpace
    )
  }

  /// Those of this process now.
  public static var now: Limits {
    Limits(
      descriptors: number(LINUX_DESCRIPTORS),
      // The kernel does not count the threads of root.
      threads: geteuid() == 0 ? nil : number(LINUX_THREADS), tasks: ControlGroups.own.taskLimit,
      addressSpace: number(LINUX_ADDRESS_SPACE))
  }

  private static func number(_ limit: linux_limit) -> Int? {
    let value = linux_limit_of(limit)
    return value == .max ? nil : Int(value)
  }

  /// Has this process allowed `count` descriptors, which raises its own limit as far as it may.
  ///
  /// - Throws: A ``Shortage`` where it may have fewer.
  public static func require(descriptors count: Int, for purpose: String) throws(Shortage) {
    guard linux_raise_descriptors(Int64(count)) < count else { return }
    throw Shortage(.descriptors, for: "\(purpose), which takes \(count) descriptors")
  }

  /// Throws a ``Shortage`` where this process may not have `count` bytes of address space more.
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
