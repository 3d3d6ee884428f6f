import Collective
import Testing

@Suite struct EnvironmentTests {
  @Test(arguments: TransportName.allCases)
  func `what a launcher writes a worker reads`(transport: TransportName) throws {
    var rendezvous = RingRendezvous(rank: 2, size: 4, run: "r 1", generation: 3, directory: "/s")
    rendezvous.transport = transport
    rendezvous.memory = RingRendezvous.SharedMemory(descriptor: 4, limit: 1 << 40)
    rendezvous.address = "10.0.0.1"
    rendezvous.timeouts.silence = .milliseconds(1500)
    let environment = rendezvous.environment
    #expect(Set(environment.keys) == RingRendezvous.variables)
    let read = try #require(try RingRendezvous(environment: environment))
    #expect(read.environment == environment)
    #expect((read.rank, read.size, read.run, read.generation) == (2, 4, "r 1", 3))
    #expect((read.directory, read.transport, read.address) == ("/s", transport, "10.0.0.1"))
    #expect((read.memory?.descriptor, read.memory?.limit) == (4, 1 << 40))
    #expect(read.timeouts.silence == .milliseconds(1500))
  }

  @Test func `by hand there is no rendezvous`() throws {
    #expect(try RingRendezvous(environment: ["RANK": "1", "WORLD_SIZE": "2"]) == nil)
  }

  @Test(arguments: [
    [:],
    [
      "TWINS_TRANSPORT": "rdma", "TWINS_SHM_FD": "-1", "TWINS_SHM_SIZE": "much", "TWINS_HANG_TIMEOUT": "nan",
    ],
    ["TWINS_TRANSPORT": "", "TWINS_SHM_FD": "9999999999", "TWINS_HANG_TIMEOUT": "-3"],
  ])
  func `what is missing or unreadable is as by hand`(environment: [String: String]) throws {
    let place = ["RANK": "1", "WORLD_SIZE": "2", "TWINS_SOCKET_DIR": "/s"]
    let rendezvous = try #require(try RingRendezvous(environment: environment.merging(place) { $1 }))
    let plain = RingRendezvous(rank: 1, size: 2, run: "", generation: 0, directory: "/s")
    #expect(rendezvous.environment == plain.environment)
  }

  @Test(arguments: [
    ("RANK", "2"), ("RANK", "-1"), ("RANK", ""), ("WORLD_SIZE", "many"), ("TWINS_GENERATION", "x"),
  ])
  func `a place that does not fit is named`(name: String, value: String) {
    var environment = ["RANK": "1", "WORLD_SIZE": "2", "TWINS_SOCKET_DIR": "/s"]
    environment[name] = value
    let error = #expect(throws: RingRendezvous.BadVariable.self) {
      try RingRendezvous(environment: environment)
    }
    #expect(error?.description.hasPrefix("\(name)='\(value)' is not a number that fits") == true)
  }
}
