import Foundation
import Testing

extension EndToEnd {
  @Suite struct SimulateTests {
    let place: Workplace

    init() throws {
      place = try Workplace()
      for (name, text) in [
        ("sum.json", #"{"ranks":8,"hosts":1,"megabytes":96,"median_milliseconds":33.7}"#),
        ("step.json", #"{"workers":8,"batch_size":2,"images_per_second":14.5,"images_per_second_apart":16}"#),
        ("torn.json", #"{"ranks":8,"#),
        ("endless.json", #"{"ranks":8,"hosts":1,"megabytes":96,"median_milliseconds":1e300}"#),
        ("still.json", #"{"workers":8,"batch_size":2,"images_per_second":14.5,"images_per_second_apart":0}"#),
      ] {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(place.folder)/\(name)"))
      }
    }

    private func simulate(
      _ nproc: Int, sum: String, step: String, link: String = "100Gbit"
    ) throws -> ProgramRun.End {
      try ProgramRun(
        .launcher,
        [
          "simulate", "--nodes", "1024", "--nproc", "\(nproc)", "--link", link, "--sum",
          "\(place.folder)/\(sum)",
          "--step", "\(place.folder)/\(step)",
        ], in: place
      ).finish()
    }

    @Test func `simulate forecasts a step on a thousand hosts from what one has measured`() throws {
      let end = try simulate(8, sum: "sum.json", step: "step.json")
      #expect(end.status == Status.done, "\(end.errors)")
      let lines = end.output.map { $0.split(separator: " ").map(String.init) }
      // A second of arithmetic, half a sum of 96 MB for the weights, and of the last 21 MB of gradients.
      #expect(
        lines.contains { $0.first == "1" && $0.dropFirst().prefix(4) == ["1020.5", "0.0", "3.7", "0.0"] })
      #expect(lines.contains { $0.first == "1024" })
      #expect(end.output.contains { $0.hasPrefix("It bends at ") })
    }

    @Test func `simulate refuses what is not a measurement of such a host`() throws {
      let absent = try simulate(8, sum: "none.json", step: "step.json")
      #expect(
        absent.status == Status.missingInput && absent.errors.contains("bench all-reduce --nproc 8 --json"))
      let torn = try simulate(8, sum: "torn.json", step: "step.json")
      #expect(torn.status == Status.badData, "\(torn.errors)")
      for (sum, step) in [("endless.json", "step.json"), ("sum.json", "still.json")] {
        let impossible = try simulate(8, sum: sum, step: step)
        #expect(impossible.status == Status.badData, "\(impossible.errors)")
      }
      let slow = try simulate(8, sum: "sum.json", step: "step.json", link: "1e-30Gbit")
      #expect(slow.status == Status.usage && slow.errors.contains("at least 1Mbit"), "\(slow.errors)")
      let other = try simulate(4, sum: "sum.json", step: "step.json")
      #expect(other.status == Status.usage && other.errors.contains("with 8 workers, and --nproc is 4"))
    }
  }
}
