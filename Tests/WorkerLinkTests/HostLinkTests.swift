import Testing

@testable import WorkerLink

@Suite struct HostLinkTests {
  static let first = HostLink(
    hosts: 2, host: 0, address: "10.0.0.1", storeAddress: "10.0.0.1", storePort: 4711, storeSocket: 7,
    run: "r1", generation: 3)
  static let second = HostLink(
    hosts: 2, host: 1, address: "fd00::2", storeAddress: "fd00::1", storePort: 4711, run: "r1", generation: 0)

  @Test(arguments: [first, second])
  func `an environment tells all that was handed down`(link: HostLink) throws {
    #expect(try HostLink(environment: link.environment) == link)
    #expect(HostLink.variables.isSuperset(of: link.environment.keys))
  }

  @Test func `the names are those that workers of an earlier launcher read`() {
    #expect(
      Self.first.environment == [
        "TWINS_HOSTS": "2", "TWINS_HOST": "0", "TWINS_HOST_ADDRESS": "10.0.0.1",
        "TWINS_STORE_ADDRESS": "10.0.0.1", "TWINS_STORE_PORT": "4711", "TWINS_STORE_FD": "7",
        "TWINS_HOSTS_RUN": "r1", "TWINS_HOSTS_GENERATION": "3",
      ])
    #expect(Set(Self.first.environment.keys) == HostLink.variables)
  }

  @Test func `without the number of hosts there is one host`() throws {
    var environment = Self.first.environment
    environment["TWINS_HOSTS"] = nil
    #expect(try HostLink(environment: environment) == nil)
  }

  @Test(arguments: [
    ("TWINS_HOSTS", "0"), ("TWINS_HOSTS", "many"), ("TWINS_HOST", "2"), ("TWINS_HOST", "-1"),
    ("TWINS_HOST_ADDRESS", ""), ("TWINS_STORE_PORT", "0"), ("TWINS_STORE_PORT", "65536"),
    ("TWINS_STORE_FD", ""), ("TWINS_HOSTS_RUN", ""), ("TWINS_HOSTS_GENERATION", "-1"),
  ])
  func `a variable that does not fit is named`(name: String, value: String) {
    let error = #expect(throws: HostLink.BadVariable.self) {
      try HostLink(environment: Self.first.environment.merging([name: value]) { $1 })
    }
    #expect(error == HostLink.BadVariable(name: name, value: value))
    #expect(error?.description.hasPrefix("\(name)='\(value)' does not fit") == true)
  }

  @Test(arguments: HostLinkTests.second.environment.keys.filter { $0 != "TWINS_HOSTS" })
  func `a variable that is missing is named`(name: String) {
    var environment = Self.second.environment
    environment[name] = nil
    let error = #expect(throws: HostLink.BadVariable.self) { try HostLink(environment: environment) }
    #expect(error == HostLink.BadVariable(name: name, value: ""))
  }
}
