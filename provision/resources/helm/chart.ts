import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parse } from 'yaml';
import { failure, inputError } from '../../errors.ts';
import { shown } from '../../input/yaml.ts';
import { type Script, sh } from '../../shell/sh.ts';

/** A chart of this project, as it is sent to a host. */
export interface Chart {
  /** The name of its folder. */
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  readonly appVersion: string;
  /** A .tar.gz of the folder, in base64. */
  readonly packed: string;
}

/** Helm stores a release, with its chart, in a Secret, which holds 1 MiB. */
const MOST = 1_048_576;

/**
 * Packs the folder of a chart. A chart is small, so it travels inside the scripts that use it: a probe can render it on
 * a host that has never seen it.
 *
 * @throws ProvisionError (input) if the folder is not a chart
 */
export function chartOf(folder: string): Chart {
  const { name, version, appVersion } = metadata(join(folder, 'Chart.yaml'));
  const packed = pack(folder).toString('base64');
  if (packed.length > MOST)
    throw inputError({
      place: shown(folder),
      what: `the chart is too large: ${Math.ceil(packed.length / 1024)} KiB packed`,
      why: 'Helm stores it in a Secret, which holds 1 MiB',
    });
  return { folder: basename(folder), name, version, appVersion, packed };
}

/** Unpacks the chart below the folder `$d` of the script. */
export const unpack = ({ packed }: Chart): Script => sh`printf %s ${packed} | base64 -d | tar -xz -C "$d"`;

function metadata(file: string): { name: string; version: string; appVersion: string } {
  let read: unknown;
  try {
    read = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw inputError(
      { place: shown(file), what: 'the chart cannot be read', why: (error as Error).message },
      error,
    );
  }
  const { name, version, appVersion = '' } = (read ?? {}) as Record<string, unknown>;
  if (typeof name === 'string' && typeof version === 'string')
    return { name, version, appVersion: `${appVersion}` };
  throw inputError({ place: shown(file), what: 'a chart needs a name and a version' });
}

/** A chart may link to files that it shares with others. Its tests lie beside it and are not part of it. */
function pack(folder: string): Buffer {
  const words = ['-czh', '--exclude=*.test.ts', '-C', dirname(folder), basename(folder)];
  try {
    return execFileSync('tar', words, { stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 64 * MOST });
  } catch (error) {
    const said = `${(error as { stderr?: Buffer }).stderr ?? ''}`;
    throw failure({ place: shown(folder), what: 'the chart cannot be packed', said }, error);
  }
}
