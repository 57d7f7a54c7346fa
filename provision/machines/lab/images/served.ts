import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, types } from './blobs.ts';

/** A file that a mirror serves. */
export interface Served {
  readonly file: string;
  readonly type: string;
  /** Of a manifest or a blob. */
  readonly digest?: string;
}

// No part of a path may start with a dot, so a path never leaves its folder.
const part = String.raw`\w[\w.+-]*`;
const manifest = new RegExp(`^/v2/(${part}(?:/${part})*)/manifests/([\\w][\\w.:-]*)$`);
const blob = new RegExp(`^/v2/${part}(?:/${part})*/blobs/(sha256:[0-9a-f]{64})$`);
const plain = new RegExp(`^/((?:apt|helm)(?:/${part})+)$`);

/**
 * Finds what a request asks for in the folders of a mirror. containerd names the registry in the parameter `ns`; without
 * it, the registry is the first part of the name if that contains a dot, otherwise Docker Hub.
 */
export function findServed(folders: readonly string[], path: string, ns?: string): Served | undefined {
  const [, name, reference] = manifest.exec(path) ?? [];
  if (name && reference) return findManifest(folders, fullName(name, ns), reference);
  const [, digest] = blob.exec(path) ?? [];
  const [, own] = plain.exec(path) ?? [];
  const wanted = digest ? join('blobs', digest) : own && join('files', own);
  const file = wanted && firstFile(folders, [wanted]);
  return file ? { file, type: 'application/octet-stream', ...(digest ? { digest } : {}) } : undefined;
}

function findManifest(folders: readonly string[], name: string | undefined, reference: string) {
  if (name === undefined) return undefined;
  const official = name.replace(/^docker\.io\/library\//, '');
  const file = firstFile(
    folders,
    [name, official].map((one) => join('manifests', `${one}:${reference}`)),
  );
  return file ? { file, type: types.manifest, digest: digestOf(readFileSync(file)) } : undefined;
}

const registry = new RegExp(`^${part}$`);

function fullName(name: string, ns: string | undefined): string | undefined {
  if (ns !== undefined) return registry.test(ns) ? `${ns}/${name}` : undefined;
  return /^[^/]*\.[^/]*\//.test(name) ? name : `docker.io/${name}`;
}

const firstFile = (folders: readonly string[], paths: readonly string[]) =>
  folders
    .flatMap((folder) => paths.map((path) => join(folder, path)))
    .find((file) => statSync(file, { throwIfNoEntry: false })?.isFile());
