import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cut, isolate, mend } from './network.ts';
import { launch, locate } from './process.ts';

/** A real server for one test that can be killed, paused or cut off from the network. */
export interface Server {
  address: string;
  port: number;
  /** Restarts it after `kill`, on the same port with the same data. */
  start(): Promise<void>;
  /** SIGKILL, like a power cut. */
  kill(): Promise<void>;
  /** SIGSTOP: the kernel still accepts connections, but the server does not respond. */
  pause(): Promise<void>;
  resume(): void;
  /** Drops every packet from and to its addresses; only in the test's own network (see ownNetwork). */
  cut(): Promise<void>;
  /** Cuts it off from the other servers, but not from clients at 127.0.0.1. */
  isolate(): Promise<void>;
  /** Ends `cut` or `isolate`. */
  mend(): Promise<void>;
  /** Stops the server and removes its data. */
  stop(): Promise<void>;
}

export interface Recipe {
  /** The program and its Debian package. */
  program: [name: string, debianPackage: string];
  args: string[];
  folder: string;
  address: string;
  port: number;
  /** Other addresses that `cut` includes. */
  links?: string[];
  /** Resolves when the server responds. */
  ready(): Promise<unknown>;
}

/** Starts the server and resolves once it responds. */
export async function startServer(recipe: Recipe): Promise<Server> {
  const { program, args, folder, address, port, links = [], ready } = recipe;
  const file = locate(...program);
  const log = join(folder, 'log');
  const addresses = [address, ...links];
  const begin = async () => {
    const server = launch(file, args, log);
    await until(ready, server.runs, log);
    return server;
  };
  let server = await begin();
  return {
    address,
    port,
    async start() {
      server = await begin();
    },
    kill: () => server.end('SIGKILL'),
    pause: () => server.pause(),
    resume: () => server.resume(),
    cut: () => cut(addresses),
    isolate: () => isolate(addresses),
    mend: () => mend(addresses),
    async stop() {
      await server.end('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Resolves when the server responds. Throws with the end of its log if it exits before, or takes longer than 30 s. */
export async function until(ready: () => Promise<unknown>, runs: () => boolean, log: string): Promise<void> {
  for (const end = Date.now() + 30_000; ; await sleep(20)) {
    try {
      await ready();
      return;
    } catch (error) {
      if (runs() && Date.now() < end) continue;
      throw new Error(`the server did not start: ${(await readFile(log, 'utf8')).slice(-2000)}`, {
        cause: error,
      });
    }
  }
}
