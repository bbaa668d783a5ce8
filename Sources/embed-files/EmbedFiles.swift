// Writes files as Swift source: embed-files OUTPUT FOLDER FILE…
//
// One string literal for each: a list of 200 KB of numbers takes the compiler most of a minute, a literal half a second.

import Foundation

@main
struct EmbedFiles {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard arguments.count >= 2 else { throw Wrong("usage: embed-files OUTPUT FOLDER FILE…") }
        let (output, folder, files) = (arguments[1], arguments[2], arguments.dropFirst(2))
        let lines = try files.map { file in
            guard let text = String(validating: try Data(contentsOf: URL(filePath: file)), as: UTF8.self) else {
                throw Wrong("\(file) is not UTF-8: only text can be embedded, pictures as SVG.")
            }
            return "    (\"\(escaped(String(file.dropFirst(folder.count))))\", \"\(escaped(text))\"),\n"
        }
        let source = """
            /// The files of the folder by their paths in it.
            let embeddedFiles: [(path: String, text: String)] = [
            \(lines.joined())]

            """
        try Data(source.utf8).write(to: URL(filePath: output), options: .atomic)
    }

    /// As it stands in a literal of one line.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if scalar == "\\" || scalar == "\"" {
                result += "\\\(scalar)"
            } else if scalar.value < 0x20 || scalar.value == 0x7F {
                result += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

private struct Wrong: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
