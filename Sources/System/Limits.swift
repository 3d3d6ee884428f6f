internal import CLinux
import Glibc

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
