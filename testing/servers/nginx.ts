import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { launch, locate } from './process.ts';

/** A real nginx for one test. */
export interface TestNginx {
  readonly folder: string;
  readonly pid: string;
  readonly log: string;
  /** Writes the contents of `http { … }`, which apply from the next reload on. */
  configure(http: string): void;
  stop(): Promise<void>;
}

/** Starts nginx with two workers and the contents of `http { … }`. Resolves when `url` responds. */
export async function startNginx(http: string, url: string): Promise<TestNginx> {
  const folder = mkdtempSync(join(tmpdir(), 'theapp-nginx-'));
  const [pid, log] = [join(folder, 'pid'), join(folder, 'error.log')];
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const main = `daemon off; worker_processes 2; pid ${pid}; error_log ${log};\nevents {}\n`;
  const configure = (http: string) =>
    writeFileSync(
      join(folder, 'nginx.conf'),
      `${main}http {\naccess_log off;\n${temporary.join('\n')}\n${http}\n}\n`,
    );
  configure(http);
  const server = launch(
    locate('nginx', 'nginx'),
    ['-q', '-p', folder, '-c', 'nginx.conf'],
    join(folder, 'out'),
  );
  for (const end = Date.now() + 30_000; !(await fetch(url).catch(() => undefined)); await sleep(20))
    if (!server.runs() || Date.now() > end) throw new Error('nginx did not start');
  return {
    folder,
    pid,
    log,
    configure,
    async stop() {
      await server.end('SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
