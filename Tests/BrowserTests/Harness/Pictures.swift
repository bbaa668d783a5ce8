import Documents
import Foundation
import TestSupport
import Testing

/// Pictures of pages, kept for people to look at: in the folder that the variable `CISTERN_PICTURES` names, else in a temporary one. Its
/// path is printed.
enum Pictures {
    static let folder: URL = {
        let environment = ProcessInfo.processInfo.environment
        let folder =
            environment["CISTERN_PICTURES"].map { URL(filePath: $0) }
            ?? FileManager.default.temporaryDirectory.appending(path: "cistern-pictures")
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        print("Pictures of the pages are in \(folder.path(percentEncoded: false))")
        return folder
    }()
}

/// The sizes of screens that pages are made for, in CSS pixels.
enum Screen: String, CaseIterable, Sendable {
    case desktop
    case phone

    var size: (width: Int, height: Int) {
        switch self {
        case .desktop: (1_280, 800)
        case .phone: (390, 844)
        }
    }
}

extension Page {
    /// Shows the page as on such a screen, until it is told otherwise.
    func show(on screen: Screen) async throws {
        try await devTools(
            "Emulation.setDeviceMetricsOverride",
            [
                ("width", .integer(screen.size.width)), ("height", .integer(screen.size.height)),
                ("deviceScaleFactor", .integer(screen == .phone ? 2 : 1)), ("mobile", .bool(screen == .phone)),
            ])
    }

    func show(dark: Bool) async throws {
        let scheme: Document = .object([
            ("name", .string("prefers-color-scheme")), ("value", .string(dark ? "dark" : "light")),
        ])
        try await devTools("Emulation.setEmulatedMedia", [("features", .array([scheme]))])
    }

    /// Keeps a picture of what the window shows, when it has come to rest: a change of its size takes some frames, and what slides some more.
    func keepPicture(_ name: String) async throws {
        try await run(
            """
            const frame = () => new Promise(requestAnimationFrame);
            for (let count = 0; count < 3; count += 1) await frame();
            const sliding = document.getAnimations().filter((one) => one instanceof CSSTransition);
            await Promise.allSettled(sliding.map(({ finished }) => finished));
            await frame();
            """)
        let picture = try await devTools("Page.captureScreenshot")
        guard let data = picture["data"]?.stringValue.flatMap({ Data(base64Encoded: $0) }) else {
            throw TestSupportError("The browser gave no picture.")
        }
        try data.write(to: Pictures.folder.appending(path: "\(name).png"))
    }

    /// Pictures of the page on every screen, light and dark: `<name>-phone-dark.png`. None may be wider than its screen.
    func keepPictures(_ name: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        for screen in Screen.allCases {
            try await show(on: screen)
            for dark in [false, true] {
                try await show(dark: dark)
                try await keepPicture("\(name)-\(screen.rawValue)-\(dark ? "dark" : "light")")
            }
            // Narrower by the scroll bar where the page is higher than the screen.
            let width = try await value("document.documentElement.scrollWidth").integerValue ?? .max
            #expect(
                width <= screen.size.width, "\(name) has to be scrolled sideways on a \(screen.rawValue)",
                sourceLocation: sourceLocation)
        }
        try await show(dark: false)
        try await show(on: .desktop)
    }
}
