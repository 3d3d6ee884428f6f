import Testing

@testable import Torch

@Suite struct ReleaseTests {
  @Test func `the libtorch of these tests is the one that they were built with`() {
    #expect(Runtime.mismatch == nil)
    #expect(Runtime.path.contains("libtorch"))
  }

  @Test(arguments: [("2.13.0", "2.13.1+cpu"), ("2.13.0", "2.13.0"), ("2.11.0", "2.11.0a0+git1")])
  func `another build of a release will do`(built: String, loaded: String) {
    #expect(Runtime.mismatch(built: built, loaded: loaded, path: "/l") == nil)
  }

  @Test(arguments: [("2.13.0", "2.11.0"), ("2.1.0", "2.13.0"), ("2.13.0", "3.13.0")])
  func `another release is refused, with where it lies`(built: String, loaded: String) throws {
    let text = try #require(Runtime.mismatch(built: built, loaded: loaded, path: "/other/libtorch_cpu.so"))
    #expect(
      text.contains("built with libtorch \(built), and has loaded \(loaded) from /other/libtorch_cpu.so"))
  }
}
