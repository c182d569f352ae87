import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const has = (command) => spawnSync(command, ["--version"]).error === undefined;

/** @param {(folder: string) => void} body */
function inFolder(body) {
  const folder = mkdtempSync(join(tmpdir(), "onsale-client-"));
  try {
    body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @param {string} folder where the packed package is then installed, as it would be from a registry */
function installPacked(folder) {
  const packer = has("npm") ? "npm" : "pnpm";
  execFileSync(packer, ["pack", "--pack-destination", folder], { cwd: PACKAGE, stdio: "pipe" });
  const [tarball] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
  const home = join(folder, "node_modules", "@onsale", "client");
  mkdirSync(home, { recursive: true });
  execFileSync("tar", ["-xzf", join(folder, tarball ?? ""), "-C", home, "--strip-components=1"]);
  return home;
}

const canPack = (has("npm") || has("pnpm")) && has("tar");

test("the packed package is whole: imported by its name, its command runs", { skip: !canPack, timeout: 60_000 }, () => {
  inFolder((folder) => {
    const home = installPacked(folder);
    assert.deepEqual(readdirSync(home).sort(), ["README.md", "bin", "package.json", "src"]);
    const script = `
      import * as client from "@onsale/client";
      const made = new client.OnsaleClient({ baseURL: "http://127.0.0.1:1" });
      try { await made.events(); } catch (problem) { console.log(problem.slug); }
      console.log(Object.keys(client).sort().join());
    `;
    writeFileSync(join(folder, "use.mjs"), script);
    const env = { ...process.env, NODE_NO_WARNINGS: "1" };
    const said = execFileSync(process.execPath, ["use.mjs"], { cwd: folder, encoding: "utf8", env });
    assert.equal(said, "unreachable\nEventStreamParser,OnsaleClient,Problem,SeatStates\n");
    // As the command itself, not by node: its first line and its mode count.
    const help = execFileSync(join(home, "bin", "onsale.js"), ["--help"], { encoding: "utf8" });
    assert.match(help, /watch <url> <event>/);
  });
});

test("TypeScript finds the types of the packed package", { skip: !canPack || !has("tsc"), timeout: 120_000 }, () => {
  inFolder((folder) => {
    installPacked(folder);
    writeFileSync(
      join(folder, "use.mts"),
      `import { OnsaleClient, Problem, SeatStates, type Hold, type Room } from "@onsale/client";
      const client = new OnsaleClient({ baseURL: "" });
      const hold: Promise<Hold> = client.hold("e", "p", { best: { category: "R", quantity: 2 } });
      const room: Promise<Room> = client.room("e");
      // @ts-expect-error a hold is of seats, of an area, or the best
      void client.hold("e", "p", { quantity: 2 });
      // @ts-expect-error an order needs a key
      void client.order("e", "p", { hold: "h", method: "m" });
      void hold.catch((error: unknown) => error instanceof Problem && error.slug);
      void room; void new SeatStates().freeSeats;`,
    );
    for (const resolution of [["--module", "ES2022", "--moduleResolution", "node"], ["--module", "node16"]]) {
      const flags = ["--noEmit", "--strict", "--target", "ES2022", "--lib", "ES2022,DOM", ...resolution];
      const { status, stdout } = spawnSync("tsc", [...flags, "use.mts"], { cwd: folder, encoding: "utf8" });
      assert.equal(status, 0, stdout);
    }
  });
});

test("the declared types are those of the modules", { skip: !has("tsc"), timeout: 120_000 }, () => {
  inFolder((folder) => {
    const modules = {
      OnsaleClient: "onsale-client",
      Problem: "problem",
      SeatStates: "seat-states",
      EventStreamParser: "event-stream",
    };
    const source = JSON.stringify(join(PACKAGE, "src")).slice(1, -1);
    const lines = [
      `import * as declared from "${source}/index.js";`,
      // Both ways and with equal names, so that neither side has more than the other.
      "type Same<A, B> = [keyof A, keyof B, A, B] extends [keyof B, keyof A, B, A] ? true : never;",
      "type Open<T> = { [K in keyof T]: T[K] };",
      "type Class = abstract new (...args: any) => unknown;",
      "type Made<A extends Class, B extends Class> = Same<ConstructorParameters<A>, ConstructorParameters<B>>;",
    ];
    for (const [name, file] of Object.entries(modules)) {
      lines.push(
        `import { ${name} as Real${name} } from "${source}/${file}.js";`,
        `export const same${name}: Same<Open<declared.${name}>, Open<Real${name}>> = true;`,
        `export const made${name}: Made<typeof declared.${name}, typeof Real${name}> = true;`,
      );
    }
    const check = (text) => {
      writeFileSync(join(folder, "check.ts"), text);
      const flags = ["--noEmit", "--strict", "--allowJs", "--target", "ES2022", "--lib", "ES2022,DOM"];
      const modern = ["--module", "ES2022", "--moduleResolution", "node"];
      return spawnSync("tsc", [...flags, ...modern, "check.ts"], { cwd: folder, encoding: "utf8" });
    };
    const { status, stdout } = check(lines.join("\n"));
    assert.equal(status, 0, stdout);
    // That the comparison can fail.
    const wrong = lines.join("\n").replace("Open<declared.SeatStates>", 'Omit<declared.SeatStates, "apply">');
    assert.notEqual(check(wrong).status, 0);
  });
});
