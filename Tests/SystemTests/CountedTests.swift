import System
import Testing

@Suite struct CountedTests {
  @Test(arguments: [(0, "0 classes"), (1, "1 class"), (2, "2 classes")])
  func `one is not several`(count: Int, text: String) {
    #expect(counted(count, "class", "classes") == text)
  }

  @Test func `most words take an s`() {
    #expect(counted(1, "worker") == "1 worker" && counted(8, "worker") == "8 workers")
    #expect(noun(1, "was", "were") == "was" && noun(0, "was", "were") == "were")
  }
}
