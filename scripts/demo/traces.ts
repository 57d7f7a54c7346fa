import { hostname, userInfo } from 'node:os';

/** Addresses that reveal nothing: loopback, those of the approaches and QEMU's. */
const harmless = /^(127\.|10\.77\.|10\.0\.2\.|0\.0\.0\.0$)/;
const names = /^(localhost|registry\.internal|theapp\.\w+)$/;
const folders = /(?<![\w.])\/(?:home|root|tmp|Users|mnt|private)\/\S*/g;
const keys = /SWMTKN-\S+|-----BEGIN[^-]*-----/g;
/** 192 random bits as provision/run/secrets.ts writes them. Purely hexadecimal texts are digests. */
const generated = /(?<![\w-])(?![0-9a-f]+\b)(?=\S*\d)(?=\S*[A-Z])[\w-]{32}(?![\w-])/g;

/** Parts of a text that reveal the computer it comes from, or its secrets. */
export function traces(text: string): string[] {
  const addresses = [...text.matchAll(/(?<![\w.])(\d{1,3}(?:\.\d{1,3}){3})(?!\w|\.\d|-)/g)].map(
    ([, ip = '']) => ip,
  );
  const hosts = [...text.matchAll(/\bhttps?:\/\/([\w.-]+)/g)].map(([, host = '']) => host);
  return [
    ...(text.match(folders) ?? []),
    // The error message must not repeat the secret.
    ...[...(text.match(keys) ?? []), ...(text.match(generated) ?? [])].map((one) => `${one.slice(0, 4)}…`),
    ...addresses.filter((ip) => !harmless.test(ip)),
    ...hosts.filter((host) => !harmless.test(host) && !names.test(host)),
  ];
}

/** The same, plus the names of this computer and its user, unless a machine has the same name. */
export function tracesHere(text: string, machines: readonly string[]): string[] {
  const own = [hostname(), userInfo().username].filter((name) => !['root', ...machines].includes(name));
  // vm.swappiness is not a computer named vm.
  const words = new Set(text.split(/[^\w.-]+|\.(?!\w)/));
  return [...traces(text), ...own.filter((name) => words.has(name))];
}
