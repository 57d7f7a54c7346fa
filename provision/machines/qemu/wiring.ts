import { createHash } from 'node:crypto';
import { labFolder } from '../lab/folders.ts';

/** The card to the outside: the same in every machine, since each has a network of its own behind it. */
export const userCard = '52:54:00:00:00:02';

/** The card on the private network: a machine's own, by lab and name. */
export function lanCard(lab: string, machine: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = digest(`${lab}/${machine}`);
  return `52:54:${[a, b, c, d].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`;
}

/**
 * Where the machines of a lab meet: a multicast group on loopback that no other lab has, because a frame sent to
 * a group reaches all who listen on it.
 */
export function meeting(lab: string): { group: string; port: number } {
  const [a = 0, b = 0, c = 0, d = 0] = digest(`network ${labFolder()}/${lab}`);
  return { group: `239.${192 + (a % 4)}.${b}.${c}`, port: 20_000 + d * 40 };
}

const digest = (text: string) => createHash('sha256').update(text).digest();
