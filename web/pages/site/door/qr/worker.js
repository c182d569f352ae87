import { decode } from "./decode.js";
import { lumaOf } from "./luma.js";

/** Reads codes beside the page, so that it doesn't stutter: for each frame that it is sent it answers with a list. */

const scope = /** @type {any} */ (self);

scope.addEventListener("message", (/** @type {MessageEvent} */ { data }) => {
  scope.postMessage(decode(lumaOf({ ...data, data: new Uint8ClampedArray(data.buffer) })));
});
