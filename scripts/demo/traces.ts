import { hostname, userInfo } from 'node:os';

/** Addresses that say nothing of a computer: loopback, the approaches' own, and QEMU's. */
const anybodys = /^(127\.|10\.77\.|10\.0\.2\.|0\.0\.0\.0$)/;
const names = /^(localhost|registry\.internal|theapp\.\w+)$/;
const folders = /(?<![\w.])\/(?:home|root|tmp|Users|mnt|private)\/\S*/g;
const keys = /SWMTKN-\S+|-----BEGIN[^-]*-----/g;
/** 192 bits as provision/run/secrets.ts writes them; what is only hexadecimal is a digest. */
const generated = /(?<![\w-])(?![0-9a-f]+\b)(?=\S*\d)(?=\S*[A-Z])[\w-]{32}(?![\w-])/g;

/** What a text tells of the computer that it comes from, or of its secrets. */
export function traces(text: string): string[] {
  const addresses = [...text.matchAll(/(?<![\w.])(\d{1,3}(?:\.\d{1,3}){3})(?!\w|\.\d|-)/g)].map(
    ([, ip = '']) => ip,
  );
  const hosts = [...text.matchAll(/\bhttps?:\/\/([\w.-]+)/g)].map(([, host = '']) => host);
  return [
    ...(text.match(folders) ?? []),
    // what is said of it must not tell it again
    ...[...(text.match(keys) ?? []), ...(text.match(generated) ?? [])].map((one) => `${one.slice(0, 4)}…`),
    ...addresses.filter((ip) => !anybodys.test(ip)),
    ...hosts.filter((host) => !anybodys.test(host) && !names.test(host)),
  ];
}

/** The same, and what this computer and its user are called, unless machines are called so too. */
export function tracesHere(text: string, machines: readonly string[]): string[] {
  const own = [hostname(), userInfo().username].filter((name) => !['root', ...machines].includes(name));
  // vm.swappiness is no computer of the name vm
  const words = new Set(text.split(/[^\w.-]+|\.(?!\w)/));
  return [...traces(text), ...own.filter((name) => words.has(name))];
}
