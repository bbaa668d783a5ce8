// Before a target is compiled, turns the files of its folder `Web` into Swift: one program then has all it serves. Every file that is
// put there is in it.

import Foundation
import PackagePlugin

@main
struct EmbedFiles: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) async throws -> [Command] {
        let folder = target.directoryURL.appending(path: "Web", directoryHint: .isDirectory)
        let files = try FileManager.default.subpathsOfDirectory(atPath: path(folder)).sorted()
            // Editors and file managers leave files of their own, which begin with a point.
            .filter { !$0.split(separator: "/").contains { $0.hasPrefix(".") } }
            .map { folder.appending(path: $0) }
            .filter { try $0.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true }
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedFiles.swift")
        let tool = try context.tool(named: "embed-files")
        return [
            .buildCommand(
                displayName: "Embedding the files of \(path(folder))", executable: tool.url,
                arguments: [path(output), path(folder)] + files.map(path), inputFiles: files,
                outputFiles: [output])
        ]
    }

    private func path(_ url: URL) -> String { url.path(percentEncoded: false) }
}
