import { didYouMean, inputError } from '../errors.ts';
import type { Host } from '../host.ts';

/**
 * The hosts a `--limit` names, in Ansible's words: names, groups and globs, joined by commas; `!x` leaves out,
 * `&x` keeps only what is in both. `all` and `*` are every host.
 *
 * @throws ProvisionError (input) for a name that is no host, group or matching glob, and when nothing is left
 */
export function limit(pattern: string, hosts: readonly Host[]): readonly Host[] {
  const words = pattern.split(',').map((word) => word.trim());
  const known = ['all', ...new Set(hosts.flatMap(({ name, groups }) => [name, ...groups]))];
  const selected = (word: string): readonly Host[] => {
    const glob = new RegExp(
      `^${word
        .replace(/[.+^${}()|[\]\\]/g, '\\$&')
        .replaceAll('*', '.*')
        .replaceAll('?', '.')}$`,
    );
    const found = hosts.filter(
      ({ name, groups }) => word === 'all' || [name, ...groups].some((one) => glob.test(one)),
    );
    if (found.length > 0 && word !== '') return found;
    throw inputError({
      place: `--limit ${pattern}`,
      what: `there is no host or group "${word}"${didYouMean(word, known)}`,
      todo: `one of: ${known.join(', ')}`,
    });
  };
  let chosen: readonly Host[] = words.some((word) => !/^[!&]/.test(word)) ? [] : hosts;
  for (const word of words) {
    const found = selected(word.replace(/^[!&]/, ''));
    if (word.startsWith('!')) chosen = chosen.filter((host) => !found.includes(host));
    else if (word.startsWith('&')) chosen = chosen.filter((host) => found.includes(host));
    else chosen = [...chosen, ...found.filter((host) => !chosen.includes(host))];
  }
  if (chosen.length > 0) return hosts.filter((host) => chosen.includes(host));
  throw inputError({ place: `--limit ${pattern}`, what: 'leaves no host' });
}
