import { didYouMean, inputError } from '../errors.ts';
import type { Host } from '../host.ts';

/**
 * The hosts that `--limit` selects, with Ansible's pattern syntax: names, groups and globs, separated by commas; `!x`
 * excludes, `&x` keeps only hosts that are also in x. `all` and `*` select every host.
 *
 * @throws ProvisionError (input) for a word that matches no host or group, and when no host is left
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
      what:
        word === ''
          ? 'expected the name of a host or group, found an empty one'
          : `there is no host or group "${word}"${didYouMean(word, known)}`,
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
  throw inputError({
    place: `--limit ${pattern}`,
    what: 'selects no host',
    todo: `the hosts and groups: ${known.join(', ')}`,
  });
}
