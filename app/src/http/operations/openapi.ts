import { z } from 'zod';
import type { AnyEndpoint, ResponseDoc } from '../endpoint.ts';

/** A schema as JSON Schema 2020-12, the dialect of OpenAPI 3.1. */
export type JsonSchema = Record<string, unknown>;

export interface Parameter {
  name: string;
  in: 'path' | 'query';
  required: boolean;
  description?: string;
  schema: JsonSchema;
}

export interface Operation {
  operationId: string;
  tags: string[];
  summary: string;
  parameters?: Parameter[];
  requestBody?: { required: true; content: Record<string, { schema: JsonSchema }> };
  responses: Record<string, { description: string; content?: Record<string, { schema?: JsonSchema }> }>;
}

export interface OpenApi {
  openapi: '3.1.0';
  info: { title: string; version: string; license: { name: string; identifier: string } };
  paths: Record<string, Record<string, Operation>>;
}

/** Generates an OpenAPI 3.1 document from the endpoints (https://spec.openapis.org/oas/v3.1.0). */
export function openapi(endpoints: AnyEndpoint[], version: string): OpenApi {
  const paths: OpenApi['paths'] = {};
  for (const endpoint of endpoints) {
    paths[endpoint.path] = {
      ...paths[endpoint.path],
      [endpoint.method.toLowerCase()]: operationOf(endpoint),
    };
  }
  const license = { name: 'Apache-2.0', identifier: 'Apache-2.0' };
  return { openapi: '3.1.0', info: { title: 'TheAPP', version, license }, paths };
}

function operationOf(endpoint: AnyEndpoint): Operation {
  const parameters = [...parametersOf('path', endpoint.params), ...parametersOf('query', endpoint.query)];
  const { body, form } = endpoint;
  const type = form ? 'application/x-www-form-urlencoded' : 'application/json';
  return {
    operationId: idOf(endpoint),
    tags: [endpoint.service],
    summary: endpoint.summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: { required: true, content: { [type]: { schema: jsonSchema(body) } } } } : {}),
    responses: Object.fromEntries(
      Object.entries(endpoint.responses).map(([status, described]) => [status, responseOf(described)]),
    ),
  };
}

/** `GET /hello/{username}` → `getHelloUsername`. */
const idOf = ({ method, path }: AnyEndpoint) =>
  method.toLowerCase() +
  path
    .split(/[^a-z0-9]+/i)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');

function parametersOf(place: Parameter['in'], schema: z.ZodObject | undefined): Parameter[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' });
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...rest } = property as JsonSchema;
    return {
      name,
      in: place,
      required: place === 'path' || required.includes(name),
      ...(typeof description === 'string' ? { description } : {}),
      schema: rest,
    };
  });
}

function responseOf({ description, schema, type }: ResponseDoc) {
  if (!schema && !type) return { description };
  const content = schema ? { schema: jsonSchema(schema, 'output') } : {};
  return { description, content: { [type ?? 'application/json']: content } };
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output' = 'input'): JsonSchema {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
