import Foundation
import Testing

@testable import Flags
@testable import Recipe

@Suite struct SumGroupTests {
  @Test func `groups of one and of all workers are what no groups are, with its digest`() throws {
    let plain = try parse().recipe(worldSize: 8)
    for group in ["1", "8"] { #expect(try parse("--sum-group", group).recipe(worldSize: 8) == plain) }
    let grouped = try parse("--sum-group", "4").recipe(worldSize: 8)
    #expect(grouped.precision.sumGroup == 4 && grouped.digest != plain.digest)
  }

  @Test func `the workers of a host are the group, as asked for on one host`() throws {
    let hosts = try parse().request().recipe(worldSize: 8, hostSize: 4)
    #expect(try hosts == parse("--sum-group", "4").recipe(worldSize: 8))
    #expect(try hosts == parse("--sum-group", "4").request().recipe(worldSize: 8, hostSize: 4))
    #expect(try parse().request().recipe(worldSize: 8, hostSize: 1) == parse().recipe(worldSize: 8))
    let table = try parse().request().configuration(worldSize: 8, hostSize: 4)
    #expect(table.contains(#/precision.sumGroup +4 +the workers of a host/#))
  }

  @Test func `a group that does not fit is refused where it was asked for`() throws {
    let uneven = #expect(throws: RecipeError.self) { try parse("--sum-group", "3").recipe(worldSize: 8) }
    #expect(uneven?.description == "--sum-group 3: must divide the number of workers, which is 8")
    #expect(uneven?.exitStatus == .usage)
    let other = #expect(throws: RecipeError.self) {
      try parse("--sum-group", "2").request().recipe(worldSize: 8, hostSize: 4)
    }
    #expect(other?.description.hasPrefix("--sum-group 2: a host's 4 workers are the sum group") == true)
    try withFile(#"{"precision": {"sumGroup": 3}}"#) { path in
      let filed = #expect(throws: RecipeError.self) { try parse("--config", path).recipe(worldSize: 8) }
      #expect(filed?.description.hasPrefix("\(path): precision.sumGroup 3: must divide") == true)
      #expect(filed?.exitStatus == .badConfiguration)
    }
  }

  @Test func `a run that goes on keeps its groups where they fit, takes a host's, or says that it has none`()
    throws
  {
    let saved = SavedValues(of: try parse("--sum-group", "4").recipe(worldSize: 8), source: "OUT/c")
    #expect(try parse().recipe(worldSize: 8, over: saved).precision.sumGroup == 4)
    #expect(try parse("--sum-group", "8").recipe(worldSize: 8, over: saved).precision.sumGroup == nil)
    let hosts = try parse().request().recipe(worldSize: 8, hostSize: 2, over: saved)
    #expect(saved.changes(in: hosts) == ["precision.sumGroup 4 → 2"])
    let fewer = try parse().recipe(worldSize: 6, over: saved)
    #expect(saved.changes(in: fewer).contains("precision.sumGroup 4 → none"))
  }

  @Test func `a recipe from before there were groups has none`() throws {
    let old = Recipe().document.replacing(#/,\s*"sumGroup" : null/#, with: "")
    #expect(old != Recipe().document)
    #expect(try JSONDecoder().decode(Recipe.self, from: Data(old.utf8)) == Recipe())
  }
}
