import Foundation
import Testing

extension Trainings {
  /// Holds a step on a card to what it may cost: what the test card counts, of runs of more steps and of fewer.
  @Suite struct CardBudgetTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    /// What a card did, as its library writes it at the end of a process.
    private struct Counts: Decodable {
      private(set) var launches = 0
      private(set) var uploads = 0
      private(set) var pageable_uploads = 0
      private(set) var downloads = 0
      private(set) var waits = 0

      mutating func add(_ other: Counts) {
        for count in [\Counts.launches, \.uploads, \.pageable_uploads, \.downloads, \.waits] {
          self[keyPath: count] += other[keyPath: count]
        }
      }
    }

    /// A run's flags, in which everything is drawn that can be.
    private static let drawn = [
      "--model-ema", "--reprob", "0.5", "--mixup", "0.8", "--cutmix", "1", "--drop", "0.1", "--drop-path",
      "0.2",
      "--input-size", "64",
    ]

    private func counts(ofSteps steps: Int, _ flags: [String]) throws -> Counts {
      let training = place.training(
        "run-\(steps)", "--kernels", "reference", "--no-eval", "--max-step", "\(steps)")
      return try counts(of: training + flags, "report-\(steps)")
    }

    /// Of one worker, or of all of a launcher's together.
    private func counts(
      of command: [String], _ name: String, by program: ProgramRun.Program = .worker,
      variables: [String: String] = [:]
    ) throws -> Counts {
      let report = "\(place.folder)/\(name)"
      try FileManager.default.createDirectory(atPath: report, withIntermediateDirectories: false)
      let end = try ProgramRun(
        program, command + ["--device", "npu", "--device-library", ProgramRun.testCard], in: place,
        variables: variables.merging(["TEST_CARD_REPORT": report]) { $1 }
      ).finish()
      try #require(end.status == Status.done, "\(end.errors)")
      return try FileManager.default.contentsOfDirectory(atPath: report).reduce(into: Counts()) { all, file in
        all.add(
          try JSONDecoder().decode(Counts.self, from: Data(contentsOf: URL(filePath: "\(report)/\(file)"))))
      }
    }

    /// What four steps cost, all of which are made alike.
    private func cost(_ flags: [String]) throws -> (KeyPath<Counts, Int>) -> Int {
      let (fewer, more) = (try counts(ofSteps: 4, flags), try counts(ofSteps: 8, flags))
      return { more[keyPath: $0] - fewer[keyPath: $0] }
    }

    @Test(arguments: [["--no-graph"], []])
    func `a step is one upload and one download, and nobody waits for either`(flags: [String]) throws {
      let cost = try cost(Self.drawn + flags)
      #expect(cost(\.uploads) == 4)
      #expect(cost(\.pageable_uploads) == 0)
      #expect(cost(\.downloads) == 4)
      #expect(cost(\.waits) == 0)
    }

    @Test func `of workers that sum on their cards too a recorded step is one launch, and nobody waits`()
      throws
    {
      let seen = try [4, 8].map { steps in
        let training = place.training(
          "run-\(steps)", "--kernels", "reference", "--no-eval", "--max-step", "\(steps)", "--batch-size", "2"
        )
        // Without what is erased, for which the recorded step may have no room.
        let flags = training + Self.drawn + ["--reprob", "0"]
        return try counts(of: ["--nproc", "2"] + flags, "report-\(steps)", by: .launcher)
      }
      func cost(_ kind: KeyPath<Counts, Int>) -> Int { seen[1][keyPath: kind] - seen[0][keyPath: kind] }
      // Of two workers.
      #expect(cost(\.uploads) == 8 && cost(\.downloads) == 8 && cost(\.launches) == 8)
      #expect(cost(\.pageable_uploads) == 0 && cost(\.waits) == 0)
    }

    @Test func `a checkpoint has no step wait for it`() throws {
      let cost = try cost(Self.drawn + ["--checkpoint-every", "2"])
      #expect(cost(\.waits) == 0)
      // Weights, two moments and the average, where the one before was written by then.
      #expect([4, 8, 12].contains(cost(\.downloads)))
      #expect(cost(\.uploads) == 4)
    }

    @Test(arguments: ["O0", "O1"]) func `a recorded step is one launch`(precision: String) throws {
      let cost = try cost(Self.drawn + ["--amp", precision, "--batch-size", "2", "--accumulate", "2"])
      #expect(cost(\.launches) == 4)
    }

    @Test func `an evaluated batch is one upload and one download, and nobody waits for either`() throws {
      let evaluation = place.training("none", "--kernels", "reference", "--eval")
      // One and a half training batches each.
      let batches = { ((ImageFolder.validationCount + $0 * 3 / 2 - 1) / ($0 * 3 / 2)) }
      let (few, many) = (4, 2)
      let (fewer, more) = (
        try counts(of: evaluation + ["--batch-size", "\(few)"], "few"),
        try counts(of: evaluation + ["--batch-size", "\(many)"], "many")
      )
      let difference = batches(many) - batches(few)
      #expect(difference > 0)
      #expect(more.uploads - fewer.uploads == difference)
      #expect(more.downloads - fewer.downloads == difference)
      #expect(more.pageable_uploads == fewer.pageable_uploads)
      #expect(more.waits == fewer.waits)
    }

    /// Of the published network, at the size of its images: what a card is told when its steps are not recorded.
    @Test(arguments: [("O0", false, 700), ("O1", false, 781), ("O0", true, 631), ("O1", true, 684)])
    func `a step of alt_gvt_small launches no more operations than this`(
      precision: String, hasKernels: Bool, most: Int
    ) throws {
      func launches(_ steps: Int) throws -> Int {
        try counts(
          of: [
            "bench", "step", "--no-graph", "--amp", precision, "--batch-size", "1", "--steps", "\(steps)",
          ],
          "report-\(steps)", variables: hasKernels ? ["TWINS_CARD_KERNELS": ProgramRun.testCard] : [:]
        ).launches
      }
      let each = try (launches(3) - launches(1)) / 2
      #expect(each <= most, "\(each)")
    }

    /// Of an epoch's first steps: nothing of it depends on the batch.
    @Test(arguments: [("O0", 345), ("O1", 400)])
    func `a step launches no more operations than this`(precision: String, most: Int) throws {
      let cost = try cost(["--amp", precision, "--drop-path", "0.2", "--input-size", "64", "--no-graph"])
      #expect(cost(\.launches) <= 4 * most, "\(Double(cost(\.launches)) / 4)")
    }
  }
}
