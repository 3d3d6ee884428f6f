import Testing

@testable import Launcher

@Suite struct HostPlacesTests {
  @Test(arguments: [
    ([3], "host 3"), ([1, 2], "hosts 1, 2"), ([1, 2, 3], "hosts 1 to 3"),
    ([0, 1, 4, 6, 7, 8, 9, 11, 12], "hosts 0, 1, 4, 6 to 9, 11, 12"), (Array(1..<1024), "hosts 1 to 1023"),
    (
      Array(stride(from: 1, to: 1024, by: 2)),
      "hosts 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23 and others, 512 in all"
    ),
  ])
  func `hosts are named in a line, however many they are`(hosts: [Int], names: String) {
    #expect(HostPlaces.names(of: hosts) == names)
  }
}
