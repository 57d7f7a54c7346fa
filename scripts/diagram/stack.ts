import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Handlebars from 'handlebars';
import { parse } from 'yaml';
import { loadMachines, type Machine } from '../../provision/index.ts';
import { type Box, busesOf, type Picture, type Tier } from './model.ts';

/** The parts of a service in a Compose or stack file that are drawn. */
interface Service {
  readonly image?: string;
  readonly command?: string | readonly unknown[];
  readonly ports?: readonly (string | { readonly published?: number | string })[];
  readonly volumes?: readonly (string | { readonly source?: string })[];
  readonly networks?: readonly string[] | Readonly<Record<string, unknown>>;
  readonly restart?: string;
  readonly deploy?: {
    readonly mode?: string;
    readonly replicas?: number;
    readonly placement?: { readonly constraints?: readonly string[] };
  };
}

interface File {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks?: Readonly<
    Record<string, { readonly driver_opts?: { readonly encrypted?: string } } | null>
  >;
}

/** Values for lists in a stack's template that its role computes: three Redis servers and as many Sentinels. */
const lists = {
  redis: [1, 2, 3],
  accounts: [{ name: 'accounts-open' }, { name: 'accounts-close' }],
};

/** An approach whose services are containers, from its Compose file or its stack files. */
export function pictureOfStack(folder: string, files: readonly string[], title: string): Picture {
  const machines = loadMachines(folder);
  const read = files.map((file) => readFile(folder, file));
  const boxes = read.flatMap(({ services }) =>
    Object.entries(services).map(([name, service]) => boxOf(name, service, machines)),
  );
  const networks = Object.assign({}, ...read.map(({ networks = {} }) => networks)) as NonNullable<
    File['networks']
  >;
  const wordsOf = (name: string) =>
    `network ${name}${networks[name]?.driver_opts?.encrypted === 'true' ? ', encrypted' : ''}`;
  const buses = busesOf(boxes, wordsOf);
  const count = Object.keys(machines).length;
  const names = boxes
    .filter(({ job }) => !job)
    .map(({ name }) => name)
    .join(', ');
  const description = `Containers on ${count === 1 ? 'one machine' : `${count} machines`}: ${names}.`;
  return { title, description, machines, boxes, buses };
}

export const readYaml = (file: string): unknown => parse(readFileSync(file, 'utf8'), { merge: true });

/** `theapp.yml` with the defaults of its role, `compose.yml` with the defaults written in it. */
function readFile(folder: string, file: string): File {
  const text = readFileSync(join(folder, file), 'utf8');
  const defaultsFile = join(folder, file.replace(/\.yml$/, ''), 'defaults.yml');
  const given = existsSync(defaultsFile) ? (readYaml(defaultsFile) as Record<string, unknown>) : {};
  const defaults = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, value ?? name]));
  const filled = Handlebars.compile(text, { noEscape: true })({ ...defaults, ...lists });
  return parse(filled.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1'), { merge: true }) as File;
}

function boxOf(name: string, service: Service, machines: Readonly<Record<string, Machine>>): Box {
  const { image = '', ports = [], volumes = [], networks = [], deploy = {}, restart } = service;
  const job = deploy.mode?.endsWith('-job') === true || restart === 'no';
  const published = ports.map((port) => (typeof port === 'string' ? port.split(':').at(-2) : port.published));
  const tier = tierOf(image, published.length > 0 && !volumes.some(isData));
  const kept = volumes.filter(isData).map(sourceOf);
  const { machines: on, words } = place(deploy, machines);
  const shown = image === 'app_image' || image === 'theapp' ? 'the release' : image;
  const notes = [
    shown,
    ...words,
    ...(published.length > 0 ? [`port${published.length > 1 ? 's' : ''} ${published.join(', ')}`] : []),
    ...(kept.length > 0 ? [`volume ${kept.join(', ')}`] : []),
  ];
  const joined = Array.isArray(networks) ? (networks as readonly string[]) : Object.keys(networks);
  return { name, notes, tier, machines: job ? [] : on, networks: joined, job };
}

const tierOf = (image: string, isOpen: boolean): Tier =>
  /^(theapp\b|app_image$)/.test(image) ? 'app' : isOpen ? 'in' : 'data';

const sourceOf = (volume: string | { readonly source?: string }) =>
  typeof volume === 'string' ? (volume.split(':')[0] ?? '') : (volume.source ?? '');

/** A named volume outlives its container; a path is a file on the machine. */
const isData = (volume: string | { readonly source?: string }) => /^[\w-]+$/.test(sourceOf(volume));

/** Which machines a service is on: roles/swarm makes each group of a machine a label of its node. */
function place(
  { mode, replicas = 1, placement }: NonNullable<Service['deploy']>,
  machines: Readonly<Record<string, Machine>>,
): { machines: string[]; words: string[] } {
  const all = Object.keys(machines);
  if (mode === 'global') return { machines: all, words: ['on every node'] };
  const constraints = placement?.constraints ?? [];
  const fits = (name: string) =>
    constraints.every((constraint) => isMet(constraint, machines[name]?.groups ?? []));
  if (constraints.length > 0) return { machines: all.filter(fits), words: [] };
  if (replicas > 1) return { machines: all, words: [`${replicas} replicas, spread`] };
  return { machines: all.length === 1 ? all : [], words: [] };
}

function isMet(constraint: string, groups: readonly string[]): boolean {
  const [, label] = /^node\.labels\.([\w-]+) *== *true$/.exec(constraint) ?? [];
  if (label !== undefined) return groups.includes(label);
  return /^node\.role *== *manager$/.test(constraint) ? groups.includes('managers') : true;
}
