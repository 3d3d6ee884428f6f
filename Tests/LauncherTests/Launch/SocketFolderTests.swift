import Foundation
import Glibc
import System
import Testing
import TestSupport

@testable import Launcher
@testable import RunControl

@Suite struct SocketFolderTests {
  @Test func `is private and short and goes with its owner`() throws {
    let parent = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: parent) }
    let path = try usePrivateFolder(environment: ["TMPDIR": parent])
    #expect(path.hasPrefix(parent + "/"))
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  private func usePrivateFolder(environment: [String: String]) throws -> String {
    let folder = try SocketFolder(environment: environment)
    var status = stat()
    #expect(stat(folder.path, &status) == 0)
    #expect(status.st_mode & 0o777 == 0o700)
    try makeSocket("\(folder.path)/0.sock")
    return folder.path
  }

  @Test(arguments: ["/nowhere", "relative", "/" + String(repeating: "x", count: 90), ""])
  func `falls back to /tmp`(parent: String) throws {
    let folder = try SocketFolder(environment: ["TMPDIR": parent])
    #expect(folder.path.hasPrefix("/tmp/"))
  }

  @Test func `a service's own folder comes first`() throws {
    let parent = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: parent) }
    let folder = try SocketFolder(environment: ["TMPDIR": "/tmp", "RUNTIME_DIRECTORY": parent])
    #expect(folder.path.hasPrefix(parent + "/"))
  }

  @Test func `removes what a dead run left`() throws {
    let parent = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: parent) }
    let abandoned = try makeFolder("\(parent)/twins-sockets-dead00")
    try makeSocket("\(abandoned)/0.sock")
    // What workers leave that were killed together with their launcher.
    for name in ["ring-0.lock", "secret", "public-keys", "key-3"] { makeFile("\(abandoned)/\(name)") }
    let foreign = try makeFolder("\(parent)/twins-sockets-notes0")
    makeFile("\(foreign)/notes.txt")
    let living = try SocketFolder(in: parent)
    for path in [abandoned, foreign, living.path] { makeOld(path) }

    let folder = try SocketFolder(in: parent)
    #expect(!FileManager.default.fileExists(atPath: abandoned))
    #expect(FileManager.default.fileExists(atPath: "\(foreign)/notes.txt"))
    #expect(FileManager.default.fileExists(atPath: living.path))
    #expect(FileManager.default.fileExists(atPath: folder.path))
  }

  private func makeFolder(_ path: String) throws -> String {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    return path
  }

  private func makeOld(_ path: String) {
    var times = [timeval(tv_sec: 1_000_000_000, tv_usec: 0), timeval(tv_sec: 1_000_000_000, tv_usec: 0)]
    utimes(path, &times)
  }

  private func makeSocket(_ path: String) throws {
    let socket = try Descriptor(Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0), from: "socket")
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket.number, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    #expect(result == 0)
  }
}
