#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { parseCommand } from "./command.js";
import { watch } from "./watch.js";

// A reader that closes the pipe early (`| head`) is not an error.
process.stdout.on("error", (error) => process.exit(error.code === "EPIPE" ? 0 : 1));

const command = parseCommand(process.argv.slice(2));
switch (command.kind) {
  case "help":
    process.stdout.write(command.text);
    break;
  case "version": {
    const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    process.stdout.write(`${version}\n`);
    break;
  }
  case "wrong":
    process.stderr.write(command.text);
    process.exitCode = 2;
    break;
  case "watch": {
    const ending = new AbortController();
    for (const name of ["SIGINT", "SIGTERM"]) process.once(name, () => ending.abort());
    process.exitCode = await watch({ ...command, signal: ending.signal, out: process.stdout, err: process.stderr });
    break;
  }
}
