// One WebSocket, and the events that its messages are.

/** Close codes after which the way is closed to this client: too many wait already, or its messages are not taken. */
const FINAL_CODES = new Set([1002, 1003, 1007, 1008, 1009, 1013]);

/** Opens a socket. Gives functions to send a change, to say something about oneself, and to close it without further events. */
export function openSocket(url, { name, token, have, presence }, dispatch, WebSocket = globalThis.WebSocket) {
  const query = new URLSearchParams({ client: name });
  if (have !== null) query.set("have", have);
  if (presence) query.set("presence", "1");
  // Pages can set no header fields here; the subprotocols are theirs to name.
  const protocols = ["cistern.v1", ...(token ? [`bearer.${token}`] : [])];
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/socket?${query}`, protocols);
  let isClosed = false;
  const say = (event) => {
    if (!isClosed) dispatch(event);
  };
  socket.onopen = () => say({ type: "opened", way: "socket" });
  socket.onmessage = ({ data }) => {
    const event = eventOf(JSON.parse(data));
    if (event !== null) say(event);
  };
  const end = ({ code }) => {
    say({ type: "closed", way: "socket", ...(FINAL_CODES.has(code) && { isFinal: true }) });
    isClosed = true;
  };
  // A handshake that fails ends with an error alone in some versions of Node.
  socket.onerror = end;
  socket.onclose = end;
  return {
    push: (change) => socket.send(JSON.stringify({ push: change })),
    say: ({ value, ttl }) => socket.send(JSON.stringify({ presence: value, ttl })),
    close() {
      isClosed = true;
      socket.close();
    },
  };
}

/** A message as an event; null for one of a later version of the protocol. */
export function eventOf(message) {
  if ("state" in message) return { type: "state", version: message.version, position: message.position, state: message.state };
  if ("patch" in message) {
    const { from, version, position, patch } = message;
    return { type: "patch", from, version, position, patch };
  }
  if (message.deleted) return { type: "unknown" };
  if (message.ack) return { type: "ack", ...message.ack };
  if (message.rejected) return { type: "rejected", ...message.rejected };
  if (message.presence) return { type: "present", clients: message.presence.clients };
  if (message.refused?.id !== undefined) {
    const { id, problem } = message.refused;
    return { type: "refused", id, problem, ...(problem.retry_after && { retryAfter: problem.retry_after * 1_000 }) };
  }
  if (message.refused) return { type: "say-failed", problem: message.refused.problem };
  return null;
}
