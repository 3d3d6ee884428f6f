import ArgumentParser

/// The overview printed without arguments: a line for each command.
enum Overview {
  /// The commands, grouped by purpose.
  static let groups: [(name: String, commands: [any ParsableCommand.Type])] = [
    (
      "Training",
      [
        TrainCommand.self, Resume.self, SweepCommand.self, Stop.self, RequestCheckpoint.self,
        ExecCommand.self,
      ]
    ),
    ("Runs", [Status.self, ListCommand.self, Watch.self, Compare.self, Report.self]),
    ("Images and weights", [Evaluate.self] + ForwardedCommands.all),
    ("This machine", [Doctor.self, Models.self, Bench.self, Simulate.self]),
  ]

  static var text: String {
    let names = groups.flatMap(\.commands).map { $0._commandName }
    let width = names.map(\.count).max() ?? 0
    let sections = groups.map { group in
      let lines = group.commands.map { command in
        let space = String(repeating: " ", count: width - command._commandName.count)
        return "  \(command._commandName)\(space)  \(command.configuration.abstract)"
      }
      return ([group.name] + lines).joined(separator: "\n")
    }
    return
      ([
        """
        twins-launch trains Twins vision transformers on folders of images, and starts
        any program as torchrun does.
        """
      ]
      + sections + [
        """
        First:  twins-launch --nproc auto --data-path DIR --model alt_gvt_small
        Flags:  twins-launch help COMMAND
        """
      ]).joined(separator: "\n\n")
  }
}
