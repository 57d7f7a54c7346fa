import type {} from '@hapi/vision';
import { z } from 'zod';
import { type AnyEndpoint, endpoint } from '../endpoint.ts';
import { type OpenApi, type Operation, openapi } from './openapi.ts';

/** `/openapi.json` for programs and `/docs` for people: documents the given endpoints and these two. */
export function docs(endpoints: AnyEndpoint[], version: string): AnyEndpoint[] {
  const own: AnyEndpoint[] = [
    endpoint({
      method: 'GET',
      path: '/openapi.json',
      service: 'operations',
      summary: 'The API description as OpenAPI 3.1',
      responses: {
        200: { description: 'The OpenAPI document', schema: z.looseObject({ openapi: z.literal('3.1.0') }) },
      },
      handle: ({ h }) => h.response(json).type('application/json').header('access-control-allow-origin', '*'),
    }),
    endpoint({
      method: 'GET',
      path: '/docs',
      service: 'operations',
      summary: 'The API description as a page',
      responses: { 200: { description: 'The page', type: 'text/html' } },
      handle: ({ h }) => h.view('docs', page),
    }),
  ];
  const document = openapi([...endpoints, ...own], version);
  const json = JSON.stringify(document);
  const page = pageOf(document);
  return own;
}

/** The view of the page: one group per service, schemas as text. */
function pageOf({ info, paths }: OpenApi) {
  const groups = new Map<string, object[]>();
  for (const [path, operations] of Object.entries(paths))
    for (const [method, operation] of Object.entries(operations)) {
      const group = operation.tags[0] ?? '';
      groups.set(group, [...(groups.get(group) ?? []), operationView(method.toUpperCase(), path, operation)]);
    }
  return {
    title: info.title,
    version: info.version,
    groups: [...groups].map(([name, operations]) => ({ name, operations })),
  };
}

const operationView = (method: string, path: string, operation: Operation) => ({
  id: operation.operationId,
  method,
  path,
  summary: operation.summary,
  parameters: operation.parameters ?? [],
  body: schemaText(Object.values(operation.requestBody?.content ?? {})[0]?.schema),
  responses: Object.entries(operation.responses).map(([status, { description, content }]) => ({
    status,
    description,
    schema: schemaText(Object.values(content ?? {})[0]?.schema),
  })),
});

const schemaText = (schema: object | undefined) => (schema ? JSON.stringify(schema, null, 2) : null);
