// Server-Sent Events (HTML §9.2) read from pieces of text, at any split. `EventSource` would not do: it can send no header fields.

/** Takes pieces of text and gives events to `dispatch`. `have` is the version that the stream goes on from. */
export function eventReader(have, dispatch) {
  let rest = "";
  let name = "";
  let data = "";
  let id;
  let position;
  let last = have;

  return (piece) => {
    rest += piece;
    // The server ends lines by a line feed alone.
    const lines = rest.split("\n");
    rest = lines.pop();
    for (const line of lines) take(line);
  };

  function take(line) {
    if (line === "") return complete();
    const [, field, value] = /^([^:]*):? ?(.*)$/.exec(line);
    if (field === "event") name = value;
    else if (field === "data") data += value;
    else if (field === "id") id = value;
    else if (field === "position") position = value;
    else if (field === "") dispatch({ type: "heard" });
  }

  function complete() {
    if (data !== "") {
      const value = JSON.parse(data);
      if (name === "state") dispatch({ type: "state", version: id, position, state: value });
      else if (name === "patch") dispatch({ type: "patch", from: last, version: id, position, patch: value });
      else if (name === "deleted") dispatch({ type: "unknown" });
      else if (name === "presence") dispatch({ type: "present", clients: value.clients });
      if (id !== undefined) last = id;
    }
    [name, data, id, position] = ["", "", undefined, undefined];
  }
}
