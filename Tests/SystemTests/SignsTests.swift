import System
import Testing

@Suite struct SignsTests {
  private let text = "── 8 × 8 images of ünder → … 3–4, 2²⁰"

  @Test(arguments: [
    ([:], false), (["LANG": "C"], false), (["LANG": "de_DE.UTF-8"], true), (["LANG": "C.utf8"], true),
    (["LC_ALL": "", "LC_CTYPE": "C.UTF-8", "LANG": "C"], true),
    (["LC_ALL": "C", "LC_CTYPE": "C.UTF-8", "LANG": "C.UTF-8"], false), (["LC_ALL": "POSIX"], false),
  ])
  func `the first variable that says anything decides`(environment: [String: String], areUTF8: Bool) {
    #expect(Signs(environment).areUTF8 == areUTF8)
    #expect((Signs(environment).spelled(text) == text) == areUTF8)
  }

  @Test func `elsewhere signs are ASCII, and names stay what they are`() {
    #expect(Signs([:]).spelled(text) == "-- 8 x 8 images of ünder -> ... 3-4, 2^20")
    #expect(Signs([:]).spelled("Acc@1 78.4 %, \"a\"\n") == "Acc@1 78.4 %, \"a\"\n")
  }
}
