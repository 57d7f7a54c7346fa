import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { withLock } from '../../provision/computer/lock.ts';
import { locate } from '../../provision/computer/programs.ts';
import { exitCodes, explain, failure, ProvisionError } from '../../provision/index.ts';
import { progressLines } from '../command/progress.ts';
import { type Figure, figure, type Samples, table } from './figures.ts';
import { ensureBase } from './provisioner/base.ts';
import { round } from './provisioner/measure.ts';
import { type Options, parseOptions } from './provisioner/options.ts';
import { peersOf } from './provisioner/peers/all.ts';
import type { Peer } from './provisioner/peers/peer.ts';

const folder = resolve(import.meta.dirname, '../../.lab/bench');
const sockets = mkdtempSync(join(tmpdir(), 'bench-'));
process.once('exit', () => rmSync(sockets, { recursive: true, force: true }));
const stop = new AbortController();
// A listener that stays: execa lets the signal end this process when it is alone with it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
const { show: progress, end: clear } = progressLines(process.stderr);

try {
  const options = parseOptions(process.argv.slice(2));
  if (options) {
    requirements();
    const peers = available(options);
    const figures = await withLock(
      folder,
      'running a benchmark',
      (line) => progress('bench', line),
      () => measure(peers, options),
    );
    if (options.json) process.stdout.write(`${JSON.stringify({ peers: figures })}\n`);
  }
} catch (error) {
  clear();
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = stop.signal.aborted ? 130 : error instanceof ProvisionError ? exitCodes[error.kind] : 1;
}

/** Hosts of this kind are made of what only root may do. */
function requirements(): void {
  const what = 'the benchmark makes throw-away hosts of overlays and namespaces, which needs root';
  if (process.getuid?.() !== 0) throw failure({ what, todo: 'sudo npm run bench' });
  const packages = { mmdebstrap: 'mmdebstrap', unshare: 'util-linux', ssh: 'openssh-client', tar: 'tar' };
  const absent = Object.entries(packages).filter(([program]) => !locate(program));
  if (absent.length === 0) return;
  throw failure({
    what: `the benchmark needs ${absent.map(([program]) => program).join(', ')}`,
    todo: `apt-get install ${absent.map(([, name]) => name).join(' ')}`,
  });
}

/** The peers that were asked for and are installed; the others are named with what installs them. */
function available({ peers }: Options): Peer[] {
  return peersOf(peers).filter((peer) => {
    const todo = peer.missing();
    if (todo !== undefined)
      process.stderr.write(`  ! ${peer.name} is skipped, it is not installed: ${todo}\n`);
    return todo === undefined;
  });
}

/** Round by round, so that what else the computer does falls on all alike. */
async function measure(peers: readonly Peer[], { hosts, runs, json }: Options): Promise<Figure[]> {
  const { signal } = stop;
  const base = await ensureBase(join(folder, 'base'), signal, (line) => progress('bench', line));
  const figures: Figure[] = [];
  for (const count of hosts) {
    const samples = new Map<Peer, Samples>();
    for (let i = 1; i <= runs; i++) {
      for (const peer of peers) {
        const say = (topic: string, line: string) => progress(`${topic} ${i}/${runs}`, line);
        const { first, converged } = await round(peer, count, {
          folder,
          sockets,
          base,
          signal,
          progress: say,
        });
        const before = samples.get(peer);
        samples.set(peer, {
          first: [...(before?.first ?? []), ...first],
          converged: [...(before?.converged ?? []), ...converged],
        });
      }
    }
    const measured = [...samples].map(([{ name }, all]) => figure(name, count, all));
    figures.push(...measured);
    clear();
    (json ? process.stderr : process.stdout).write(`${table(measured, count)}\n`);
  }
  return figures;
}
