import Testing
import Wire

@Suite("Addresses")
struct IPAddressTests {
  @Test func `what never leaves the machine is told from what may`() throws {
    for text in ["127.0.0.1", "127.255.3.4", "::1", "localhost", "::ffff:127.0.0.1"] {
      #expect(try #require(IPAddress(text)).isLoopback, "\(text)")
    }
    for text in [
      "126.255.255.255", "128.0.0.1", "10.127.0.1", "0.0.0.0", "::", "::2", "fe80::1", "::ffff:10.0.0.1",
      "1::1", "::127.0.0.1",
    ] {
      #expect(try !#require(IPAddress(text)).isLoopback, "\(text)")
    }
  }

  @Test func `only numbers are addresses`() {
    for text in [
      "", "*", "eth0", "localhost.example.com", "127.1", "127.0.0.1 ", "127.0.0.1:80", "[::1]", "2130706433",
      "0x7f.0.0.1",
    ] { #expect(IPAddress(text) == nil, "\(text)") }
  }

  @Test func `all of a machine's addresses at once are known for what they are`() throws {
    for text in ["0.0.0.0", "::", "::ffff:0.0.0.0"] { #expect(try #require(IPAddress(text)).isUnspecified) }
    for text in ["127.0.0.1", "::1", "0.0.0.1"] { #expect(try !#require(IPAddress(text)).isUnspecified) }
  }

  @Test func `endpoints are written as ZeroMQ reads them`() throws {
    #expect(try Endpoint.tcp(#require(IPAddress("127.0.0.1")), port: nil).description == "tcp://127.0.0.1:*")
    #expect(try Endpoint.tcp(#require(IPAddress("::1")), port: 80).description == "tcp://[::1]:80")
  }
}
