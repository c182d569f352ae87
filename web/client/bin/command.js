/**
 * @typedef {{ kind: "help" | "wrong", text: string }
 *   | { kind: "version" }
 *   | { kind: "watch", url: string, event: string }} Command
 */

const HELP = `Follows an onsale of Onsale, the ticket booking system, in a terminal.

Usage:
  client watch <url> <event>

  <url>      where the server is: https://tickets.example.com
  <event>    the event's id: arena-night-1

Shows the phase, the line, and the seats as they are held and sold. In a terminal it redraws in place; elsewhere it
prints a line when something has changed, at most one a second. A lost connection is taken up again. Ctrl-C ends it.

Options:
  -h, --help       this text
  -V, --version    the version

Exit codes: 0 ended by Ctrl-C, 1 no such event or refused by the server, 2 arguments that can't be understood.
`;

/** @param {string} reason @returns {Command} */
const wrong = (reason) => ({ kind: "wrong", text: `client: ${reason}\nTry: client --help\n` });

/** @param {string[]} words of the command line @returns {Command} */
export function parseCommand(words) {
  if (words.includes("-h") || words.includes("--help")) return { kind: "help", text: HELP };
  if (words.length === 1 && (words[0] === "-V" || words[0] === "--version")) return { kind: "version" };
  const option = words.find((word) => word.startsWith("-"));
  if (option !== undefined) return wrong(`there is no option ${option}.`);
  const [name, url, event, more] = words;
  if (name === undefined) return wrong("say what to do, for example: watch <url> <event>.");
  if (name !== "watch") return wrong(`there is no command ${name}.`);
  if (url === undefined || event === undefined) return wrong("watch needs the server's address and the event's id.");
  if (more !== undefined) return wrong(`watch takes an address and an event; ${more} is one too many.`);
  if (!isWebAddress(url)) return wrong(`${url} is no address of a server; it should begin with http:// or https://.`);
  return { kind: "watch", url, event };
}

/** @param {string} text */
function isWebAddress(text) {
  try {
    return ["http:", "https:"].includes(new URL(text).protocol);
  } catch {
    return false;
  }
}
