import Foundation
import Recipe
import Testing
import Training

@testable import Drawing
@testable import Worker

/// What raising the rate has shown.
@Suite struct RateReportTests {
  private let plain = Canvas(width: 80, height: nil, isUnicode: false, isColoured: false)

  private func report(
    _ arguments: [String], scales: Bool = false, falls: Bool = true, head: Double? = nil,
    into folder: String? = nil
  ) -> RateReport {
    let ramp = RateRamp(updates: 40)
    var trial = RateTrial()
    for update in 0..<40 {
      let rate = ramp.rate(update: update, epoch: 0)
      let loss = 2 / (1 + exp(3 * (log10(rate) + 4)))
      trial.add(rate: rate, loss: falls ? loss : 2 - loss)
    }
    var recipe = Recipe()
    (recipe.worldSize, recipe.schedule.rate) = (2, 0.001)
    recipe.schedule.base = scales ? 0.0005 : 0.001
    recipe.tuning.headRate = head
    return RateReport(trial, recipe, arguments: arguments, isLaunched: true, into: folder)
  }

  @Test func `the command is the same one with the rate in the place of looking for it`() throws {
    let report = report([
      "train", "--data-path", "a b", "--lr-find", "--lr=1e-3", "--lr_find_steps", "40", "--no-aug",
    ])
    let rate = try #require(report.suggestion.flatMap(Double.init))
    #expect((1e-5...1e-3).contains(rate))
    let lines = report.lines(on: plain)
    #expect(lines.last == "Train      twins-launch --nproc 2 --data-path 'a b' --no-aug --lr \(rate)")
    #expect(lines.allSatisfy { $0.count <= 80 })
    #expect(lines.contains { $0.hasSuffix("rate (logarithmic) 1.00e0") }, "\(lines)")
  }

  @Test func `a rate that grows with the batch is told as the flag has it`() throws {
    let (given, scaled) = (report([]), report([], scales: true))
    let rates = try [given, scaled].map { try #require($0.suggestion.flatMap(Double.init)) }
    #expect(abs(rates[1] / rates[0] - 2) < 0.2)
    #expect(scaled.lines(on: plain).contains { $0.contains("a rate is 0.500 × --lr here") })
  }

  @Test func `a head with a rate of its own keeps its part of the others'`() throws {
    let report = report(["--lr", "1e-3", "--head-lr=1e-2", "--output-dir", "out"], head: 0.01)
    let rate = try #require(report.suggestion.flatMap(Double.init))
    let line = try #require(report.lines(on: plain).last)
    let words = line.split(separator: " ")
    #expect(words.dropLast().suffix(3) == ["--lr", "\(rate)", "--head-lr"])
    #expect(abs((words.last.flatMap { Double($0) } ?? 0) / rate - 10) < 1e-9)
    #expect(line.contains("--output-dir out --lr"))
  }

  @Test func `the command writes elsewhere where another run has the folder`() throws {
    let line = try #require(report(["--output_dir=out", "--no-aug"], into: "out-2").lines(on: plain).last)
    #expect(line.contains("--no-aug --output-dir out-2 --lr ") && !line.contains("=out"))
  }

  @Test func `nothing is suggested where the loss never falls`() {
    let report = report([], falls: false)
    #expect(report.suggestion == nil)
    #expect(report.lines(on: plain).last?.hasPrefix("No rate is suggested") == true)
  }

  @Test func `the files have every update`() {
    let report = report([])
    #expect(report.csv.split(separator: "\n").count == 41)
    #expect(report.csv.hasPrefix("update,rate,loss,smoothed_loss\n1,1e-07,"))
    #expect(report.html.contains("<polyline") && report.html.contains(">1.00e-7</text>"))
  }
}
