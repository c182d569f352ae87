export { EventStreamParser } from "./event-stream.js";
export { OnsaleClient } from "./onsale-client.js";
export { Problem } from "./problem.js";
export { SeatStates } from "./seat-states.js";
