import Testing

/// The client and the pages in a real browser. One after the other: a browser is a dozen processes.
@Suite("In a browser", .serialized, .timeLimit(.minutes(20)))
enum BrowserTests {}
