import Testing

@testable import LivePage
@testable import RunControl

/// Who gets to see the page, and where it is served.
@Suite struct AdmissionTests {
  private let secret = "0123456789abcdef"

  @Test(arguments: [
    ("127.0.0.1:8265", true), ("localhost", true), ("[::1]:80", true), ("192.168.7.9:1", true),
    ("MyHost:8265", true),
    ("evil.example", false), ("127.0.0.1.evil.example:8265", false), ("", false), ("[evil]", false),
    ("[::1", false),
  ])
  func `a name that anybody could point here is not the page's`(host: String, isKnown: Bool) {
    let open = Admission(token: nil, names: ["myhost"])
    #expect(
      open.decide(host: host, cookie: nil, bearer: nil, query: nil) == (isKnown ? .welcome : .stranger))
    #expect(open.decide(host: nil, cookie: nil, bearer: nil, query: nil) == .stranger)
  }

  @Test func `with a token only who has it gets in, and the address does not keep it`() {
    let locked = Admission(token: secret, names: [])
    func decide(cookie: String? = nil, bearer: String? = nil, query: String? = nil) -> Admission.Decision {
      locked.decide(host: "10.0.0.1", cookie: cookie, bearer: bearer, query: query)
    }
    #expect(decide() == .locked)
    #expect(decide(cookie: secret) == .welcome && decide(bearer: secret) == .welcome)
    #expect(decide(query: secret) == .keepsToken)
    for wrong in ["", "0123456789abcdeX", "0123456789abcde", "0123456789abcdef0"] {
      #expect(decide(cookie: wrong, bearer: wrong) == .locked && decide(query: wrong) == .locked, "\(wrong)")
    }
    #expect(locked.decide(host: "evil.example", cookie: secret, bearer: nil, query: nil) == .stranger)
  }

  @Test(arguments: ["short", "", "with blanks in between it", "sixteen;letters=1", "🔑🔑🔑🔑🔑🔑🔑🔑"])
  func `a token that can be guessed or that no cookie holds is refused`(text: String) {
    #expect(throws: LaunchError.self) { try Admission.token(in: text, from: "FILE") }
  }

  @Test func `a token is the first line`() throws {
    #expect(try Admission.token(in: " \(secret)  \r\nmore\n", from: "FILE") == secret)
  }

  @Test(
    arguments: [
      ("127.0.0.1:8265", "127.0.0.1", 8265, true), ("8265", "127.0.0.1", 8265, true),
      (":0", "127.0.0.1", 0, true),
      ("[::1]:80", "::1", 80, true), ("localhost:1", "localhost", 1, true),
      ("0.0.0.0:1", "0.0.0.0", 1, false),
      ("[::]:1", "::", 1, false), ("127.evil.example:1", "127.evil.example", 1, false),
      ("10.1.2.3:65535", "10.1.2.3", 65535, false),
    ] as [(String, String, Int, Bool)])
  func `an address is taken apart`(text: String, host: String, port: Int, isLoopback: Bool) throws {
    let address = try #require(PageAddress(text))
    #expect(address.host == host && address.port == port && address.isLoopback == isLoopback)
  }

  @Test(arguments: [
    "", "x", "127.0.0.1", "1:2:3", "::1:80", "127.0.0.1:65536", "127.0.0.1:-1", "[x]:1", "/a:1", "a:+1",
  ])
  func `what is no address is none`(text: String) { #expect(PageAddress(text) == nil) }
}
