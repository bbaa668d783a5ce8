// Before a target is compiled, turns the files of its folder `Web` into Swift: one program then has all it serves. Every file that is
// put there is in it.

import Foundation
import PackagePlugin

@main
struct EmbedFiles: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) async throws -> [Command] {
        let folder = target.directoryURL.appending(path: "Web", directoryHint: .isDirectory)
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path()).sorted()
            .map { folder.appending(path: $0) }
            .filter { try $0.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true }
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedFiles.swift")
        let tool = try context.tool(named: "embed-files")
        return [
            .buildCommand(
                displayName: "Embedding the files of \(folder.path())", executable: tool.url,
                arguments: [output.path(), folder.path()] + files.map { $0.path() }, inputFiles: files,
                outputFiles: [output])
        ]
    }
}
