// Counts what comes from the server, in front of the client: answers about the state and messages of streams, with their frame.

/** Bytes of a WebSocket frame's head from the server (RFC 6455 §5.2). */
const frameHead = (length) => (length < 126 ? 2 : length < 65_536 ? 4 : 10);

const encoder = new TextEncoder();

/** `report(bytes)` is called for each answer and message that tells of the state. */
export function meteredFetch(report) {
  return async (url, options) => {
    const response = await fetch(url, options);
    if (!/\/state(\?|$)/.test(url) || options.signal?.aborted) return response;
    const isStream = response.headers.get("Content-Type")?.startsWith("text/event-stream");
    if (!isStream) {
      // A copy is read beside the client's own reading.
      const body = response.status === 304 ? 0 : (await response.clone().arrayBuffer()).byteLength;
      report(headBytes(response) + body);
      return response;
    }
    const count = new TransformStream({
      transform(chunk, control) {
        report(chunk.byteLength);
        control.enqueue(chunk);
      },
    });
    return new Response(response.body.pipeThrough(count), { status: response.status, headers: response.headers });
  };
}

/** The head as HTTP/1.1 writes it; later versions pack it smaller. */
function headBytes({ status, statusText, headers }) {
  let bytes = `HTTP/1.1 ${status} ${statusText}\r\n\r\n`.length;
  for (const [name, value] of headers) bytes += name.length + value.length + 4;
  return bytes;
}

export function meteredSocket(report) {
  return class extends WebSocket {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data }) => {
        if (!/"(state|patch)":/.test(data.slice(0, 4_096)) || data.startsWith('{"presence"')) return;
        const length = encoder.encode(data).length;
        report(length + frameHead(length));
      });
    }
  };
}
