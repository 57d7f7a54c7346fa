import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../provision/computer/ports.ts';
import { locate, missing } from '../../provision/computer/programs.ts';
import { failure } from '../../provision/index.ts';
import { shown } from '../../provision/input/yaml.ts';
import { recipes } from './recipes.ts';
import { type Means, type Name, names } from './servers.ts';

interface Running {
  readonly pid: number;
  readonly port: number;
}

/** Servers from this computer's packages, each on a free loopback port, with all their files below `base`. */
export function installed(base: string): Means {
  const folderOf = (name: Name) => join(base, name);
  const dataOf = (name: Name) => join(folderOf(name), 'data');
  const server = (name: Name, { pid, port }: Running) => {
    const program = locate(recipes[name].programs[0]);
    return { name, port, by: `${program}, process ${pid}, data in ${shown(dataOf(name))}` };
  };
  const find = async (name: Name) => {
    const running = processOf(folderOf(name), dataOf(name));
    return running && server(name, running);
  };
  return {
    find,
    async obstacle() {
      const programs = names.flatMap((name) =>
        recipes[name].programs.map((program) => ({ name: program, package: recipes[name].package })),
      );
      const absent = missing(programs).map((program) => program.name);
      return absent.length === 0
        ? undefined
        : `${absent.join(', ')} ${absent.length > 1 ? 'are' : 'is'} not installed`;
    },
    async start(name, passwords) {
      const [folder, data] = [folderOf(name), dataOf(name)];
      mkdirSync(data, { recursive: true, mode: 0o700 });
      const port = await freePort();
      const words = await recipes[name].prepare({ folder, data, port, passwords });
      const log = openSync(join(folder, 'log'), 'w', 0o600);
      const program = locate(recipes[name].programs[0]) ?? '';
      const child = spawn(program, words, { cwd: data, detached: true, stdio: ['ignore', log, log] });
      closeSync(log);
      await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
      child.unref();
      const running = { pid: child.pid ?? 0, port };
      writeFileSync(join(folder, 'server.json'), JSON.stringify(running));
      return server(name, running);
    },
    async stop(name) {
      const [folder, data] = [folderOf(name), dataOf(name)];
      const found = processOf(folder, data);
      if (!found) return false;
      process.kill(found.pid, 'SIGTERM');
      for (const end = Date.now() + 60_000; processOf(folder, data); await sleep(50))
        if (Date.now() > end)
          throw failure({
            place: name,
            what: `process ${found.pid} did not stop within 60 s`,
            todo: `kill -9 ${found.pid}`,
          });
      return true;
    },
    log: async (name) => readFileSync(join(folderOf(name), 'log'), 'utf8'),
    purge: async (name) => rmSync(folderOf(name), { recursive: true, force: true }),
  };
}

/** The process that was started, if it still runs. A process that has since been given the same id works in another folder. */
function processOf(folder: string, data: string): Running | undefined {
  try {
    const { pid, port } = JSON.parse(readFileSync(join(folder, 'server.json'), 'utf8'));
    return readlinkSync(`/proc/${pid}/cwd`) === data ? { pid, port } : undefined;
  } catch {
    return undefined;
  }
}
