internal import CZeroMQ

/// An address that a socket binds or connects to, in ZeroMQ's notation.
public struct Endpoint: Equatable, Sendable, CustomStringConvertible {
  /// The longest path, in bytes, that a Unix-domain socket's address holds.
  public static let maximumPathLength = 107

  /// The address as ZeroMQ reads it, such as `ipc:///run/user/1000/ring-0.socket`.
  public let description: String

  /// A Unix-domain socket at `path`.
  ///
  /// - Throws: `ENAMETOOLONG` when the path has more than ``maximumPathLength`` bytes, before ZeroMQ sees it.
  public static func ipc(path: String) throws(WireError) -> Endpoint {
    guard path.utf8.count <= maximumPathLength else {
      throw WireError(
        call: "ipc", subject: "\(path), \(path.utf8.count) bytes of at most \(maximumPathLength)",
        code: ENAMETOOLONG)
    }
    return Endpoint(description: "ipc://" + path)
  }

  /// A port of one of a machine's addresses; without a number, a free port that the kernel picks at binding.
  public static func tcp(_ address: IPAddress, port: UInt16?) -> Endpoint {
    let host = address.isVersion6 ? "[\(address)]" : address.description
    return Endpoint(description: "tcp://\(host):" + (port.map(String.init) ?? "*"))
  }

  /// A meeting point of sockets of one context.
  public static func inproc(_ name: String) -> Endpoint { Endpoint(description: "inproc://" + name) }
}
