import ArgumentParser

/// The flags that say how often a failed run is started again.
struct RestartFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How many times within --restart-window the workers are started again after a failure.",
      valueName: "n"))
  var maxRestarts = 3

  @Option(
    help: ArgumentHelp(
      "After so long without a failure a run may be started again as often as at first.",
      valueName: "seconds"))
  var restartWindow = 3600.0

  func validate() throws {
    guard (0...1000).contains(maxRestarts) else {
      throw ValidationError("--max-restarts has to be a number from 0 to 1000, and is \(maxRestarts).")
    }
    guard restartWindow > 0, restartWindow <= 31_536_000 else {
      throw ValidationError(
        "--restart-window has to lie above 0 seconds and up to a year, and is \(restartWindow).")
    }
  }

  var budget: Restarts.Budget {
    Restarts.Budget(count: maxRestarts, window: .seconds(restartWindow))
  }
}
