import ArgumentParser
import Recipe
import Testing

@testable import Flags

@Suite struct FlagRowTests {
  @Test func `the parser knows every flag that has a row`() {
    let help = TrainingFlags.helpMessage(includeHidden: true, columns: 200)
    let known = Set(help.split { " ,/\n[]".contains($0) }.map(String.init))
    for row in FlagRow.all { #expect(known.contains(row.names[0]), "\(row.names[0])") }
  }

  @Test func `every value of the recipe has one row, but those that follow from others`() {
    let values = FlagRow.all.compactMap(\.value)
    #expect(Set(values).count == values.count)
    #expect(
      Set(Recipe().tree.leaves().map(\.name)).subtracting(values)
        == [
          "data.imagesHeldOut", "distillation.weightsOfTeacher", "loss.weightsOfFile", "schedule.base",
          "worldSize",
        ])
  }

  @Test func `one flag sets two values, and all others have one row`() {
    let names = FlagRow.all.map { $0.names[0] }
    #expect(names.filter { name in names.count { $0 == name } > 1 } == ["--opt-betas", "--opt-betas"])
  }

  @Test(arguments: Idleness.allCases)
  func `every reason is about some flag`(reason: Idleness) {
    #expect(FlagRow.all.contains { $0.idle.contains(reason) })
  }

  @Test func `a switch is idle whichever way it was spelt`() {
    #expect(FlagRow.idle("--no-pin-mem") == [.unpinned] && FlagRow.idle("--pin-mem") == [.unpinned])
    #expect(FlagRow.idle("--output-dir").isEmpty)
  }

  @Test func `a default is told as it would be typed`() {
    let told = ["--mixup", "--aug", "--model-ema", "--opt-betas", "--clip-grad", "--scale", "--amp"]
    #expect(
      told.map(FlagRow.standard)
        == ["0.8", "--aug", "--no-model-ema", "0.9 0.999", "5.0", "0.08 1.0", "O0"])
  }
}
