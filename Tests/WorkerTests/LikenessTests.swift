import Collective
import TestSupport
import Testing
import Training

@testable import Worker

@Suite struct LikenessTests {
  private let first = Likeness(
    host: 0, libtorch: "2.13.0", training: .init(count: 100, classes: 4, digest: 0xAB),
    validation: .init(count: 20, classes: 4, digest: 0xCD))

  private func other(_ change: (inout Likeness) -> Void) -> Likeness {
    var other = first
    other.host = 1
    change(&other)
    return other
  }

  @Test func `another host with the same is alike`() {
    #expect(other { _ in }.difference(from: first, rank: 2) == nil)
  }

  @Test func `what differs is named with both sides and the host`() {
    #expect(
      other { $0.libtorch = "2.11.0" }.difference(from: first, rank: 2)?.hasPrefix(
        "rank 2 on host 1 runs libtorch 2.11.0 and rank 0 2.13.0") == true)
    #expect(
      other { $0.training.count = 99 }.difference(from: first, rank: 2)?.hasPrefix(
        "rank 2 on host 1 sees 99 images in 4 classes (digest ab) in train/ and rank 0 100 images in 4 classes (digest ab)"
      )
        == true)
    #expect(
      other { $0.classWeights = "owl 2.0" }.difference(from: first, rank: 2)?.contains("the same file")
        == true)
    #expect(
      other { $0.teacher = "0badcafe" }.difference(from: first, rank: 2)?.contains(
        "other weights under --teacher")
        == true)
    #expect(
      other { $0.validation.digest = 0xCE }.difference(from: first, rank: 2)?.contains("in val/ and rank 0")
        == true)
  }
}
