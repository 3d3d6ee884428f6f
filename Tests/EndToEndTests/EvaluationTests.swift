import Foundation
import Testing

extension EndToEnd {
  @Suite struct EvaluationTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    @Test func `any number of ranks counts the same, every picture once`() throws {
      let training = try ProgramRun(.worker, place.training("trained"), in: place).finish()
      let accuracy = try #require(training.output.first { $0.hasPrefix("* Acc@1") })
      let weights = place.output("trained") + "/best.safetensors"
      for size in [1, 2, 3, 5, 8] {
        let flags = place.training("evaluated", "--eval", "--resume", weights)
        let end = try ProgramRun(.launcher, ["--nproc", "\(size)"] + flags, in: place).finish()
        #expect(end.status == Status.done, "\(end.errors)")
        #expect(end.output.contains(accuracy), "\(size) ranks")
        #expect(end.output.contains { $0.hasPrefix("Accuracy of the network on the 19 test images: ") })
        // It changes nothing but the launcher's own folder.
        #expect(try RunFiles(folder: place.output("evaluated")).names() == ["run"])
      }
    }
  }
}
