import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A package source: a deb822 stanza or a one-line entry. */
export interface Source {
  readonly uris: readonly string[];
  readonly suites: readonly string[];
  readonly components: readonly string[];
  readonly signedBy?: string;
}

/** The package sources of this computer, in both formats. Ignores the same files as apt. */
export function readSources(etc = '/etc/apt'): Source[] {
  const files = [
    'sources.list',
    ...list(join(etc, 'sources.list.d')).map((name) => `sources.list.d/${name}`),
  ];
  return files.flatMap((file) => {
    if (file.endsWith('.sources')) return parseStanzas(text(join(etc, file)));
    return file.endsWith('.list') ? parseLines(text(join(etc, file))) : [];
  });
}

/** Parses deb822: stanzas of `Key: value`, continued on indented lines (sources.list(5)). */
export function parseStanzas(content: string): Source[] {
  const uncommented = content.replace(/^#.*\n?/gm, '');
  return uncommented.split(/\n\s*\n/).flatMap((stanza) => {
    const fields = new Map<string, string>();
    for (const [, key = '', value = ''] of stanza.matchAll(/^([\w-]+):((?:.*)(?:\n[ \t]+.*)*)/gm)) {
      fields.set(key.toLowerCase(), value.trim());
    }
    const words = (key: string) => (fields.get(key) ?? '').split(/\s+/).filter(Boolean);
    if (!words('types').includes('deb') || fields.get('enabled')?.toLowerCase() === 'no') return [];
    const signedBy = fields.get('signed-by');
    return [source(words('uris'), words('suites'), words('components'), signedBy)];
  });
}

/** Parses `deb [option=value …] URI SUITE COMPONENT…`, one entry per line (sources.list(5)). */
export function parseLines(content: string): Source[] {
  return [...content.matchAll(/^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*([^#\n]*)/gm)].map(
    ([, options = '', uri = '', suite = '', components = '']) =>
      source([uri], [suite], components.split(/\s+/).filter(Boolean), /signed-by=(\S+)/.exec(options)?.[1]),
  );
}

/** The distribution's own sources with its suite replaced by another; empty if there are none. */
export function forSuite(sources: readonly Source[], codename: string, suite: string): Source[] {
  const own = new RegExp(`^${codename}(-updates|-security|/updates)?$`);
  return sources.flatMap((entry) => {
    const suites = entry.suites.filter((name) => own.test(name)).map((name) => name.replace(codename, suite));
    const reachable = entry.uris.every((uri) => /^(https?|mirror\+https?|ftp):/.test(uri));
    return suites.length > 0 && reachable && entry.components.includes('main') ? [{ ...entry, suites }] : [];
  });
}

/** The source of the distribution's backports, based on the source of its packages. */
export function backports(sources: readonly Source[], codename: string): Source | undefined {
  const own = sources.find(
    ({ suites, components }) => suites.includes(codename) && components.includes('main'),
  );
  return own && { ...own, suites: [`${codename}-backports`], components: ['main'] };
}

export function stanza({ uris, suites, components, signedBy }: Source): string {
  const fields = [
    'Types: deb',
    `URIs: ${uris.join(' ')}`,
    `Suites: ${suites.join(' ')}`,
    `Components: ${components.join(' ')}`,
    ...(signedBy ? [`Signed-By: ${signedBy}`] : []),
  ];
  return `${fields.join('\n')}\n`;
}

/** One-line entries, one for each URI and suite, as arguments of mmdebstrap. */
export function oneLines({ uris, suites }: Source): string[] {
  return uris.flatMap((uri) => suites.map((suite) => `deb ${uri} ${suite} main`));
}

function source(uris: string[], suites: string[], components: string[], signedBy?: string): Source {
  return { uris, suites, components, ...(signedBy ? { signedBy } : {}) };
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function text(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
