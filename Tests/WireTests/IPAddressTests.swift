import Glibc
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

  @Test func `networks of a site are told from the internet`() throws {
    for text in [
      "10.0.0.1", "172.16.0.1", "172.31.9.9", "192.168.1.1", "169.254.1.1", "100.64.0.1", "fd00::1",
      "fc00::1",
      "fe80::1", "::ffff:10.0.0.1",
    ] { #expect(try #require(IPAddress(text)).isPrivate, "\(text)") }
    for text in [
      "8.8.8.8", "172.15.0.1", "172.32.0.1", "192.169.0.1", "100.128.0.1", "2001:db8::1", "::ffff:8.8.8.8",
      "ff02::1",
    ] { #expect(try !#require(IPAddress(text)).isPrivate, "\(text)") }
  }

  @Test func `an address of IPv4 inside IPv6 is taken out, any other left`() throws {
    for (text, plain) in [("::ffff:10.0.0.1", "10.0.0.1"), ("10.0.0.1", "10.0.0.1"), ("fd00::1", "fd00::1")] {
      #expect(try #require(IPAddress(text)).unmapped.description == plain)
    }
  }

  @Test func `a socket that listens is at the address that it was given`() throws {
    for text in ["127.0.0.1", "127.0.0.2"] {
      let address = try #require(IPAddress(text))
      let (descriptor, port) = try #require(address.listen())
      defer { close(descriptor) }
      #expect(port > 0 && IPAddress(localEndOf: descriptor) == address)
      #expect(IPAddress(farEndOf: descriptor) == nil)
    }
    #expect(try #require(IPAddress("192.0.2.1")).listen() == nil)
  }

  @Test func `endpoints are written as ZeroMQ reads them`() throws {
    #expect(try Endpoint.tcp(#require(IPAddress("127.0.0.1")), port: nil).description == "tcp://127.0.0.1:*")
    #expect(try Endpoint.tcp(#require(IPAddress("::1")), port: 80).description == "tcp://[::1]:80")
  }
}
