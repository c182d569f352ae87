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

/** @param {string} folder where to install the packed package, as it would come from a registry */
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

test("the packed package can be imported by name, and its command runs", { skip: !canPack, timeout: 60_000 }, () => {
  inFolder((folder) => {
    const home = installPacked(folder);
    assert.deepEqual(readdirSync(home).sort(), ["README.md", "bin", "package.json", "src"]);
    const script = `
      import * as client from "@onsale/client";
      const made = new client.OnsaleClient({ baseURL: "http://127.0.0.1:1" });
      try { await made.listEvents(); } catch (problem) { console.log(problem.slug); }
      console.log(Object.keys(client).sort().join());
    `;
    writeFileSync(join(folder, "use.mjs"), script);
    const env = { ...process.env, NODE_NO_WARNINGS: "1" };
    const said = execFileSync(process.execPath, ["use.mjs"], { cwd: folder, encoding: "utf8", env });
    assert.equal(said, "unreachable\nEventStreamParser,OnsaleClient,Problem,SeatStates\n");
    // Run it directly rather than through node, so that the shebang and the file mode count.
    const help = execFileSync(join(home, "bin", "onsale.js"), ["--help"], { encoding: "utf8" });
    assert.match(help, /watch <url> <event>/);
  });
});

test("TypeScript finds the packed package's types", { skip: !canPack || !has("tsc"), timeout: 120_000 }, () => {
  inFolder((folder) => {
    installPacked(folder);
    writeFileSync(
      join(folder, "use.mts"),
      `import { OnsaleClient, Problem, SeatStates, type Hold, type WaitingRoom } from "@onsale/client";
      const client = new OnsaleClient({ baseURL: "" });
      const hold: Promise<Hold> = client.createHold("e", "p", { best: { category: "R", quantity: 2 } });
      const room: Promise<WaitingRoom> = client.getWaitingRoom("e");
      // @ts-expect-error a hold needs seats, an area, or best
      void client.createHold("e", "p", { quantity: 2 });
      // @ts-expect-error an order needs a key
      void client.createOrder("e", "p", { hold: "h", method: "m" });
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

test("the declared types match those of the modules", { skip: !has("tsc"), timeout: 120_000 }, () => {
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
      // Compare both ways and by key, so that neither side may have more members than the other.
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
    // Make sure the comparison can fail.
    const wrong = lines.join("\n").replace("Open<declared.SeatStates>", 'Omit<declared.SeatStates, "apply">');
    assert.notEqual(check(wrong).status, 0);
  });
});
