/** API keys over HTTP. */
import { expect } from 'vitest';
import type { ApiKey, CreatedApiKey } from '../../schemas/http/api-keys.ts';
import type { Problem } from '../../schemas/http/common.ts';
import type { Session } from '../../schemas/http/access.ts';
import type { TestApi } from './api.ts';

export interface KeyInput {
  name: string;
  /** `analyst` unless it says otherwise. */
  role?: string;
  customer?: string;
  expiresAt?: string;
}

export async function createKey(api: TestApi, input: KeyInput): Promise<CreatedApiKey> {
  const { status, body, text } = await api.send('POST', '/v1/api-keys', { role: 'analyst', ...input });
  expect([status, status === 201 ? '' : text]).toEqual([201, '']);
  return body as CreatedApiKey;
}

export async function listKeys(api: TestApi): Promise<ApiKey[]> {
  return ((await api.get('/v1/api-keys?limit=1000')).body as { items: ApiKey[] }).items;
}

/** `/v1/session`, which says who is calling, unless another call is meant. */
export async function callWith(
  { server }: Pick<TestApi, 'server'>,
  key: string,
  { url = '/v1/session', method = 'GET', from = '127.0.0.1' }: { url?: string; method?: 'GET' | 'POST'; from?: string } = {},
): Promise<{ status: number; body: Problem & Session }> {
  const response = await server.inject({ method, url, headers: { authorization: `Bearer ${key}` }, remoteAddress: from });
  return { status: response.statusCode, body: response.json() };
}
