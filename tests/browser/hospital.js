// Demonstration hospitals for the specs: `lifeline demo` on a free port with a data folder of its own.
// LIFELINE_URL=http://127.0.0.1:8080 uses a hospital that runs already; LIFELINE_BIN names another program file.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const START_MS_MAX = 60_000;
const here = import.meta.dirname;

function program() {
  if (process.env.LIFELINE_BIN) return process.env.LIFELINE_BIN;
  const target = process.env.CARGO_TARGET_DIR ?? resolve(here, "../../target");
  const path = join(target, "debug", "lifeline");
  if (!existsSync(path)) throw new Error(`${path} is missing: cargo build --package lifeline`);
  return path;
}

/** Starts a hospital; tells its address and how to end it. */
async function start() {
  const data = mkdtempSync(join(tmpdir(), "lifeline-browser-"));
  const child = spawn(program(), ["demo", "--port", "0", "--data", data], { stdio: ["ignore", "pipe", "pipe"] });
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((done) => child.once("exit", done));
      child.kill("SIGTERM");
      const hard = setTimeout(() => child.kill("SIGKILL"), 5_000);
      await ended;
      clearTimeout(hard);
    }
    rmSync(data, { recursive: true, force: true });
  };
  try {
    return { url: await address(child), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * The hospitals of one worker, one after the other: each spec file has a fresh one, so that no file sees what another did, in whatever order
 * and beside whomever it runs.
 */
export class Hospitals {
  #given = process.env.LIFELINE_URL;
  #whose;
  #open;

  /** The address of the hospital of this spec file, or of whatever else is named; another name, another hospital. */
  async of(whose) {
    if (this.#given) return this.#given;
    if (this.#whose !== whose) {
      await this.end();
      this.#open = await start();
      this.#whose = whose;
    }
    return this.#open.url;
  }

  async end() {
    await this.#open?.stop();
    this.#open = undefined;
    this.#whose = undefined;
  }
}

/** The first http address that the program prints. It goes on being read so that its output never blocks it. */
function address(child) {
  return new Promise((found, failed) => {
    let said = "";
    const timer = setTimeout(() => failed(new Error(`lifeline demo printed no address within ${START_MS_MAX} ms:\n${said}`)), START_MS_MAX);
    const listen = (bytes) => {
      if (said.length > 1_000_000) return;
      said += bytes;
      const match = said.match(/http:\/\/127\.0\.0\.1:\d+(?=\D)/);
      if (match) { clearTimeout(timer); found(match[0]); }
    };
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    child.once("error", (error) => { clearTimeout(timer); failed(error); });
    child.once("exit", (code) => { clearTimeout(timer); failed(new Error(`lifeline demo ended with ${code} before it served:\n${said}`)); });
  });
}
