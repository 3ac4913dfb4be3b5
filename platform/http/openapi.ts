/** The OpenAPI document, generated from the schemas of the routes: `/openapi.json`, and a page to try them at `/docs`. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { Problem } from '../../schemas/http/common.ts';
import type { HttpServer } from './http-server.ts';
import { DOCS_POLICY } from './security-headers.ts';
import { SESSION_COOKIE } from './session-cookie.ts';

/** Before any route: the generator notes each route as it is registered. */
export async function registerOpenApi(server: HttpServer): Promise<void> {
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Tallyline',
        version: '1',
        description:
          'Usage files in, invoices that anyone can check out. Quantities and amounts are exact decimals as text; times are RFC 3339 in UTC; ranges are half-open.',
      },
      components: {
        schemas: { Problem: { ...Problem } as object },
        securitySchemes: {
          apiKey: { type: 'http', scheme: 'bearer', description: 'The admin key.' },
          session: { type: 'apiKey', in: 'cookie', name: SESSION_COOKIE, description: 'The cookie of a signed-in browser.' },
        },
      },
      security: [{ apiKey: [] }, { session: [] }],
    },
    transformObject: (document) => ('openapiObject' in document ? withProblems(document.openapiObject) : document.swaggerObject),
  });
  await server.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: DOCS_POLICY,
    uiConfig: { docExpansion: 'list', tryItOutEnabled: true },
  });
  server.get('/openapi.json', { schema: { hide: true } }, async () => server.swagger());
}

/** Every operation can answer with a problem; said once here instead of in each route. */
function withProblems<Document extends { paths?: object }>(document: Document): Document {
  for (const path of Object.values(document.paths ?? {}) as Record<string, { responses?: Record<string, object> }>[]) {
    for (const operation of Object.values(path)) {
      if (operation.responses === undefined) continue;
      operation.responses['default'] ??= {
        description: 'A problem',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      };
    }
  }
  return document;
}
