import Model
import Recipe
import Testing

/// The rooms that name networks and the one that builds them know the same ones.
@Suite struct ModelTableTests {
  @Test(arguments: ModelName.all) func `every accepted name is a network`(name: String) throws {
    #expect(TwinsConfiguration.named(try ModelName.canonical(name)) != nil)
  }
}
