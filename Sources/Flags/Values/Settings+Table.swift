import Recipe

extension Settings {
  /// A line a value, in columns: its dotted name, what it is, where it comes from.
  package var table: String {
    let rows = recipe.tree.leaves().map { leaf in
      [leaf.name, leaf.value.description, origins[leaf.name]?.description ?? "default"]
    }
    let widths = (0...1).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      padded(row[0], widths[0]) + "  " + padded(row[1], widths[1]) + "  " + row[2]
    }.joined(separator: "\n")
  }
}

private func padded(_ text: String, _ width: Int) -> String {
  text + String(repeating: " ", count: width - text.count)
}
