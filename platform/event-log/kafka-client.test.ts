import { logLevel } from 'kafkajs';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { kafkaConfig } from './kafka-client.ts';

const connection = { brokers: ['a:9092', 'b:9092'], clientId: 'tallyline' };
const silent = pino({ level: 'silent' });

describe('the configuration of kafkajs', () => {
  it('is without TLS and SASL unless told otherwise', () => {
    const config = kafkaConfig(connection, silent);
    expect(config).toMatchObject(connection);
    expect(config).not.toHaveProperty('ssl');
    expect(config).not.toHaveProperty('sasl');
  });

  it.each([true, { ca: '-----BEGIN CERTIFICATE-----', servername: 'kafka.example' }])('passes on TLS: %j', (tls) => {
    expect(kafkaConfig({ ...connection, tls }, silent).ssl).toEqual(tls);
  });

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)('passes on SASL: %s', (mechanism) => {
    const sasl = { mechanism, username: 'meter', password: 'secret' };
    expect(kafkaConfig({ ...connection, sasl }, silent).sasl).toEqual(sasl);
  });

  it('logs errors that kafkajs retries as warnings, and its news for whoever looks closely', () => {
    const lines: string[] = [];
    const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
    const log = kafkaConfig(connection, logger).logCreator?.(logLevel.INFO);
    const entry = (level: logLevel, message: string) => ({
      namespace: 'Connection',
      level,
      label: '',
      log: { message, timestamp: '', error: 'ECONNREFUSED' },
    });
    log?.(entry(logLevel.ERROR, 'Connection error'));
    log?.(entry(logLevel.INFO, 'Stopped'));
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({ level: 40, msg: 'Connection error', kafkajs: 'Connection', reason: 'ECONNREFUSED' }),
    ]);
  });
});
