import Foundation
import Testing
import Wire

@testable import Collective

@Suite("Secrets of a ring")
struct SecretsTests {
  @Test func `are files for one user alone, written once`() throws {
    let folder = try RendezvousFolder(secretsFor: 3)
    let names = ["key-0", "key-1", "key-2", "public-keys", "secret"]
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == names)
    for name in names {
      let mode = try FileManager.default.attributesOfItem(atPath: "\(folder.path)/\(name)")[.posixPermissions]
      #expect(mode as? Int == 0o600, "\(name)")
    }
    let again = #expect(throws: RingSecrets.Failure.self) { try RingSecrets.write(to: folder.path, size: 3) }
    #expect(again?.description.contains("\(folder.path)/secret") == true)
    let open = try RendezvousFolder(mode: 0o750)
    #expect(throws: RingSecrets.Failure.self) { try RingSecrets.write(to: open.path, size: 1) }
    #expect(open.contents.isEmpty)
  }

  @Test func `fit together: everyone's neighbours are the ranks beside it, and no two runs share any`() throws
  {
    let folder = try RendezvousFolder(secretsFor: 4)
    let keys = try (0..<4).map { try RingSecrets.keys(of: $0, size: 4, in: folder.path) }
    for rank in 0..<4 {
      #expect(keys[rank].next == keys[(rank + 1) % 4].own.publicKey)
      #expect(keys[(rank + 1) % 4].previous == keys[rank].own.publicKey)
    }
    #expect(Set(keys.map(\.own.secretText)).count == 4)
    let other = try RendezvousFolder(secretsFor: 4)
    #expect(try RingSecrets.shared(in: other.path) != RingSecrets.shared(in: folder.path))
  }

  @Test(arguments: ["secret", "key-0", "public-keys"])
  func `a file that is missing, open to others, a link, damaged or of another run is refused by name`(
    name: String
  ) throws {
    let changes: [(String, String, (String) throws -> Void)] = [
      ("missing", "is missing", { try FileManager.default.removeItem(atPath: $0) }),
      ("open", "open to other users", { chmod($0, 0o640) }),
      ("empty", "does not hold", { truncate($0, 0) }),
      ("huge", "at most", { truncate($0, 1 << 20) }),
      (
        "link", "cannot open",
        { path in
          try FileManager.default.moveItem(atPath: path, toPath: path + ".old")
          try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: path + ".old")
        }
      ),
      (
        "pipe", "is not a file",
        { path in
          try FileManager.default.removeItem(atPath: path)
          mkfifo(path, 0o600)
        }
      ),
    ]
    for (what, reason, change) in changes {
      let folder = try RendezvousFolder(secretsFor: 2)
      let path = "\(folder.path)/\(name)"
      try change(path)
      let detail = Self.refusal(of: folder.rendezvous(rank: 0, size: 2, encrypts: name != "secret"))
      #expect(
        detail?.contains(path) == true && detail?.contains(reason) == true, "\(what): \(detail ?? "none")")
    }
  }

  @Test func `keys that do not belong together are refused`() throws {
    let folder = try RendezvousFolder(secretsFor: 2)
    let other = try KeyPair()
    try PrivateFile.replace("\(folder.path)/key-0", with: other.secretText)
    #expect(
      Self.refusal(of: folder.rendezvous(rank: 0, size: 2, encrypts: true))?.contains("two runs") == true)
    #expect(
      Self.refusal(of: folder.rendezvous(rank: 1, size: 3, encrypts: true))?.contains("public-keys") == true)
  }

  @Test func `beyond loopback it is keys or nothing`() throws {
    let folder = try RendezvousFolder(secretsFor: 2)
    for text in ["10.1.2.3", "192.0.2.1", "fe80::1", "128.0.0.1"] {
      let address = try #require(IPAddress(text))
      guard case .keys = try RingSecurity(for: address, folder.rendezvous(rank: 0, size: 2)) else {
        Issue.record("\(text) goes in the clear")
        continue
      }
    }
    let loopback = try RingSecurity(
      for: #require(IPAddress("127.0.0.1")), folder.rendezvous(rank: 0, size: 2))
    guard case .secret = loopback else {
      Issue.record("loopback is encrypted")
      return
    }
    let abroad = RingAnnouncement(
      run: "test", generation: 0, address: try #require(IPAddress("192.0.2.1")), port: 9, token: "t")
    #expect(loopback.client(of: abroad) == nil, "the secret must not leave the host")
    try FileManager.default.removeItem(atPath: "\(folder.path)/public-keys")
    var rendezvous = folder.rendezvous(rank: 0, size: 2)
    rendezvous.address = "192.0.2.1"
    #expect(Self.refusal(of: rendezvous)?.contains("public-keys is missing") == true)
  }

  @Test(arguments: ["", "*", "0.0.0.0", "::", "eth0"])
  func `an address that is a name, a wildcard or nothing is refused`(text: String) throws {
    let folder = try RendezvousFolder(secretsFor: 2)
    var rendezvous = folder.rendezvous(rank: 0, size: 2)
    rendezvous.address = text
    #expect(Self.refusal(of: rendezvous)?.contains("'\(text)' is not one numeric address") == true)
  }

  private static func refusal(of rendezvous: RingRendezvous) -> String? {
    let error = Outcome { () throws(CollectiveError) in try RingGroup.connect(rendezvous) }.error
    guard case .setup(rendezvous.rank, let detail) = error else { return nil }
    return detail
  }
}
