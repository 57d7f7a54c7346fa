import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cut, isolate, mend } from './network.ts';
import { launch, locate } from './process.ts';

/** A real server of the test's own, as a machine that can lose its power, its mind or its network. */
export interface Server {
  address: string;
  port: number;
  /** Starts it again on the same port with the same data after `kill`. */
  start(): Promise<void>;
  /** SIGKILL, as a machine that loses power. */
  kill(): Promise<void>;
  /** SIGSTOP: the kernel still accepts connections, nobody answers. */
  pause(): Promise<void>;
  resume(): void;
  /** Every packet from and to its addresses is lost; only in a network of one's own (see ownNetwork). */
  cut(): Promise<void>;
  /** The other servers and it do not hear of each other, while its clients at 127.0.0.1 hear of all. */
  isolate(): Promise<void>;
  mend(): Promise<void>;
  /** Ends the server and removes its data. */
  stop(): Promise<void>;
}

export interface Recipe {
  /** The program and the Debian package that has it. */
  program: [name: string, debianPackage: string];
  words: string[];
  folder: string;
  address: string;
  port: number;
  /** Other addresses that are cut with its own. */
  links?: string[];
  /** Resolves when it answers. */
  ready(): Promise<unknown>;
}

/** Answers once the server does. */
export async function startServer(recipe: Recipe): Promise<Server> {
  const { program, words, folder, address, port, links = [], ready } = recipe;
  const file = locate(...program);
  const log = join(folder, 'log');
  const addresses = [address, ...links];
  const begin = async () => {
    const server = launch(file, words, log);
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

async function until(ready: () => Promise<unknown>, runs: () => boolean, log: string) {
  for (const end = Date.now() + 30_000; ; await sleep(20)) {
    try {
      await ready();
      return;
    } catch (error) {
      if (runs() && Date.now() < end) continue;
      throw new Error(`the server does not start: ${(await readFile(log, 'utf8')).slice(-2000)}`, {
        cause: error,
      });
    }
  }
}
