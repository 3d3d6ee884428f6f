public import ArgumentParser

/// Lines of the help of a program's commands that a terminal of 80 columns would break.
public func overlongHelp(of program: any ParsableCommand.Type) -> [String] {
  commands(of: program).flatMap { command in
    program.helpMessage(for: command, columns: 80).split(separator: "\n").filter { $0.count > 80 }.map(
      String.init)
  }
}

private func commands(of command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
  let configuration = command.configuration
  let below = configuration.subcommands + configuration.groupedSubcommands.flatMap(\.subcommands)
  return [command] + below.flatMap(commands)
}
