// The operations of an application, page by page.

extension Application {
    /// The application's operations, as long as they are remembered, fetched in pages as they are asked for.
    ///
    /// - Parameters:
    ///   - status: if given, only those that stand so.
    ///   - kind: if given, only those of this kind.
    public func operations(status: LongOperation.Status? = nil, kind: String? = nil) -> PagedList<LongOperation> {
        client.linkedList("operations", at: "\(path)/operations", [("status", status?.rawValue), ("kind", kind)]) {
            LongOperation($0, tag: nil)
        }
    }
}
