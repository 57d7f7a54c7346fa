import { ansible, mitogen } from './ansible.ts';
import { floor } from './floor.ts';
import { ours } from './ours.ts';
import type { Peer, PeerName } from './peer.ts';
import { pyinfra } from './pyinfra.ts';

const all: readonly Peer[] = [ours, floor, mitogen, pyinfra, ansible];

/** The peers with these names, in measuring order: ours next to the floor. */
export const peersOf = (names: readonly PeerName[]): Peer[] => all.filter(({ name }) => names.includes(name));
