import { createHash } from 'node:crypto';
import { labFolder } from '../lab/folders.ts';

/** The MAC address of the network card to the outside; the same in every machine, because each has its own network. */
export const userCard = '52:54:00:00:00:02';

/** The MAC address on the private network, derived from the names of lab and machine. */
export function lanCard(lab: string, machine: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = digest(`${lab}/${machine}`);
  return `52:54:${[a, b, c, d].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`;
}

/**
 * The multicast group on the loopback interface that connects the machines of a lab. Every lab has its own, because a
 * frame sent to a group reaches all its listeners.
 */
export function meeting(lab: string): { group: string; port: number } {
  const [a = 0, b = 0, c = 0, d = 0] = digest(`network ${labFolder()}/${lab}`);
  return { group: `239.${192 + (a % 4)}.${b}.${c}`, port: 20_000 + d * 40 };
}

const digest = (text: string) => createHash('sha256').update(text).digest();
