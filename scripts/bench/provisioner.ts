import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { withLock } from '../../provision/computer/lock.ts';
import { locate } from '../../provision/computer/programs.ts';
import { failure } from '../../provision/index.ts';
import { interruption, runCommand } from '../command/command.ts';
import { progressLines } from '../command/progress.ts';
import { type Figure, figure, type Samples, table } from './figures.ts';
import { ensureBase } from './provisioner/base.ts';
import { benchCommand, type Options } from './provisioner/options.ts';
import type { Peer } from './provisioner/peers/peer.ts';
import { peersOf } from './provisioner/peers/peers.ts';
import { round } from './provisioner/round.ts';

const folder = resolve(import.meta.dirname, '../../.lab/bench');
const sockets = mkdtempSync(join(tmpdir(), 'bench-'));
process.once('exit', () => rmSync(sockets, { recursive: true, force: true }));
const signal = interruption();
const { show: progress, end: clear } = progressLines(process.stderr);
await runCommand(benchCommand(bench), { ended: clear, signal });

async function bench(options: Options): Promise<void> {
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

/** Only root may create overlays and namespaces. */
function requirements(): void {
  const what = 'the benchmark builds throw-away hosts from overlays and namespaces, which requires root';
  if (process.getuid?.() !== 0) throw failure({ what, todo: 'sudo npm run bench' });
  const packages = { mmdebstrap: 'mmdebstrap', unshare: 'util-linux', ssh: 'openssh-client', tar: 'tar' };
  const absent = Object.entries(packages).filter(([program]) => !locate(program));
  if (absent.length === 0) return;
  throw failure({
    what: `the benchmark needs ${absent.map(([program]) => program).join(', ')}`,
    todo: `apt-get install ${absent.map(([, name]) => name).join(' ')}`,
  });
}

/** The requested peers that are installed. Prints how to install the others. */
function available({ peers }: Options): Peer[] {
  return peersOf(peers).filter((peer) => {
    const todo = peer.missing();
    if (todo !== undefined)
      process.stderr.write(`  ! ${peer.name} is skipped because it is not installed: ${todo}\n`);
    return todo === undefined;
  });
}

/** Measures round by round, so that other work on the computer affects all peers alike. */
async function measure(peers: readonly Peer[], { hosts, runs, json }: Options): Promise<Figure[]> {
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
