// Waits on an event loop. A Task.sleep that is cancelled leaves its timer behind until its time has come, which is seconds for thousands of
// attempts a second; a loop's timer goes with the wait.

import NIOCore
import NIOPosix

enum Pause {
    /// Returns after that time, or when the task is cancelled.
    static func sleep(for time: Duration) async {
        let timer = MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: .nanoseconds(time.nanoseconds)) {}
        await withTaskCancellationHandler {
            try? await timer.futureResult.get()
        } onCancel: {
            timer.cancel()
        }
    }
}
