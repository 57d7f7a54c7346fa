import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { failure } from '../../../provision/index.ts';
import type { Samples } from '../figures.ts';
import type { Base } from './base.ts';
import { writeFiles } from './files.ts';
import { type Fleet, fresh } from './hosts.ts';
import { agrees, floor } from './peers/floor.ts';
import { ours } from './peers/ours.ts';
import type { Command, Peer, Workplace } from './peers/peer.ts';

/** Converged runs go on for this long in each round, in seconds: a quick peer is measured more often. */
const CONVERGED_SECONDS = 5;
const CONVERGED_RUNS = 5;

export interface Bench {
  /** Everything is written below this folder. */
  readonly folder: string;
  /** For what peers keep open; its path is short. */
  readonly sockets: string;
  readonly base: Base;
  readonly signal: AbortSignal;
  progress(topic: string, line: string): void;
}

/**
 * One round of one peer: fresh hosts, a first run, a look at whether the hosts are as they should be, converged
 * runs. The floor changes nothing, so its hosts are made so by us before, off the clock.
 *
 * @throws ProvisionError (failed) with the peer's own words when it fails, or says that it did what it did not
 */
export async function round(peer: Peer, count: number, bench: Bench): Promise<Samples> {
  const { progress } = bench;
  progress(peer.name, `${count} fresh host${count === 1 ? '' : 's'}`);
  const fleet = await fresh(join(bench.folder, 'hosts'), bench.base, count);
  try {
    const command = peer.prepare(workplace(peer, fleet, bench));
    progress(peer.name, 'first run');
    if (peer === floor) await timed(ours, ours.prepare(workplace(ours, fleet, bench)), bench);
    const first = peer === floor ? [] : [(await timed(peer, command, bench)).seconds];
    await check(peer, fleet, bench);
    progress(peer.name, 'converged runs');
    return { first, converged: await converged(peer, command, count, bench) };
  } finally {
    await fleet.down();
  }
}

async function converged(peer: Peer, command: Command, hosts: number, bench: Bench): Promise<number[]> {
  const samples: number[] = [];
  const end = performance.now() + CONVERGED_SECONDS * 1000;
  do {
    const { seconds, output } = await timed(peer, command, bench);
    if (peer.calm?.(output, hosts) === false) {
      throw failure({ place: peer.name, what: 'a converged run changed something', said: output });
    }
    samples.push(seconds);
  } while (samples.length < CONVERGED_RUNS && performance.now() < end);
  return samples;
}

/** Nobody is fast by leaving something out. */
async function check(peer: Peer, fleet: Fleet, bench: Bench): Promise<void> {
  const { output } = await timed(floor, floor.prepare(workplace(floor, fleet, bench)), bench);
  if (agrees(output, fleet.hosts.length)) return;
  throw failure({ place: peer.name, what: 'the hosts are not as the workload wants them', said: output });
}

function workplace({ name }: Peer, { hosts }: Fleet, { folder, sockets, base }: Bench): Workplace {
  const own = join(folder, 'peers', name);
  rmSync(own, { recursive: true, force: true });
  mkdirSync(own, { recursive: true });
  return {
    folder: own,
    files: writeFiles(join(folder, 'files')),
    sockets,
    hosts,
    key: base.key,
    knownHosts: join(folder, 'hosts/known_hosts'),
    hostKey: base.hostKey,
  };
}

/** Runs a command and says how long it took from its start to its end. What it said is kept beside its input. */
async function timed(
  peer: Peer,
  { argv: [program, ...args], cwd, env = {} }: Command,
  { folder, signal }: Bench,
): Promise<{ seconds: number; output: string }> {
  const start = performance.now();
  const { exitCode, all, shortMessage, isCanceled } = await execa(program, args, {
    cwd,
    env,
    all: true,
    reject: false,
    stdin: 'ignore',
    cancelSignal: signal,
  });
  const seconds = (performance.now() - start) / 1000;
  writeFileSync(join(folder, 'peers', peer.name, 'last.log'), all);
  if (exitCode === 0) return { seconds, output: all };
  throw failure({
    place: peer.name,
    what: isCanceled ? 'stopped as asked' : 'did not make the hosts so',
    ...(isCanceled
      ? {}
      : { why: exitCode === undefined ? String(shortMessage) : `exit code ${exitCode}`, said: all }),
  });
}
