import Glibc

/// The control groups that hold a process, as the kernel's files tell of them.
///
/// A container may see its own group at the root of the file system, under whatever path its membership names; what is not
/// there is passed over.
public struct ControlGroups {
  /// The text of /proc/self/cgroup.
  let membership: String
  /// The text of a small file, if it can be read.
  let text: (String) -> String?

  /// Groups that the text of /proc/self/cgroup names; `text` gives a file's content.
  public init(membership: String, text: @escaping (String) -> String?) {
    self.membership = membership
    self.text = text
  }

  /// Those of this process.
  static var own: ControlGroups {
    ControlGroups(membership: smallFile("/proc/self/cgroup") ?? "", text: smallFile)
  }

  /// The folders of the groups that a controller of either version counts this process in, outermost first.
  func folders(of controller: String) -> [(version: Int, path: String)] {
    groups(of: controller).map { version, path in
      (version, "/sys/fs/cgroup" + (version == 2 ? "" : "/\(controller)") + path)
    }
  }

  /// The groups that a controller of either version counts this process in, outermost first, by their paths below the
  /// controller's root, which is "".
  public func groups(of controller: String) -> [(version: Int, path: String)] {
    membership.split(separator: "\n").flatMap { line -> [(version: Int, path: String)] in
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { return [] }
      let isSecond = fields[1].isEmpty
      guard isSecond || fields[1].split(separator: ",").contains(Substring(controller)) else { return [] }
      return ancestors(of: fields[2]).map { (isSecond ? 2 : 1, $0) }
    }
  }

  /// "" and every part of a path: a limit on any of them holds.
  private func ancestors(of path: Substring) -> [String] {
    path.split(separator: "/").reduce(into: [""]) { $0.append("\($0[$0.count - 1])/\($1)") }
  }
}

/// The text of a file of the kernel's, if it can be read; 64 KiB of it at most.
public func smallFile(_ path: String) -> String? {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  var bytes = [UInt8](repeating: 0, count: 65_536)
  let count = read(descriptor, &bytes, bytes.count)
  return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
}

extension String {
  /// The numbers in a line; words such as "max" are left out.
  var numbers: [Int] { split(whereSeparator: \.isWhitespace).compactMap { Int($0) } }
}
