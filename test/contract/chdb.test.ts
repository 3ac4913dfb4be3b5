import { openTestClickHouse } from '../support/clickhouse.ts';
import { clickhouseContract } from './clickhouse.contract.ts';

clickhouseContract('chdb', openTestClickHouse);
