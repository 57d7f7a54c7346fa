import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { failure } from '../../../provision/index.ts';
import type { Samples } from '../figures.ts';
import type { Base } from './base.ts';
import { writeFiles } from './files.ts';
import { type Fleet, freshHosts } from './hosts.ts';
import { agrees, floor } from './peers/floor.ts';
import { ours } from './peers/ours.ts';
import type { Command, Peer, Workplace } from './peers/peer.ts';

/** Seconds of converged runs in each round: a quick peer is measured more often. */
const CONVERGED_SECONDS = 5;
const CONVERGED_RUNS = 5;

export interface Bench {
  /** Everything is written below this folder. */
  readonly folder: string;
  /** For the sockets of peers; its path is short. */
  readonly sockets: string;
  readonly base: Base;
  readonly signal: AbortSignal;
  progress(topic: string, line: string): void;
}

/**
 * One round of one peer: fresh hosts, a first run, a check that the hosts are converged, converged runs. The floor
 * changes nothing, so this project's provisioner prepares its hosts first, which is not timed.
 *
 * @throws ProvisionError (failed) with the peer's output if it fails, or if the hosts are not converged afterwards
 */
export async function round(peer: Peer, count: number, bench: Bench): Promise<Samples> {
  const { progress } = bench;
  progress(peer.name, `${count} fresh host${count === 1 ? '' : 's'}`);
  const fleet = await freshHosts(join(bench.folder, 'hosts'), bench.base, count);
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
    if (peer.isUnchanged?.(output, hosts) === false) {
      throw failure({ place: peer.name, what: 'a converged run changed something', said: output });
    }
    samples.push(seconds);
  } while (samples.length < CONVERGED_RUNS && performance.now() < end);
  return samples;
}

/** Checks that a peer has not left anything out. */
async function check(peer: Peer, fleet: Fleet, bench: Bench): Promise<void> {
  const { output } = await timed(floor, floor.prepare(workplace(floor, fleet, bench)), bench);
  if (agrees(output, fleet.hosts.length)) return;
  throw failure({ place: peer.name, what: 'the hosts differ from the workload', said: output });
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

/** Runs a command and times it from start to exit. Its output is kept in last.log beside its input. */
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
    what: isCanceled ? 'interrupted' : 'the run failed',
    ...(isCanceled
      ? {}
      : { why: exitCode === undefined ? String(shortMessage) : `exit code ${exitCode}`, said: all }),
  });
}
